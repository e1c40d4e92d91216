"""What a branch changes: the files as they were at its merge base, and the lines that differ.

The base is read from git's objects; nothing is checked out, and no filter, hook or driver is run.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

from buttress.acceptance.baseline import marked
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


def only_changed(card: Scorecard, revision: str) -> Scorecard:
    """Return the scorecard with everything marked as known that the branch did not bring.

    New is a finding on a line changed since the merge base with the revision, and a missing control,
    or a finding outside of Python, that the base did not have.

    Args:
        card: The scorecard of the tree on the disk.
        revision: A branch, tag or commit.

    Raises:
        UserError: If this is no git repository or has no such revision.
    """
    tree = card.project.tree
    if tree.root is None:
        raise UserError("--diff-base needs a folder on the disk.")
    base = merge_base(tree.root, revision)
    with tree_at(tree.root, base) as before:
        known = _fingerprints(before, card.service)
        changes = Changes(before, tree)

        def is_new(finding: Located) -> bool:
            if finding.check.kind is Kind.PRESENCE or not is_python(finding.place.path):
                is_unheard = finding.fingerprint not in known
                return is_unheard or (
                    finding.check.kind is not Kind.PRESENCE and changes.touch(finding)
                )
            return changes.touch(finding)

        return marked(card, is_new, revision)


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


def _fingerprints(before: Tree, service: Service) -> frozenset[str]:
    """Return the names of what a service had at the base; nothing if it was not there yet."""
    try:
        project = inspect_project(before)
    except NothingToInspectError:
        return frozenset()
    same = [item for item in project.services if item.root == service.root]
    if not same:
        return frozenset()
    return frozenset(item.fingerprint for item in inspect_service(project, same[0]).everything)


@dataclass
class Changes:
    """Which lines differ between two trees; a file is compared when it is asked for."""

    before: Tree
    after: Tree
    _lines: dict[str, frozenset[int] | None] = field(default_factory=dict)

    def touch(self, finding: Located) -> bool:
        """Whether a line of the statement in which a finding stands was changed."""
        path = finding.place.path
        if path not in self._lines:
            self._lines[path] = self._compare(path)
        changed = self._lines[path]
        if changed is None:
            return True
        if not changed:
            return False
        return any(line in changed for line in statement_lines(self.after, finding.place))

    def _compare(self, path: str) -> frozenset[int] | None:
        """Return the changed lines of a file; ``None`` for all of them."""
        if path not in self.after:
            return frozenset()
        origin = path if path in self.before else self._origin(path)
        if origin is None:
            return None
        if self.before.read(origin) == self.after.read(path):
            return frozenset()
        old, new = self.before.text(origin), self.after.text(path)
        if old is None or new is None:
            return None
        return changed_lines(old.content, new.content)

    def _origin(self, path: str) -> str | None:
        """Return where a file was at the base, if it was moved since."""
        content, name = self.after.read(path), PurePosixPath(path)
        gone = [item for item in self.before.paths if item not in self.after]
        alike = [item for item in gone if PurePosixPath(item).suffix == name.suffix]
        for item in alike[:_MOST_MOVED]:
            if content.strip() and self.before.read(item) == content:
                return item
        named = [item for item in alike if PurePosixPath(item).name == name.name]
        return named[0] if len(named) == 1 else None


def changed_lines(old: str, new: str) -> frozenset[int]:
    """Return the numbers of the lines of ``new`` that are not in ``old``, from 1."""
    before, after = _LINE_END.split(old), _LINE_END.split(new)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    old_part, new_part = before[start : len(before) - end], after[start : len(after) - end]
    if len(old_part) > _MOST_LINES or len(new_part) > _MOST_LINES:
        return frozenset(range(start + 1, start + len(new_part) + 1))
    found: set[int] = set()
    matcher = SequenceMatcher(None, old_part, new_part)
    for tag, _, _, first, last in matcher.get_opcodes():
        if tag != "equal":
            found.update(range(start + first + 1, start + last + 1))
    return frozenset(found)
