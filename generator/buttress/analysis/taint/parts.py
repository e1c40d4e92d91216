"""What a part of a value is: an attribute, an item, a slice, what a loop sees."""

from __future__ import annotations

import ast
import operator

from buttress.analysis.taint.folding import fold
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.library import CLEAN_ATTRIBUTES
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import CLIENT, OWN_ADDRESS, READ, REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import NOTHING, Taint, Value, constant, text

DATA = "<data>"
"""What a client sent, with keys of its own choice."""

FIELDS = "<fields>"
"""What a client sent, under keys that the code chose."""


_UPLOADS = "request.FILES["
_PAYLOADS = frozenset(
    f"{package}.{owner}().payload"
    for package in ("flask_restx", "flask_restplus")
    for owner in ("Api", "Namespace")
)
"""The body of the request, by way of an API that is not the request."""


def attribute(frame: Frame, node: ast.Attribute, owner: Value) -> Value:
    """Return an attribute of a value."""
    name = node.attr
    if owner.what == REQUEST:
        return _of_request(frame, node, name)
    if owner.what == "<self>" and name == "request":
        return Value(what=REQUEST, node=node)
    container = frame.state.container(owner)
    if container is not None and container.kind == "object":
        found = container.items.get(name)
        if found is not None:
            return found
    if owner.taint:
        if name in CLEAN_ATTRIBUTES:
            return NOTHING
        of_upload = name == "name" and all(t.key.startswith(_UPLOADS) for t in owner.taint)
        if of_upload or (name in {"name", "stem"} and owner.what.startswith("pathlib.")):
            # the last part of a path leads nowhere else; Django leaves no more of the name of a file
            inside = frozenset(t._replace(safe=t.safe | bits(Kind.PATH)) for t in owner.taint)
            return Value(taint=inside, node=node)
        declared = frame.engine.field(owner, name)
        if declared is not None:
            return declared
        if owner.what == DATA:
            return keyed(owner, f".{name}", node)
        return Value(taint=owner.taint, what=f"{owner.what}.{name}", node=node)
    what = f"{owner.what}.{name}" if owner.what else ""
    if what in _PAYLOADS and frame.engine.sources.takes_requests:
        return source_value(frame, node, CLIENT, what)
    if what and frame.engine.sources.expression(frame.module, node, what):
        return source_value(frame, node, frame.engine.sources.label, what)
    return Value(what=what, node=node)


def source_value(frame: Frame, node: ast.AST, label: str, key: str) -> Value:
    """Return a value that comes from a source."""
    return Value(taint=frozenset({Taint(label, key, node, frame.module)}), what=DATA, node=node)


def _of_request(frame: Frame, node: ast.Attribute, name: str) -> Value:
    if name in {"path", "path_info"}:
        return frame.engine.route_path(frame)
    if name not in READ:
        return Value(what=f"{REQUEST}.{name}", node=node)
    safe = bits(Kind.URL, Kind.REDIRECT) if name in OWN_ADDRESS else 0
    taint = Taint(CLIENT, f"request.{name}", node, frame.module, safe)
    return Value(taint=frozenset({taint}), what=DATA, node=node)


def keyed(value: Value, key: str, node: ast.AST) -> Value:
    """Return a part of what a client sent, known by its key."""
    taint = frozenset(
        t._replace(key=t.key + key, node=node, safe=t.safe | _sent_back(t.key + key))
        for t in value.taint
    )
    return Value(taint=taint, what=DATA, node=node)


def _sent_back(key: str) -> int:
    """Return what a page that the browser itself names is fit for: it only leads back there."""
    return bits(Kind.REDIRECT) if key.lower().endswith(("[referer]", "[http_referer]")) else 0


def item(frame: Frame, node: ast.expr, owner: Value, key: Value) -> Value:
    """Return what stands under a key or an index."""
    if frame.state.container(owner) is not None:
        found = frame.state.get(owner, key.const)
        return found if found is not NOTHING or not owner.taint else Value(taint=owner.taint, node=node)  # fmt: skip
    if owner.is_known and key.is_known:
        return constant(fold(operator.getitem, owner.const, key.const), node)
    if owner.what == DATA:
        return keyed(owner, f"[{key.const if key.is_known else ast.dump(node)}]", node)
    if owner.taint:
        return Value(taint=owner.taint, node=node)
    if owner.what and frame.engine.sources.expression(frame.module, node, owner.what):
        return source_value(frame, node, frame.engine.sources.label, owner.what)
    return Value(what=f"{owner.what}[]" if owner.what else "", node=node)


def part_between(
    frame: Frame, node: ast.Subscript, owner: Value, bounds: tuple[Value, Value] | None
) -> Value:
    """Return a slice; ``bounds`` are known where it takes every item between them."""
    known = [b.const for b in bounds or () if b.const is None or type(b.const) is int]
    if len(known) == 2:
        if isinstance(owner.const, str | bytes | list | tuple):
            return constant(owner.const[known[0] : known[1]], node)
        if owner.parts is not None:
            return _cut(owner, known[0], known[1], node)
    container = frame.state.container(owner)
    if container is not None:
        everything = frame.state.join_all(container.everything())
        return frame.state.new(Container("list", {}, everything))
    return Value(taint=owner.taint, node=node)


def _cut(owner: Value, start: int | None, end: int | None, node: ast.AST) -> Value:
    """Return a text without the known characters that a slice cuts off at its ends."""
    pieces = list(owner.parts or ())
    first, last = pieces[0], pieces[-1]
    if start and start > 0 and isinstance(first, str) and len(first) >= start:
        pieces[0] = first[start:]
    elif start:
        return Value(taint=owner.taint, node=node)
    if end is not None and end < 0 and isinstance(last, str) and len(last) >= -end:
        pieces[-1] = last[:end]
    elif end is not None:
        return Value(taint=owner.taint, node=node)
    return text(pieces, node)


def element_of(frame: Frame, value: Value, node: ast.AST) -> Value:
    """Return what a loop over a value sees."""
    container = frame.state.container(value)
    if container is not None:
        if container.kind == "dict":
            return Value(taint=value.taint, node=node)
        found = frame.state.join_all(container.everything())
        return found if found is not NOTHING else Value(taint=value.taint, node=node)
    if value.what == FIELDS:
        return Value(node=node)
    if value.what == DATA:
        return keyed(value, "[*]", node)
    if value.taint:
        # a check of one part is none of the whole
        parts = frozenset(t._replace(key=f"{t.key}~*") for t in value.taint)
        return Value(taint=parts, node=node)
    return Value(what=f"{value.what}[]" if value.what else "", node=node)
