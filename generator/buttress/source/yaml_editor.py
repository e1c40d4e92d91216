"""YAML files: insert a key, replace a scalar, append an item; untouched lines stay byte-identical.

ruamel.yaml only says where a node stands (its own round trip moves comments and re-wraps lines).
Keys are compared as they are written, so ``on:`` is ``"on"`` whatever a YAML 1.1 reader makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from buttress.source.edit import Edit
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError
from buttress.source.text import Text

Path = Sequence[str | int]

_PLAIN = lazy_pattern(r"[A-Za-z0-9_./$][A-Za-z0-9_./@+$ -]*(?<! )\Z")
_NOT_A_STRING = lazy_pattern(
    r"(?i:true|false|yes|no|on|off|y|n|null|~)\Z|[-+.0-9][-+.0-9_eExXoOa-fA-F:]*\Z"
)


@dataclass(frozen=True)
class YamlText:
    """The text of a YAML document and the nodes in it.

    A path is the keys and indexes that lead to a node: ``("jobs", "test", "steps", 0, "uses")``.
    """

    text: str

    @cached_property
    def root(self) -> Node | None:
        """The top node; ``None`` for an empty file.

        Raises:
            RefusedError: If the text is no YAML, or holds several documents.
        """
        yaml = YAML(typ="safe", pure=True)
        yaml.composer.warn_double_anchors = False  # a later anchor of the same name is legal
        try:
            documents = list(yaml.compose_all(self.text))
        except YAMLError as problem:
            raise RefusedError(f"it is no YAML ({_sentence(problem)})") from None
        if len(documents) > 1:
            raise RefusedError("it holds several YAML documents")
        return documents[0] if documents else None

    @property
    def newline(self) -> str:
        """The line ending of most lines."""
        return Text(self.text).newline

    def node(self, path: Path) -> Node | None:
        """Return the node at a path, wherever an alias may lead; ``None`` if there is none."""
        node = self.root
        for key in path:
            node = next((value for name, value in _children(node) if name == key), None)
            if node is None:
                return None
        return node

    def scalar(self, path: Path) -> str | None:
        """Return the text of the scalar at a path, unquoted; ``None`` if there is none."""
        node = self.node(path)
        return str(node.value) if isinstance(node, ScalarNode) else None

    def keys(self, path: Path) -> tuple[str, ...]:
        """Return the keys of the mapping at a path, in order; empty if there is none."""
        node = self.node(path)
        return tuple(str(k.value) for k, _ in node.value) if isinstance(node, MappingNode) else ()

    def items(self, path: Path) -> int:
        """Return how many items the sequence at a path has; 0 if there is none."""
        node = self.node(path)
        return len(node.value) if isinstance(node, SequenceNode) else 0

    def line(self, path: Path) -> int:
        """Return the line, from 1, on which the key or item at a path starts; 1 if there is none."""
        node: Node | None = self._key_node(path) or self.node(path)
        return self.text.count("\n", 0, node.start_mark.index) + 1 if node is not None else 1

    def span(self, path: Path) -> tuple[int, int]:
        """Return where the text of the value at a path starts and ends, without what follows it.

        Raises:
            RefusedError: If nothing stands there.
        """
        node = self._own(path)
        return node.start_mark.index, self._end(node)

    # ---- edits -----------------------------------------------------------------------------------

    def key_insertion(self, path: Path, key: str, value: str, *, after: str | None = None) -> Edit:
        """Return the edit that adds a key to the mapping at a path.

        Args:
            path: Leads to the mapping; empty for the top.
            key: The new key, as it should be written.
            value: Its value as YAML: on one line, or lines indented as below a key at the margin
                that start with a line break.
            after: The key it follows, where that is there; by default it comes last.

        Raises:
            RefusedError: If there is no block mapping, or the key is there already.
        """
        if not path and self.root is None:
            return self._append_line(len(self.text), f"{key}:{_value(value)}", "")
        node = self._own(path)
        if not isinstance(node, MappingNode):
            raise RefusedError(f"{_dotted(path)} is no mapping")
        if key in self.keys(path):
            raise RefusedError(f"{_dotted([*path, key])} is there already")
        if node.flow_style:
            return self._flow_insertion(node, f"{key}:{_value(value)}")
        indent = " " * int(node.value[0][0].start_mark.column)
        lines = f"{key}:{_value(value)}".split("\n")
        block = self.newline.join(
            [lines[0], *(indent + line if line else "" for line in lines[1:])]
        )
        names = [str(k.value) for k, _ in node.value]
        index = names.index(after) if after in names else len(names) - 1
        gap = self.newline if not path and self._is_spaced(node, index) else ""
        end = self._past_inner_comments(self._pair_end(node.value[index]), len(indent))
        return self._append_line(end, indent + block, gap)

    def item_insertion(self, path: Path, value: str) -> Edit:
        """Return the edit that appends an item to the sequence at a path.

        Args:
            path: Leads to the sequence.
            value: The item as YAML; further lines as they stand below the first of an item at the
                margin, without its dash.

        Raises:
            RefusedError: If there is no sequence, or one in brackets over several lines.
        """
        node = self._own(path)
        if not isinstance(node, SequenceNode):
            raise RefusedError(f"{_dotted(path)} is no list")
        if node.flow_style:
            return self._flow_insertion(node, value)
        dash, item = node.start_mark.column, node.value[0].start_mark.column
        on_dash_line = node.value[0].start_mark.line == node.start_mark.line
        gap = " " * (item - dash - 1 if on_dash_line and item > dash else 1)
        lines = value.split("\n")
        pad = " " * (dash + 1) + gap
        block = self.newline.join([lines[0], *(pad + line if line else "" for line in lines[1:])])
        end = self._end(node.value[-1])
        return self._append_line(end, f"{' ' * dash}-{gap}{block}", "")

    def scalar_edit(self, path: Path, value: str) -> Edit:
        """Return the edit that replaces the scalar at a path by a string, keeping its quotes.

        Raises:
            RefusedError: If there is no scalar, or one that spans lines.
        """
        node = self._own(path)
        if not isinstance(node, ScalarNode):
            raise RefusedError(f"{_dotted(path)} is no single value")
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in ("|", ">") or "\n" in self.text[start:end]:
            raise RefusedError(f"{_dotted(path)} spans several lines")
        if self.text[start:end].startswith(("&", "!")):
            raise RefusedError(f"{_dotted(path)} has an anchor or a tag")
        return Edit(start, end, quoted(value, node.style))

    # ---- places ----------------------------------------------------------------------------------

    def _own(self, path: Path) -> Node:
        """Return the node that is written at a path itself, not somewhere else by an alias."""
        node = self.root
        begin = -1
        for depth, key in enumerate(path):
            found = next((pair for pair in _pairs(node) if pair[0] == key), None)
            if found is None:
                raise RefusedError(f"{_dotted(path[: depth + 1])} is not there")
            begin = max(begin, found[1])
            node = found[2]
            if node.start_mark.index < begin:
                raise RefusedError(f"{_dotted(path[: depth + 1])} is shared with another place (*)")
        if node is None:
            raise RefusedError("it is empty")
        return node

    def _key_node(self, path: Path) -> Node | None:
        parent = self.node(path[:-1]) if path else None
        if not isinstance(parent, MappingNode):
            return None
        return next((key for key, _ in parent.value if key.value == path[-1]), None)

    def _end(self, node: Node) -> int:
        """Return where the text of a node ends, without blanks and comments that follow it."""
        if isinstance(node, ScalarNode):
            start, end = node.start_mark.index, node.end_mark.index
            if node.style not in ("|", ">"):
                return int(end)
            header = self.text[start : self.text.find("\n", start) % (len(self.text) + 1)]
            written = self.text[start:end]
            kept = "+" in header.split("#")[0]
            return int(end) if kept else int(start) + len(written.rstrip())
        if not isinstance(node, CollectionNode) or node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._pair_end(last) if isinstance(last, tuple) else self._after(node, last)

    def _pair_end(self, pair: tuple[Node, Node]) -> int:
        key, value = pair
        return self._after(key, value)

    def _after(self, before: Node, value: Node) -> int:
        """Return the end of a value, or of its alias where the value is written elsewhere."""
        start = before.end_mark.index if isinstance(before, ScalarNode) else before.start_mark.index
        if value.start_mark.index == value.end_mark.index:
            return int(start)  # an empty value is marked where the next key starts
        if value.start_mark.index >= start:
            return self._end(value)
        alias = re.compile(r"\*[^\s,\]}]+").search(self.text, start)
        return alias.end() if alias else int(start)

    def _past_inner_comments(self, end: int, indent: int) -> int:
        """Return the end of the comments below a value that are indented deeper than its key."""
        inner = re.compile(rf"[^\r\n]*\r?\n(?=[ \t]{{{indent + 1},}}#)")
        while not self.text[:end].endswith("\n") and (match := inner.match(self.text, end)):
            line = self.text.find("\n", match.end())
            end = len(self.text) if line == -1 else line
        return end

    def _append_line(self, end: int, line: str, gap: str) -> Edit:
        if not self.text:
            return Edit(0, 0, line + self.newline)
        if end and self.text[end - 1] == "\n":
            return Edit(end, end, gap + line + self.newline)
        stop = self.text.find("\n", end)
        if stop == -1:
            return Edit(len(self.text), len(self.text), self.newline + gap + line)
        return Edit(stop + 1, stop + 1, gap + line + self.newline)

    def _is_spaced(self, node: MappingNode, index: int) -> bool:
        """Whether a blank line parts the pair from the next one, or from the one before."""
        other = index + 1 if index + 1 < len(node.value) else index
        if other == 0:
            return False
        end = self._pair_end(node.value[other - 1])
        between = self.text[end : node.value[other][0].start_mark.index]
        return bool(re.search(r"\n[ \t]*\r?\n", between))

    def _flow_insertion(self, node: Node, value: str) -> Edit:
        start, end = node.start_mark.index, node.end_mark.index
        written = self.text[start:end]
        if "\n" in written or "\n" in value:
            raise RefusedError("a list or mapping in brackets spans several lines")
        inside = written[1:-1]
        if not inside.strip():
            return Edit(start + 1, end - 1, value)
        at = start + 1 + len(inside.rstrip())
        separator = " " if inside.rstrip().endswith(",") else ", "
        return Edit(at, at, separator + value)


def quoted(value: str, style: str | None) -> str:
    """Return a string as a YAML scalar in a style: ``'`` or ``"``, else plain where that is safe."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    is_plain = _PLAIN.match(value) and not _NOT_A_STRING.match(value) and " #" not in value
    if style is None and is_plain:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _pairs(node: Node | None) -> Iterator[tuple[str | int, int, Node]]:
    """Yield key or index, where it stands, and the value of each child."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield str(key.value), key.end_mark.index, value
    elif isinstance(node, SequenceNode):
        previous = node.start_mark.index
        for index, value in enumerate(node.value):
            yield index, previous, value
            previous = max(previous, value.end_mark.index)


def _children(node: Node | None) -> Iterator[tuple[str | int, Node]]:
    for key, _, value in _pairs(node):
        yield key, value


def _value(value: str) -> str:
    return value if value.startswith("\n") or not value else f" {value}"


def _dotted(path: Path) -> str:
    return ".".join(str(key) for key in path) or "the top"


def _sentence(problem: YAMLError) -> str:
    if isinstance(problem, MarkedYAMLError) and problem.problem_mark is not None:
        return f"line {problem.problem_mark.line + 1}: {problem.problem}"
    return str(problem).splitlines()[0]
