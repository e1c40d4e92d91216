"""The project that `buttress new` and plain Copier start from: its text, its own tests, its server."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import black
import pytest
from black.mode import TargetVersion
from black.report import NothingChanged

from tests.templates.conftest import Templates, commit

LONGEST = "abcdefghij-abcdefghij-abcdefghij-abcdefg"
ANSWERS = [
    {
        "project_name": name,
        "database": database,
        "python_version": python,
        "description": description,
    }
    for name, python, description in [
        ("ab", "3.11", "A small HTTP service."),
        ("order-desk", "3.12", "Takes orders & keeps <them>, all 100% of 'em."),
        (LONGEST, "3.13", "A word" + " and one more" * 7 + " and the last word."),
        ("zz9", "3.14", "{{ not a template }}"),
    ]
    for database in ("sqlite", "postgresql")
]
WIDE_RULES = "A,ARG,ASYNC,B,BLE,C4,D1,DTZ,E4,E7,E9,F,FAST,FURB,G,I,LOG,PERF,PLE,PLW,PT,RUF,S,SIM,T20,TRY4,UP,W"


@dataclass(frozen=True)
class Service:
    """A rendered project and the answers that it was rendered from."""

    root: Path
    answers: dict[str, str]

    def python_files(self) -> list[Path]:
        """Return every Python file."""
        return sorted(self.root.rglob("*.py"))


@pytest.fixture(
    scope="module", params=ANSWERS, ids=lambda a: f"{a['project_name'][:10]}-{a['database']}"
)
def service(
    request: pytest.FixtureRequest, released: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """The project for one set of answers."""
    root = tmp_path_factory.mktemp("rendered") / "project"
    released.copy(root, "templates/service", **request.param)
    return Service(root, request.param)


def ruff(root: Path, *arguments: str) -> str:
    """Run ruff and return what it complains about."""
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--quiet", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("width", [88, 100])
def test_black_has_nothing_to_change(service: Service, width: int) -> None:
    version = TargetVersion[f"PY{service.answers['python_version'].replace('.', '')}"]
    mode = black.Mode(line_length=width, target_versions={version})
    for path in service.python_files():
        text = path.read_text()
        try:
            formatted = black.format_file_contents(text, fast=False, mode=mode)
        except NothingChanged:
            continue
        assert formatted == text, path


def test_ruff_has_nothing_to_say(service: Service) -> None:
    assert ruff(service.root, "check") == ""
    assert ruff(service.root, "format", "--check") == ""


def test_a_wider_selection_of_rules_finds_nothing_in_the_sources(service: Service) -> None:
    selection = ("--isolated", "--select", WIDE_RULES, "--ignore", "RUF012,D107,I001")
    python = f"py{service.answers['python_version'].replace('.', '')}"

    assert ruff(service.root / "src", "check", *selection, "--target-version", python) == ""


def test_nothing_of_the_template_is_left_in_the_text(service: Service) -> None:
    for path in service.root.rglob("*"):
        assert path.suffix != ".jinja"
        assert "{{" not in path.name
        if path.is_file() and path.name != ".copier-answers.yml":
            text = path.read_text().replace(service.answers["description"], "text")
            assert "{%" not in text, path
            assert "{{" not in text, path
            assert "\n\n\n\n" not in text, path
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert not re.search(r"[ \t]+$", text, re.MULTILINE), path


def test_the_manifest_says_what_was_answered(service: Service) -> None:
    manifest = tomllib.loads((service.root / "pyproject.toml").read_text())

    project = manifest["project"]
    assert project["name"] == service.answers["project_name"]
    assert project["description"] == service.answers["description"]
    assert project["requires-python"] == f">={service.answers['python_version']}"
    needs_psycopg = any(line.startswith("psycopg") for line in project["dependencies"])
    assert needs_psycopg == (service.answers["database"] == "postgresql")
    assert project["dependencies"] == sorted(project["dependencies"])


def test_what_recipes_add_is_not_there_yet(service: Service) -> None:
    names = {path.name for path in service.root.rglob("*")}
    sources = "\n".join(path.read_text() for path in service.python_files())

    assert names.isdisjoint({"Dockerfile", "compose.yaml", ".github", "infra", ".env.example"})
    assert "structlog" not in sources
    assert "exception_handler" not in sources
    assert "pydantic_settings" not in sources


def test_a_service_can_change_its_database_later(released: Templates, tmp_path: Path) -> None:
    sqlite, postgresql = tmp_path / "sqlite", tmp_path / "postgresql"
    released.copy(sqlite, "templates/service", project_name="order-desk")
    released.copy(postgresql, "templates/service", project_name="order-desk", database="postgresql")
    commit(sqlite)

    command = [sys.executable, "-m", "copier", "update", "--defaults", "--vcs-ref", ":current:"]
    subprocess.run([*command, "--data", "database=postgresql"], cwd=sqlite, check=True)

    assert content(sqlite) == content(postgresql)


def content(root: Path) -> dict[str, str]:
    """Return the text of every file outside .git."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def make(root: Path, *arguments: str, **environment: str) -> str:
    """Run make as in a new terminal: no virtual environment is active."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "DATABASE_URL"}
    }
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=root,
        env={**env, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_listens(port: int) -> None:
    """Return as soon as a connection is accepted, which follows the start within milliseconds."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=30).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
        else:
            return


@contextmanager
def running(root: Path, port: int, **environment: str) -> Iterator[str]:
    """Run the server with the command that the README gives, and stop it with Ctrl-C."""
    server = subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    lines: list[str] = []
    try:
        for line in server.stdout:
            lines.append(line)
            if "Application startup complete" in line:
                break
        assert "Application startup complete" in lines[-1], "".join(lines)
        wait_until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGINT)
        rest, _ = server.communicate(timeout=60)
    assert "Application shutdown complete" in rest


def call(url: str, method: str = "GET", body: object = None) -> tuple[int, object]:
    """Send a request and return the status and the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urlopen(request, timeout=30) as response:
            content = response.read()
            return response.status, json.loads(content) if content else None
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def use_the_resource(root: Path, **environment: str) -> None:
    """Start the server, go through the life of a task, and find it again after a restart."""
    port = free_port()
    with running(root, port, **environment) as url:
        assert call(f"{url}/livez") == (200, {"status": "ok"})
        assert call(f"{url}/readyz") == (200, {"status": "ok"})
        status, task = call(f"{url}/v1/tasks", "POST", {"title": "Water the plants"})
        assert status == 201
        assert isinstance(task, dict)
        path = f"/v1/tasks/{task['id']}"
        assert call(f"{url}{path}", "PUT", {"title": ""})[0] == 422
        assert call(f"{url}{path}/complete", "POST")[0] == 200
        assert call(f"{url}{path}", "PUT", {"title": "Garden"})[0] == 409
    with running(root, port, **environment) as url:
        status, found = call(f"{url}{path}")
        assert (status, isinstance(found, dict) and found["title"]) == (200, "Water the plants")
        assert call(f"{url}{path}", "DELETE") == (204, None)
        assert call(f"{url}{path}")[0] == 404


@pytest.mark.slow
def test_a_new_service_on_sqlite_tests_checks_and_serves_itself(
    released: Templates, tmp_path: Path
) -> None:
    root = tmp_path / "order-desk"
    released.copy(root, "templates/service")

    tested = make(root, "test")
    assert re.search(r"\d+ passed in", tested), tested
    assert not re.search("failed|skipped|error", tested), tested
    make(root, "lint")
    use_the_resource(root)
    assert (root / "data.db").is_file()


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the test."""
    programs = [
        *Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"),
        *filter(None, [shutil.which("pg_ctl")]),
    ]
    if not programs:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    # A server refuses to run as root: the user that the package made runs it, in a folder of its own.
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    port = free_port()

    def control(*arguments: str) -> None:
        command = [str(programs[0]), "-D", str(folder / "data"), "-s", "-w", *arguments]
        subprocess.run(command, check=True, cwd=folder, user=user, stdout=subprocess.DEVNULL)

    try:
        shutil.chown(folder, user)
        control("initdb", "-o", "--auth=trust --username=postgres --no-sync --no-locale -E UTF8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control("start", "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_new_service_on_postgresql_tests_and_serves_itself(
    released: Templates, tmp_path: Path, postgresql: str
) -> None:
    root = tmp_path / "order-desk"
    released.copy(root, "templates/service", database="postgresql")

    tested = make(root, "test", DATABASE_URL=postgresql)
    assert re.search(r"\d+ passed in", tested), tested
    assert not re.search("failed|skipped|error", tested), tested
    make(root, "lint")
    use_the_resource(root, DATABASE_URL=postgresql)
    assert not (root / "data.db").exists()
