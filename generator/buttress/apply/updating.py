"""Moving applied units to another version of their templates, in a scratch worktree.

The user's tree is never touched: each unit becomes one commit on a branch. Copier returns normally when
it left conflicts, and deletes a file that the template dropped although the user had edited it; both are
looked for here.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from buttress.apply.outdated import Behind
from buttress.errors import UserError
from buttress.planning.location import Templates, reachable
from buttress.source.git import filtered_here, quiet_environment, run_git

_CONFLICTS = frozenset({"UU", "AA", "DU", "UD", "AU", "UA", "DD"})


@dataclass(frozen=True, slots=True)
class Updated:
    """What became of one unit.

    Attributes:
        unit: The unit.
        commit: The commit on the branch; empty if nothing differs.
        conflicts: Files that hold conflict markers.
        kept: Files that the template dropped and that stay, because they were edited.
    """

    unit: str
    commit: str
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def update(root: Path, templates: Templates, units: Sequence[Behind], branch: str) -> list[Updated]:
    """Move units to their target versions, one commit per unit on a new branch.

    Args:
        root: The project, inside a git repository with a commit.
        templates: Where versions come from.
        units: What to move.
        branch: The branch to make; it must not exist.

    Raises:
        UserError: If the project is in no git repository, a unit is not committed or cannot move, or
            the branch exists. No branch is left then.
    """
    if run_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        raise UserError(
            f"{root}: `buttress update` needs a git repository with a commit. Run git init, add and"
            " commit first."
        )
    if run_git(root, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") is not None:
        raise UserError(f"the branch {branch} exists already. Merge or delete it first.")
    for unit in units:
        if unit.obstacle:
            raise UserError(f"{unit.answers_file}: cannot be updated: {unit.obstacle}.")
        if run_git(root, "cat-file", "-e", f"HEAD:./{unit.answers_file}") is None:
            raise UserError(
                f"{unit.answers_file}: is in no commit yet. Commit what was applied first."
            )
    prefix = os.fsdecode((run_git(root, "rev-parse", "--show-prefix") or b"").rstrip(b"\n"))
    done: list[Updated] = []
    try:
        with _worktree(root, branch) as folder, _quiet_git(root), reachable(templates):
            done += (_update_unit(folder, prefix, unit, templates) for unit in units)
    except BaseException:
        run_git(root, "branch", "-D", branch)
        raise
    if not any(item.commit for item in done):
        run_git(root, "branch", "-D", branch)
    return done


@contextlib.contextmanager
def _worktree(root: Path, branch: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        folder = Path(scratch) / "tree"
        try:
            _git(root, "worktree", "add", "--quiet", "-b", branch, os.fspath(folder), "HEAD")
            yield folder
        finally:
            run_git(root, "worktree", "remove", "--force", os.fspath(folder))
            shutil.rmtree(folder, ignore_errors=True)
            run_git(root, "worktree", "prune")


@contextlib.contextmanager
def _quiet_git(root: Path) -> Iterator[None]:
    """Let the git commands that Copier starts run nothing that the repository's configuration names."""
    from plumbum import local

    with local.env(**quiet_environment(root)):
        yield


def _update_unit(folder: Path, prefix: str, unit: Behind, templates: Templates) -> Updated:
    answers_file = Path(prefix) / unit.answers_file
    _run_copier(folder / answers_file.parent, answers_file.name, unit)
    conflicts = _conflicts(folder)
    kept = _keep_edited(folder, answers_file, unit, templates)
    _require_unfiltered(folder, unit)
    _git(folder, "add", "--all")
    if not _git(folder, "diff", "--cached", "--name-only"):
        return Updated(unit.unit, "", conflicts, kept)
    subject = f"Update {unit.unit.partition('/')[2]} from {unit.current} to {unit.target}"
    _git(folder, "commit", "--quiet", "--no-verify", "--no-gpg-sign", "-m", subject)
    commit = _git(folder, "rev-parse", "HEAD").decode().strip()
    return Updated(unit.unit, commit, conflicts, kept)


def _require_unfiltered(folder: Path, unit: Behind) -> None:
    """Stop where a commit would hold what a filter of the repository is meant to encode."""
    out = run_git(folder, "status", "--porcelain=v1", "--no-renames", "-uall", "-z") or b""
    changed = [os.fsdecode(entry[3:]) for entry in out.split(b"\0") if entry]
    filtered = filtered_here(folder, changed)
    if filtered:
        raise UserError(
            f"{unit.answers_file}: cannot be updated: git would run {filtered[0]} through a filter"
            " that this repository's own configuration defines, and such a program is never started."
            " Take the file out of that filter in .gitattributes."
        )


def _run_copier(destination: Path, answers_file: str, unit: Behind) -> None:
    from copier import Settings, run_update
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from plumbum import ProcessExecutionError

    try:
        run_update(
            destination,
            answers_file=answers_file,
            vcs_ref=unit.target,
            defaults=True,
            skip_answered=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
            settings=Settings(),
        )
    except ProcessExecutionError as problem:
        said = str(problem.stderr).strip().splitlines() or ["no reason given"]
        raise UserError(f"{unit.answers_file}: cannot be updated: git: {said[-1]}") from problem
    except (CopierError, TemplateError, ValueError, OSError) as problem:
        raise UserError(f"{unit.answers_file}: cannot be updated: {problem}") from problem


def _conflicts(folder: Path) -> tuple[str, ...]:
    out = run_git(folder, "status", "--porcelain=v1", "--no-renames", "-z") or b""
    entries = [entry.decode("utf-8", "surrogateescape") for entry in out.split(b"\0") if entry]
    unmerged = {entry[3:] for entry in entries if entry[:2] in _CONFLICTS}
    marked = {
        entry[3:]
        for entry in entries
        if (folder / entry[3:]).is_file() and _has_markers((folder / entry[3:]).read_bytes())
    }
    return tuple(sorted(unmerged | marked))


def _has_markers(data: bytes) -> bool:
    lines = data.splitlines()
    return any(line.startswith(b"<<<<<<< ") for line in lines) and any(
        line.startswith(b">>>>>>> ") for line in lines
    )


def _keep_edited(
    folder: Path, answers_file: Path, unit: Behind, templates: Templates
) -> tuple[str, ...]:
    """Bring back what the template dropped although somebody had edited it here."""
    out = _git(folder, "diff", "--name-only", "--no-renames", "--diff-filter=D", "-z", "HEAD")
    gone = [os.fsdecode(name) for name in out.split(b"\0") if name]
    if not gone:
        return ()
    rendered = _rendered_before(folder, answers_file, unit, templates)
    kept = []
    for path in gone:
        inside = os.path.relpath(path, answers_file.parent)
        if rendered.get(inside) != _git(folder, "cat-file", "blob", f"HEAD:{path}"):
            _git(folder, "checkout", "HEAD", "--", path)
            kept.append(path)
    return tuple(sorted(kept))


def _rendered_before(
    folder: Path, answers_file: Path, unit: Behind, templates: Templates
) -> dict[str, bytes]:
    """Render a unit as it was at its old version, with the answers that it had."""
    from copier import Settings, run_copy

    stored = _git(folder, "cat-file", "blob", f"HEAD:{answers_file.as_posix()}")
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        target = Path(scratch) / "old"
        target.mkdir()
        (target / answers_file.name).write_bytes(stored)
        run_copy(
            templates.source,
            target,
            answers_file=answers_file.name,
            data={"unit": unit.unit},
            vcs_ref=unit.current,
            defaults=True,
            overwrite=True,
            quiet=True,
            unsafe=False,
            settings=Settings(),
        )
        return {
            path.relative_to(target).as_posix(): path.read_bytes()
            for path in target.rglob("*")
            if path.is_file()
        }


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", os.fspath(folder), *arguments]
    environment = os.environ | quiet_environment(folder)
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(f"git {arguments[0]} failed: {said[-1] if said else 'no reason given'}")
    return done.stdout
