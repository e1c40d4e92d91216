"""``buttress verify``: run the project's own code before and after the last run, and compare."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buttress.analysis.secrecy.masking import mask
from buttress.apply import journal
from buttress.apply.environment import Environment, find_environment, how_to_install
from buttress.apply.verification import broken, observe, worse
from buttress.cli.inspecting import main_service, progress, read_project
from buttress.project.model import Service
from buttress.reports.verification_terminal import print_observed
from buttress.reports.visible import safe

_SHOWN = 20


def run(path: Path, directory: str | None) -> None:
    """Run the command.

    Raises:
        UserError: If there is nothing to run, or no environment to run it in.
        typer.Exit: With 1 if something that worked before does not work after; without a recorded
            run, if something does not work.
    """
    project = read_project(path)
    service = main_service(project, directory)
    root = path.resolve()
    last = journal.last_run(root)
    environment = find_environment(root, service)
    console = Console()
    _announce(console, environment, service)
    before = None
    if last is None:
        console.print("  No run of buttress is recorded here: this is the present state alone.")
    else:
        changes, recipes = last
        console.print(f"  Before and after the last run ({safe(', '.join(recipes))}).")
        with progress("Running the state before"):
            before = observe(project, service, environment, changes)
    with progress("Running the present state"):
        after = observe(project, service, environment)
    print_observed(console, before, after)
    found = broken(after) if before is None else worse(before, after)
    for sentence in found[:_SHOWN]:
        console.print(Padding(Text(f"✗ {safe(mask(sentence))}", style="red"), (0, 2)))
    if len(found) > _SHOWN:
        console.print(Text(f"  and {len(found) - _SHOWN} more", style="dim"))
    if after.problem.startswith("ModuleNotFoundError"):
        # a command is never broken in two
        console.print(
            Text(f"  Install what the project declares: {how_to_install(service)}"), soft_wrap=True
        )
    if found:
        raise typer.Exit(1)
    fine = "Everything works." if before is None else "Everything that worked before works."
    console.print(Text(f"  {fine}", style="bold green"))


def _announce(console: Console, environment: Environment, service: Service) -> None:
    console.print(
        Text("\n  This runs the project's own code: its start, GET requests, its tests.", "bold")
    )
    table = Table.grid(padding=(0, 2))
    table.add_row("App", safe(service.app.target))
    table.add_row("Python", f"{safe(str(environment.python))} ({safe(environment.origin)})")
    table.add_row(
        "Files",
        "copies in a temporary folder; databases and services that the code is set up for are the"
        " real ones",
    )
    console.print(Padding(table, (1, 4)))
