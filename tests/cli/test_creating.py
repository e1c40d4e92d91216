"""``buttress new``: a hardened service, or nothing at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from buttress.planning.location import find_root
from tests.cli.conftest import ENTER, Run, Terminal, files, git

BASE = {"Makefile", "README.md", "pyproject.toml", ".copier-answers.yml", "src/desk/main.py"}


def test_the_base_alone(run: Run, tmp_path: Path) -> None:
    result = run("new", tmp_path / "desk", "--recipes", "settings-and-secrets", "--yes")

    assert (result.code, result.err) == (0, "")
    made = {*files(tmp_path / "desk")}
    assert made >= BASE
    assert ".copier-answers.settings-and-secrets.yml" in made
    assert "of 100" in result.out
    assert "git init && make test && make run" in result.out
    assert [path for path in made if path.endswith((".buttress-new", ".buttress-old"))] == []


def test_answers_reach_the_template_and_the_recipes(run: Run, tmp_path: Path) -> None:
    options = ["-d", "project_name=order-desk", "-d", "database=postgresql"]

    result = run("new", tmp_path / "x", "--recipes", "settings-and-secrets", "--yes", *options)

    assert result.code == 0
    assert (tmp_path / "x/src/order_desk/main.py").is_file()
    assert "database: postgresql\n" in (tmp_path / "x/.copier-answers.yml").read_text()


def test_the_running_python_is_the_default(run: Run, tmp_path: Path) -> None:
    run("new", tmp_path / "desk", "--recipes", "settings-and-secrets", "--yes")

    version = f"3.{sys.version_info.minor}"
    assert f"python_version: '{version}'\n" in (tmp_path / "desk/.copier-answers.yml").read_text()


def test_a_python_that_is_no_choice_is_no_default(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from buttress.cli import creating

    class Newer:
        minor = 99

    class Sys:
        version_info = Newer
        stdin = sys.stdin
        stdout = sys.stdout

    monkeypatch.setattr(creating, "sys", Sys)

    run("new", tmp_path / "desk", "--recipes", "settings-and-secrets", "--yes")

    assert "python_version: '3.11'\n" in (tmp_path / "desk/.copier-answers.yml").read_text()


def test_in_a_repository_no_other_one_is_proposed(run: Run, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    result = run("new", tmp_path / "desk", "--recipes", "settings-and-secrets", "--yes")

    assert result.code == 0
    assert "git init" not in result.out
    assert {*files(tmp_path / "desk")} >= BASE


def test_an_empty_folder_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()

    assert run("new", tmp_path / "desk", "--recipes", "settings-and-secrets", "--yes").code == 0


def test_what_is_there_is_not_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk/mine.txt").write_text("mine\n")
    (tmp_path / "file").write_text("mine\n")
    (tmp_path / "link").symlink_to("nowhere")

    for name, said in (
        ("desk", "is not empty. Choose another name, or use `buttress harden`"),
        ("file", "exists and is no folder"),
        ("link", "exists and is no folder"),
        ("file/below", "Not a directory"),
    ):
        result = run("new", tmp_path / name, "--recipes", "settings-and-secrets", "--yes")
        assert result.code == 2
        assert said in result.err
    assert files(tmp_path) == {"desk/mine.txt": b"mine\n", "file": b"mine\n"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-d", "project_name=A B"], "Use lower-case letters, digits and single hyphens"),
        (["-d", "database=oracle"], "`oracle` is none of: sqlite, postgresql."),
        (["-d", "projekt_name=x"], "Did you mean `project_name`?"),
        (["-d", "project_name"], "write it as KEY=VALUE"),
        (["--recipes", "settings-and-secrt"], "Did you mean `settings-and-secrets`?"),
        (["--recipes", "settings-and-secrets", "--all"], "exclude each other"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    run: Run, tmp_path: Path, options: list[str], said: str
) -> None:
    result = run("new", tmp_path / "a/desk", "--yes", *options)

    assert result.code == 2
    assert said in result.err
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("raised", "code"),
    [(OSError(errno.ENOSPC, "No space left on device"), 2), (KeyboardInterrupt(), 130)],
)
def test_a_full_disk_or_ctrl_c_leaves_nothing_behind(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    code: int,
) -> None:
    real, calls = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        if tmp_path / "a" in Path(target).parents:
            calls.append(target)
            if len(calls) == 7:
                raise raised
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)

    result = run("new", tmp_path / "a/desk", "--recipes", "settings-and-secrets", "--yes")

    assert len(calls) == 7
    assert result.code == code
    assert "Traceback" not in result.err
    assert not (tmp_path / "a").exists()


def test_a_person_is_asked(tmp_path: Path) -> None:
    session = Terminal(find_root(), tmp_path, "new", "desk")
    session.expect("Name of the project")
    session.send(ENTER)
    session.expect("What the service is for")
    session.send("\x15Takes orders." + ENTER)
    session.expect("Database")
    session.send(ENTER)
    session.expect("Oldest version of Python")
    session.send(ENTER)
    session.expect("Which recipes?")
    # all are chosen at first: take them back
    session.send("a" + ENTER)

    assert session.end() == 0
    assert {*files(tmp_path / "desk")} >= BASE
    assert "description: Takes orders.\n" in (tmp_path / "desk/.copier-answers.yml").read_text()


@pytest.mark.parametrize("prompt", ["Name of the project", "Database", "Which recipes?"])
def test_ctrl_c_at_a_prompt_leaves_nothing_behind(tmp_path: Path, prompt: str) -> None:
    session = Terminal(find_root(), tmp_path, "new", "desk")
    for shown in (
        "Name of the project",
        "What the service is for",
        "Database",
        "Oldest version of Python",
        "Which recipes?",
    ):
        session.expect(shown)
        if shown == prompt:
            session.interrupt()
            break
        session.send(ENTER)

    assert session.end() == 130
    assert "Traceback" not in session.text
    assert not (tmp_path / "desk").exists()


@pytest.mark.slow
def test_with_every_recipe_its_own_tests_pass_and_it_starts_with_one_command(
    run: Run, tmp_path: Path
) -> None:
    service = tmp_path / "desk"
    result = run("new", service, "--all", "--yes")
    assert (result.code, result.err) == (0, "")
    git(service, "init", "-q")
    environment = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environment["PYTHON"] = sys.executable

    tested = subprocess.run(
        ["make", "test"], cwd=service, env=environment, capture_output=True, text=True, check=False
    )

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            ["make", "run", f"PORT={port}"],
            cwd=service,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        assert answer(f"http://127.0.0.1:{port}/openapi.json", server)["paths"], log.read_text()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
    report = json.loads(run("inspect", service, "--format", "json").out)
    assert report["score"]["total"] > 60


def answer(url: str, server: subprocess.Popen[bytes]) -> Any:
    """Return what the server answers as soon as it does."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=5) as response:
                return json.load(response)
        except (URLError, ConnectionError):
            with suppress(subprocess.TimeoutExpired):
                server.wait(timeout=0.2)
                break
    raise AssertionError("the server did not answer")
