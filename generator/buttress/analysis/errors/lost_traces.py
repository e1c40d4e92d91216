"""Errors that are logged without where they came from."""

from __future__ import annotations

import ast

from buttress.analysis.errors.caught import (
    brings_traceback,
    catches_only,
    direct_calls,
    handler_around,
    is_broad,
    is_traceback,
    mentions,
    names_of,
    only_reads_input,
)
from buttress.source import Module

_REFUSED = frozenset(
    [
        "itsdangerous.BadSignature", "itsdangerous.SignatureExpired", "jose.ExpiredSignatureError", "jose.JWTError",
        "jose.exceptions.JWTError", "jwt.DecodeError", "jwt.ExpiredSignatureError", "jwt.InvalidTokenError", "jwt.PyJWTError",
        "jwt.exceptions.InvalidTokenError", "jwt.exceptions.PyJWTError", "marshmallow.ValidationError", "pydantic.ValidationError",
        "stripe.SignatureVerificationError", "stripe.error.SignatureVerificationError",
    ]
)  # fmt: skip
_OF_ANSWERS = frozenset(["code", "detail", "status", "status_code"])
"""What an error is given that becomes the answer: nobody logs that one."""


def loses_traceback(module: Module, call: ast.Call) -> bool:
    """Whether a call in an ``except`` block logs the error at hand, and nothing there its traceback."""
    handler = handler_around(module, call)
    if handler is None or any(keyword.arg == "exc_info" for keyword in call.keywords):
        return False
    if any(brings_traceback(module, other) for other in direct_calls(handler)):
        return False
    if _goes_on(module, handler, call) or catches_only(module, handler, _REFUSED):
        return False
    if only_reads_input(module, handler):
        return False
    if _is_sorted_out(module, handler) or any(
        _logs_trace(module, c) for c in direct_calls(handler)
    ):
        return False
    names = names_of(module, call)
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if any(is_traceback(module, value) for value in values):
        return False
    return any(mentions(module, value, names) for value in values)


def _logs_trace(module: Module, call: ast.Call) -> bool:
    """Whether a call has the text of the traceback among its arguments."""
    return any(is_traceback(module, value) for value in call.args)


def is_named(module: Module, caught: ast.expr | None) -> bool:
    """Whether all that is caught are errors which a library or the app has a name for."""
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return not any(
        kind is None or (module.resolve(kind) or "").startswith("builtins.") for kind in kinds
    )


def _is_sorted_out(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a block is for an error of a library or the app, and one below logs where others are from.

    What Python itself raises, such as a ``ValueError``, may come from anywhere.
    """
    block = module.parent(handler)
    if not isinstance(block, ast.Try | ast.TryStar) or not is_named(module, handler.type):
        return False
    return any(
        is_broad(module, other.type)
        and any(brings_traceback(module, c) for c in direct_calls(other))
        for other in block.handlers
    )


def _end_of_block(module: Module, handler: ast.ExceptHandler, call: ast.Call) -> ast.stmt:
    """Return how the branch ends in which a call stands, where that ends all; else how the block does."""
    above = module.parent(module.statement(call))
    if isinstance(above, ast.If):
        inside = module.statement(call)
        branch = above.body if inside in above.body else above.orelse
        if isinstance(branch[-1], ast.Raise):
            return branch[-1]
    return handler.body[-1]


def _goes_on(module: Module, handler: ast.ExceptHandler, call: ast.Call) -> bool:
    """Whether the error is raised again, so that whoever deals with it can say where it came from."""
    last = _end_of_block(module, handler, call)
    if not isinstance(last, ast.Raise):
        return False
    is_same = last.exc is None or (isinstance(last.exc, ast.Name) and last.exc.id == handler.name)
    is_answer = "HTTP" in ast.unparse(last.exc) if last.exc is not None else False
    if is_same or is_answer:
        return is_same
    # an error of the app that is raised in the block keeps the one at hand, be it said or not
    given = last.exc if isinstance(last.exc, ast.Call) else None
    keywords = {keyword.arg or "" for keyword in given.keywords} if given is not None else set()
    is_handed_on = (
        given is not None
        and not (module.resolve(given.func) or "").startswith("builtins.")
        and not keywords & _OF_ANSWERS
        and any(isinstance(part, ast.Name) and part.id == handler.name for part in ast.walk(given))
    )
    is_cut = isinstance(last.cause, ast.Constant)
    return (last.cause is not None or is_handed_on) and not is_cut
