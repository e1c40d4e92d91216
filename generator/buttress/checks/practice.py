"""Points of practice, and the checks that ask for each of them: ``practice.toml``, read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Point:
    """Something that production readiness rests on.

    Attributes:
        id: A word for it.
        says: What it asks, as one sentence.
        checks: Ids of the checks that ask for it.
        beyond: What covers it where reading files cannot, or not alone.
    """

    id: str
    says: str
    checks: tuple[str, ...]
    beyond: str = ""


def points() -> tuple[Point, ...]:
    """Return all points, in the order of the file."""
    data = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return tuple(
        Point(item["id"], item["says"], tuple(item["checks"]), item.get("beyond", ""))
        for item in data["points"]
    )
