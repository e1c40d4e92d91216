"""Which calls of a function are reached in one run of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence, Set

from buttress.analysis.errors.caught import is_broad
from buttress.project.literals import written
from buttress.source import Module
from buttress.source.nodes import Function

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_ENOUGH = 2
_Ways = tuple[list[ast.expr] | None, list[ast.expr] | None]


def longest_way(module: Module, function: Function, marks: Set[ast.Call]) -> list[ast.expr]:
    """Return the calls on the way through a function that passes most of some, the first two at most."""
    return _Way(module, marks).longest(function.body)


def exclude_each_other(module: Module, function: Function, calls: Set[ast.Call]) -> bool:
    """Whether one of two calls is for a name that holds something, and the other for when it holds nothing.

    ``if client and moved: ...``, then ``if not client: ...``. The name is given nothing in between.
    """
    if len(calls) != _ENOUGH:
        return False
    first, second = sorted(calls, key=lambda node: node.lineno)
    held = _conditions(module, first)
    for name, (holds, _) in _conditions(module, second).items():
        if name not in held or held[name][0] is holds:
            continue
        begins, ends = held[name][1].lineno, second.lineno
        if not any(
            isinstance(node, ast.Name)
            and node.id == name
            and isinstance(node.ctx, ast.Store)
            and begins <= node.lineno <= ends
            for node in ast.walk(function)
        ):
            return True
    return False


def _conditions(module: Module, node: ast.AST) -> dict[str, tuple[bool, ast.If]]:
    """Return the names that hold something, or nothing, wherever a call is reached."""
    found: dict[str, tuple[bool, ast.If]] = {}
    child: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(above, ast.If) and child in above.body:
            test = above.test
            joined = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
            for part in getattr(test, "values", ()) if joined else [test]:
                if isinstance(part, ast.Name):
                    found[part.id] = (True, above)
                elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
                    found[written(part.operand)] = (False, above)
        child = above
    return found


class _Way:
    """Finds the way through statements that passes most of some calls.

    Args:
        module: The file.
        marks: The calls.
    """

    def __init__(self, module: Module, marks: Set[ast.Call]) -> None:
        self._module = module
        self._by_statement: dict[ast.stmt, list[ast.expr]] = {}
        for mark in sorted(marks, key=lambda node: (node.lineno, node.col_offset)):
            self._by_statement.setdefault(module.statement(mark), []).append(mark)

    def longest(self, body: Sequence[ast.stmt]) -> list[ast.expr]:
        """Return the calls on that way, in their order."""
        ended, onward = self._ways(body)
        return max(ended or [], onward or [], key=len)

    def _ways(self, body: Sequence[ast.stmt], *, is_after: bool = False) -> _Ways:
        """Return the longest way that leaves the function, and the one that goes on behind a block."""
        so_far: list[ast.expr] = []
        ended: list[ast.expr] | None = None
        for statement in body:
            ends, onward = self._of(statement, is_after=is_after or bool(so_far))
            if ends is not None:
                ended = _longer(ended, (so_far + ends)[:_ENOUGH])
            if onward is None:
                return ended, None
            so_far = (so_far + onward)[:_ENOUGH]
        return ended, so_far

    def _of(self, statement: ast.stmt, *, is_after: bool) -> _Ways:
        own = self._by_statement.get(statement, [])
        if isinstance(statement, _ENDS):
            return own, None
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None, []
        if isinstance(statement, ast.For | ast.AsyncFor | ast.While):
            # a loop that commits each round is a batch: it counts once
            return None, own + self.longest(statement.body)[:1]
        bodies: list[Sequence[ast.stmt]] = []
        if isinstance(statement, ast.If):
            bodies = [statement.body, statement.orelse]
        elif isinstance(statement, ast.Match):
            bodies = [*(case.body for case in statement.cases), []]
        elif isinstance(statement, ast.With | ast.AsyncWith):
            bodies = [statement.body]
        elif isinstance(statement, ast.Try):
            inside = [*statement.body, *statement.orelse]
            if (
                is_after
                and _goes_on(self._module, statement)
                and len(self.longest(inside)) < _ENOUGH
            ):
                return None, []  # what may be missing behind the rest
            bodies = [inside]
        else:
            return None, own
        ended: list[ast.expr] | None = None
        onward: list[ast.expr] | None = None
        for body in bodies:
            ends, goes_on = self._ways(body, is_after=is_after)
            ended = ended if ends is None else _longer(ended, own + ends)
            onward = onward if goes_on is None else _longer(onward, own + goes_on)
        return ended, onward


def _goes_on(module: Module, statement: ast.Try) -> bool:
    """Whether the code goes on without what was tried, whatever went wrong."""
    return bool(statement.handlers) and all(
        is_broad(module, handler.type) and not isinstance(handler.body[-1], _ENDS)
        for handler in statement.handlers
    )


def _longer(first: list[ast.expr] | None, second: list[ast.expr]) -> list[ast.expr]:
    return second if first is None or len(second) > len(first) else first
