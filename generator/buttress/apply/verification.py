"""Run a project's own code, before and after a change: its start, smoke requests and its tests.

The only place that does. Everything runs in copies in a scratch folder, in processes of their own with
a time limit, so that nothing the code writes beside itself reaches the project.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from buttress.apply.environment import Environment
from buttress.errors import UserError
from buttress.project.folders import is_inside
from buttress.project.model import Project, Role, Service
from buttress.source import FileChange
from buttress.source.listing import is_foreign_folder

SMOKE_SECONDS = 120.0
TEST_SECONDS = 900.0


@dataclass(frozen=True)
class Outcomes:
    """What became of a project's tests.

    Attributes:
        outcomes: ``passed``, ``failed``, ``error`` or ``skipped``, by the name of the test.
        reason: Why there are none: not run, not collected, or out of time.
    """

    outcomes: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    def count(self, outcome: str) -> int:
        """Return how many tests ended so."""
        return sum(item == outcome for item in self.outcomes.values())


@dataclass(frozen=True)
class Observed:
    """What running one state of a project showed.

    Attributes:
        problem: Why the app does not start; empty if it does.
        answers: The status of every route that was asked for, or the error in its place.
        tests: Its tests.
    """

    problem: str
    answers: Mapping[str, int | str]
    tests: Outcomes


def smoke_paths(service: Service) -> tuple[str, ...]:
    """Return the paths that a GET without any parameter reaches, as far as they are known."""
    paths = {
        route.path
        for route in service.routes
        if "GET" in route.methods and route.is_complete and not set(route.path) & set("{}<>")
    }
    return tuple(sorted(path for path in paths if path.startswith("/")))


def observe(
    project: Project,
    service: Service,
    environment: Environment,
    undo: Sequence[FileChange] = (),
) -> Observed:
    """Run a copy of a project.

    Args:
        project: The project, as it is on the disk.
        service: The service of it to run.
        environment: What it runs in.
        undo: Changes to take back in the copy first: it shows the state before them.

    Raises:
        UserError: If the copy cannot be made.
    """
    root = project.tree.root
    if root is None:
        raise UserError("There is no folder to run.")
    with tempfile.TemporaryDirectory(prefix="buttress-", ignore_cleanup_errors=True) as scratch:
        # code may know its folder by name
        copy = Path(scratch).resolve() / "copy" / root.name
        try:
            _copy(root, copy)
            _take_back(copy, undo)
        except OSError as problem:
            raise UserError(
                f"{problem.filename or copy}: {problem.strerror}. The copy to run could not be made;"
                " set TMPDIR to a folder with more space."
            ) from problem
        start, answers = _smoke(copy, Path(scratch), service, environment)
        tests = _test(copy, Path(scratch), project, service, environment)
    return Observed(start, answers, tests)


def worse(before: Observed, after: Observed) -> tuple[str, ...]:
    """Return what worked before and does not work after, one sentence each."""
    found = []
    if after.problem and not before.problem:
        found.append(f"it started before, and does not start now: {after.problem}")
    for path, answer in after.answers.items():
        old = before.answers.get(path)
        if old is not None and _rank(answer) > _rank(old):
            found.append(f"GET {path} was {old}, and is {answer} now")
    for name, outcome in before.tests.outcomes.items():
        new = after.tests.outcomes.get(name, "not run")
        if outcome == "passed" and new not in {"passed", "skipped"}:
            found.append(f"{name} passed before; now: {new}")
    return tuple(found)


def broken(state: Observed) -> tuple[str, ...]:
    """Return what does not work in a state for itself, one sentence each."""
    found = [f"it does not start: {state.problem}"] if state.problem else []
    found += [f"GET {path} is {item}" for path, item in state.answers.items() if _rank(item) == 2]
    bad = {"failed", "error"}
    found += [f"{name}: {item}" for name, item in state.tests.outcomes.items() if item in bad]
    return tuple(found)


def _rank(answer: int | str) -> int:
    """Return 0 for an answer, 1 for one that refuses, 2 for none or an error of the server."""
    if isinstance(answer, str) or answer >= 500:
        return 2
    return 1 if answer >= 400 else 0


def _copy(root: Path, target: Path) -> None:
    """Copy a project with what git ignores (``.env``, a local database), without its environments."""
    for folder, folders, files in os.walk(root):
        here = target / Path(folder).relative_to(root)
        here.mkdir(parents=True, exist_ok=True)
        for name in list(folders):
            path = Path(folder) / name
            if path.is_symlink():
                folders.remove(name)
                files.append(name)
            elif is_foreign_folder(path):
                folders.remove(name)
        for name in files:
            path = Path(folder) / name
            if path.is_symlink():
                (here / name).symlink_to(path.readlink())
            elif path.is_file() and os.access(path, os.R_OK):
                shutil.copy2(path, here / name)


def _take_back(copy: Path, changes: Sequence[FileChange]) -> None:
    for change in changes:
        path = copy / change.path
        if change.before is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change.before)


def _smoke(
    copy: Path, scratch: Path, service: Service, environment: Environment
) -> tuple[str, dict[str, int | str]]:
    probe = scratch / "probe" / "buttress_probe.py"
    probe.parent.mkdir()
    probe.write_text(resources.files("buttress.apply").joinpath("probe.py").read_text("utf-8"))
    job, results = scratch / "job.json", scratch / "results"
    app = service.app
    usable = app.function is None and not app.factory_arguments
    job.write_text(
        json.dumps(
            {
                "copy": os.fspath(copy),
                "import_root": os.fspath(copy / service.import_root),
                "framework": service.framework.value,
                "target": app.target if usable else app.module,
                "is_factory": usable and app.is_factory,
                "paths": smoke_paths(service),
            }
        )
    )
    command = [os.fspath(environment.python), *map(os.fspath, (probe, job, results))]
    where = _Where(copy, service, environment)
    ended = _run(command, where, scratch / "smoke.log", SMOKE_SECONDS)
    found = [json.loads(line) for line in _lines(results)]
    problem = next((str(item["start"]) for item in found if "start" in item), None)
    if problem is None:
        said = f"it did not start in {SMOKE_SECONDS:.0f} s" if ended is None else "it ended early"
        last = (_lines(scratch / "smoke.log") or [""])[-1][:200]
        problem = f"{said}: {last}" if last else said
    answers = {
        str(item["path"]): item["status"] if "status" in item else str(item["error"])
        for item in found
        if "path" in item
    }
    return problem, answers


def _test(
    copy: Path, scratch: Path, project: Project, service: Service, environment: Environment
) -> Outcomes:
    own = service.files(Role.TEST)
    if not own and not any(role is Role.TEST for role in project.roles.values()):
        return Outcomes(reason="the project has none")
    where = _Where(copy, service, environment, at_root=not own, on_path=True)
    python = os.fspath(environment.python)
    has_pytest = [python, "-c", "import pytest"]
    if _run(has_pytest, where, scratch / "pytest.log", SMOKE_SECONDS) != 0:
        return _unittest(project, scratch, where, python)
    report = scratch / "tests.xml"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    ended = _run(command, where, scratch / "tests.log", TEST_SECONDS)
    if ended is None:
        return Outcomes(reason=f"they did not end in {TEST_SECONDS:.0f} s")
    outcomes = _outcomes(report)
    if not outcomes:
        lines = _lines(scratch / "tests.log")
        return Outcomes(reason=lines[-1][:200] if lines else "none were collected")
    return Outcomes(outcomes)


def _unittest(project: Project, scratch: Path, where: _Where, python: str) -> Outcomes:
    """Run the tests that need no pytest, as ``unittest`` finds them."""
    files = [
        os.fspath(where.copy / path)
        for path, role in project.roles.items()
        if role is Role.TEST and (where.at_root or is_inside(path, where.service.root))
        if "unittest" in project.tree.module(path).text
    ]
    missing = f"pytest is not installed in {where.environment.origin}"
    if not files:
        return Outcomes(reason=missing)
    probe, results = scratch / "probe" / "buttress_unittest.py", scratch / "tests"
    source = resources.files("buttress.apply").joinpath("unittest_probe.py")
    probe.write_text(source.read_text("utf-8"))
    command = [python, *map(os.fspath, (probe, results)), *files]
    if _run(command, where, scratch / "tests.log", TEST_SECONDS) is None:
        return Outcomes(reason=f"they did not end in {TEST_SECONDS:.0f} s")
    found = [json.loads(line) for line in _lines(results)]
    outcomes = {str(item["test"]): str(item["outcome"]) for item in found}
    return Outcomes(outcomes) if outcomes else Outcomes(reason=missing)


def _outcomes(report: Path) -> dict[str, str]:
    try:
        cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by our own child
        found = {}
        for case in cases:
            kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
            name = f"{case.get('classname', '')}::{case.get('name', '')}".removeprefix("::")
            kind = "failure" if "failure" in kinds else min(kinds, default="passed")
            found[name] = "failed" if kind == "failure" else kind
    except (OSError, ET.ParseError):
        return {}
    return found


@dataclass(frozen=True)
class _Where:
    """Where a child process runs, and with which variables."""

    copy: Path
    service: Service
    environment: Environment
    at_root: bool = False
    on_path: bool = False

    @property
    def folder(self) -> Path:
        return self.copy if self.at_root else self.copy / self.service.root

    @property
    def variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONHOME", "PYTHONSTARTUP"}}
        if self.on_path:
            first = os.fspath(self.copy / self.service.import_root)
            kept["PYTHONPATH"] = os.pathsep.join(filter(None, (first, kept.get("PYTHONPATH"))))
        scripts = os.fspath(self.environment.python.parent)
        return kept | {
            "PYTHONDONTWRITEBYTECODE": "1",
            "VIRTUAL_ENV": os.fspath(self.environment.folder),
            "PATH": os.pathsep.join((scripts, kept.get("PATH", os.defpath))),
        }


def _run(command: Sequence[str], where: _Where, log: Path, seconds: float) -> int | None:
    """Run a command in a group of its own; ``None`` if its time was up. All of the group ends."""
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=where.folder,
                env=where.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as problem:
            raise UserError(
                f"{command[0]}: {problem.strerror}. The environment is broken; make it anew."
            ) from problem
        try:
            return process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()]
