"""``buttress inspect``: read the project, run the checks, print the scorecard."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from buttress.acceptance.baseline import Entry, Update, only_new, read_baseline, update_baseline
from buttress.acceptance.inspection import Inspected, Overrides, read, scored
from buttress.cache.folder import cache_folder
from buttress.cache.inspection import Inspection
from buttress.checks.model import Risk
from buttress.cli import ending
from buttress.errors import NothingToInspectError, UserError
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.reports.overview import number
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import safe
from buttress.scorecard import Located
from buttress.source import Tree
from buttress.source.git import run_git


def run(
    path: Path,
    format_: str,
    output: Path | None,
    fail_on: str | None,
    service: str | None,
    *,
    reports: Sequence[str] = (),
    is_complete: bool = False,
    overrides: Overrides,
    diff_base: str | None = None,
    is_update: bool = False,
    is_cached: bool = True,
) -> None:
    """Judge the project and report.

    Raises:
        UserError: If an option, the path, the configuration or the baseline is wrong.
        typer.Exit: With 1 if the gate failed.
    """
    from buttress.cli.reporting import wanted_reports, write_reports

    output = None if output == Path("-") else output
    wanted = wanted_reports(format_, output, reports)
    gate = _gate(fail_on)
    if is_update and diff_base is not None:
        raise UserError("--update-baseline writes all findings: use it without --diff-base.")
    inspection = Inspection(cache_folder(path, os.environ) if is_cached else None)
    inspected = _read(path, overrides, inspection)
    known = _known(inspected, is_update=is_update)
    chosen = main_service(inspected.project, service)
    with progress("Running the checks") as say:
        card = scored(
            inspected,
            chosen,
            today(),
            diff_base=diff_base,
            progress=say,
            inspect=inspection.scorecard,
        )
    if inspected.baseline is not None:
        card = only_new(card, known, inspected.baseline.name)
    gate = gate or inspected.configuration.fail_on
    stopped = [finding for finding in card.open if gate is not None and _reaches(finding, gate)]
    write_reports(card, wanted, path, is_complete=is_complete)
    if is_update and inspected.baseline is not None:
        update = update_baseline(inspected.baseline, card, known, refused=stopped)
        typer.echo(safe(_summary(inspected.baseline, update, len(stopped))), err=True)
    if stopped and gate is not None:
        typer.echo(_why_stopped(stopped, gate), err=True)
        raise typer.Exit(1)


def print_facts(
    path: Path,
    output: Path | None,
    service: str | None,
    *,
    without: Mapping[str, object],
    is_cached: bool = True,
) -> None:
    """Print what is known about the project, or about one service of it, as JSON.

    Args:
        path: Its folder.
        output: The file, in place of the standard output.
        service: Root of the service, if only one is asked for.
        without: Values of options that only judging knows; they have to be empty.
        is_cached: Whether results of earlier runs are used.

    Raises:
        UserError: If an option or the path is wrong.
    """
    given = [option for option, value in without.items() if value]
    if given:
        raise UserError(f"--facts prints JSON and judges nothing: leave out {', '.join(given)}.")
    from buttress.project.facts import facts_as_json

    inspection = Inspection(cache_folder(path, os.environ) if is_cached else None)
    project = _read(path, Overrides(), inspection).project
    if service is not None:
        project = replace(project, services=(find_service(project, service),))
    _print_json(facts_as_json(project), None if output == Path("-") else output)


def _read(path: Path, overrides: Overrides, inspection: Inspection) -> Inspected:
    with progress("Reading the project"):
        inspected = read(path, overrides, inspection.project)
    ending.keep(inspected)
    return inspected


def today() -> date:
    """Return the day by which acceptances expire: that of whoever runs the command."""
    return datetime.now().astimezone().date()


def _known(inspected: Inspected, *, is_update: bool) -> tuple[Entry, ...]:
    """Return the entries of the baseline; for an update it may be missing."""
    if inspected.baseline is None:
        if is_update:
            raise UserError("--update-baseline: name the file with --baseline FILE.")
        return ()
    if is_update and not inspected.baseline.exists():
        return ()
    return read_baseline(inspected.baseline)


def _summary(path: Path, update: Update, stopped: int) -> str:
    said = f"{path}: {number(update.kept, 'finding')} known before, {len(update.added)} added"
    said += f", {len(update.removed)} mended and removed."
    if stopped:
        were, them = ("was", "it") if stopped == 1 else ("were", "them")
        said += f" {number(stopped, 'new finding')} {were} not added: --fail-on stops {them}."
    return said


def _why_stopped(stopped: Sequence[Located], gate: Risk) -> str:
    many = number(len(stopped), "open finding")
    reach = "has" if len(stopped) == 1 else "have"
    or_more = "" if gate is Risk.CRITICAL else " or more"
    return f"Stopped by fail-on: {many} {reach} {gate.value} risk{or_more}."


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
        root = project.tree.root or Path()
        broken = [str(place) for place, _ in unparsed(project.tree)]
        more = f" These files do not parse: {', '.join(broken[:5])}." if broken else ""
        closed = [item.path for item in project.tree.skipped if item.reason == "unreadable"]
        if closed:
            more += f" These may not be read by you: {', '.join(closed[:5])}."
        if not project.tree.paths and run_git(root, "check-ignore", "--quiet", ".") is not None:
            more = " Git ignores this folder, so its files were not looked at: copy it to a place of its own."
        raise NothingToInspectError(f"{root}: {problem}{more}") from None


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """Show that something is going on, on a terminal's error stream; yields a function that details."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …") as status:
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


def _reaches(finding: Located, gate: Risk) -> bool:
    order = list(Risk)
    return order.index(finding.check.risk) <= order.index(gate)


def _print_json(data: dict[str, Any], output: Path | None) -> None:
    from buttress.reports.visible import json_text

    if output is None:
        typer.echo(json_text(data).encode(), nl=False)
        return
    try:
        output.write_text(json_text(data), encoding="utf-8", newline="\n")
    except OSError as problem:
        raise UserError(f"--output {output}: {problem.strerror}.") from problem
