"""A regular expression as an automaton: its characters, and in how many ways each may follow another.

Every place in the expression that takes one character is a state (Glushkov's construction). Between two
states there may be more than one way, where repetitions are nested or options are empty: a matcher
that goes back tries each of them, so ways are counted, up to two.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import ModuleType
from typing import Any

from buttress.source.patterns import lazy_pattern

_MOST_STATES = 160
_MOST_PIECES = 3_000
_MOST_COPIES = 24
_LONGEST = 2_000
_MANY = 2
_ASCII = 128
_OTHERS = ("\u00a0", "é", "ß", "Ω", "中", "٣", "\u2028", "😀")
"""One of each kind of character beyond ASCII that an expression may tell apart."""
_WORD = lazy_pattern(r"\w")


class Unreadable(Exception):  # noqa: N818 - a result, not an error
    """The expression is none, or uses what this construction has no words for."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a piece of an expression begins and ends with.

    Attributes:
        first: The states that it may begin with, each with the number of ways to there.
        last: Those that it may end with.
        final: Those of ``last`` from which nothing has to hold for it to end.
        empty: The number of ways to match nothing.
        ends: Those of them for which nothing has to hold, such as the end of the text.
    """

    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    final: frozenset[int] = frozenset()
    empty: int = 1
    ends: bool = True


@dataclass(slots=True)
class Automaton:
    """An expression as states and the ways between them.

    Attributes:
        takes: The characters that each state takes, as bits of an alphabet of samples.
        follows: The states that may follow each state, with the number of ways.
        final: The states after which the expression has matched, whatever comes.
    """

    takes: list[int] = field(default_factory=list)
    follows: list[dict[int, int]] = field(default_factory=list)
    final: frozenset[int] = frozenset()


def read(pattern: str, flags: int, *, is_search: bool, is_whole: bool) -> Automaton:
    """Return an expression as an automaton.

    Args:
        pattern: As for ``re.compile``.
        flags: As for ``re.compile``.
        is_search: Whether a match may begin anywhere; what stands before it is one more state.
        is_whole: Whether all of the text has to match.

    Raises:
        Unreadable: If it is no expression, too long, or looks back at what it has matched.
    """
    if len(pattern) > _LONGEST:
        raise Unreadable
    try:
        # the parser of Python itself; other versions may have none under this name
        parser: Any = importlib.import_module("re._parser")
        names = importlib.import_module("re._constants")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of a pattern is for its author
            tree = parser.parse(pattern, flags)
        reader = _Reader(names, tree.state.flags, pattern)
        part = reader.sequence(list(tree))
    except (
        ImportError,
        AttributeError,
        ValueError,
        re.error,
        OverflowError,
        RecursionError,
    ) as problem:
        raise Unreadable from problem
    built = reader.built
    built.final = frozenset() if is_whole else part.final
    if part.empty and part.ends and not is_whole:
        built.final = frozenset(range(len(built.takes)))  # it never fails
    items = list(tree)
    is_multiline = bool(tree.state.flags & re.MULTILINE)
    is_anchored = bool(items) and reader.is_start(items[0]) and not is_multiline
    if is_search and not is_anchored:
        reader.begin_anywhere(part)
    return built


class _Reader:
    def __init__(self, names: ModuleType, flags: int, pattern: str) -> None:
        self.built = Automaton()
        self._names: Any = names
        self._is_ascii = bool(flags & re.ASCII)
        self._ignores_case = bool(flags & re.IGNORECASE)
        self._takes_line_ends = bool(flags & re.DOTALL)
        beyond = dict.fromkeys([*_OTHERS, *(c for c in pattern if ord(c) >= _ASCII)])
        self._alphabet = "".join([*map(chr, range(_ASCII)), *beyond])
        self._all = (1 << len(self._alphabet)) - 1
        self._depth = 0
        self._pieces = 0

    def is_start(self, item: tuple[Any, Any]) -> bool:
        """Whether an item holds only where the text begins."""
        op, value = item
        if op is self._names.SUBPATTERN:
            inner = list(value[3])
            return bool(inner) and self.is_start(inner[0])
        starts = (self._names.AT_BEGINNING, self._names.AT_BEGINNING_STRING)
        return op is self._names.AT and value in starts

    def begin_anywhere(self, part: Part) -> None:
        """Add the state of what stands before a match: a search takes any text there."""
        number = len(self.built.takes)
        self.built.takes.append(self._all)
        self.built.follows.append({**part.first, number: 1})

    # -- pieces -----------------------------------------------------------------------------------

    def sequence(self, items: Sequence[tuple[Any, Any]]) -> Part:
        """Return several pieces, one behind the other."""
        part = Part()
        for item in items:
            part = self._joined(part, self._piece(*item))
        return part

    def _piece(self, op: Any, value: Any) -> Part:
        self._pieces += 1
        if self._pieces > _MOST_PIECES:
            raise Unreadable
        names = self._names
        if op in {names.LITERAL, names.NOT_LITERAL, names.IN, names.ANY}:
            return self._state(self._characters(op, value))
        if op is names.SUBPATTERN:
            return self.sequence(list(value[3]))
        if op is names.BRANCH:
            return self._one_of([self.sequence(list(branch)) for branch in value[1]])
        if op in {names.MAX_REPEAT, names.MIN_REPEAT}:
            return self._repeated(*value)
        if op is names.AT:
            is_end = value in {names.AT_END, names.AT_END_STRING}
            return Part(ends=not is_end)
        if op in {names.ASSERT, names.ASSERT_NOT}:
            if self._depth:
                raise Unreadable  # what it keeps apart would be taken for the same
            return Part(ends=False)
        raise Unreadable

    def _state(self, takes: int) -> Part:
        number = len(self.built.takes)
        if number >= _MOST_STATES:
            raise Unreadable
        self.built.takes.append(takes)
        self.built.follows.append({})
        return Part({number: 1}, {number: 1}, frozenset({number}), 0, ends=False)

    def _joined(self, one: Part, two: Part) -> Part:
        self._link(one.last, two.first)
        first = _sum(one.first, two.first, one.empty)
        last = _sum(two.last, one.last, two.empty)
        final = two.final | (one.final if two.empty and two.ends else frozenset())
        return Part(first, last, final, min(_MANY, one.empty * two.empty), one.ends and two.ends)

    def _one_of(self, parts: list[Part]) -> Part:
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for part in parts:
            first, last = _sum(first, part.first, 1), _sum(last, part.last, 1)
        final = frozenset[int]().union(*(part.final for part in parts))
        empty = min(_MANY, sum(part.empty for part in parts))
        return Part(first, last, final, empty, any(p.empty and p.ends for p in parts))

    def _repeated(self, least: int, most: int, items: Any) -> Part:
        is_endless = most == self._names.MAXREPEAT
        if most == 0:
            return Part()
        if is_endless or most > 1:
            self._depth += 1
        needed = min(least, _MOST_COPIES)
        part = Part()
        if is_endless:
            for _ in range(max(needed - 1, 0)):
                part = self._joined(part, self.sequence(list(items)))
            inner = self.sequence(list(items))
            self._link(inner.last, inner.first)
            part = self._joined(part, inner if least else _optional(inner))
        else:
            for _ in range(needed):
                part = self._joined(part, self.sequence(list(items)))
            # two that may be left out behave like many
            rest = Part()
            for _ in range(min(most - least, _MANY)):
                rest = _optional(self._joined(self.sequence(list(items)), rest))
            part = self._joined(part, rest)
        if is_endless or most > 1:
            self._depth -= 1
        return part

    def _link(self, last: dict[int, int], first: dict[int, int]) -> None:
        for before, ways in last.items():
            follows = self.built.follows[before]
            for after, more in first.items():
                follows[after] = min(_MANY, follows.get(after, 0) + ways * more)

    # -- characters -------------------------------------------------------------------------------

    def _characters(self, op: Any, value: Any) -> int:
        names = self._names
        if op is names.ANY:
            newline = 1 << self._alphabet.index("\n")
            return self._all if self._takes_line_ends else self._all & ~newline
        if op is names.LITERAL:
            return self._range(value, value)
        if op is names.NOT_LITERAL:
            return self._all & ~self._range(value, value)
        found, is_negated = 0, False
        for kind, item in value:
            if kind is names.NEGATE:
                is_negated = True
            elif kind is names.LITERAL:
                found |= self._range(item, item)
            elif kind is names.RANGE:
                found |= self._range(*item)
            elif kind is names.CATEGORY:
                found |= self._category(item)
            else:
                raise Unreadable
        return self._all & ~found if is_negated else found

    def _range(self, low: int, high: int) -> int:
        return _between(self._alphabet, low, high, ignores_case=self._ignores_case)

    def _category(self, category: Any) -> int:
        name = str(category).rpartition("CATEGORY_")[2]
        kind = name.removeprefix("NOT_")
        if kind not in _KINDS:
            raise Unreadable
        found = _of_kind(self._alphabet, kind, is_ascii=self._is_ascii)
        return self._all & ~found if name != kind else found


@lru_cache(maxsize=1024)
def _between(alphabet: str, low: int, high: int, *, ignores_case: bool) -> int:
    """Return the characters of a range as bits of an alphabet."""
    found = 0
    for number, character in enumerate(alphabet):
        forms = [character]
        if ignores_case:
            forms += [c for c in (character.lower(), character.upper()) if len(c) == 1]
        if any(low <= ord(form) <= high for form in forms):
            found |= 1 << number
    return found


@lru_cache
def _of_kind(alphabet: str, kind: str, *, is_ascii: bool) -> int:
    """Return the digits, blanks or letters as bits of an alphabet."""
    return sum(
        1 << number
        for number, character in enumerate(alphabet)
        if _KINDS[kind](character) and (not is_ascii or ord(character) < _ASCII)
    )


def _is_word(character: str) -> bool:
    return _WORD.match(character) is not None


_KINDS = {"DIGIT": str.isdigit, "SPACE": str.isspace, "WORD": _is_word}


def _optional(part: Part) -> Part:
    return Part(part.first, part.last, part.final, 1, ends=True)


def _sum(one: dict[int, int], two: dict[int, int], ways: int) -> dict[int, int]:
    """Return the ways to states of two kinds; the second stands behind so many empty matches."""
    if not ways:
        return one
    found = dict(one)
    for state, more in two.items():
        found[state] = min(_MANY, found.get(state, 0) + ways * more)
    return found
