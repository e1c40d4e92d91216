"""Small scorecards with checks of their own, so that reports are tested apart from what the real checks find."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from buttress.checks.model import Check, Confidence, Kind, Pillar, Risk, Share
from buttress.project import inspect_project, select_service
from buttress.project.model import Place
from buttress.scorecard import (
    Acceptance,
    Located,
    Result,
    Scorecard,
    Status,
    inspect_service,
    weigh,
)
from buttress.source import Tree

PROTOTYPES = Path(__file__).parents[1] / "prototypes"

APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/items")
def items(name: str):
    return db.execute(f"SELECT * FROM items WHERE name = '{name}'")


@app.get("/a")
def a(): ...


@app.get("/b")
def b(): ...
"""

SQL = Check(
    "SEC-SQL",
    "Input becomes part of SQL",
    Pillar.SECURITY,
    Risk.CRITICAL,
    Kind.INSTANCE,
    Confidence.HIGH,
    None,
    lambda subject: iter(()),
    """A value becomes part of a statement.

    Whoever sends it reads every table (CWE-564). Use ``execute(sql, values)``.

    Bad::

        execute(f"SELECT {name}")

    Good::

        execute("SELECT ?", (name,))
    """,
    standards=("CWE-89", "OWASP A05:2025"),
)
NO_CI = replace(
    SQL,
    id="CICD-NO-CI",
    title="Nothing runs when code changes",
    pillar=Pillar.CICD,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    recipe="ci",
    documentation="No pipeline runs.",
    standards=(),
)
GUESS = replace(
    SQL,
    id="OBS-GUESS",
    title="Perhaps nobody looks at the log",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    confidence=Confidence.LOW,
    documentation="Somebody should look.",
    standards=(),
)
QUIET = replace(SQL, id="ARCH-QUIET", pillar=Pillar.ARCHITECTURE, risk=Risk.LOW, standards=())


@dataclass(frozen=True)
class At:
    """A finding to be made: where, what is said of it, and what it is a part of."""

    place: str
    message: str = "What a client sends becomes part of this statement."
    acceptance: Acceptance | None = None
    is_new: bool = True
    share: Share | None = None
    by_hand: bool = False


def card(
    found: Mapping[Check, Iterable[At]],
    *others: Result,
    files: Mapping[str, str | bytes] | None = None,
    compared_with: str = "",
) -> Scorecard:
    """Return the scorecard of a small app in which checks found something.

    Args:
        found: Findings by check.
        others: Results of checks without findings.
        files: In place of ``main.py`` with ``APP``.
        compared_with: What "new" means.
    """
    tree = Tree.of(
        files if files is not None else {"main.py": APP, "requirements.txt": "fastapi\n"}
    )
    project = inspect_project(tree)
    results = [_result(check, tuple(places)) for check, places in found.items()]
    service = select_service(project, None)
    return weigh(project, service, [*results, *others], compared_with=compared_with)


def _result(check: Check, found: tuple[At, ...]) -> Result:
    located = tuple(
        Located(
            check,
            place(item.place),
            item.message,
            sha256(f"{check.id} {item.place!r} {number}".encode()).hexdigest()[:20],
            item.acceptance,
            item.is_new,
            item.share,
            by_hand=item.by_hand,
        )
        for number, item in enumerate(found)
    )
    status = Status.FAIL if any(item.acceptance is None for item in found) else Status.ACCEPTED
    return Result(check, status, located)


def place(text: str) -> Place:
    """Return the place that ``path:line:column`` names."""
    path, line, column = text.rsplit(":", 2)
    return Place(path, int(line), int(column))


def untested(*names: str, of: int = 9) -> list[At]:
    """Return a route for each name, one a line from the sixth on, that share one cause."""
    return [
        At(
            f"main.py:{line}:1",
            f"No test calls {name}.",
            share=Share(name, of, "No test calls", "routes"),
        )
        for line, name in enumerate(names, 6)
    ]


@cache
def prototype(name: str) -> Scorecard:
    """Return the scorecard of a bundled prototype, by all checks of this installation."""
    files = {
        path.relative_to(PROTOTYPES / name).as_posix(): path.read_bytes()
        for path in sorted((PROTOTYPES / name).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    project = inspect_project(Tree.of(files))
    return inspect_service(project, select_service(project, None))
