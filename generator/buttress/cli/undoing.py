"""``buttress undo``: take back the last run."""

from __future__ import annotations

from pathlib import Path

import typer

from buttress.apply import journal
from buttress.errors import UserError
from buttress.reports.visible import safe


def run(path: Path) -> None:
    """Run the command.

    Raises:
        UserError: If there is nothing to undo, or a file was edited since.
    """
    if path.is_file():
        raise UserError(f"{path} is a file. Give the root folder of the project.")
    if not path.is_dir():
        raise UserError(f"{path}: no such folder. Give the root folder of the project.")
    undone = journal.undo(path.resolve())
    names = ", ".join(undone.recipes)
    typer.echo(f"Took back the run of {undone.at} ({safe(names)}):")
    for name in undone.paths:
        typer.echo(f"  {safe(name)}")
