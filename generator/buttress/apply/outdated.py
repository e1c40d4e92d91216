"""Which applied units stand at another version than this installation's newest, and what is in the way."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from buttress.errors import UserError
from buttress.planning.location import Templates
from buttress.planning.stored import stored_units
from buttress.source import Tree


@dataclass(frozen=True, slots=True)
class Behind:
    """A unit that was applied from another version.

    Attributes:
        answers_file: Its answers file, relative to the root of the project.
        unit: ``recipes/<id>`` or ``templates/service``.
        current: The version it was applied from; ``None`` if that is not known.
        target: The version it would move to.
        obstacle: Why it cannot move, as a sentence; empty if it can.
    """

    answers_file: str
    unit: str
    current: str | None
    target: str
    obstacle: str = ""


def versions(templates: Templates) -> list[str]:
    """Return the versions that can be reached from this disk, the oldest first."""
    if templates.repository is None:
        return []
    repository = os.fspath(templates.repository.resolve())
    with tempfile.TemporaryDirectory(prefix="buttress-") as scratch:
        command = ["git", "ls-remote", "--tags", "--refs", repository]
        done = subprocess.run(command, cwd=scratch, capture_output=True, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = {line.rpartition("refs/tags/")[2] for line in lines}
    known = {name: version for name in found if (version := _version(name)) is not None}
    return sorted(known, key=lambda name: (known[name], name))


def behind(tree: Tree, templates: Templates, to: str | None) -> list[Behind]:
    """Return the units of a project that are not at the wanted version.

    Args:
        tree: The project.
        templates: Where versions come from.
        to: The wanted version; the newest one by default.

    Raises:
        UserError: If there is no such version, or none at all.
    """
    known = versions(templates)
    if not known:
        raise UserError(
            f"{templates.root}: no release of the templates is here (no tag), so there is nothing to"
            " update to; install a released version of buttress."
        )
    target = known[-1] if to is None else _tag(to, known)
    found = []
    for path, answers in stored_units(tree).items():
        commit = answers.get("_commit")
        current = str(commit) if commit is not None else None
        if current != target:
            obstacle = _obstacle(answers, current, target, known, templates)
            found.append(Behind(path, str(answers["unit"]), current, target, obstacle))
    return found


def _obstacle(
    answers: Mapping[str, object],
    current: str | None,
    target: str,
    known: Sequence[str],
    templates: Templates,
) -> str:
    version, goal = _version(current or ""), _version(target)
    if current is None:
        return "it is not known from which version it was applied; apply it again from a release"
    if version is None:
        return f"it was applied from {current}, which is no release; apply it again from one"
    if goal is not None and version > goal:
        if target != known[-1]:
            return (
                f"it is at {current}, and updates do not go back; use git to return to an old state"
            )
        return f"it is at {current}, this installation ends at {target}; install a newer buttress"
    source = answers.get("_src_path")
    if source != templates.source:
        return (
            f"it was applied from {source}, and this installation serves {templates.source};"
            f" pass --source {source} if that is the same repository"
        )
    if current not in known:
        return f"it was applied from {current}, which this installation does not have"
    return ""


def _tag(wanted: str, known: Sequence[str]) -> str:
    version = _version(wanted)
    for name in known:
        if wanted == name or (version is not None and version == _version(name)):
            return name
    raise UserError(f"--to {wanted}: there is no such version. Known: {', '.join(known)}.")


def _version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None
