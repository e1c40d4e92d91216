"""A whole inspection: the files, what the team decided about them, and what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from buttress.acceptance.configuration import Configuration, read_configuration, require_known
from buttress.acceptance.judging import judge, without
from buttress.checks.model import checks
from buttress.errors import UserError
from buttress.project import inspect_project
from buttress.project.model import Project, Service
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import Tree


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a caller says instead of the configuration; ``None`` leaves that to the configuration.

    Attributes:
        select: Ids or first words of the checks that count.
        ignore: Ids or first words of the checks that do not.
        exclude: Globs of paths that are not read.
        baseline: A baseline, relative to the current folder.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    baseline: Path | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """A project as its configuration wants it read.

    Attributes:
        project: The facts, without what is excluded.
        configuration: What the team decided, with what the caller said instead.
        baseline: The baseline that counts, if there is one.
    """

    project: Project
    configuration: Configuration
    baseline: Path | None


def read(
    path: Path,
    overrides: Overrides,
    inspect: Callable[[Tree], Project] = inspect_project,
) -> Inspected:
    """Read the configuration and the facts of a project.

    Args:
        path: Its folder.
        overrides: What the caller says instead of the configuration.
        inspect: Gives the facts of a tree.

    Raises:
        UserError: If the folder, the configuration or an override is wrong.
    """
    tree = Tree.open(path)
    configuration = _overridden(read_configuration(tree), overrides)
    baseline = overrides.baseline
    if baseline is None and configuration.baseline is not None and tree.root is not None:
        baseline = _inside(tree.root, configuration.baseline)
    project = inspect(without(tree, configuration.exclude))
    return Inspected(project, configuration, baseline)


def _inside(root: Path, name: str) -> Path:
    """Return the path of a configured baseline, which is the project's own and nobody else's file."""
    path = root / name
    try:
        is_inside = path.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError):
        # a name that no file can have
        is_inside = False
    if not is_inside:
        raise UserError(
            f"The configured baseline {name} leads out of the project. Keep it inside, or name it"
            " with --baseline."
        )
    return path


def _overridden(configuration: Configuration, overrides: Overrides) -> Configuration:
    select, ignore = overrides.select, overrides.ignore
    if select is not None:
        select = _words(select)
        require_known(select, checks(), "--select")
        configuration = replace(configuration, select=select)
    if ignore is not None:
        ignore = _words(ignore)
        require_known(ignore, checks(), "--ignore")
        configuration = replace(configuration, ignore=ignore)
    if overrides.exclude is not None:
        configuration = replace(configuration, exclude=overrides.exclude)
    return configuration


def _words(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip().upper() for word in given if word.strip())


def scored_as_configured(
    project: Project,
    service: Service,
    today: date,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Scorecard:
    """Return the scorecard of a service with what the files of its own tree accept.

    Raises:
        UserError: If the configuration is wrong.
    """
    configuration = read_configuration(project.tree)
    return judge(inspect_service(project, service, progress=progress), configuration, today)


def scored(
    inspected: Inspected,
    service: Service,
    today: date,
    *,
    diff_base: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    inspect: Callable[..., Scorecard] = inspect_service,
) -> Scorecard:
    """Return the scorecard of a service with every acceptance on it.

    The baseline is left to the caller, who may want to update it.

    Args:
        inspected: The project.
        service: The service to judge.
        today: The day by which acceptances expire.
        diff_base: A revision; only what the branch brought since then is new.
        progress: Told the id of each check before it runs.
        inspect: Gives the raw findings of a service.

    Raises:
        UserError: If the revision does not exist.
    """
    card = inspect(inspected.project, service, progress=progress)
    card = judge(card, inspected.configuration, today)
    if diff_base is not None:
        from buttress.acceptance.comparing import only_changed

        card = only_changed(card, diff_base, inspected.configuration.exclude)
    return card
