"""``buttress update``: move applied recipes to another version, on a branch of their own."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from buttress.apply.updating import Behind, Updated, behind, update
from buttress.cli.inspecting import progress
from buttress.planning import location
from buttress.planning.stored import stored_units
from buttress.reports.terminal import safe
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
    if check:
        for unit in units:
            console.print(_line(unit))
        raise typer.Exit(1)
    branch = f"buttress/update-{units[0].target}"
    with progress("Updating"):
        done = update(path.resolve(), templates, units, branch)
    for item in done:
        console.print(_result(item))
    if any(item.commit for item in done):
        console.print(
            f"\n  git diff HEAD...{branch}   shows it, git merge {branch}   takes it over"
        )
    if any(item.conflicts for item in done):
        raise typer.Exit(1)


def _line(unit: Behind) -> Text:
    current = unit.current or "unknown"
    return Text(f"{safe(unit.answers_file)}: {safe(current)}, newest is {safe(unit.target)}")


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
