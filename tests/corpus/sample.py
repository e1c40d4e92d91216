"""Choose findings on real projects for a person to read: ten of each check that has ten or more.

    python -m tests.corpus.sample FOLDER [FOLDER ...] > sample.tsv

A folder is a checkout whose name is ``owner__repository``. The choice is random but the same every
time. What the person says of each, ``true`` or ``false``, goes into ``precision.tsv``.
"""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from pathlib import Path

from buttress.errors import UserError
from buttress.project import inspect_project
from buttress.scorecard import inspect_service
from buttress.source import Tree

LEAST = CHOSEN = 10

Row = tuple[str, str, int, str, str]


def rows(folder: Path) -> set[Row]:
    """Return the findings on all services of a project."""
    name = folder.name.replace("__", "/", 1)
    try:
        project = inspect_project(Tree.open(folder))
    except UserError as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return set()
    found: set[Row] = set()
    for service in project.services:
        for item in inspect_service(project, service).findings:
            place = item.place
            found.add((name, place.path, place.line, item.check.id, item.message))
    return found


def main(folders: list[Path]) -> None:
    """Print the chosen findings, ordered by check."""
    by_check: dict[str, list[Row]] = defaultdict(list)
    for number, folder in enumerate(folders, 1):
        print(f"{number}/{len(folders)} {folder.name}", file=sys.stderr)
        for row in sorted(rows(folder)):
            by_check[row[3]].append(row)
    for check, found in sorted(by_check.items()):
        if len(found) >= LEAST:
            for row in sorted(random.Random(check).sample(found, CHOSEN)):
                print("\t".join(str(part).replace("\t", " ").replace("\n", " ") for part in row))


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
