"""The tables of what people read, and the checkouts that they are about."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table by the names of its columns; a quote is a sign like any other."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def checkout(repository: str, folders: Sequence[Path]) -> Path | None:
    """Return the first folder named ``owner__name`` in any of the folders, for a repository ``owner/name``."""
    name = repository.replace("/", "__")
    return next((folder / name for folder in folders if (folder / name).is_dir()), None)
