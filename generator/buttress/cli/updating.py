"""``buttress update``: move applied recipes to another version, on a branch of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buttress.apply.outdated import Behind, behind
from buttress.apply.updating import Updated, update
from buttress.cli.inspecting import progress
from buttress.errors import UserError
from buttress.planning import location
from buttress.planning.stored import stored_units
from buttress.reports.visible import safe
from buttress.source import Tree


def run(path: Path, to: str | None, source: str | None, *, check: bool) -> None:
    """Run the command.

    Raises:
        UserError: If nothing can be updated.
        typer.Exit: With 1 if units are behind (``--check``) or there are conflicts.
    """
    tree = Tree.open(path)
    console = Console()
    if not stored_units(tree):
        console.print("No recipe was applied here: there is nothing to update.")
        return
    templates = location.find_templates(source=source)
    units = behind(tree, templates, to)
    if not units:
        console.print("Everything is up to date.")
        return
    stuck = [unit for unit in units if unit.obstacle]
    movable = [unit for unit in units if not unit.obstacle]
    if check:
        for unit in units:
            console.print(_line(unit))
        raise typer.Exit(1)
    if not movable:
        raise UserError("\n  ".join(["nothing can be updated:", *map(_reason, stuck)]))
    branch = f"buttress/update-{movable[0].target}"
    with progress("Updating"):
        done = update(path.resolve(), templates, movable, branch)
    _print_done(console, done, branch)
    for unit in stuck:
        console.print(Text(f"  not updated: {safe(_reason(unit))}", style="yellow"))
    if stuck or any(item.conflicts for item in done):
        raise typer.Exit(1)


def _reason(unit: Behind) -> str:
    return f"{unit.answers_file}: {unit.obstacle}"


def _line(unit: Behind) -> Text:
    if unit.obstacle:
        return Text(safe(_reason(unit)), style="yellow")
    return Text(safe(f"{unit.answers_file}: {unit.current} -> {unit.target}"))


def _print_done(console: Console, done: Sequence[Updated], branch: str) -> None:
    for item in done:
        console.print(_result(item))
    if not any(item.commit for item in done):
        console.print("  Nothing differs: no branch was made.")
        return
    count = sum(len(item.conflicts) for item in done)
    if count:
        files = "1 file" if count == 1 else f"{count} files"
        console.print(
            f"\n  {files} with conflicts on the branch: resolve them there, then merge it."
        )
    table = Table.grid(padding=(0, 3))
    table.add_row(Text(f"git diff HEAD...{branch}", style="bold"), "shows what changes")
    table.add_row(Text(f"git merge {branch}", style="bold"), "takes it over")
    console.print(Padding(table, (1, 2)))


def _result(item: Updated) -> Text:
    name = item.unit.partition("/")[2]
    if not item.commit:
        return Text(f"  {safe(name)}: no difference", style="dim")
    text = Text.assemble("  ", (safe(name), "bold"), f": {item.commit[:10]}")
    for path in item.conflicts:
        text.append(f"\n    conflict: {safe(path)}", style="bold red")
    for path in item.kept:
        text.append(
            f"\n    dropped by the template, edited here: kept {safe(path)}", style="yellow"
        )
    return text
