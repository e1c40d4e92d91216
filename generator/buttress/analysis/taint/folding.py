"""Constants that are made of constants, as far as they stay small."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from buttress.analysis.taint.values import NOTHING, UNKNOWN, Value, constant

_LONGEST = 10_000
_MOST_BITS = 1_000
_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError)

# constants of any type: what does not fit raises, and is not folded
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
"""What operators do."""

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip
"""What comparisons do."""


def fold(function: Callable[[Any, Any], object] | None, *operands: Any) -> object:
    """Return what an operator makes of constants; ``UNKNOWN`` where it cannot, or makes too much."""
    if function is None:
        return UNKNOWN
    if function is operator.mul and any(
        isinstance(o, str | bytes | list | tuple) for o in operands
    ):
        return UNKNOWN
    if function is operator.mod and isinstance(operands[0], str | bytes):
        return UNKNOWN
    try:
        folded = function(*operands)
    except _ERRORS:
        return UNKNOWN
    is_long = isinstance(folded, str | bytes | list | tuple) and len(folded) > _LONGEST
    is_large = isinstance(folded, int) and folded.bit_length() > _MOST_BITS
    return UNKNOWN if is_long or is_large else folded


def folded(function: Callable[..., object], operands: list[object], node: ast.AST) -> Value:
    """Return what a function makes of constants."""
    try:
        found = function(*operands)
    except _ERRORS:
        return NOTHING
    if isinstance(found, str | bytes) and len(found) > _LONGEST:
        return NOTHING
    return constant(found, node)
