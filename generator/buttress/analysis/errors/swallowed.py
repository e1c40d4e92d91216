"""Errors that are caught and of which nobody hears."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.errors.caught import inside, is_broad
from buttress.project.modules import called_name
from buttress.source import Module

_CLOSING = frozenset(
    ["close", "aclose", "disconnect", "kill", "quit", "shutdown", "stop", "terminate"]
)
_STANDING_IN = (ast.Constant, ast.UnaryOp, ast.Name, ast.Attribute, ast.List, ast.Dict, ast.Tuple, ast.Set)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_READING = frozenset(
    ["json.loads", "ast.literal_eval", "yaml.safe_load", "datetime.datetime.strptime", "datetime.datetime.fromisoformat",
     "datetime.date.fromisoformat", "builtins.int", "builtins.float", "decimal.Decimal", "uuid.UUID"]
)  # fmt: skip
"""Functions that make something of a text, or raise."""

_TAKING_APART = frozenset(["date", "decode", "group", "isinstance", "lower", "replace", "split", "str", "strip", "time"])  # fmt: skip
_PRINTS = frozenset(
    {"builtins.print", "pprint.pprint", "traceback.print_exc", "traceback.print_exception"}
)


@dataclass(frozen=True, slots=True)
class Swallowed:
    """An error that is caught and of which nobody hears.

    Attributes:
        handler: The ``except`` block.
        is_bare: Whether it catches even ``KeyboardInterrupt`` and ``SystemExit``.
        is_silent: Whether its body does nothing at all.
        is_printed: Whether its body prints something and does nothing else.
    """

    handler: ast.ExceptHandler
    is_bare: bool
    is_silent: bool
    is_printed: bool = False


def swallowed(module: Module) -> Iterator[Swallowed]:
    """Yield the ``except`` blocks that hide errors: bare ones, and broad ones that print at most."""
    for handler in module.nodes(ast.ExceptHandler):
        is_bare = handler.type is None
        is_silent = all(_does_nothing(statement) for statement in handler.body)
        if is_bare and not _raises_again(handler):
            yield Swallowed(handler, is_bare=True, is_silent=is_silent)
        elif is_silent and not is_bare and is_broad(module, handler.type):
            attempt = module.parent(handler)
            if _only_closes(attempt) or _only_reads_environment(module, attempt):
                continue
            if _cleans_up(module, attempt):
                continue
            if _is_one_of_several(module, attempt):
                continue
            yield Swallowed(handler, is_bare=False, is_silent=True)
        elif (
            not is_bare
            and is_broad(module, handler.type)
            and _only_prints(module, handler.body)
            and not _only_closes(module.parent(handler))
        ):
            yield Swallowed(handler, is_bare=False, is_silent=False, is_printed=True)


def _only_closes(attempt: ast.AST | None) -> bool:
    """Whether a ``try`` does nothing but give back what is not needed any more, such as a socket."""
    return isinstance(attempt, ast.Try) and all(
        isinstance(statement, ast.Expr)
        and isinstance(call := getattr(statement.value, "value", statement.value), ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _CLOSING
        for statement in attempt.body
    )


def _cleans_up(module: Module, attempt: ast.AST | None) -> bool:
    """Whether a ``try`` stands in a ``finally`` and needs nothing of what it calls.

    An error that got out of there would take the place of the one that is on its way.
    """
    if not isinstance(attempt, ast.Try) or not all(
        isinstance(statement, ast.Expr) for statement in attempt.body
    ):
        return False
    inner: ast.AST = attempt
    for above in module.ancestors(attempt):
        if isinstance(above, ast.Try | ast.TryStar) and inner in above.finalbody:
            return True
        if isinstance(above, _FUNCTIONS):
            return False
        inner = above
    return False


def _is_one_of_several(module: Module, attempt: ast.AST | None) -> bool:
    """Whether a ``try`` is one way of several to read something: what works ends it, another way follows.

    A value that stands in for the result is none, and neither is to try the same again.
    """
    if not isinstance(attempt, ast.Try) or not isinstance(attempt.body[-1], ast.Return | ast.Break):
        return False
    if not _only_reads_text(module, attempt):
        return False
    rest = _after(module, attempt)
    if rest:
        return isinstance(attempt.body[-1], ast.Return) and not _gives_up(rest[0])
    # one after the other of what the code names is tried
    turn = module.parent(attempt)
    if not isinstance(turn, ast.For) or not isinstance(turn.iter, ast.Tuple | ast.List):
        return False
    return bool(_after(module, turn))


def _only_reads_text(module: Module, attempt: ast.Try) -> bool:
    """Whether a ``try`` makes something of a text and does no more: it fails on the text alone."""
    calls = [part for line in attempt.body for part in ast.walk(line) if isinstance(part, ast.Call)]
    names = [module.resolve(call.func) or called_name(call) for call in calls]
    return not _READING.isdisjoint(names) and all(
        name in _READING or name.rpartition(".")[2] in _TAKING_APART for name in names
    )


def _blocks(node: ast.AST | None) -> Iterator[list[ast.stmt]]:
    """Yield the lists of statements that a node holds."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _after(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    """Return the statements that follow one in its block."""
    block = next((b for b in _blocks(module.parent(statement)) if statement in b), [statement])
    return block[block.index(statement) + 1 :]


def _gives_up(statement: ast.stmt) -> bool:
    """Whether a statement only gives back that there is nothing."""
    if isinstance(statement, ast.Pass | ast.Continue | ast.Break):
        return True
    if not isinstance(statement, ast.Return):
        return False
    value = statement.value
    return value is None or isinstance(value, _STANDING_IN)


def _only_reads_environment(module: Module, attempt: ast.AST | None) -> bool:
    """Whether a ``try`` is only for ``load_dotenv()``: without the file, the environment is as it is."""
    if not isinstance(attempt, ast.Try) or not all(
        isinstance(statement, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr)
        for statement in attempt.body
    ):
        return False
    last = attempt.body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    return isinstance(call, ast.Call) and module.resolve(call.func) == "dotenv.load_dotenv"


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue)


def _only_prints(module: Module, body: list[ast.stmt]) -> bool:
    return all(
        _does_nothing(statement)
        or (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Call)
            and module.resolve(statement.value.func) in _PRINTS
        )
        for statement in body
    )


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in inside(handler))
