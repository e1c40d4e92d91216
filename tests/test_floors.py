"""A floor imports only from the floors below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "generator" / "buttress"
FLOORS = {
    "errors": 0,
    "source": 0,
    "project": 1,
    "analysis": 2,
    "checks": 3,
    "rewrites": 3,
    "scorecard": 4,
    "planning": 4,
    "acceptance": 5,
    "apply": 5,
    "cache": 5,
    "reports": 6,
    "cli": 7,
    "__main__": 8,
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(dotted: str) -> str:
    return dotted.split(".")[1] if "." in dotted else ""


def imported(path: Path) -> set[str]:
    """Return the rooms that a file imports from."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("buttress"):
            names = (
                [node.module] if "." in node.module else [f"buttress.{a.name}" for a in node.names]
            )
            found |= {room(name) for name in names}
        elif isinstance(node, ast.Import):
            found |= {room(a.name) for a in node.names if a.name.startswith("buttress.")}
    return found & FLOORS.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_floor_stands_on_those_below(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    above = {name for name in imported(path) if name != own and FLOORS[name] >= FLOORS[own]}

    assert above - {"errors"} == set()


def test_every_room_has_a_floor() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}

    assert rooms - {"__init__"} == FLOORS.keys()
