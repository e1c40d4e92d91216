"""What inspecting costs, in seconds of CPU, beside ruff and bandit on the same tree in the same run.

    python tests/benchmarks/inspect_speed.py [FOLDER]

Without a folder, a project of 100,000 and one of 5,000 lines are made from the bundled prototypes.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOTYPES = Path(__file__).resolve().parents[1] / "prototypes"
BIN = Path(sys.executable).parent
RULES = "S,BLE,T20,ASYNC,G,DTZ"


def cpu_seconds(command: list[str]) -> float:
    """Return the CPU time of a command and its children; the best of three runs."""
    best = float("inf")
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best, used)
    return best


def make_project(folder: Path, lines: int) -> None:
    """Fill a folder with copies of a prototype's package until it has that many lines."""
    shutil.copytree(PROTOTYPES / "tracker", folder)
    package = folder / "backend" / "app"
    source = (package / "routers" / "habits.py").read_text()
    names = []
    for number in range(lines // source.count("\n")):
        name = f"habits_{number}"
        (package / "routers" / f"{name}.py").write_text(source)
        names.append(name)
    main = package / "main.py"
    imports = "\n".join(f"from app.routers import {name}" for name in names)
    main.write_text(
        main.read_text().replace(
            "from app.routers import habits", f"from app.routers import habits\n{imports}"
        )
    )


def report(title: str, folder: Path) -> None:
    """Print the CPU seconds of each tool, and how they compare."""
    ours = cpu_seconds([str(BIN / "buttress"), "inspect", str(folder), "--format", "json"])
    print(f"\n{title}\n  buttress inspect   {ours:6.2f} s")
    for name, command in (
        (
            "ruff check",
            [
                str(BIN / "ruff"),
                "check",
                "--no-cache",
                "--isolated",
                f"--select={RULES}",
                str(folder),
            ],
        ),
        (
            "bandit",
            [shutil.which("bandit") or str(BIN / "bandit"), "-q", "-r", str(folder), "-f", "json"],
        ),
    ):
        if not os.access(command[0], os.X_OK):
            print(f"  {name:18} not installed")
            continue
        theirs = cpu_seconds(command)
        print(f"  {name:18} {theirs:6.2f} s   {theirs / ours:5.2f} times ours")


def main() -> None:
    """Run the benchmark."""
    print(f"start-up: buttress --help {cpu_seconds([str(BIN / 'buttress'), '--help']):.2f} s")
    if len(sys.argv) > 1:
        report(sys.argv[1], Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as scratch:
        for lines in (5_000, 100_000):
            folder = Path(scratch) / str(lines)
            make_project(folder, lines)
            report(f"{lines:,} lines", folder)


if __name__ == "__main__":
    main()
