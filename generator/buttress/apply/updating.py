"""Moving applied units to another version of their templates, in a scratch worktree.

The user's tree is never touched: each unit becomes one commit on a branch. Copier returns normally when
it left conflicts, and deletes a file that the template dropped although the user had edited it; both are
looked for here.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from buttress.errors import UserError
from buttress.planning.location import Templates, reachable
from buttress.planning.stored import stored_units
from buttress.source import Tree
from buttress.source.tree import run_git

_CONFLICTS = frozenset({"UU", "AA", "DU", "UD", "AU", "UA", "DD"})


@dataclass(frozen=True, slots=True)
class Behind:
    """A unit that was applied from another version.

    Attributes:
        answers_file: Its answers file, relative to the root of the project.
        unit: ``recipes/<id>`` or ``templates/service``.
        current: The version it was applied from; ``None`` if that is not known.
        target: The version it would move to.
    """

    answers_file: str
    unit: str
    current: str | None
    target: str


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


def versions(templates: Templates) -> list[str]:
    """Return the versions that can be reached from this disk, the oldest first."""
    if templates.repository is None:
        return []
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        command = [
            "git",
            "ls-remote",
            "--tags",
            "--refs",
            os.fspath(templates.repository.resolve()),
        ]
        done = subprocess.run(command, cwd=scratch, capture_output=True, check=False)
    names = [line.rpartition("refs/tags/")[2] for line in done.stdout.decode().splitlines()]
    return sorted((name for name in names if _version(name) is not None), key=_version_key)


def behind(tree: Tree, templates: Templates, to: str | None) -> list[Behind]:
    """Return the units of a project that are not at the wanted version.

    Args:
        tree: The project.
        templates: Where versions come from.
        to: The wanted version; the newest one by default.

    Raises:
        UserError: If there is no such version, or a unit is at one that cannot be reached.
    """
    known = versions(templates)
    if not known:
        raise UserError(
            "No version of the templates can be reached: this installation has none, or its checkout"
            " has no tags. Install a release of buttress."
        )
    target = known[-1] if to is None else _tag(to, known)
    found = []
    for path, answers in stored_units(tree).items():
        unit, commit = str(answers.get("unit")), answers.get("_commit")
        current = str(commit) if commit is not None else None
        if current is not None and current == target:
            continue
        found.append(Behind(path, unit, current, target))
    return found


def update(root: Path, templates: Templates, units: Sequence[Behind], branch: str) -> list[Updated]:
    """Move units to their target versions, one commit per unit on a new branch.

    Args:
        root: The project, inside a git repository with a commit.
        templates: Where versions come from.
        units: What to move.
        branch: The branch to make; it must not exist.

    Raises:
        UserError: If the project is in no git repository, the branch exists or a unit cannot move.
    """
    if run_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        raise UserError(f"{root}: `buttress update` needs a git repository with a commit.")
    if run_git(root, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}") is not None:
        raise UserError(f"the branch {branch} exists already. Merge or delete it first.")
    for unit in units:
        _refuse_unknown(unit)
    prefix = (run_git(root, "rev-parse", "--show-prefix") or b"").decode().strip()
    done = []
    try:
        with _worktree(root, branch) as folder, reachable(templates):
            for unit in units:
                done.append(_update_unit(folder, prefix, unit, templates))
    except BaseException:
        run_git(root, "branch", "-D", branch)
        raise
    if not any(item.commit for item in done):
        run_git(root, "branch", "-D", branch)
    return done


def _refuse_unknown(unit: Behind) -> None:
    if unit.current is None or _version(unit.current) is None:
        said = "no version" if unit.current is None else f"{unit.current}, which is no release"
        raise UserError(
            f"{unit.answers_file}: was applied from {said}, so there is nothing to compare with."
            " Apply the recipe again from a release first."
        )
    if _version_key(unit.current) > _version_key(unit.target):
        raise UserError(
            f"{unit.answers_file}: is at {unit.current}, this installation ships up to {unit.target}."
            " Install a newer buttress."
        )


@contextlib.contextmanager
def _worktree(root: Path, branch: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        folder = Path(scratch) / "tree"
        _git(root, "worktree", "add", "--quiet", "-b", branch, os.fspath(folder), "HEAD")
        try:
            yield folder
        finally:
            run_git(root, "worktree", "remove", "--force", os.fspath(folder))
            run_git(root, "worktree", "prune")


def _update_unit(folder: Path, prefix: str, unit: Behind, templates: Templates) -> Updated:
    destination = folder / prefix / Path(unit.answers_file).parent
    before = _tracked(folder)
    _run_copier(destination, Path(unit.answers_file).name, unit)
    conflicts = _conflicts(folder)
    kept = _keep_edited(folder, prefix, before, unit, templates)
    _git(folder, "add", "--all")
    if not _git(folder, "diff", "--cached", "--name-only"):
        return Updated(unit.unit, "", conflicts, kept)
    subject = f"Update {unit.unit.partition('/')[2]} from {unit.current} to {unit.target}"
    _git(folder, "commit", "--quiet", "--no-verify", "-m", subject)
    commit = _git(folder, "rev-parse", "HEAD").decode().strip()
    return Updated(unit.unit, commit, conflicts, kept)


def _run_copier(destination: Path, answers_file: str, unit: Behind) -> None:
    from copier import Settings, run_update
    from copier.errors import CopierError
    from jinja2 import TemplateError

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
    except (CopierError, TemplateError, ValueError) as problem:
        raise UserError(f"{unit.answers_file}: cannot be updated: {problem}") from problem


def _conflicts(folder: Path) -> tuple[str, ...]:
    out = run_git(folder, "status", "--porcelain=v1", "-z") or b""
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


def _tracked(folder: Path) -> Mapping[str, str]:
    """Return the blob of every tracked file."""
    out = run_git(folder, "ls-tree", "-r", "-z", "HEAD") or b""
    found = {}
    for entry in out.split(b"\0"):
        if entry:
            info, _, name = entry.partition(b"\t")
            found[name.decode("utf-8", "surrogateescape")] = info.split()[2].decode()
    return found


def _keep_edited(
    folder: Path,
    prefix: str,
    before: Mapping[str, str],
    unit: Behind,
    templates: Templates,
) -> tuple[str, ...]:
    """Bring back what the template dropped although somebody had edited it here."""
    gone = [path for path in before if not (folder / path).exists()]
    if not gone:
        return ()
    rendered = _rendered_before(folder, prefix, unit, templates)
    kept = []
    for path in gone:
        inside = os.path.relpath(path, os.path.join(prefix, os.path.dirname(unit.answers_file)))
        theirs = run_git(folder, "cat-file", "blob", before[path])
        if rendered.get(inside) != theirs:
            _git(folder, "checkout", "HEAD", "--", path)
            kept.append(path)
    return tuple(sorted(kept))


def _rendered_before(
    folder: Path, prefix: str, unit: Behind, templates: Templates
) -> dict[str, bytes]:
    """Render a unit as it was at its old version, with the answers that it had."""
    from copier import Settings, run_copy

    name = Path(unit.answers_file).name
    stored = _git(folder, "show", f"HEAD:{prefix}{unit.answers_file}")
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        target = Path(scratch) / "old"
        target.mkdir()
        (target / name).write_bytes(stored)
        run_copy(
            templates.source,
            target,
            answers_file=name,
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
    command = ["git", "-C", os.fspath(folder), "-c", "core.fsmonitor=false"]
    done = subprocess.run([*command, *arguments], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UserError(f"git {arguments[0]} failed: {said[-1] if said else 'no reason given'}")
    return done.stdout


def _tag(wanted: str, known: Sequence[str]) -> str:
    for name in known:
        if wanted == name or _version(wanted) == _version(name):
            return name
    raise UserError(f"--to {wanted}: there is no such version. Known: {', '.join(known)}.")


def _version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None


def _version_key(name: str) -> Version:
    return _version(name) or Version("0")
