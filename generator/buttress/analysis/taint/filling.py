"""What a template is given, and which of it stands where it may do harm."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.library import CLEAN_ATTRIBUTES
from buttress.analysis.taint.markup import Spot
from buttress.analysis.taint.parts import DATA, element_of, keyed
from buttress.analysis.taint.printing import EACH, Printed
from buttress.analysis.taint.sinks import Kind
from buttress.analysis.taint.values import NOTHING, Value
from buttress.project.literals import literal_text
from buttress.project.modules import called_name

_LOADERS = frozenset(["get_template", "select_template", "get_or_select_template"])
_KINDS = {Spot.ADDRESS: Kind.REDIRECT, Spot.TEXT: Kind.HTML}


def filled_in(
    frame: Frame, node: ast.Call, owner: Value | None, arguments: Arguments
) -> Iterator[tuple[Printed, Kind, Value]]:
    """Yield what a template prints where it may do harm: the place, what becomes of it, and the value.

    Args:
        frame: Where the template is filled in.
        node: The call that does so.
        owner: What it is a method of.
        arguments: What it is given.
    """
    name = _name(owner, arguments)
    printed = frame.engine.printed(name, frame.module.path) if name else ()
    if not printed:
        return
    values = _values(frame, arguments)
    for place in printed:
        value = values.get(str(place.names[0]))
        for part in place.names[1:]:
            value = _part(frame, value, part, node) if value is not None else None
        if value is not None:
            kind = Kind.HTML if place.is_raw else _KINDS.get(place.spot, Kind.SCRIPT)
            yield place, kind, value


def _name(owner: Value | None, arguments: Arguments) -> str:
    """Return what code calls the template: the first text it gives, or that it was loaded by."""
    given = [*arguments.positional, *arguments.named.values()]
    name = next((v.const for v in given if isinstance(v.const, str)), "")
    made = owner.node if owner is not None else None
    if name or not isinstance(made, ast.Call) or called_name(made) not in _LOADERS:
        return name
    return literal_text(made.args[0]) if made.args else ""


def _values(frame: Frame, arguments: Arguments) -> dict[str, Value]:
    """Return what the names in the template stand for."""
    values = dict(arguments.named)
    for value in [*arguments.positional, *arguments.named.values(), *arguments.more]:
        container = frame.state.container(value)
        if container is not None and container.kind == "dict":
            values.update({str(key): item for key, item in container.items.items()})
        elif value.what == "builtins.locals()":
            values.update(frame.state.names)
    return values


def _part(frame: Frame, value: Value, part: str | int, node: ast.expr) -> Value | None:
    """Return what a template reads from a value, be it an attribute, a key or an index."""
    if part == EACH:
        return element_of(frame, value, node)
    container = frame.state.container(value)
    if container is not None:
        found = frame.state.get(value, part) if container.kind != "object" else container.items.get(part)  # fmt: skip
        return found if found is not None and found is not NOTHING else None
    if not value.taint or part in CLEAN_ATTRIBUTES:
        return None
    if value.what == DATA:
        return keyed(value, f"[{part}]", node)
    declared = frame.engine.field(value, str(part))
    return declared if declared is not None else Value(taint=value.taint, node=node)
