"""YAML as nodes with their lines, read without ever following the same alias twice too often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from buttress.analysis.delivery.yaml_nodes import composed
from buttress.project.model import Place

_MOST_ITEMS = 2000


@dataclass(frozen=True)
class View:
    """A mapping of a document; what is no mapping reads as an empty one."""

    path: str
    node: Node | None

    def pairs(self) -> Iterator[tuple[str, Node, Node]]:
        """Yield the keys, as text and as nodes, with their values."""
        if isinstance(self.node, MappingNode):
            for key, value in self.node.value[:_MOST_ITEMS]:
                if isinstance(key, ScalarNode):
                    yield str(key.value), key, value

    def _value(self, name: str) -> Node | None:
        return next((value for key, _, value in self.pairs() if key == name), None)

    def has(self, name: str) -> bool:
        """Whether the key is there."""
        return self._value(name) is not None

    def text(self, name: str) -> str:
        """Return the scalar behind a key, nothing where it is none."""
        value = self._value(name)
        return str(value.value) if isinstance(value, ScalarNode) else ""

    def place(self, name: str) -> Place:
        """Return where the value of a key starts: its first line of text in a block scalar."""
        value = self._value(name)
        return _place(self.path, value) if value is not None else Place(self.path)

    def names(self, name: str) -> list[str]:
        """Return the keys, items or the single scalar behind a key."""
        value = self._value(name)
        if isinstance(value, ScalarNode):
            return [str(value.value)]
        if isinstance(value, SequenceNode):
            return [str(item.value) for item in value.value if isinstance(item, ScalarNode)]
        return [key for key, _, _ in View(self.path, value).pairs()]

    def children(self) -> Iterator[tuple[str, View, Place]]:
        """Yield the mappings inside this one, by key, with where each key stands."""
        for key, node, value in self.pairs():
            yield key, View(self.path, value), _place(self.path, node)

    def entries(self, name: str) -> Iterator[tuple[str, View, Place]]:
        """Yield the mappings behind a key, with where each one's own key stands."""
        for key, node, value in View(self.path, self._value(name)).pairs():
            yield key, View(self.path, value), _place(self.path, node)

    def items(self, name: str) -> Iterator[View]:
        """Yield the mappings of the list behind a key."""
        value = self._value(name)
        if isinstance(value, SequenceNode):
            for item in value.value[:_MOST_ITEMS]:
                yield View(self.path, item)

    def scalars(self, name: str) -> Iterator[tuple[str, str, Place]]:
        """Yield the keys and scalars of the mapping behind a key."""
        for key, _, value in View(self.path, self._value(name)).pairs():
            if isinstance(value, ScalarNode):
                yield key, str(value.value), _place(self.path, value)

    def list_scalars(self, name: str) -> Iterator[tuple[str, Place]]:
        """Yield the scalars of the list behind a key."""
        value = self._value(name)
        if isinstance(value, SequenceNode):
            for item in value.value[:_MOST_ITEMS]:
                if isinstance(item, ScalarNode):
                    yield str(item.value), _place(self.path, item)

    def named_values(self) -> Iterator[tuple[str, str, Place]]:
        """Yield each ``{name: ..., value: ...}`` below, as containers list their variables."""
        seen: set[int] = set()
        stack: list[Node | None] = [self.node]
        while stack and len(seen) < _MOST_ITEMS:
            node = stack.pop()
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, SequenceNode):
                stack += reversed(node.value)
            elif isinstance(node, MappingNode):
                view = View(self.path, node)
                if view.text("name") and view.text("value"):
                    yield view.text("name"), view.text("value"), view.place("value")
                stack += [value for _, _, value in reversed(list(view.pairs()))]


def documents(path: str, text: str) -> list[View]:
    """Return all documents of a file; none where it is no YAML, such as a template."""
    try:
        return [View(path, node) for node in composed(text)]
    except ValueError:
        return []


class Document:
    """A YAML document.

    Args:
        path: For the places.
        text: All of it.

    Raises:
        ValueError: If it is no YAML.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        nodes = composed(text)
        self.root = View(path, nodes[0] if nodes else None)

    def deep_scalars(self, most: int) -> Iterator[tuple[str, str, Place, bool]]:
        """Yield scalars anywhere below a key: the key, the text, the place, whether it may fail.

        Args:
            most: How many nodes are looked at; an alias is followed once.
        """
        seen: set[int] = set()
        stack: list[tuple[str, Node | None, bool]] = [("", self.root.node, False)]
        while stack and most > 0:
            key, node, soft = stack.pop()
            most -= 1
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, ScalarNode):
                yield key, str(node.value), _place(self.path, node), soft
            elif isinstance(node, SequenceNode):
                stack += [(key, item, soft) for item in reversed(node.value)]
            elif isinstance(node, MappingNode):
                view = View(self.path, node)
                soft = soft or "true" in {view.text("allow_failure"), view.text("continueOnError")}
                pairs = list(view.pairs())
                stack += [(name, value, soft) for name, _, value in reversed(pairs)]


def _place(path: str, node: Node) -> Place:
    line = node.start_mark.line + 1
    is_block = isinstance(node, ScalarNode) and node.style in {"|", ">"}
    return Place(path, line + is_block)
