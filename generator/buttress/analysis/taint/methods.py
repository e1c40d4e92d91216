"""What methods give back of text, and of what clients send."""

from __future__ import annotations

import ast

from buttress.analysis.taint.containers import of_container
from buttress.analysis.taint.documents import ONLY_TEXT, shown_as_text
from buttress.analysis.taint.folding import folded
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.library import FOLDED_METHODS, TELLING_METHODS, TEXT_METHODS
from buttress.analysis.taint.parts import keyed, source_value
from buttress.analysis.taint.sources import CLIENT, READ, REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.texts import (
    BRACES,
    as_text,
    changed_text,
    filled,
    joined,
    replaced,
    split,
)
from buttress.analysis.taint.values import NOTHING, Value, is_text, text

_MOST_CHARACTERS = 1_000_000
_READERS = frozenset(["get", "getlist", "get_all", "pop", "getfirst", "setdefault", "get_list"])
_VIEWS = frozenset(["items", "keys", "values", "lists", "multi_items"])
_SPLITTERS = frozenset(["split", "rsplit", "partition", "rpartition", "splitlines"])


def of_method(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value | None:
    """Return what a method gives back; ``None`` where nothing is known of it."""
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
    name = node.func.attr
    if owner.what == "<data>" and name in ONLY_TEXT:
        owner = shown_as_text(owner)
    given = arguments.all()
    container = frame.state.container(owner)
    if container is not None and container.kind != "object":
        return of_container(frame, node, owner, name, arguments)
    is_foldable = name in FOLDED_METHODS and not arguments.named
    if isinstance(owner.const, str | bytes) and is_foldable and all(v.is_known for v in given):
        longest = max((len(v.const) for v in given if isinstance(v.const, str | bytes)), default=0)
        method = getattr(owner.const, name, None)
        if method is None or len(owner.const) * longest > _MOST_CHARACTERS:
            return NOTHING
        return folded(method, [v.const for v in given], node)
    if name == "format" and isinstance(owner.const, str):
        values = [as_text(frame, v) for v in [*arguments.positional, *arguments.more]]
        named = {key: as_text(frame, v) for key, v in arguments.named.items()}
        return text(filled(owner.const, BRACES, values, named), node)
    if name == "join" and (is_text(owner) or not owner.what) and arguments.positional:
        return joined(frame, node, owner, arguments.positional[0])
    if owner.what == REQUEST:
        return source_value(frame, node, CLIENT, f"request.{name}") if name in READ else None
    if owner.taint or owner.parts is not None:
        return _of_tainted(frame, node, owner, name, arguments)
    return None


def _of_tainted(
    frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments
) -> Value | None:
    """Return what a method makes of a value that a client had a hand in."""
    if name in TELLING_METHODS:
        return Value(what=f"<{name}>", node=node)
    if owner.what == "<data>" and name in _READERS:
        return _read(frame, node, owner, arguments)
    if owner.what == "<data>" and name in _VIEWS:
        return Value(taint=owner.taint, what=owner.what, node=node)
    if name in {"model_dump", "dict", "to_dict"}:
        return Value(taint=owner.taint, what="<fields>", node=node)
    if owner.what == "<fields>" and name in {"items", "keys"}:
        return _of_fields(frame, node, owner, name)
    if name == "replace" and len(arguments.positional) == 2:
        return replaced(owner, arguments)
    if name in _SPLITTERS:
        return split(node, owner, arguments)
    if name in TEXT_METHODS:
        return changed_text(frame, node, owner, name, arguments)
    if owner.what.startswith("<model") or owner.parts is not None:
        return None
    if name in {"resolve", "absolute", "joinpath", "with_suffix", "with_name"}:
        taint = owner.taint.union(*(frame.state.held(v) for v in arguments.all()))
        return Value(taint=taint, what="pathlib.Path()", node=node)
    return Value(taint=owner.taint, what="<data>" if name == "json" else "", node=node)


def _of_fields(frame: Frame, node: ast.Call, owner: Value, name: str) -> Value:
    """Return the names of fields, which the code chose, or the pairs with their values."""
    if name == "keys":
        return Value(node=node)
    pair: dict[object, Value] = {0: Value(node=node), 1: Value(taint=owner.taint, node=node)}
    inner = frame.state.new(Container("list", pair))
    return frame.state.new(Container("list", {}, inner))


def _read(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    kind = arguments.named_nodes.get("type")
    if kind is not None and frame.module.resolve(kind) in {"builtins.int", "builtins.float", "builtins.bool"}:  # fmt: skip
        return Value(node=node)
    first = arguments.positional[0] if arguments.positional else NOTHING
    key = first.const if first.is_known else ast.dump(node)
    return keyed(owner, f"[{key}]", node)
