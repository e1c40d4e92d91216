"""``buttress inspect``: read the project, run the checks, print the scorecard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from buttress.checks.model import Risk
from buttress.errors import NothingToInspectError, UserError
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.reports.unparsed import unparsed
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import Tree


def run(
    path: Path,
    format_: str,
    output: Path | None,
    fail_on: str | None,
    service: str | None,
    *,
    facts: bool,
    reports: Sequence[str] = (),
    is_complete: bool = False,
) -> None:
    """Run the command.

    Raises:
        UserError: If an option or the path is wrong.
        typer.Exit: With 1 if the gate failed.
    """
    from buttress.cli.reporting import wanted_reports, write_reports

    wanted = wanted_reports(format_, output, reports)
    gate = _gate(fail_on)
    project = read_project(path)
    if facts:
        from buttress.project.facts import facts_as_json

        _print_json(facts_as_json(project), output)
        return
    chosen = main_service(project, service)
    with progress("Running the checks") as say:
        card = inspect_service(project, chosen, progress=say)
    write_reports(card, wanted, path, is_complete=is_complete)
    if gate is not None and _fails(card, gate):
        raise typer.Exit(1)


def read_project(path: Path) -> Project:
    """Read a project's tree and facts."""
    with progress("Reading the project"):
        return inspect_project(Tree.open(path))


def main_service(project: Project, directory: str | None) -> Service:
    """Return the named service, else the likeliest main one."""
    if directory is None and len(project.services) > 1:
        return project.services[0]
    return find_service(project, directory)


def find_service(project: Project, directory: str | None) -> Service:
    """Return the named service, or the only one.

    Raises:
        NothingToInspectError: If there is none; what does not parse is named, too.
        UserError: If there are several, or none of that name.
    """
    try:
        return select_service(project, directory)
    except NothingToInspectError as problem:
        broken = [str(place) for place, _ in unparsed(project.tree)]
        files = f" These files do not parse: {', '.join(broken[:5])}." if broken else ""
        raise NothingToInspectError(f"{project.tree.root or Path()}: {problem}{files}") from None


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """Show that something is going on, on a terminal's error stream; yields a function that details."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(f"{what} …") as status:
        yield lambda detail: status.update(f"{what} … {detail}")


def _gate(fail_on: str | None) -> Risk | None:
    if fail_on is None:
        return None
    try:
        return Risk(fail_on.lower())
    except ValueError:
        raise UserError(
            f"--fail-on {fail_on}: use one of {', '.join(risk.value for risk in Risk)}."
        ) from None


def _fails(card: Scorecard, gate: Risk) -> bool:
    order = list(Risk)
    return any(order.index(finding.check.risk) <= order.index(gate) for finding in card.open)


def _print_json(data: dict[str, Any], output: Path | None) -> None:
    from buttress.reports.visible import json_text

    if output is None:
        typer.echo(json_text(data), nl=False)
        return
    try:
        output.write_text(json_text(data), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise UserError(f"--output {output}: {problem.strerror}.") from problem
