"""Compare the score with the grades given by hand: ``python -m tests.corpus.grades FOLDER...``.

``grades.tsv`` holds a grade from 0 to 100 for each repository, given by reading it as a senior reviewer
would, before its score was looked at; six digits say how each pillar looked, from 0 (nothing there) to 3
(well kept). The folders hold checkouts named ``owner__name``, at the commits of the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from tests.corpus.tables import checkout, rows

import buttress
from buttress.checks.model import Pillar
from buttress.errors import UserError
from buttress.scorecard import Scorecard

TABLE = Path(__file__).with_name("grades.tsv")
KINDS = ("well-kept", "prototype", "vulnerable")


@dataclass(frozen=True)
class Grade:
    """What reading a repository led to."""

    repository: str
    commit: str
    kind: str
    grade: float
    pillars: tuple[int, ...]
    reason: str


def grades() -> list[Grade]:
    """Read the table."""
    return [
        Grade(
            row["repository"],
            row["commit"],
            row["kind"],
            float(row["grade"]),
            tuple(int(digit) for digit in row["pillars"]),
            row["reason"],
        )
        for row in rows(TABLE)
    ]


def ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value; equal ones share theirs."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) - 1) / 2 for value in values]


def spearman(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the rank correlation of two series, from -1 to 1."""
    one, two = ranks(left), ranks(right)
    middle = (len(one) - 1) / 2
    products = sum((a - middle) * (b - middle) for a, b in zip(one, two, strict=True))
    squares = sum((a - middle) ** 2 for a in one) * sum((b - middle) ** 2 for b in two)
    return float(products / squares**0.5) if squares else 0.0


def above(high: Sequence[float], low: Sequence[float]) -> float:
    """Return how often a value of the first series is above one of the second, from 0 to 1."""
    pairs = [(a > b) + (a == b) / 2 for a in high for b in low]
    return sum(pairs) / len(pairs) if pairs else 0.0


def scored(folders: Sequence[Path]) -> Iterator[tuple[Grade, Scorecard]]:
    """Yield every graded repository that is there and has a score."""
    for grade in grades():
        found = checkout(grade.repository, folders)
        if found is None:
            print(f"{grade.repository}: not in the folders")
            continue
        try:
            card = buttress.inspect(found, today=date(2026, 11, 21))
        except UserError as problem:
            print(f"{grade.repository}: {problem}")
            continue
        if card.total is None:
            print(f"{grade.repository}: too small for a score")
            continue
        yield grade, card


def main(folders: Sequence[Path]) -> None:
    """Print each score beside its grade, then how well they agree."""
    found = sorted(scored(folders), key=lambda pair: -pair[0].grade)
    print(f"{'grade':>5} {'score':>5}  {'by pillar':24} verdict")
    for grade, card in found:
        pillars = " ".join(
            f"{'?' if pillar.score is None else round(pillar.score):>3}" for pillar in card.pillars
        )
        print(
            f"{grade.grade:5.0f} {card.total:5.1f}  {pillars:24} {card.verdict:12} {grade.repository}"
        )
    total = spearman([g.grade for g, _ in found], [c.total or 0.0 for _, c in found])
    print(f"\nrank correlation of {len(found)} repositories: {total:.2f}")
    for index, pillar in enumerate(Pillar):
        pairs = [(g.pillars[index], card.pillars[index].score) for g, card in found]
        known = [(grade, score) for grade, score in pairs if score is not None]
        agree = spearman([float(grade) for grade, _ in known], [score for _, score in known])
        print(f"  {pillar.value:16} {agree:.2f}")
    by_kind = {kind: [c.total or 0.0 for g, c in found if g.kind == kind] for kind in KINDS}
    for kind, scores in by_kind.items():
        print(f"{kind:12} median {median(scores) if scores else 0:.0f} of {len(scores)}")
    for high, low in (KINDS[:2], KINDS[1:], (KINDS[0], KINDS[2])):
        print(f"{high} above {low}: {above(by_kind[high], by_kind[low]):.2f}")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
