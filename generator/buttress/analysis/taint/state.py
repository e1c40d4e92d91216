"""What is known at one place of a function: the values of names, and what containers hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from buttress.analysis.taint.values import (
    CLEAN,
    NOTHING,
    UNKNOWN,
    Taints,
    Value,
    alternatives,
    same_constant,
)

_DEEPEST = 4
_LARGEST = 400


class Container:
    """What a list, a mapping or an object holds; never changed once it is made.

    Attributes:
        kind: ``list``, ``dict``, or ``object`` for anything with attributes.
        items: By index from 0, by key, or by attribute.
        rest: What else may be in it; ``None`` where ``items`` is everything.
        what: The class of an object, as a dotted name or a key of the engine.
    """

    __slots__ = ("items", "kind", "rest", "what")

    def __init__(
        self, kind: str, items: dict[object, Value], rest: Value | None = None, what: str = ""
    ) -> None:
        self.kind = kind
        self.items = items
        self.rest = rest
        self.what = what

    def everything(self) -> list[Value]:
        """Return all values that it may hold."""
        return [*self.items.values(), *(() if self.rest is None else (self.rest,))]


class State:
    """The values at one place; a branch works on a copy.

    Attributes:
        names: By local name.
        heap: Containers by number.
        checked: Which sources were looked at before this place, and for which kinds of sinks.
    """

    __slots__ = ("_numbers", "checked", "heap", "names")

    def __init__(self, numbers: Iterator[int] | None = None) -> None:
        self.names: dict[str, Value] = {}
        self.heap: dict[int, Container] = {}
        self.checked: dict[str, int] = {}
        self._numbers = numbers if numbers is not None else count(1)

    def copy(self) -> State:
        """Return a state that can go another way."""
        return self.inside(self.names)

    def inside(self, names: dict[str, Value]) -> State:
        """Return a state with the same containers for the names of another function."""
        made = State(self._numbers)
        made.names = names.copy()
        made.heap = self.heap.copy()
        made.checked = self.checked.copy()
        return made

    def container(self, value: Value) -> Container | None:
        """Return what a value holds, if it is known to be a container."""
        return self.heap.get(value.ref) if value.ref else None

    def new(self, container: Container) -> Value:
        """Return a new container as a value."""
        number = next(self._numbers)
        self.heap[number] = self._bounded(container)
        return Value(ref=number, taint=CLEAN)

    def held(self, value: Value, depth: int = 0) -> Taints:
        """Return the sources of a value and of all that it holds."""
        container = self.container(value)
        if container is None or depth > _DEEPEST:
            return value.taint
        inner = [self.held(item, depth + 1) for item in container.everything()]
        return value.taint.union(*inner)

    def put(self, value: Value, key: object, item: Value) -> None:
        """Store something in a container under a key; ``UNKNOWN`` is any key."""
        container = self.container(value)
        if container is None:
            return
        if key is UNKNOWN or not _is_key(key):
            rest = item if container.rest is None else self.join_values(container.rest, item)
            self.heap[value.ref] = Container(container.kind, container.items, rest, container.what)
            return
        if container.kind == "list" and isinstance(key, int):
            key = key + len(container.items) if key < 0 else key
            if key not in container.items:
                self.put(value, UNKNOWN, item)
                return
        items = {**container.items, key: item}
        self.heap[value.ref] = Container(container.kind, items, container.rest, container.what)

    def get(self, value: Value, key: object) -> Value:
        """Return what a container holds under a key; ``UNKNOWN`` is any key."""
        container = self.heap[value.ref]
        if key is not UNKNOWN and _is_key(key):
            if container.kind == "list" and isinstance(key, int):
                if key < 0 and container.rest is None:
                    key += len(container.items)
                elif key < 0:
                    return self.join_all(container.everything())
            found = container.items.get(key)
            if found is not None:
                is_shifted = container.kind == "list" and container.rest is not None
                return self.join_values(found, container.rest) if is_shifted and container.rest else found  # fmt: skip
            return container.rest or NOTHING
        return self.join_all(container.everything())

    def replace(self, value: Value, items: dict[object, Value], rest: Value | None) -> None:
        """Let a container hold something else."""
        old = self.heap[value.ref]
        self.heap[value.ref] = self._bounded(Container(old.kind, items, rest, old.what))

    def _bounded(self, container: Container) -> Container:
        """Return a container; of a very large one only what may be in it is known."""
        if len(container.items) <= _LARGEST:
            return container
        rest = self.join_all(container.everything())
        return Container(container.kind, {}, rest, container.what)

    def join_all(self, values: list[Value]) -> Value:
        """Return the value that is one of several."""
        if not values:
            return NOTHING
        found = values[0]
        for value in values[1:]:
            found = self.join_values(found, value)
        return found

    def join_values(self, left: Value, right: Value) -> Value:
        """Return the value that is one of two."""
        if left is right:
            return left
        const = left.const if same_constant(left.const, right.const) else UNKNOWN
        ref = left.ref if left.ref == right.ref else left.ref or right.ref
        if left.ref and right.ref and left.ref != right.ref:
            ref = self._merge(left.ref, right.ref)
        elif ref and not (left.ref and right.ref):
            ref = self._mixed(ref, left if right.ref else right)
        what = left.what if left.what == right.what else left.what or right.what
        parts = None if const is not UNKNOWN else alternatives(left, right)
        return Value(const, left.taint | right.taint, parts, ref, what, right.node or left.node)

    def _mixed(self, ref: int, other: Value) -> int:
        """Return a container that may as well be a value of which nothing but its source is known."""
        container = self.heap.get(ref)
        if container is None or not other.taint or container.kind not in {"dict", "list"}:
            return ref
        if not container.items and container.rest is None:
            return 0  # ``data or {}``
        rest = Value(taint=other.taint, what=other.what, node=other.node)
        if container.rest is not None:
            if other.taint <= container.rest.taint:
                return ref
            rest = self.join_values(container.rest, rest)
        number = next(self._numbers)
        self.heap[number] = Container(container.kind, container.items, rest, container.what)
        return number

    def _merge(self, first: int, second: int) -> int:
        one, two = self.heap.get(first), self.heap.get(second)
        if one is None or two is None:
            return first if one is not None else second
        number = next(self._numbers)
        self.heap[number] = one  # so that a container that holds itself ends
        self.heap[number] = self.join_containers(one, two)
        return number

    def join_containers(self, one: Container, two: Container) -> Container:
        """Return the container that is one of two."""
        if one is two:
            return one
        rests = [rest for rest in (one.rest, two.rest) if rest is not None]
        if one.kind == two.kind == "list" and len(one.items) != len(two.items):
            everything = self.join_all([*one.everything(), *two.everything()])
            return Container("list", {}, everything, one.what)
        items: dict[object, Value] = {}
        for key in {**one.items, **two.items}:
            found = [c.items[key] for c in (one, two) if key in c.items]
            items[key] = self.join_all(found)
        rest = self.join_all(rests) if rests else None
        return Container(one.kind, items, rest, one.what if one.what == two.what else "")

    def join(self, other: State) -> State:
        """Return what is known where two ways meet."""
        joined = self.copy()
        joined.merge(other)
        return joined

    def merge(self, other: State) -> None:
        """Take over what is known of another way that meets this one."""
        heap, names = self.heap, self.names
        for number, container in other.heap.items():
            mine = heap.get(number)
            if mine is container:
                continue
            heap[number] = container if mine is None else self.join_containers(mine, container)
        for name, value in other.names.items():
            own = names.get(name)
            if own is not value:
                names[name] = value if own is None else self.join_values(own, value)
        if self.checked != other.checked:
            common = self.checked.keys() & other.checked.keys()
            self.checked = {key: self.checked[key] & other.checked[key] for key in common}


def _is_key(key: object) -> bool:
    return isinstance(key, str | int | bytes | bool | tuple | type(None))
