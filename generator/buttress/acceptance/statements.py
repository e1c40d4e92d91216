"""The lines of the statement that a finding stands in."""

from __future__ import annotations

import ast

from buttress.project.model import Place
from buttress.source import Tree
from buttress.source.tree import is_python

_Block = ast.stmt | ast.excepthandler | ast.match_case


def statement_lines(tree: Tree, place: Place) -> range:
    """Return the lines of the smallest statement at a place; of one with a body, those of its head."""
    alone = range(place.line, place.line + 1)
    if not is_python(place.path) or place.path not in tree:
        return alone
    module = tree.module(place.path)
    if module.problem is not None:
        return alone
    inner: list[_Block] = list(module.tree.body)
    best = alone
    while inner:
        inside = [node for node in inner if _first(node) <= place.line <= _last(node)]
        if not inside:
            return best
        node = inside[-1]
        inner = _inner(node)
        body = min((_first(item) for item in inner), default=_last(node) + 1)
        best = range(_first(node), max(body, _first(node) + 1))
        if place.line in best:
            return best
    return best


def _inner(node: _Block) -> list[_Block]:
    blocks = (
        getattr(node, name, None) for name in ("body", "orelse", "finalbody", "handlers", "cases")
    )
    return [item for block in blocks if isinstance(block, list) for item in block]


def _first(node: _Block) -> int:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _last(node: _Block) -> int:
    if isinstance(node, ast.match_case):
        return _last(node.body[-1])
    return node.end_lineno or node.lineno
