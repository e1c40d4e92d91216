"""The files that no parser takes: named in every report, while the rest of the project is inspected."""

from __future__ import annotations

from buttress.project.model import Place
from buttress.source import Tree


def unparsed(tree: Tree) -> list[tuple[Place, str]]:
    """Return the Python files that do not parse: where, and why."""
    return [
        (Place(path, problem.line), problem.message) for path, problem in tree.problems().items()
    ]
