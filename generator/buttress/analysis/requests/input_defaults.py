"""What stands in for a field that a request leaves out: its default, and those of single uses."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.requests.input_bodies import Doubt
from buttress.analysis.requests.input_reads import How, Read


@dataclass(frozen=True, slots=True)
class Use:
    """How one use reads the model.

    Attributes:
        read: The use as it is.
        fallback: The default to evaluate where the field is not in the request, unless the
            field's own default is the right one.
    """

    read: Read
    fallback: ast.expr | None = None


def defaults_of(
    reads: list[Read], *, is_required: bool
) -> tuple[ast.expr | None, list[Use], list[Doubt]]:
    """Return the field's default, and for each use the default it has of its own."""
    given = [read for read in reads if read.how is How.GET]
    literal = {
        ast.dump(read.default): read.default
        for read in given
        if read.default is not None and _is_literal(read.default)
    }
    plain = any(read.default is None or is_none(read.default) for read in given)
    plain = plain or any(read.how is How.ITEM for read in reads)
    shared: ast.expr | None = None
    if len(literal) == 1 and not plain and not is_required:
        shared = next(iter(literal.values()))
    uses: list[Use] = []
    doubts: list[Doubt] = []
    for read in reads:
        own = read.default if read.how is How.GET and not is_required else None
        if own is None or is_none(own) or (shared and ast.dump(own) == ast.dump(shared)):
            # a plain `get` of a field that has a default elsewhere is excluded by `plain`
            uses.append(Use(read))
        elif _is_harmless(own):
            uses.append(Use(read, own))
        else:
            doubts.append(
                Doubt(
                    read.node,
                    "computed-default",
                    f"the default of {read.key!r} calls something, which would run at another time.",
                    "Work the default out where the value is missing.",
                )
            )
    return shared, uses, doubts


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return not isinstance(node, ast.Tuple | ast.Set)


def _is_harmless(node: ast.expr) -> bool:
    """Whether it does not matter if an expression is evaluated at all."""
    allowed = (ast.Name, ast.Attribute, ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.List)
    allowed += (ast.Dict, ast.UnaryOp, ast.USub, ast.Load, ast.Subscript, ast.Slice, ast.Tuple)  # type: ignore[assignment]
    return all(isinstance(part, allowed) for part in ast.walk(node))


def is_none(node: ast.expr) -> bool:
    """Whether an expression is ``None``."""
    return isinstance(node, ast.Constant) and node.value is None


def is_falsy(default: ast.expr | None) -> bool:
    """Whether a default, or its absence, counts as false in a condition."""
    if default is None:
        return True
    try:
        return not ast.literal_eval(default)
    except ValueError:
        return False
