"""What inspecting costs, in seconds of CPU, beside ruff and bandit on the same tree in the same run.

    python tests/benchmarks/inspect_speed.py [FOLDER]

Without a folder, projects of 5,000, 25,000, 50,000 and 100,000 lines are made from a bundled prototype, this tool's own code and Python's library. Each number is the best of
three runs, start-up included: cold without the cache, warm with what the run before left there. What single checks cost is shown
by ``inspect_profile.py``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROTOTYPES = Path(__file__).resolve().parents[1] / "prototypes"
SOURCES = Path(__file__).resolve().parents[2] / "generator" / "buttress"
LIBRARY = Path(os.__file__).parent
BIN = Path(sys.executable).parent
RULES = "S,BLE,T20,ASYNC,G,DTZ"
SIZES = (5_000, 25_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU, and megabytes at the peak."""

    seconds: float
    megabytes: int


def cost(command: list[str], cache: Path) -> Cost:
    """Return what a command and its children cost; the best of three runs."""
    best = Cost(float("inf"), 0)
    environment = os.environ | {"BUTTRESS_CACHE_DIR": os.fspath(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for _ in range(3):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        _, _, used = os.wait4(process.pid, 0)
        seconds = used.ru_utime + used.ru_stime
        if seconds < best.seconds:
            best = Cost(seconds, used.ru_maxrss // 1024)
    return best


def make_project(folder: Path, lines: int) -> None:
    """Fill a folder with a prototype and code behind it until it has that many lines.

    The code behind it is this tool's own and Python's library, each file once; there is a router of five
    routes for every thousand lines, as in the real projects that were looked at (three to ten routes).
    """
    shutil.copytree(PROTOTYPES / "tracker", folder)
    package = folder / "backend" / "app"
    router = (package / "routers" / "habits.py").read_text()
    imports: list[str] = []
    written = parts = routers = 0
    for source in (*sorted(SOURCES.rglob("*.py")), *sorted(LIBRARY.glob("*.py"))):
        text = source.read_text(encoding="utf-8")
        if source.name.startswith("_") or written >= lines:
            continue
        parts += 1
        place = package / f"part_{parts // 20}"
        place.mkdir(exist_ok=True)
        (place / f"{source.stem}_{parts}.py").write_text(text, encoding="utf-8")
        imports.append(f"import app.{place.name}.{source.stem}_{parts}")
        written += text.count("\n")
        if written // 1000 > routers:
            routers += 1
            (package / "routers" / f"habits_{routers}.py").write_text(router)
            imports.append(f"from app.routers import habits_{routers}")
            written += router.count("\n")
    main = package / "main.py"
    first = "from app.routers import habits"
    main.write_text(main.read_text().replace(first, "\n".join([first, *imports])))


def report(title: str, folder: Path, scratch: Path) -> Cost:
    """Print what each tool costs, and how they compare; return what an inspection costs."""
    inspect = [str(BIN / "buttress"), "inspect", str(folder), "--format", "json"]
    cold = cost([*inspect, "--no-cache"], scratch / "cache")
    warm = cost(inspect, scratch / "cache")
    print(f"\n{title}")
    print(f"  buttress, cold     {cold.seconds:6.2f} s  {cold.megabytes:4} MB")
    print(
        f"  buttress, warm     {warm.seconds:6.2f} s  {warm.megabytes:4} MB"
        f"   {cold.seconds / warm.seconds:5.1f} times faster than cold"
    )
    ruff = ["check", "--no-cache", "--isolated", f"--select={RULES}", str(folder)]
    bandit = shutil.which("bandit") or str(BIN / "bandit")
    for name, command in (
        ("ruff check", [str(BIN / "ruff"), *ruff]),
        ("bandit", [bandit, "-q", "-r", str(folder), "-f", "json"]),
    ):
        if not os.access(command[0], os.X_OK):
            print(f"  {name:18} not installed")
            continue
        theirs = cost(command, scratch / "cache")
        print(
            f"  {name:18} {theirs.seconds:6.2f} s  {theirs.megabytes:4} MB"
            f"   {theirs.seconds / cold.seconds:5.2f} times ours"
        )
    return cold


def main() -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        start = cost([str(BIN / "buttress"), "--help"], scratch / "cache")
        print(f"start-up: buttress --help {start.seconds:.2f} s  {start.megabytes} MB")
        if len(sys.argv) > 1:
            report(sys.argv[1], Path(sys.argv[1]), scratch)
            return
        found = []
        for lines in SIZES:
            make_project(scratch / str(lines), lines)
            found.append(report(f"{lines:,} lines", scratch / str(lines), scratch))
        first, half, whole = found[1:]
        print(
            "\nlinear? 25,000, 50,000 and 100,000 lines take"
            f" 1 : {half.seconds / first.seconds:.2f} : {whole.seconds / first.seconds:.2f}"
        )


if __name__ == "__main__":
    main()
