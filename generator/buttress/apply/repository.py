"""Git, by its plumbing: what is uncommitted, and commits on a branch beside the working tree."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from buttress.errors import UserError
from buttress.planning.changes import ChangeSet, RecipeChanges
from buttress.source import FileChange
from buttress.source.git import filtered_here, quiet_environment, run_git


def uncommitted(root: Path, paths: Sequence[str]) -> tuple[str, ...] | None:
    """Return which of the paths differ from the last commit; ``None`` where there is no git."""
    if not paths:
        return ()
    out = run_git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", *paths)
    if out is None:
        return None
    prefix = (run_git(root, "rev-parse", "--show-prefix") or b"").strip().decode()
    wanted = set(paths)
    found = set()
    entries = iter(out.split(b"\0"))
    for entry in entries:
        if not entry:
            continue
        name = os.fsdecode(entry[3:]).removeprefix(prefix)
        if entry[:1] in {b"R", b"C"}:
            next(entries, None)
        if name in wanted:
            found.add(name)
    return tuple(sorted(found))


def require_committed(root: Path, changes: Sequence[FileChange]) -> None:
    """Stop where a change would land on top of work that no commit holds.

    Raises:
        UserError: If a file that would be touched has uncommitted changes.
    """
    touched = [change.path for change in changes if change.before is not None]
    dirty = uncommitted(root, touched) or ()
    if dirty:
        listed = ", ".join(dirty[:5]) + (f" and {len(dirty) - 5} more" if len(dirty) > 5 else "")
        raise UserError(
            f"uncommitted changes in files that would be touched: {listed}."
            " Commit or stash them first, or pass --allow-dirty."
        )


def ignored(root: Path, changes: Sequence[FileChange]) -> tuple[str, ...]:
    """Return which new files git would not track, because an ignore rule matches them."""
    added = [change.path for change in changes if change.before is None]
    # --no-index: a file that was written already is asked for like one that was not
    asked = ("-c", "core.quotePath=false", "check-ignore", "--no-index", "--", *added)
    out = run_git(root, *asked) if added else None
    return tuple(os.fsdecode(name) for name in (out or b"").splitlines())


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that was made."""

    name: str
    subject: str


def commit_to_branch(root: Path, branch: str, change_set: ChangeSet) -> list[Commit]:
    """Make one commit per recipe on a new branch; the working tree and its index stay as they are.

    Raises:
        UserError: If there is no commit to start from, the branch exists or git refuses its name.
    """
    base = run_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if base is None:
        raise UserError(
            f"{root}: --branch needs a git repository with a commit. Commit first, or use --patch."
        )
    if run_git(root, "check-ref-format", "--branch", branch) is None or branch.startswith("-"):
        raise UserError(f"{branch!r} is no name for a git branch. Choose another.")
    if run_git(root, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") is not None:
        raise UserError(f"the branch {branch} exists already. Choose another name or delete it.")
    require_committed(root, change_set.files)
    filtered = filtered_here(root, [change.path for change in change_set.files])
    if filtered:
        raise UserError(
            f"{filtered[0]}: git would run it through a filter that this repository's own configuration"
            " defines, and such a program is never started. Apply without --branch and commit yourself."
        )
    parent = base.strip().decode()
    commits: list[Commit] = []
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        index = _Index(root, Path(scratch) / "index")
        index.run("read-tree", parent)
        for recipe in change_set.recipes:
            if recipe.files:
                for change in recipe.files:
                    index.stage(change)
                tree = index.run("write-tree").decode().strip()
                message = _message(recipe)
                made = index.run("commit-tree", tree, "-p", parent, stdin=message.encode())
                parent = made.decode().strip()
                commits.append(Commit(parent, message.partition("\n")[0]))
        if commits:
            index.run("update-ref", "-m", "buttress", f"refs/heads/{branch}", parent, "")
    return commits


def _message(recipe: RecipeChanges) -> str:
    reasons = list(dict.fromkeys(item.reason for item in recipe.applied))
    body = "\n".join(f"- {reason}" for reason in reasons[:20])
    return f"{recipe.title}\n\n{body}\n" if body else f"{recipe.title}\n"


class _Index:
    """A git index of our own beside the repository's."""

    def __init__(self, root: Path, file: Path) -> None:
        self._root = root
        own = {"GIT_INDEX_FILE": os.fspath(file), "LC_ALL": "C"}
        self._environment = os.environ | quiet_environment(root) | own
        self._prefix = (run_git(root, "rev-parse", "--show-prefix") or b"").strip().decode()

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-C", os.fspath(self._root), *arguments]
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=False, env=self._environment
        )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise UserError(f"git {arguments[0]} failed: {said[-1] if said else 'no reason given'}")
        return done.stdout

    def stage(self, change: FileChange) -> None:
        path = self._prefix + change.path
        if change.after is None:
            self.run("update-index", "--force-remove", "--", path)
            return
        blob = self.run("hash-object", "-w", "--stdin", f"--path={path}", stdin=change.after)
        mode = "100644"
        if change.before is not None:
            listed = self.run("ls-files", "-s", "-z", "--full-name", "--", change.path)
            mode = listed[:6].decode() or mode
        info = f"{mode},{blob.decode().strip()},{path}"
        self.run("update-index", "--add", "--cacheinfo", info)
