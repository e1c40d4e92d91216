"""Acceptances in comments: ``# buttress: ignore[ID] reason``, and those written for other tools.

A comment for another tool (``noqa``, ``nosec``, ``nosemgrep``) counts where it names a rule that finds the
same as the check, and is shown as what accepted the finding.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from buttress.acceptance.comment import Comment
from buttress.acceptance.comments import comments
from buttress.acceptance.python_comments import comments_saying, may_say
from buttress.checks.model import Check
from buttress.planning.nearest import nearest
from buttress.project.model import Place
from buttress.scorecard import Acceptance, AcceptedBy, Located, Remark
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern
from buttress.source.tree import is_python

_WORDS = ("buttress", "noqa", "nosec", "nosem")
_HINT = lazy_pattern("|".join(_WORDS), re.IGNORECASE)
_OWN = lazy_pattern(
    r"\s*buttress\s*:\s*ignore\b\s*(?:\[(?P<ids>[^\]]*)\])?[\s:,-]*(?P<reason>.*)",
    re.DOTALL | re.IGNORECASE,
)
_MAY_IGNORE = lazy_pattern(r"buttress\W*ignore", re.IGNORECASE)
# a comment may hold several, each behind its own mark
_NEXT_OWN = lazy_pattern(r"#(?=\s*buttress\s*:)", re.IGNORECASE)
_NEXT_FOREIGN = lazy_pattern(
    r"\s#\s*(?:noqa|nosec|nosem|type\s*:|pyright\s*:|mypy\s*:|pylint\s*:|pragma\s*:|fmt\s*:).*",
    re.DOTALL | re.IGNORECASE,
)
_NOQA = lazy_pattern(
    r"(?:^|#)\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*))?(?P<rest>.*)",
    re.IGNORECASE,
)
_FILE_NOQA = lazy_pattern(r"^\s*(?:ruff|flake8)\s*:\s*(?=noqa\b)", re.IGNORECASE)
_NOSEC = lazy_pattern(
    r"(?:^|#)\s*nosec\b\s*:?\s*(?P<codes>[A-Z]\d{3}(?:[,\s]+[A-Z]\d{3})*)?(?P<rest>.*)",
    re.IGNORECASE,
)
_NOSEMGREP = lazy_pattern(
    r"(?:^|#)\s*nosem(?:grep)?\b(?:\s*:\s*(?P<codes>[\w.,\s-]+))?", re.IGNORECASE
)
_TOOLS = {
    AcceptedBy.NOQA: ("ruff:", "flake8:", "pycodestyle:", "pyflakes:"),
    AcceptedBy.NOSEC: ("bandit:",),
    AcceptedBy.NOSEMGREP: ("semgrep:",),
}
_WHOLE_FILE = 1 << 60
_T = TypeVar("_T")


@dataclass(slots=True)
class _Ignore:
    """One of our own comments, and whether it was of use."""

    comment: Comment
    ids: frozenset[str]
    reason: str
    is_used: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A comment for another tool; without codes it means all of that tool's rules."""

    comment: Comment
    by: AcceptedBy
    codes: frozenset[str]
    reason: str


class _ByLine(Generic[_T]):
    """What comments say, found by the lines that they are meant for."""

    def __init__(self) -> None:
        self.items: list[_T] = []
        self._near: defaultdict[int, list[_T]] = defaultdict(list)
        self._wide: list[tuple[Comment, _T]] = []

    def add(self, comment: Comment, item: _T) -> None:
        """Add what a comment says."""
        self.items.append(item)
        if comment.last - comment.first > 1:
            self._wide.append((comment, item))
            return
        for line in {comment.line, comment.line + 1, comment.first, comment.last}:
            if comment.covers(line):
                self._near[line].append(item)

    def at(self, line: int) -> Iterator[_T]:
        """Yield what is meant for a line."""
        yield from self._near.get(line, ())
        yield from (item for comment, item in self._wide if comment.covers(line))


class Comments:
    """The acceptances in the comments of a tree; a file is read when something was found in it.

    Args:
        tree: The files.
        known: The checks that exist.
    """

    def __init__(self, tree: Tree, known: Mapping[str, Check]) -> None:
        self._tree = tree
        self._known = known
        self._own: dict[str, _ByLine[_Ignore]] = {}
        self._foreign: dict[str, _ByLine[_Foreign]] = {}
        self._remarks: list[Remark] = []

    def acceptance(self, finding: Located) -> Acceptance | None:
        """Return what the comments of its file say about a finding."""
        path, line = finding.place.path, finding.place.line
        self._read(path)
        accepted = None
        for item in self._own[path].at(line):
            if finding.check.id in item.ids:
                item.is_used = True
                place = Place(path, item.comment.line)
                accepted = accepted or Acceptance(AcceptedBy.INLINE, item.reason, place=place)
        if accepted is not None:
            return accepted
        for other in self._foreign[path].at(line):
            if _speaks_of(other, finding.check):
                place = Place(path, other.comment.line)
                return Acceptance(other.by, other.reason, place=place)
        return None

    def remarks(self, paths: Iterable[str], judged: set[str]) -> Iterator[Remark]:
        """Yield what is wrong with the comments, once all findings were shown to ``acceptance``.

        Args:
            paths: Files to look at, beside those with findings.
            judged: Ids of the checks whose findings were shown.
        """
        for path in sorted(paths):
            text = self._tree.text(path) if b"buttress" in self._tree.read(path) else None
            if text is not None and _MAY_IGNORE.search(text.content):
                self._read(path)
        yield from self._remarks
        for path, ignores in self._own.items():
            for item in ignores.items:
                if not item.is_used and item.ids <= judged:
                    names = ", ".join(sorted(item.ids))
                    message = f"Nothing to ignore here: {names} finds nothing on these lines."
                    yield Remark(Place(path, item.comment.line), message)

    def _read(self, path: str) -> None:
        if path in self._own:
            return
        self._own[path], self._foreign[path] = _ByLine(), _ByLine()
        text = self._tree.text(path) if path in self._tree else None
        for comment in () if text is None else self._comments(path, text.content):
            for part in _NEXT_OWN.split(comment.text):
                own = _OWN.match(part)
                if own is not None:
                    self._add_own(path, comment, own)
            for other in _foreign(comment):
                self._foreign[path].add(other.comment, other)

    def _comments(self, path: str, text: str) -> Iterable[Comment]:
        lowered = text.lower()
        if not any(word in lowered for word in _WORDS):
            return ()
        if not is_python(path):
            return comments(path, text)
        return comments_saying(_HINT, self._tree.module(path)) if may_say(_HINT, text) else ()

    def _add_own(self, path: str, comment: Comment, match: re.Match[str]) -> None:
        place = Place(path, comment.line)
        listed = [word for word in re.split(r"[,\s]+", match["ids"] or "") if word]
        reason = " ".join(_NEXT_FOREIGN.sub("", match["reason"]).split())
        if not listed:
            message = "Name the checks to ignore: buttress: ignore[ID] reason. Nothing is ignored."
            self._remarks.append(Remark(place, message))
            return
        unknown = [word for word in listed if word.upper() not in self._known]
        for word in unknown:
            message = f"There is no check `{word}`.{nearest(word.upper(), self._known)}"
            self._remarks.append(Remark(place, message))
        ids = frozenset(word.upper() for word in listed if word not in unknown)
        if ids and not reason:
            names = ", ".join(sorted(ids))
            message = f"Say why {names} is ignored, behind the bracket. Until then it counts."
            self._remarks.append(Remark(place, message))
        elif ids:
            self._own[path].add(comment, _Ignore(comment, ids, reason))


def _foreign(comment: Comment) -> Iterator[_Foreign]:
    text = comment.text
    for_file = _FILE_NOQA.match(text)
    if for_file is not None:
        whole = Comment(1, text, 1, _WHOLE_FILE, is_alone=False)
        yield _Foreign(
            whole, AcceptedBy.NOQA, *_codes_and_reason(_NOQA.match(text[for_file.end() :]))
        )
        return
    for by, pattern in (
        (AcceptedBy.NOQA, _NOQA),
        (AcceptedBy.NOSEC, _NOSEC),
        (AcceptedBy.NOSEMGREP, _NOSEMGREP),
    ):
        match = pattern.search(text)
        # only semgrep also reads a comment on the line above
        if match is not None and (not comment.is_alone or by is AcceptedBy.NOSEMGREP):
            yield _Foreign(comment, by, *_codes_and_reason(match))


def _codes_and_reason(match: re.Match[str] | None) -> tuple[frozenset[str], str]:
    if match is None:
        return frozenset(), ""
    codes = frozenset(code.upper() for code in re.split(r"[,\s]+", match["codes"] or "") if code)
    rest = match.groupdict().get("rest") or ""
    return codes, rest.strip(" \t-:#,;")


def _speaks_of(item: _Foreign, check: Check) -> bool:
    rules = [
        peer.partition(":")[2].upper() for peer in check.peers if peer.startswith(_TOOLS[item.by])
    ]
    if not item.codes:
        return bool(rules)
    if item.by is AcceptedBy.NOSEMGREP:
        return any(_same_rule(code, rule) for code in item.codes for rule in rules)
    return not item.codes.isdisjoint(rules)


def _same_rule(code: str, rule: str) -> bool:
    """Whether two names mean one rule: people write the whole path of a rule or its last word."""
    return code == rule or code.endswith("." + rule) or rule.endswith("." + code)
