"""Which words stand in which files: one index that answers where a text or a name can be."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import accumulate

from buttress.source.patterns import in_lower_case, lazy_pattern

_BETWEEN_WORDS = "".join(
    chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128)
)
_WORD = lazy_pattern(r"\w+")
_ALTERNATIVES = lazy_pattern(r"(?:\w\??)+(?:\|(?:\w\??)+)*")
_CHARACTER = lazy_pattern(r"(\w)(\??)")
_FEW = 9
_STAR = "import *"
Paths = frozenset[str]


class Words:
    """All words of some Python files, each with the paths of the files that it stands in.

    Args:
        texts: The files by their paths.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._known: dict[object, Paths] = {}

    @cached_property
    def _holders(self) -> dict[str, list[str]]:
        holders: dict[str, list[str]] = {}
        for path, text in self._texts.items():
            for word in set(text.translate(_BETWEEN_WORDS).split()):
                known = holders.get(word)
                if known is None:
                    holders[word] = [path]
                else:
                    known.append(path)
        return holders

    @cached_property
    def _list(self) -> _WordList:
        return _WordList(self._holders)

    @cached_property
    def _lowered(self) -> _WordList:
        holders: dict[str, list[str]] = {}
        for word, paths in self._holders.items():
            holders.setdefault(word.lower(), []).extend(paths)
        return _WordList(holders)

    def holding(self, words: Iterable[str]) -> Paths:
        """Return where one of some whole words stands."""
        return frozenset(path for word in words for path in self._holders.get(word, ()))

    def containing(self, texts: Iterable[str]) -> Paths:
        """Return where one of some texts stands, upper and lower case apart."""
        key = tuple(texts)
        found = self._known.get(key)
        if found is None:
            found = frozenset().union(*(self._containing(text) for text in key))
            self._known[key] = found
        return found

    def _containing(self, text: str) -> Paths:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._search(text)
        return found

    def _search(self, text: str) -> Paths:
        pieces = [_bounded(match) for match in _WORD.finditer(text)]
        if pieces == [text]:
            return self._list.having(text)
        found = frozenset(self._texts)
        for piece in sorted(pieces, key=len, reverse=True):
            if len(found) <= _FEW:
                break
            found &= self._list.having(piece)
        return frozenset(path for path in found if text in self._texts[path])

    def spelling(self, pattern: re.Pattern[str]) -> Paths:
        """Return where a pattern matches in a single word."""
        found = self._known.get(pattern)
        if found is None:
            ignores_case = pattern.flags & re.IGNORECASE
            found = (
                self._lowered.matching(in_lower_case(pattern))
                if ignores_case
                else self._list.matching(pattern)
            )
            self._known[pattern] = found
        return found

    def naming(self, names: Iterable[str]) -> Paths:
        """Return where all parts of one of some dotted names stand."""
        return frozenset().union(*(self._naming(name) for name in names))

    def _naming(self, name: str) -> Paths:
        parts = name.removeprefix("builtins.").split(".")
        holders = [self._holders.get(part, []) for part in parts if part and "*" not in part]
        if not holders:
            return frozenset(self._texts)
        *packages, last = holders
        starred = self.containing([_STAR]) if packages else frozenset()
        if starred:  # what brings the last name may stand in another file
            packages = [[*paths, *starred] for paths in packages]
        holders = sorted([*packages, last], key=len)
        return frozenset(holders[0]).intersection(*holders[1:])


def _bounded(word: re.Match[str]) -> str:
    """Return a word with a line feed where the text around it shows that it begins, or ends, there."""
    text = word.string
    if not text.isascii():
        return word.group()
    begins, ends = word.start() > 0, word.end() < len(text)
    return ("\n" if begins else "") + word.group() + ("\n" if ends else "")


class _WordList:
    """Words one below the other in one text, which is searched as a whole."""

    def __init__(self, holders: dict[str, list[str]]) -> None:
        self._holders = list(holders.values())
        self._text = "\n".join(["", *holders, ""])
        self._starts = list(accumulate((len(word) + 1 for word in holders), initial=1))

    def having(self, *pieces: str) -> Paths:
        """Return the files of the words that contain one of some texts; a line feed is where a word begins or ends."""
        found: set[str] = set()
        for piece in pieces:
            at = self._text.find(piece)
            while at >= 0:
                line = bisect_right(self._starts, at + piece.startswith("\n")) - 1
                found.update(self._holders[line])
                at = self._text.find(piece, self._starts[line + 1] - 1)
        return frozenset(found)

    def matching(self, pattern: re.Pattern[str]) -> Paths:
        """Return the files of the words that a pattern matches in."""
        if _ALTERNATIVES.fullmatch(pattern.pattern):
            return self.having(*_alternatives(pattern.pattern))
        found: set[str] = set()
        match = pattern.search(self._text, 1)
        while match is not None:
            line = bisect_right(self._starts, match.start()) - 1
            if line >= len(self._holders):
                break
            found.update(self._holders[line])
            match = pattern.search(self._text, self._starts[line + 1])
        return frozenset(found)


def _alternatives(pattern: str) -> list[str]:
    """Return the texts that a pattern of plain letters stands for: ``api_?key|token``."""
    texts = []
    for branch in pattern.split("|"):
        forms = [""]
        for character, mark in _CHARACTER.findall(branch):
            forms = [form + character for form in forms] + (forms if mark else [])
        texts += forms
    return texts
