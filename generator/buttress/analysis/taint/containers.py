# ruff: noqa: ARG001 - all of these are called in the same way
"""What methods do to lists, mappings, configurations and files in memory, and what they return."""

from __future__ import annotations

import ast
from collections.abc import Callable

from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.texts import as_text
from buttress.analysis.taint.values import NOTHING, UNKNOWN, Value, taints_of


def of_container(
    frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments
) -> Value:
    """Return what a method of a container returns, after it did what it does to it."""
    kind = frame.state.heap[owner.ref].kind
    if kind == "config":
        return _of_config(frame, owner, name, arguments)
    if kind == "io":
        return _of_io(frame, node, owner, name, arguments)
    method = (_LIST if kind == "list" else _DICT).get(name)
    return NOTHING if method is None else method(frame, node, owner, arguments)


def _of_io(frame: Frame, node: ast.Call, owner: Value, name: str, arguments: Arguments) -> Value:
    if name in {"write", "writelines"} and arguments.positional:
        frame.state.put(owner, UNKNOWN, as_text(frame, arguments.positional[0]))
        return NOTHING
    found = frame.state.join_all(frame.state.heap[owner.ref].everything())
    return Value(taint=found.taint, parts=found.parts, node=node)


def _of_config(frame: Frame, owner: Value, name: str, arguments: Arguments) -> Value:
    keys = tuple(v.const for v in arguments.positional[:2])
    key = keys if len(keys) == 2 and UNKNOWN not in keys else UNKNOWN
    if name == "set" and len(arguments.positional) > 2:
        frame.state.put(owner, key, arguments.positional[2])
    elif name in {"read_string", "read_file", "read_dict"}:
        taint = taints_of(Value(taint=frame.state.held(v)) for v in arguments.all())
        frame.state.put(owner, UNKNOWN, Value(taint=taint))
    elif name == "read":
        frame.state.put(owner, UNKNOWN, NOTHING)
    elif name == "get":
        found = frame.state.get(owner, key)
        fallback = arguments.named.get("fallback")
        return frame.state.join_values(found, fallback) if fallback and found is NOTHING else found
    return NOTHING


# -- lists -------------------------------------------------------------------------------------


def _exact(frame: Frame, owner: Value) -> list[Value] | None:
    """Return the items of a list in their order, if all are known."""
    container = frame.state.heap[owner.ref]
    return list(container.items.values()) if container.rest is None else None


def _set(frame: Frame, owner: Value, values: list[Value]) -> None:
    frame.state.replace(owner, dict(enumerate(values)), None)


def _shuffled(frame: Frame, owner: Value, *more: Value) -> Value:
    """Forget the order of a list, and return what it holds."""
    everything = [*frame.state.heap[owner.ref].everything(), *more]
    joined = frame.state.join_all(everything)
    frame.state.replace(owner, {}, joined if everything else None)
    return joined


def _append(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    for value in arguments.positional[:1]:
        if values is None:
            frame.state.put(owner, UNKNOWN, value)
        else:
            _set(frame, owner, [*values, value])
    return NOTHING


def _insert(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    if len(arguments.positional) == 2:
        index, value = arguments.positional
        if values is not None and isinstance(index.const, int):
            values.insert(index.const, value)
            _set(frame, owner, values)
        else:
            _shuffled(frame, owner, value)
    return NOTHING


def _append_left(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    if values is not None and arguments.positional:
        _set(frame, owner, [arguments.positional[0], *values])
    else:
        _shuffled(frame, owner, *arguments.positional[:1])
    return NOTHING


def _pop(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    index = arguments.positional[0].const if arguments.positional else -1
    if values is not None and isinstance(index, int) and -len(values) <= index < len(values):
        taken = values.pop(index)
        _set(frame, owner, values)
        return taken
    return _shuffled(frame, owner)


def _pop_left(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    if not values:
        return _shuffled(frame, owner)
    _set(frame, owner, values[1:])
    return values[0]


def _remove(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    wanted = arguments.positional[0].const if arguments.positional else UNKNOWN
    for index, value in enumerate(values or ()):
        if not value.is_known or wanted is UNKNOWN:
            break
        if value.const == wanted and values is not None:
            del values[index]
            _set(frame, owner, values)
            return NOTHING
    _shuffled(frame, owner)
    return NOTHING


def _extend(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    for value in arguments.positional[:1]:
        other = frame.state.container(value)
        more = _exact(frame, value) if other is not None and other.kind == "list" else None
        if values is not None and more is not None:
            _set(frame, owner, [*values, *more])
        else:
            frame.state.put(owner, UNKNOWN, Value(taint=frame.state.held(value), node=node))
    return NOTHING


def _reverse(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    values = _exact(frame, owner)
    if values is None:
        _shuffled(frame, owner)
    else:
        _set(frame, owner, values[::-1])
    return NOTHING


def _sort(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    _shuffled(frame, owner)
    return NOTHING


def _clear(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    frame.state.replace(owner, {}, None)
    return NOTHING


def _copy(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    return frame.state.new(frame.state.heap[owner.ref])


# -- mappings ----------------------------------------------------------------------------------


def _get(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    if not arguments.positional:
        return NOTHING
    key = arguments.positional[0].const
    found = frame.state.get(owner, key)
    if len(arguments.positional) > 1 and (found is NOTHING or key is UNKNOWN):
        default = arguments.positional[1]
        return default if found is NOTHING else frame.state.join_values(found, default)
    return found


def _set_default(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    found = _get(frame, node, owner, arguments)
    if len(arguments.positional) > 1 and found is arguments.positional[1]:
        frame.state.put(owner, arguments.positional[0].const, found)
    return found


def _update(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    for key, value in arguments.named.items():
        frame.state.put(owner, key, value)
    for value in arguments.positional:
        other = frame.state.container(value)
        for name, inner in other.items.items() if other is not None else ():
            frame.state.put(owner, name, inner)
        if other is None or other.rest is not None:
            frame.state.put(owner, UNKNOWN, Value(taint=frame.state.held(value), node=node))
    return NOTHING


def _keys(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    key = Value(taint=owner.taint, node=node)
    return frame.state.new(Container("list", {}, key))


def _values(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    everything = frame.state.join_all(frame.state.heap[owner.ref].everything())
    return frame.state.new(Container("list", {}, everything))


def _items(frame: Frame, node: ast.Call, owner: Value, arguments: Arguments) -> Value:
    everything = frame.state.join_all(frame.state.heap[owner.ref].everything())
    key = Value(taint=owner.taint, node=node)
    pair = frame.state.new(Container("list", {0: key, 1: everything}))
    return frame.state.new(Container("list", {}, pair))


_Method = Callable[[Frame, ast.Call, Value, Arguments], Value]
_LIST: dict[str, _Method] = {
    "append": _append, "add": _append, "appendleft": _append_left, "insert": _insert, "pop": _pop,
    "popleft": _pop_left, "remove": _remove, "extend": _extend, "update": _extend, "reverse": _reverse,
    "sort": _sort, "clear": _clear, "copy": _copy,
}  # fmt: skip
_DICT: dict[str, _Method] = {
    "get": _get, "pop": _get, "setdefault": _set_default, "update": _update, "keys": _keys,
    "values": _values, "items": _items, "copy": _copy, "clear": _clear,
}  # fmt: skip
