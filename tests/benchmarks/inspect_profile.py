"""Where the time of an inspection goes: its parts, and the ten dearest checks.

    python tests/benchmarks/inspect_profile.py FOLDER

Seconds of CPU in one process. A check that is the first to ask for something pays for what the ones after it reuse: so
each check is also timed in a second round, when all that is shared is there.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
DEAREST = 10


def timed(function: Callable[[], T]) -> tuple[float, T]:
    """Return the seconds of CPU that a call took, and what it returned."""
    before = time.process_time()
    result = function()
    return time.process_time() - before, result


def main() -> None:
    """Print the table."""
    gc.disable()
    started = time.process_time()
    from buttress.checks.model import checks
    from buttress.project import inspect_project
    from buttress.reports.inspection_json import scorecard_json
    from buttress.scorecard import inspect_service
    from buttress.source import Tree

    catalogue = checks()
    parts = {"imports": time.process_time() - started}
    parts["list of files"], tree = timed(lambda: Tree.open(Path(sys.argv[1])))
    parts["reading and parsing"], modules = timed(lambda: list(tree.modules()))
    parts["walk of every tree"], _ = timed(lambda: [m.parent(m.tree) for m in modules])
    parts["facts"], project = timed(lambda: inspect_project(tree))
    service = project.services[0]
    rounds: list[dict[str, float]] = []
    for _ in range(2):
        rounds.append({})
        for id_, check in catalogue.items():
            rounds[-1][id_], card = timed(
                lambda check=check: inspect_service(project, service, {check.id: check})  # type: ignore[misc]
            )
    parts[f"{len(catalogue)} checks"] = sum(rounds[0].values())
    parts["report"], _ = timed(lambda: scorecard_json(card))
    lines = sum(module.text.count("\n") for module in modules)
    print(f"{len(modules)} files, {lines:,} lines")
    for name, seconds in parts.items():
        print(f"  {name:22} {seconds:6.3f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  {'in all':22} {sum(parts.values()):6.3f} s, {peak} MB")
    print("\nThe dearest checks                first   again")
    for id_ in sorted(rounds[0], key=rounds[0].__getitem__, reverse=True)[:DEAREST]:
        print(f"  {id_:28} {rounds[0][id_]:6.3f}  {rounds[1][id_]:6.3f} s")


if __name__ == "__main__":
    main()
