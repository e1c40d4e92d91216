"""Look for projects that break inspection, for as long as is given.

    python tests/hostile/fuzz.py [SECONDS]

Every failure is printed with the smallest project that shows it, and the command ends with 1. Without a failure it ends after about
that many seconds (600 by default). The property is that of ``test_checks.py``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, os.fspath(Path(__file__).parents[2]))

from tests.hostile.test_checks import test_any_project_has_a_scorecard
from tests.hostile.wild_trees import TREES

ROUND = 300


def main() -> None:
    """Fuzz in rounds, each with a seed of its own."""
    until = time.monotonic() + (float(sys.argv[1]) if len(sys.argv) > 1 else 600)
    number = int(time.time())
    rounds = 0
    holds = test_any_project_has_a_scorecard.hypothesis.inner_test  # type: ignore[attr-defined]
    while time.monotonic() < until:
        number, rounds = number + 1, rounds + 1
        run = given(TREES)(holds)
        run = settings(
            max_examples=ROUND,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )(run)
        seed(number)(run)()
    print(f"{rounds * ROUND} projects, none of which broke inspection")


if __name__ == "__main__":
    main()
