"""Where the reports of one inspection go: to the screen, to a file, or several to a file each."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from buttress.errors import UserError
from buttress.reports.formats import FORMATS, WIDTH, render
from buttress.reports.overview import Setting
from buttress.scorecard import Scorecard
from buttress.source.git import run_git

_FOR_READERS = frozenset(["markdown", "html", "sarif"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """One report.

    Attributes:
        format: One of ``FORMATS``.
        file: Where it goes; ``None`` is the standard output.
        option: The option that asked for it, for messages.
    """

    format: str
    file: Path | None
    option: str


def wanted_reports(format_: str, output: Path | None, reports: Sequence[str]) -> list[Wanted]:
    """Return what is to be reported, the standard output last.

    Args:
        format_: Of the main report.
        output: The file of the main report, if it goes to one.
        reports: More, each as ``FORMAT=FILE``.

    Raises:
        UserError: If a format does not exist, no file is named, or a file is named twice.
    """
    wanted = [_report(given) for given in reports]
    wanted.append(Wanted(_known(format_, f"--format {format_}"), output, f"--output {output}"))
    files = [item.file.absolute() for item in wanted if item.file is not None]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise UserError(f"{twice} is named for two reports. Give each a file of its own.")
    return wanted


def _report(given: str) -> Wanted:
    format_, sign, file = given.partition("=")
    if not sign or not file:
        raise UserError(f"--report {given}: write it as FORMAT=FILE, such as sarif=out.sarif.")
    if file == "-":
        raise UserError(f"--report {given}: this needs a file; what is printed is of --format.")
    return Wanted(_known(format_, f"--report {given}"), Path(file), f"--report {given}")


def _known(format_: str, option: str) -> str:
    if format_ not in FORMATS:
        raise UserError(f"{option}: use one of {', '.join(FORMATS)}.")
    return format_


def write_reports(
    card: Scorecard, wanted: Sequence[Wanted], path: Path, *, is_complete: bool
) -> None:
    """Write the reports.

    Args:
        card: What was found.
        wanted: Which reports, and where they go.
        path: The folder as the user named it.
        is_complete: Whether the terminal shows all findings.

    Raises:
        UserError: If a file cannot be written.
    """
    here = setting(card, path, os.environ)
    elsewhere = _for_readers(here, card)
    for report in wanted:
        around = elsewhere if report.format in _FOR_READERS else here
        if report.file is not None:
            _write(report, render(report.format, card, around))
        elif report.format == "terminal":
            _print(card, around, is_complete=is_complete)
        else:
            # in UTF-8 as in a file, whatever the terminal's own encoding
            typer.echo(render(report.format, card, around).encode(), nl=False)


def setting(card: Scorecard, path: Path, environment: Mapping[str, str]) -> Setting:
    """Return what surrounds the inspected folder: its repository, the platform, the next command."""
    prefix = _prefix(card.project.tree.root)
    return Setting(
        prefix,
        _source_url(environment),
        _next_step(card, path),
        _whole(_top(path, prefix), prefix, card) if prefix else "",
    )


def _for_readers(here: Setting, card: Scorecard) -> Setting:
    """Return what surrounds the folder for who reads a report on another machine.

    Commands are those for the root of the repository: where it lies here is nobody else's business.
    """
    whole = _whole(Path(), here.prefix, card) if here.whole else ""
    return replace(here, next_step=_next_step(card, Path(here.prefix)), whole=whole)


def _next_step(card: Scorecard, path: Path) -> str:
    """Return the command that mends what recipes mend, else the one that explains what matters most."""
    if card.recommended():
        several = len(card.project.services) > 1
        which = f" --service {shlex.quote(card.service.root or '.')}" if several else ""
        return f"buttress harden{_as_argument(path)}{which}"
    return f"buttress checks {card.open[0].check.id}" if card.open else ""


def _as_argument(path: Path) -> str:
    """Return a folder with a blank before it, as a shell takes it; nothing for the current one."""
    if path == Path():
        return ""
    # what begins with a dash would be an option
    named = f"./{path}" if str(path).startswith("-") else str(path)
    return f" {shlex.quote(named)}"


def _prefix(root: Path | None) -> str:
    """Return where a folder lies in its repository, with ``/`` at the end; empty for the repository."""
    shown = run_git(root, "rev-parse", "--show-prefix") if root is not None else None
    return "" if shown is None else shown.decode("utf-8", "replace").removesuffix("\n")


def _top(path: Path, prefix: str) -> Path:
    """Return the root of the repository around a folder, as a user would name it."""
    top = path.resolve().parents[prefix.count("/") - 1]
    return top if path.is_absolute() else Path(os.path.relpath(top))


def _whole(top: Path, prefix: str, card: Scorecard) -> str:
    """Return the command that inspects a service together with the repository around it.

    Of an app that lies there more than once only one is a service, and not always this one.
    """
    command = f"buttress inspect{_as_argument(top)}"
    if _has_copies(card, prefix):
        return command
    folder = shlex.quote((prefix + card.service.root).rstrip("/"))
    return f"{command} --service {folder}"


def _has_copies(card: Scorecard, prefix: str) -> bool:
    """Whether the file of the app is also tracked elsewhere in the repository, word for word."""
    root = card.project.tree.root
    listed = run_git(root, "ls-files", "-sz", "--full-name", "--", ":/") if root else None
    entries = (
        line.partition("\t") for line in (listed or b"").decode("utf-8", "replace").split("\0")
    )
    blobs = {path: about.split()[1] for about, tab, path in entries if tab}
    own = blobs.get(prefix + card.service.app.place.path)
    return own is not None and any(
        blob == own and not path.startswith(prefix) for path, blob in blobs.items()
    )


def _source_url(environment: Mapping[str, str]) -> str:
    """Return where the platform that runs this shows the files of the commit."""
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    if server and repository and (commit := environment.get("GITHUB_SHA")):
        return f"{server}/{repository}/blob/{commit}/"
    if (project := environment.get("CI_PROJECT_URL")) and (
        commit := environment.get("CI_COMMIT_SHA")
    ):
        return f"{project}/-/blob/{commit}/"
    return ""


def _print(card: Scorecard, around: Setting, *, is_complete: bool) -> None:
    from rich.console import Console

    from buttress.reports.scorecard_terminal import print_scorecard

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH
    print_scorecard(console, card, around, is_complete=is_complete)


def _write(report: Wanted, text: str) -> None:
    assert report.file is not None  # noqa: S101 - the caller asked
    is_new = not report.file.exists()
    try:
        report.file.write_text(text, encoding="utf-8", newline="\n")
    except BaseException as problem:
        if is_new:
            # half a report would be taken for one
            with contextlib.suppress(OSError):
                report.file.unlink()
        if isinstance(problem, OSError):
            raise UserError(f"{report.option}: {problem.strerror}.") from problem
        raise
