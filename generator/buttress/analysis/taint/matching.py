"""Texts that are matched with an expression whose time grows out of proportion, and how long they may be."""

from __future__ import annotations

import ast

from buttress.analysis.regex.uses import slow_matches
from buttress.analysis.taint.frame import Arguments
from buttress.analysis.taint.values import Value
from buttress.source import Module

_LESS = (ast.Lt, ast.LtE)
_MORE = (ast.Gt, ast.GtE)


def slowly_matched(
    module: Module, node: ast.Call, arguments: Arguments
) -> tuple[ast.expr, Value] | None:
    """Return the text that a call matches, where that may take forever."""
    slow = slow_matches(module).get(node)
    return arguments.get(slow.position, "string") if slow is not None else None


def limited(test: ast.Compare, *, holds: bool) -> ast.expr | None:
    """Return what has a largest length where a condition holds, or does not: ``len(name) > 80``."""
    op = test.ops[0]
    for side, below in ((test.left, _LESS), (test.comparators[0], _MORE)):
        is_below = isinstance(op, below)
        if (
            isinstance(op, (*_LESS, *_MORE))
            and is_below is holds
            and isinstance(side, ast.Call)
            and isinstance(side.func, ast.Name)
            and side.func.id == "len"
            and len(side.args) == 1
        ):
            return side.args[0]
    return None
