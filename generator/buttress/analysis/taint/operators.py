"""What operators make of two values, and constants of constants."""

from __future__ import annotations

import ast

from buttress.analysis.taint.folding import ARITHMETIC, fold
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.texts import PERCENT, as_text, filled
from buttress.analysis.taint.values import UNKNOWN, Value, constant, is_text, text


def combine(frame: Frame, node: ast.AST, op: ast.operator, left: Value, right: Value) -> Value:
    """Return what an operator makes of two values."""
    if left.is_known and right.is_known:
        folded = fold(ARITHMETIC.get(type(op)), left.const, right.const)
        if folded is not UNKNOWN:
            return constant(folded, node)
    if isinstance(op, ast.Add) and not (left.ref or right.ref):
        return text([as_text(frame, left, left.node or node), as_text(frame, right, right.node or node)], node)  # fmt: skip
    if isinstance(op, ast.Mod) and (is_text(left) or not left.is_known):
        return _percent(frame, node, left, right)
    if isinstance(op, ast.Add):
        return _concatenated(frame, left, right)
    taint = frame.state.held(left) | frame.state.held(right)
    what = left.what if isinstance(op, ast.Div) and left.what.startswith("pathlib.") else ""
    return Value(taint=taint, what=what, node=node)


def _concatenated(frame: Frame, left: Value, right: Value) -> Value:
    one, two = frame.state.container(left), frame.state.container(right)
    if one and two and one.kind == two.kind == "list" and one.rest is None:
        items = dict(one.items)
        if two.rest is None:
            items.update({len(items) + i: item for i, item in enumerate(two.items.values())})
            return frame.state.new(Container("list", items))
    everything = [v for c in (one, two) if c is not None for v in c.everything()]
    everything += [v for v in (left, right) if not v.ref]
    rest = frame.state.join_all(everything)
    return frame.state.new(Container("list", {}, rest))


def _percent(frame: Frame, node: ast.AST, left: Value, right: Value) -> Value:
    given = frame.state.container(right)
    values = [right] if given is None else given.everything()
    values = [as_text(frame, value, value.node or node) for value in values]
    if isinstance(left.const, str):
        return text(filled(left.const, PERCENT, values, {}), node)
    return text([left, *values], node)
