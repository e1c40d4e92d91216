"""Print how many of the findings that were read on real projects are true, check by check.

    python -m tests.corpus.precision [FILE]

``precision.tsv`` has one line for each finding that was read: repository, path, line, check, ``true``
or ``false``. The goal is 95 % for checks of high confidence and 80 % for medium; what stays below is
of low confidence, which is listed for review and not scored.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.corpus.tables import rows

from buttress.checks.model import Confidence, checks

GOAL = {Confidence.HIGH: 0.95, Confidence.MEDIUM: 0.8, Confidence.LOW: 0.0}
READ = Path(__file__).with_name("precision.tsv")


def counts(path: Path = READ) -> dict[str, Counter[str]]:
    """Return how many findings were true and false, by check."""
    found: dict[str, Counter[str]] = {}
    for row in rows(path):
        found.setdefault(row["check"], Counter())[row["verdict"]] += 1
    return found


def by_round(path: Path) -> dict[tuple[str, Confidence], Counter[str]]:
    """Return how many findings were true and false in each round of reading, where a file tells rounds apart."""
    known = checks()
    found: dict[tuple[str, Confidence], Counter[str]] = {}
    for row in rows(path):
        if "round" in row:
            key = row["round"], known[row["check"]].confidence
            found.setdefault(key, Counter())[row["verdict"]] += 1
    return found


def main(path: Path = READ) -> int:
    """Print the table; returns 1 if a check misses its goal."""
    known, total, missed = checks(), Counter[Confidence](), 0
    true = Counter[Confidence]()
    for name, verdicts in sorted(counts(path).items()):
        confidence = known[name].confidence
        read = verdicts.total()
        share = verdicts["true"] / read
        total[confidence] += read
        true[confidence] += verdicts["true"]
        # one false in ten read is what a rate of 95 % gives four times in ten
        misses = read - verdicts["true"] > max(1, round((1 - GOAL[confidence]) * read))
        missed += misses
        flag = "  below its goal" if misses else ""
        print(f"{name:<32} {confidence:<7} {verdicts['true']:>3} of {read:>3}  {share:>4.0%}{flag}")
    for confidence, read in total.items():
        print(_line(f"{confidence} confidence", true[confidence], read))
    for (turn, confidence), verdicts in sorted(by_round(path).items()):
        print(_line(f"round {turn}, {confidence}", verdicts["true"], verdicts.total()))
    return 1 if missed else 0


def _line(what: str, true: int, read: int) -> str:
    return f"{what}: {true} of {read} true, {true / read:.1%}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else READ))
