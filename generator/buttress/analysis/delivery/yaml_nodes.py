"""The nodes of YAML documents: read by libyaml where it can, which is 25 times faster, else by ruamel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_DEEPEST = 200
_MOST_FLOWS = 5000
"""Of more brackets inside each other libyaml makes hard work."""

_BREAKS = ("\x85", "\u2028", "\u2029")
"""What ends a line in YAML 1.1, which libyaml reads, and not in YAML 1.2."""


def composed(text: str) -> list[Node]:
    """Return the documents of a text.

    Raises:
        ValueError: If it is no YAML.
    """
    if text.count("[") + text.count("{") <= _MOST_FLOWS and not any(c in text for c in _BREAKS):
        try:
            return list(_composed_fast(text))
        except (ImportError, ValueError):
            pass  # the other one reads more, and knows the line of what it does not
    reader = YAML(typ="safe", pure=True)
    reader.composer.warn_double_anchors = False
    try:
        return list(reader.compose_all(text))
    except YAMLError as problem:
        line = getattr(getattr(problem, "problem_mark", None), "line", 0) + 1
        raise ValueError(f"line {line} is no YAML") from None
    except (RecursionError, TypeError, KeyError, AttributeError, IndexError):
        # the reader itself fails in these ways on hostile input
        raise ValueError("it is no YAML") from None


def _composed_fast(text: str) -> Iterator[Node]:
    import yaml  # type: ignore[import-untyped]

    try:
        yield from _built(yaml.parse(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, KeyError, AttributeError) as problem:
        # AttributeError: PyYAML came without libyaml; KeyError: an alias of nothing
        raise ValueError("libyaml cannot read it") from problem


def _built(events: Iterable[Any]) -> Iterator[Node]:
    """Yield a node for each document."""
    anchors: dict[str, Node] = {}
    opened: list[tuple[Node, list[Node]]] = []
    for event in events:
        kind = event.__class__.__name__
        if kind == "DocumentStartEvent":
            anchors = {}
        elif kind in {"SequenceEndEvent", "MappingEndEvent"}:
            done, parts = opened.pop()
            done.value = parts if kind == "SequenceEndEvent" else _pairs(parts)
            if not opened:
                yield done
        elif kind in _NODES:
            node = anchors[event.anchor] if kind == "AliasEvent" else _node(kind, event)
            anchors[event.anchor or ""] = node
            if opened:
                opened[-1][1].append(node)
            if kind.endswith("StartEvent"):
                opened.append((node, []))
            elif not opened:
                yield node
        if len(opened) > _DEEPEST:
            raise ValueError("the document is nested too deeply")


_NODES = frozenset({"ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"})


def _node(kind: str, event: Any) -> Node:
    if kind == "ScalarEvent":
        return ScalarNode("", event.value, event.start_mark, event.end_mark, event.style)
    node = SequenceNode if kind == "SequenceStartEvent" else MappingNode
    return node("", [], event.start_mark)


def _pairs(parts: list[Node]) -> list[tuple[Node, Node]]:
    """Return the keys of a mapping with their values, which come one after another."""
    return list(zip(parts[::2], parts[1::2], strict=True))
