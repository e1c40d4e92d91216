"""Which lines of a tree are as they were in another one, whatever was moved, renamed or laid out anew."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from buttress.acceptance.statements import statement_lines
from buttress.scorecard import Located
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern
from buttress.source.tree import is_python

Spot = tuple[str, str, int]
"""The id of a check, a path and a line."""

_LINE_END = lazy_pattern(r"\r\n|\r|\n")
_MOST_LINES = 20_000
_MOST_MOVED = 500
_SAME_FILE = 0.5


@dataclass
class Changes:
    """Which lines differ between two trees; a file is compared when it is asked for."""

    before: Tree
    after: Tree
    _kept: dict[str, Mapping[int, int] | None] = field(default_factory=dict)
    _origins: dict[str, str | None] = field(default_factory=dict)

    def touch(self, finding: Located) -> bool:
        """Whether a line of the statement in which a finding stands was changed."""
        kept = self._kept_lines(finding.place.path)
        if kept is None:
            return True
        return any(line not in kept for line in statement_lines(self.after, finding.place))

    def before_at(self, finding: Located) -> Spot | None:
        """Return the check of a finding, and the file and line at which its place was before."""
        origin = self.origin(finding.place.path)
        line = (self._kept_lines(finding.place.path) or {}).get(finding.place.line)
        return None if origin is None or line is None else (finding.check.id, origin, line)

    def origin(self, path: str) -> str | None:
        """Return where a file was before, if it was there or moved; as git does, by what it holds."""
        if path not in self._origins:
            self._origins[path] = path if path in self.before else self._moved_from(path)
        return self._origins[path]

    def _kept_lines(self, path: str) -> Mapping[int, int] | None:
        if path not in self._kept:
            self._kept[path] = self._compare(path)
        return self._kept[path]

    def _compare(self, path: str) -> Mapping[int, int] | None:
        """Return the lines of a file that are as they were, with their numbers then; ``None`` for a new one."""
        if path not in self.after:
            return _Same()
        origin = self.origin(path)
        if origin is None:
            return None
        if self.before.read(origin) == self.after.read(path):
            return _Same()
        old, new = self.before.text(origin), self.after.text(path)
        if old is None or new is None:
            return None
        if is_python(path) and _is_only_laid_out_anew(old.content, new.content):
            return _Same()
        return kept_lines(old.content, new.content)

    def _moved_from(self, path: str) -> str | None:
        if path not in self.after or not self.after.read(path).strip():
            return None
        content, name = self.after.read(path), PurePosixPath(path)
        gone = [item for item in self.before.paths if item not in self.after]
        alike = [item for item in gone if PurePosixPath(item).suffix == name.suffix]
        named = [item for item in alike if PurePosixPath(item).name == name.name]
        contents = {item: self.before.read(item) for item in alike[:_MOST_MOVED]}
        same = next((item for item, was in contents.items() if was == content), None)
        if same is not None:
            return same
        if len(named) == 1:
            return named[0]
        shares = {item: _shared(was, content) for item, was in contents.items()}
        best = max(shares, key=lambda item: shares[item], default=None)
        return best if best is not None and shares[best] >= _SAME_FILE else None


class _Same(Mapping[int, int]):
    """The lines of a file in which nothing was changed."""

    def __getitem__(self, line: int) -> int:
        return line

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 1


def _is_only_laid_out_anew(old: str, new: str) -> bool:
    """Whether two texts of Python say the same in other lines, as a formatter leaves them."""
    first, second = _said(old), _said(new)
    return first is not None and first == second


def _said(text: str) -> str | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            # a formatter moves the lines of docstrings
            node.value.value = " ".join(str(node.value.value).split())
    try:
        return ast.dump(tree)
    except RecursionError:
        return None


def _shared(old: bytes, new: bytes) -> float:
    """Return how much of the longer of two files is in both, line by line."""
    before, after = Counter(old.splitlines()), Counter(new.splitlines())
    both = sum(len(line) * count for line, count in (before & after).items())
    return both / max(
        1, *(sum(len(line) * count for line, count in side.items()) for side in (before, after))
    )


def kept_lines(old: str, new: str) -> dict[int, int]:
    """Return the numbers, from 1, of the lines of ``new`` that are in ``old``, with those they have there."""
    before, after = _LINE_END.split(old), _LINE_END.split(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    kept = {number: number for number in range(1, start + 1)}
    moved = len(before) - len(after)
    kept |= {number: number + moved for number in range(len(after) - end + 1, len(after) + 1)}
    old_part, new_part = before[start : len(before) - end], after[start : len(after) - end]
    if len(old_part) > _MOST_LINES or len(new_part) > _MOST_LINES:
        return kept
    for first, then, size in SequenceMatcher(None, old_part, new_part).get_matching_blocks():
        kept |= {start + then + at: start + first + at for at in range(1, size + 1)}
    return kept
