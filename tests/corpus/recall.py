"""Print how many of the published flaws of vulnerable apps are found, beside the goal.

    python -m tests.corpus.recall [FOLDER...]

``recall.tsv`` has one line for each flaw: repository, commit, the folder that is inspected, path and line,
what is wrong, the checks of which one should find it, and ``found``, ``missed`` or ``undecidable``, which
was settled before anything was inspected. The goal is 90 % of what can be decided without running the app.

With folders that hold checkouts named ``owner__name``, at the commits of the table, the apps are
inspected and what is found is compared with the record.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.tables import checkout, rows

import buttress
from buttress.checks.model import Kind
from buttress.errors import UserError
from buttress.scorecard import Scorecard

GOAL = 0.9
NEAR = 10
"""A finding this many lines away is about the same flaw."""

TABLE = Path(__file__).with_name("recall.tsv")


@dataclass(frozen=True)
class Flaw:
    """A flaw of a published list."""

    repository: str
    folder: str
    path: str
    line: int
    what: str
    checks: tuple[str, ...]
    verdict: str

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.repository} {self.path}:{self.line}"


def flaws() -> list[Flaw]:
    """Read the table."""
    return [
        Flaw(
            row["repository"],
            row["folder"],
            row["path"],
            int(row["line"]),
            row["flaw"],
            tuple(row["check"].split(",")),
            row["verdict"],
        )
        for row in rows(TABLE)
    ]


def is_found(flaw: Flaw, cards: Sequence[Scorecard]) -> bool:
    """Whether a finding of one of its checks stands there; what has to exist may miss anywhere."""
    inside = "" if flaw.folder == "." else f"{flaw.folder}/"
    for card in cards:
        for result in card.results:
            if result.check.id not in flaw.checks:
                continue
            for finding in result.findings:
                place = finding.place
                is_near = abs((place.line or 0) - flaw.line) <= NEAR
                if result.check.kind is Kind.PRESENCE or (
                    is_near and inside + place.path == flaw.path
                ):
                    return True
    return False


def inspected(folder: Path) -> Iterator[Scorecard]:
    """Yield the scorecards of all services of a folder."""
    first = buttress.inspect(folder)
    yield first
    for service in first.project.services:
        if service.root != first.service.root:
            yield buttress.inspect(folder, service=service.root or ".")


def measured(known: Sequence[Flaw], folders: Sequence[Path]) -> Iterator[tuple[Flaw, str]]:
    """Yield each flaw of the checkouts that are there, with what an inspection makes of it."""
    cards: dict[tuple[str, str], list[Scorecard]] = {}
    for flaw in known:
        found = checkout(flaw.repository, folders)
        if found is None:
            continue
        key = (flaw.repository, flaw.folder)
        if key not in cards:
            try:
                cards[key] = list(inspected(found / flaw.folder))
            except UserError as problem:
                print(f"{flaw.repository} {flaw.folder}: {problem}")
                cards[key] = []
        if flaw.verdict == "undecidable":
            yield flaw, "undecidable"
        else:
            yield flaw, "found" if is_found(flaw, cards[key]) else "missed"


def report(counts: dict[str, Counter[str]]) -> float:
    """Print the table; returns the share of all that can be decided."""
    total = Counter[str]()
    for repository, verdicts in sorted(counts.items()):
        total += verdicts
        decidable = verdicts["found"] + verdicts["missed"]
        share = f"{verdicts['found'] / decidable:>4.0%}" if decidable else "   -"
        beside = f"{verdicts['undecidable']:>3} undecidable"
        print(f"{repository:<44} {verdicts['found']:>3} of {decidable:>3} {share}  {beside}")
    decidable = total["found"] + total["missed"]
    recall = total["found"] / decidable if decidable else 0.0
    print(f"all: {total['found']} of {decidable} decidable, {recall:.1%}; the goal is {GOAL:.0%}")
    return recall


def main(folders: Sequence[Path]) -> int:
    """Print what is recorded, or measure it; returns 1 if the record is wrong or the goal is missed."""
    known = flaws()
    verdicts = list(measured(known, folders)) if folders else [(f, f.verdict) for f in known]
    counts: dict[str, Counter[str]] = {}
    wrong = 0
    for flaw, verdict in verdicts:
        counts.setdefault(flaw.repository, Counter())[verdict] += 1
        if verdict != flaw.verdict:
            wrong += 1
            print(f"{flaw.place} {flaw.what}: {verdict}, recorded as {flaw.verdict}")
    return 1 if report(counts) < GOAL or wrong else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
