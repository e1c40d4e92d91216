"""What a branch changes: the files as they were at its merge base, and the lines that differ.

The base is read from git's objects; nothing is checked out, and no filter, hook or driver is run.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from buttress.acceptance.baseline import marked
from buttress.acceptance.changes import Changes, Spot
from buttress.acceptance.judging import without
from buttress.checks.model import Kind
from buttress.errors import NothingToInspectError, UserError
from buttress.project import inspect_project
from buttress.project.model import Service
from buttress.scorecard import Located, Scorecard, inspect_service
from buttress.source import Tree
from buttress.source.git import run_git, start_git
from buttress.source.listing import FOREIGN_FOLDERS, MAX_BYTES
from buttress.source.tree import is_python

_ENTRY = re.compile(rb"(100644|100755) blob ([0-9a-f]{40,64}) +(\d+)\t(.*)", re.DOTALL)


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
    base = _merge_base(tree.root, revision)
    with tree_at(tree.root, base) as whole:
        before = without(whole, exclude)
        changes = Changes(before, tree)
        new = brought(card, _found(before, card.service, changes), changes)
        return marked(card, lambda finding: finding.fingerprint in new, revision)


def _merge_base(root: Path, revision: str) -> str:
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
            tracked = frozenset(objects)
            yield Tree(objects, lambda path: _blob(process, objects[path], path), tracked=tracked)
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
    new: set[str] = set()
    met: set[Spot] = set()
    elsewhere = []
    for finding in card.everything:
        was = changes.before_at(finding)
        if changes.touch(finding) and finding.check.kind is not Kind.PRESENCE:
            new.add(finding.fingerprint)
            met |= {before[finding.fingerprint]} if finding.fingerprint in before else set()
        elif finding.fingerprint in before:
            met.add(before[finding.fingerprint])
        elif was in places:
            met.add(was)
        elif finding.check.kind is Kind.PRESENCE or not is_python(finding.place.path):
            new.add(finding.fingerprint)
        else:
            elsewhere.append(finding)
    return frozenset(new) | _more(elsewhere, places - met, changes)


def _spot(finding: Located) -> Spot:
    return finding.check.id, finding.place.path, finding.place.line


def _more(unmet: Iterable[Located], gone: Iterable[Spot], changes: Changes) -> frozenset[str]:
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
