"""The command line as a user meets it: in this process, or in a terminal of its own."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect  # type: ignore[import-untyped]
import pytest

from buttress.cli import main
from buttress.planning import location
from tests.planning.installation import commit, install

PROTOTYPES = Path(__file__).parents[1] / "prototypes"
LAUNCHER = Path(__file__).with_name("launch.py")

APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/items")
def items() -> list[str]:
    return []
"""


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]
Files = dict[str, bytes]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    tmp_path: Path,
) -> Iterator[Run]:
    """Run one command line here, without a terminal."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("BUTTRESS_DEBUG", raising=False)

    def command(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["buttress", *map(str, arguments)])
        capsysbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsysbinary.readouterr()
        code = ended.value.code
        return Result(
            code if isinstance(code, int) else int(bool(code)),
            printed.out.decode("utf-8"),
            printed.err.decode("utf-8"),
        )

    yield command
    gc.enable()


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three small recipes, released as v1.0.0, in place of those of this checkout."""
    root = install(tmp_path / "installation")
    commit(root, "v1.0.0")
    monkeypatch.setattr(location, "find_root", lambda: root)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small FastAPI prototype in a git repository with one commit."""
    return make_project(tmp_path / "project", {"main.py": APP, "requirements.txt": "fastapi\n"})


def make_project(root: Path, files: dict[str, str]) -> Path:
    """Write a project and commit it."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    commit(root)
    return root


def prototype(name: str, target: Path) -> Path:
    """Copy a bundled prototype into a git repository with one commit."""
    shutil.copytree(PROTOTYPES / name, target)
    commit(target)
    return target


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def files(root: Path) -> Files:
    """Read every file below a folder but git's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


class Terminal:
    """A terminal with a command running in it."""

    def __init__(self, installation: Path, folder: Path, *arguments: str) -> None:
        self.child: Any = pexpect.spawn(
            sys.executable,
            [str(LAUNCHER), str(installation), *arguments],
            cwd=str(folder),
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"},
            dimensions=(60, 120),
            encoding="utf-8",
            timeout=60,
        )
        self.shown = ""

    def expect(self, text: str) -> None:
        """Wait until a text is shown."""
        self.child.expect_exact(text)
        self.shown += self.child.before + text

    def send(self, keys: str) -> None:
        """Press keys."""
        self.child.send(keys)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.child.sendcontrol("c")

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        self.child.expect(pexpect.EOF)
        self.shown += self.child.before
        self.child.close()
        code: int = self.child.exitstatus
        return code

    @property
    def text(self) -> str:
        """What was shown, without what steers the terminal."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b\x07]*(\x07|\x1b\\)", "", self.shown)


ENTER = "\r"
DOWN = "\x1b[B"
SPACE = " "


@pytest.fixture
def terminal(installation: Path, project: Path) -> Iterator[Callable[..., Terminal]]:
    """Start a command in a terminal, in the project's folder."""
    started: list[Terminal] = []

    def start(*arguments: str, folder: Path = project) -> Terminal:
        started.append(Terminal(installation, folder, *arguments))
        return started[-1]

    yield start
    for item in started:
        item.child.close(force=True)
