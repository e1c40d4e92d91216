"""What is known of a value: its constant, who had a hand in it, what text it is made of, what it holds."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable
from typing import Final, NamedTuple

from buttress.source import Module


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()
"""No constant is known. ``None`` is a constant like others."""

OR: Final = "\x01"
"""Stands between two texts, of which a value is one."""

_MOST_PARTS = 60
_MOST_REPEATED = 6
_LONGEST = 10_000


class Taint(NamedTuple):
    """One source that a value comes from.

    Attributes:
        label: Which kind of source (``client``, ``parameter``).
        key: What was read (``request.args[sort]``), equal for two readings of one thing.
        node: Where it was read.
        module: The file of that place.
        safe: Bits of the kinds of sinks that it is made fit for.
    """

    label: str
    key: str
    node: ast.AST
    module: Module
    safe: int = 0


Taints = frozenset[Taint]
CLEAN: Final[Taints] = frozenset()


class Value:
    """An abstract value; never changed once it is made.

    Attributes:
        const: The constant that it is, or ``UNKNOWN``.
        taint: The sources that it comes from.
        parts: A text as its pieces: known characters, and the values put between them.
        ref: The number of the container that it is, 0 for none.
        what: The dotted name that it stands for; what a call returns ends in ``()``.
        node: The expression that it was first seen as.
    """

    __slots__ = ("const", "node", "parts", "ref", "taint", "what")

    def __init__(  # noqa: PLR0917 - made in the innermost loop
        self,
        const: object = UNKNOWN,
        taint: Taints = CLEAN,
        parts: tuple[str | Value, ...] | None = None,
        ref: int = 0,
        what: str = "",
        node: ast.AST | None = None,
    ) -> None:
        self.const = const
        self.taint = taint
        self.parts = parts
        self.ref = ref
        self.what = what
        self.node = node

    @property
    def is_known(self) -> bool:
        """Whether it is a constant."""
        return self.const is not UNKNOWN

    def pieces(self) -> tuple[str | Value, ...]:
        """Return the pieces of a text; a value of which no text is known is one piece."""
        if isinstance(self.const, str):
            return (self.const,)
        if self.const is not UNKNOWN and not isinstance(self.const, bytes):
            return (str(self.const),)
        return self.parts if self.parts is not None else (self,)

    def safe_for(self, bits: int, keys: Container[str] | None = None) -> Value:
        """Return this value, made fit for some kinds of sinks as far as it comes from these keys."""
        if not self.taint:
            return self
        parts = self.parts
        if parts is not None:
            parts = tuple(p if isinstance(p, str) else p.safe_for(bits, keys) for p in parts)
        taint = _safe_taints(self.taint, bits, keys)
        what = self.what if keys is not None else ""
        return Value(self.const, taint, parts, self.ref, what, self.node)


NOTHING: Final = Value()
"""A value of which nothing is known."""


def _safe_taints(taints: Taints, bits: int, keys: Container[str] | None = None) -> Taints:
    """Return sources as made fit for some kinds of sinks; all, or those with these keys."""
    return frozenset(
        taint._replace(safe=taint.safe | bits) if keys is None or taint.key in keys else taint
        for taint in taints
    )


def constant(value: object, node: ast.AST | None = None) -> Value:
    """Return a known value."""
    return Value(const=value, node=node)


def taints_of(values: Iterable[Value]) -> Taints:
    """Return the sources of several values together."""
    found: Taints = CLEAN
    for value in values:
        if value.taint:
            found = found | value.taint if found else value.taint
    return found


def text(pieces: Iterable[str | Value], node: ast.AST | None = None) -> Value:
    """Return the text that is made of pieces, as a constant where all are known."""
    flat: list[str | Value] = []
    for piece in pieces:
        if isinstance(piece, str):
            _add(flat, piece)
            continue
        before = tuple(flat) if len(flat) <= _MOST_REPEATED else ()
        for part in piece.pieces():
            if not isinstance(part, str) or not before or OR not in part:
                _add(flat, part)
                continue
            # what stands before a choice stands before each of its texts
            for number, option in enumerate(part.split(OR)):
                for again in (OR, *before) if number else ():
                    _add(flat, again)
                _add(flat, option)
    if not flat:
        return Value(const="", node=node)
    if len(flat) == 1 and isinstance(flat[0], str) and OR not in flat[0]:
        is_long = len(flat[0]) > _LONGEST
        return Value(node=node) if is_long else Value(const=flat[0], node=node)
    taint = taints_of(part for part in flat if isinstance(part, Value))
    if len(flat) > _MOST_PARTS or sum(len(p) for p in flat if isinstance(p, str)) > _LONGEST:
        return Value(taint=taint, node=node)
    return Value(taint=taint, parts=tuple(flat), node=node)


def _add(flat: list[str | Value], part: str | Value) -> None:
    """Add a piece to a text; characters that meet become one piece."""
    last = flat[-1] if flat else None
    if isinstance(part, str) and isinstance(last, str):
        flat[-1] = last + part
    elif part != "":
        flat.append(part)


def same_constant(left: object, right: object) -> bool:
    """Whether two constants are one; ``1`` and ``True`` are not."""
    return type(left) is type(right) and bool(left == right)


def is_text(value: Value) -> bool:
    """Whether a value is known to be text."""
    return isinstance(value.const, str) or value.parts is not None


def alternatives(left: Value, right: Value) -> tuple[str | Value, ...] | None:
    """Return the pieces of a value that is one of two texts."""
    if left.parts is None and right.parts is None and not (is_text(left) and is_text(right)):
        return None
    first, second = left.pieces(), right.pieces()
    if first == second:
        return first
    if second[: len(first)] == first:
        return second
    if first[: len(second)] == second or len(first) + len(second) > _MOST_PARTS:
        return first
    return (*first, OR, *second)
