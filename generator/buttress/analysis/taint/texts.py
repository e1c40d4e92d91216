"""What methods and functions make of text, piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.log_lines import in_one_line
from buttress.analysis.taint.parts import element_of
from buttress.analysis.taint.sinks import BIT, Kind, bits
from buttress.analysis.taint.values import Value, text
from buttress.source.patterns import lazy_pattern

PERCENT = lazy_pattern(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[sdrifxeg]")
"""A hole of ``%``."""

BRACES = lazy_pattern(r"\{([^{}!:]*)[^{}]*\}")
"""A hole of ``format``."""


def as_text(frame: Frame, value: Value, node: ast.AST | None = None) -> Value:
    """Return a value as it stands in a text, with the sources of what it holds."""
    if value.is_known or value.parts is not None:
        return value
    return Value(taint=frame.state.held(value), node=node or value.node, what=value.what)


def filled(
    pattern: str, hole: re.Pattern[str], values: list[Value], named: dict[str, Value]
) -> Iterable[str | Value]:
    """Yield the pieces of a text in which values stand for its holes, in order."""
    position, number = 0, 0
    for match in hole.finditer(pattern):
        yield pattern[position : match.start()]
        name = match.group(1) if hole is BRACES and match.lastindex else ""
        first = re.split(r"[.\[]", name)[0] if name else ""
        if first in named:
            yield named[first]
        elif first.isdigit() and int(first) < len(values):
            yield values[int(first)]
        elif number < len(values):
            is_shown = hole is PERCENT and match.group().endswith("r")
            yield in_one_line(values[number]) if is_shown else values[number]
            number += 1
        elif values or named:
            yield Value(taint=frozenset().union(*(v.taint for v in [*values, *named.values()])))
        position = match.end()
    yield pattern[position:]


def joined(frame: Frame, node: ast.Call, separator: Value, values: Value) -> Value:
    """Return the text that ``join`` makes."""
    container = frame.state.container(values)
    if container is not None and container.kind == "list" and container.rest is None:
        pieces: list[str | Value] = []
        for index, inner in enumerate(container.items.values()):
            if index:
                pieces.append(separator)
            pieces.append(as_text(frame, inner))
        return text(pieces, node)
    element = as_text(frame, element_of(frame, values, node))
    if container is not None and container.items and container.rest is not None:
        element = as_text(frame, frame.state.join_all(container.everything()))
    return text([element, separator, element], node)


def split(node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    """Return a part of a text that is split."""
    between = arguments.positional[0].const if arguments.positional else ""
    # between two dots there is no `..`, between two slashes no `/`
    safe = bits(Kind.PATH) if between in {".", "/"} else 0
    if between in {"", "\n"}:
        safe |= bits(Kind.LOG)
    taint = frozenset(
        t._replace(key=f"{t.key}~{node.col_offset}", safe=t.safe | safe) for t in owner.taint
    )
    return Value(taint=taint, node=node)


def changed_text(
    frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments
) -> Value:
    """Return a text after a method that keeps what was in it."""
    if name in {"strip", "lower", "upper", "encode", "decode", "lstrip", "rstrip"}:
        kept = owner.what if owner.what == "<data>" and name != "decode" else ""
        return Value(taint=owner.taint, parts=owner.parts, what=kept, node=node)
    taint = owner.taint.union(*(frame.state.held(v) for v in arguments.all()))
    return Value(taint=taint, node=node)


def replaced(owner: Value, arguments: Arguments) -> Value:
    """Return a text after ``replace``, fit for what the characters that are gone could do."""
    old, new = (value.const for value in arguments.positional)
    fit = 0
    if old == "'" and isinstance(new, str):
        fit = bits(Kind.XPATH, Kind.SQL) if "'" not in new or new == "''" else 0
    elif old in {".", "/"} and new in {"", "_", "-"}:
        fit = bits(Kind.PATH)
    elif old in {"\n", "\r\n"} and isinstance(new, str) and "\n" not in new:
        fit = bits(Kind.LOG)
    elif old == "<" and isinstance(new, str) and "<" not in new:
        fit = bits(Kind.HTML)
    taint = owner.taint | arguments.positional[1].taint
    if old == "</" and isinstance(new, str) and "</" not in new:
        # what is written as JSON stands between quotes, which only the end of the script breaks
        quoted = BIT[Kind.CODE]
        taint = frozenset(
            t._replace(safe=t.safe | BIT[Kind.HTML]) if t.safe & quoted else t for t in taint
        )
    return Value(taint=taint).safe_for(fit)
