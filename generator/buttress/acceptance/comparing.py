"""What a branch changes: the files as they were at its merge base, and the lines that differ.

The base is read from git's objects; nothing is checked out, and no filter, hook or driver is run.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

from buttress.acceptance.baseline import marked
from buttress.acceptance.judging import without
from buttress.acceptance.statements import statement_lines
from buttress.checks.model import Kind
from buttress.errors import NothingToInspectError, UserError
from buttress.project import inspect_project
from buttress.project.model import Service
from buttress.scorecard import Located, Scorecard, inspect_service
from buttress.source import Tree
from buttress.source.git import run_git, start_git
from buttress.source.listing import FOREIGN_FOLDERS, MAX_BYTES
from buttress.source.patterns import lazy_pattern
from buttress.source.tree import is_python

_LINE_END = lazy_pattern(r"\r\n|\r|\n")
_ENTRY = re.compile(rb"(100644|100755) blob ([0-9a-f]{40,64}) +(\d+)\t(.*)", re.DOTALL)
_MOST_LINES = 20_000
_MOST_MOVED = 500
_SAME_FILE = 0.5
_Spot = tuple[str, str, int]


def only_changed(card: Scorecard, revision: str, exclude: Iterable[str] = ()) -> Scorecard:
    """Return the scorecard with everything marked as known that the branch did not bring.

    New is a finding on a line changed since the merge base with the revision, and what the base did
    not have at all: a control that was taken away, or a place that a change elsewhere made unsafe.

    Args:
        card: The scorecard of the tree on the disk.
        revision: A branch, tag or commit.
        exclude: Globs of paths that are not read.

    Raises:
        UserError: If this is no git repository or has no such revision.
    """
    tree = card.project.tree
    if tree.root is None:
        raise UserError("--diff-base needs a folder on the disk.")
    base = merge_base(tree.root, revision)
    with tree_at(tree.root, base) as whole:
        before = without(whole, exclude)
        changes = Changes(before, tree)
        new = brought(card, _found(before, card.service, changes), changes)
        return marked(card, lambda finding: finding.fingerprint in new, revision)


def merge_base(root: Path, revision: str) -> str:
    """Return the commit that a branch and a revision have in common.

    Raises:
        UserError: If this is no git repository, there is no such revision, or nothing in common.
    """
    if run_git(root, "rev-parse", "--git-dir") is None:
        raise UserError(f"--diff-base {revision}: {_why_no_repository(root)}")
    found = run_git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if not found:
        raise UserError(
            f"--diff-base {revision}: there is no such revision here. In CI, fetch it first."
        )
    base = run_git(root, "merge-base", "HEAD", found.decode().strip())
    if not base:
        raise UserError(
            f"--diff-base {revision}: it has no commit in common with what is checked out. In a"
            " shallow clone, fetch more of the history."
        )
    return base.decode().split()[0]


def _why_no_repository(root: Path) -> str:
    above = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)
    if above is None:
        return f"{root} is in no git repository."
    return (
        f"git does not read the repository {above}. If it belongs to another user, as in a container,"
        f" allow it: git config --global --add safe.directory {shlex.quote(str(above))}"
    )


@contextlib.contextmanager
def tree_at(root: Path, commit: str) -> Iterator[Tree]:
    """Yield the tree of a commit below a folder, read from git's objects while it is in use.

    Raises:
        UserError: If git cannot list the commit.
    """
    listing = run_git(root, "ls-tree", "-r", "-z", "--long", commit)
    if listing is None:
        raise UserError(f"git cannot read the files of {commit[:12]}. Fetch it, then try again.")
    objects: dict[str, str] = {}
    for entry in listing.split(b"\0"):
        match = _ENTRY.fullmatch(entry)
        if match is None or int(match[3]) > MAX_BYTES:
            continue
        with contextlib.suppress(UnicodeDecodeError):
            path = match[4].decode("utf-8")
            if FOREIGN_FOLDERS.isdisjoint(PurePosixPath(path).parts[:-1]):
                objects[path] = match[2].decode()
    with start_git(root, "cat-file", "--batch") as process:
        try:
            yield Tree(objects, lambda path: _blob(process, objects[path], path))
        finally:
            process.kill()


def _blob(process: subprocess.Popen[bytes], name: str, path: str) -> bytes:
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
    process.stdin.write(f"{name}\n".encode())
    process.stdin.flush()
    header = process.stdout.readline().split()
    if len(header) != 3 or header[1] != b"blob":
        raise UserError(f"{path}: git cannot read this file as it was at the base.")
    content = process.stdout.read(int(header[2]))
    process.stdout.read(1)
    return content


def _found(before: Tree, service: Service, changes: Changes) -> Sequence[Located]:
    """Return what a service had at the base; nothing if it was not there yet."""
    try:
        project = inspect_project(before)
    except NothingToInspectError:
        return ()
    app = changes.origin(service.app.place.path)
    same = [item for item in project.services if item.root == service.root]
    same += [item for item in project.services if item.app.place.path == app]
    return inspect_service(project, same[0]).everything if same else ()


def brought(card: Scorecard, known: Iterable[Located], changes: Changes) -> frozenset[str]:
    """Return the names of the findings that came with what was changed.

    Args:
        card: What is found now.
        known: What was found before.
        changes: Which lines are still as they were.
    """
    before = {finding.fingerprint: _spot(finding) for finding in known}
    places = frozenset(before.values())
    new, elsewhere, met = set(), [], set()
    for finding in card.everything:
        was = changes.before_at(finding)
        if changes.touch(finding) and finding.check.kind is not Kind.PRESENCE:
            new.add(finding.fingerprint)
        elif was in places:
            met.add(was)
        elif finding.fingerprint in before:
            met.add(before[finding.fingerprint])
        elif finding.check.kind is Kind.PRESENCE or not is_python(finding.place.path):
            new.add(finding.fingerprint)
        else:
            elsewhere.append(finding)
    return frozenset(new) | _more(elsewhere, places - met, changes)


def _spot(finding: Located) -> _Spot:
    return finding.check.id, finding.place.path, finding.place.line


def _more(unmet: Iterable[Located], gone: Iterable[_Spot], changes: Changes) -> frozenset[str]:
    """Return the names of findings on lines as they were that are more than what is gone.

    A check that names one place for many names the next one when that is mended: the same is
    found as before, and nothing is new.
    """
    left: Counter[tuple[str, str | None]] = Counter((check, path) for check, path, _ in gone)
    rest = []
    for finding in unmet:
        key = finding.check.id, changes.origin(finding.place.path)
        if left[key] > 0:
            left[key] -= 1
        else:
            rest.append(finding)
    others: Counter[str] = Counter()
    for (check, _), count in left.items():
        others[check] += count
    new = set()
    for finding in rest:
        others[finding.check.id] -= 1
        if others[finding.check.id] < 0:
            new.add(finding.fingerprint)
    return frozenset(new)


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

    def before_at(self, finding: Located) -> _Spot | None:
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
