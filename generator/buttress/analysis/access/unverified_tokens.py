"""Tokens that are believed without a look at their signature."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from buttress.project.literals import argument, constant, literal_text, strings_in
from buttress.source import Module

_DECODERS = frozenset({"jwt.decode", "jose.jwt.decode"})
_OF_THE_KEY = frozenset(["iss", "kid", "aud", "azp", "tid", "alg", "client_id"])
"""Claims by which the key is chosen that a token is verified with."""


def unverified_tokens(module: Module) -> Iterator[ast.expr]:
    """Yield the calls that decode a token without verifying it.

    Where the function verifies it as well, reading it before is fine; reading it where that failed
    is not.
    """
    if "decode" not in module.text or "jwt" not in module.text:
        return
    calls = [c for c in module.nodes(ast.Call) if module.resolve(c.func) in _DECODERS]
    loose = [call for call in calls if _is_loose(module, call)]
    for call in loose:
        function = module.function(call)
        strict = [c for c in calls if c not in loose and module.function(c) is function]
        if len(loose) < len(calls) and _only_finds_key(module, call):
            continue
        if not strict or any(_is_fallback(module, call, other) for other in strict):
            yield call


def _is_fallback(module: Module, call: ast.Call, strict: ast.Call) -> bool:
    """Whether a call stands where an error of another one is caught, and not raised again."""
    handlers = {
        above
        for above in module.ancestors(call)
        if isinstance(above, ast.ExceptHandler) and not isinstance(above.body[-1], ast.Raise)
    }
    tries = [above for above in module.ancestors(strict) if isinstance(above, ast.Try)]
    return any(handler in handlers for above in tries for handler in above.handlers)


def _only_finds_key(module: Module, value: ast.expr) -> bool:
    """Whether of a token nothing is read but what tells which key verifies it, or what an error says."""
    above = module.parent(value)
    if isinstance(above, ast.Attribute):
        above = module.parent(above)
        return isinstance(above, ast.Call) and _names_key(above.args[:1])
    if isinstance(above, ast.Subscript) and above.value is value:
        return _names_key([above.slice])
    if isinstance(above, ast.Compare) and isinstance(above.ops[0], ast.In | ast.NotIn):
        return True
    function = module.function(value)
    if function is None:
        return False
    if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name):
        name = above.targets[0].id
        loads = [
            node
            for node in module.inside(function)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        ]
        return bool(loads) and all(_only_finds_key(module, load) for load in loads)
    if isinstance(above, ast.Return):
        asked = [call for call in module.called(function.name) if module.function(call)]
        return bool(asked) and all(
            any(isinstance(outer, ast.Raise) for outer in module.ancestors(call))
            or _only_finds_key(module, call)
            for call in asked
            if module.function(call) is not function
        )
    return False


def _names_key(keys: Sequence[ast.expr]) -> bool:
    return any(literal_text(key) in _OF_THE_KEY for key in keys)


def _is_loose(module: Module, call: ast.Call) -> bool:
    if _is_false(module, argument(call, -1, "verify")):
        return True
    options = _known(module, argument(call, -1, "options"))
    if isinstance(options, ast.Dict):
        for key, value in zip(options.keys, options.values, strict=True):
            if literal_text(key) == "verify_signature" and _is_false(module, value):
                return True
    algorithms = _known(module, argument(call, -1, "algorithms"))
    return any(name.lower() == "none" for name in strings_in(algorithms))


def _is_false(module: Module, node: ast.expr | None) -> bool:
    value = _known(module, node)
    return isinstance(value, ast.Constant) and value.value is False


def _known(module: Module, node: ast.expr | None) -> ast.expr | None:
    """Return an expression, or the value of the constant of the file that it is."""
    return constant(module, node.id) if isinstance(node, ast.Name) else node
