"""Files that are large, deep or wild: the command line says something, soon, and with little memory."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get('/a')\ndef a(q: str) -> str:\n    return q\n"
SECONDS, BYTES = (
    60,
    3 << 30,
)  # generous, because a slow machine is no failure: what is not bounded takes hours
DEEP = 5000


def nested_lists(levels: int) -> str:
    """Return the YAML whose aliases stand for more elements than there are atoms."""
    names = "abcdefghijklmnop"[: levels + 1]
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for below, name in pairwise(names):
        lines.append(f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]")
    return "\n".join(lines) + "\n"


LAUGHS = nested_lists(12)
DOUBLED = "".join(f"    a{n + 1} = a{n} + a{n}\n" for n in range(60))

CODE = {
    "parentheses": "x = " + "(" * DEEP + "1" + ")" * DEEP,
    "operators": "x = " + " + ".join(["a"] * DEEP),
    "attributes": "x = a" + ".b" * DEEP,
    "calls": "x = a" + ".b()" * 900,
    "elif": "if a:\n    pass\n" + "elif b:\n    pass\n" * DEEP,
    "if": "".join(" " * n + "if a:\n" for n in range(95)) + " " * 95 + "pass\n",
    "not": "x = " + "not " * DEEP + "a",
    "lambda": "x = " + "lambda: " * DEEP + "a",
    "conditions": "x = " + "a if b else " * 900 + "c",
    "comparisons": "x = " + " < ".join(["a"] * 50_000),
    "one line": "x = [" + "1," * 440_000 + "]",
    "one string": 'x = "' + "aB3/" * 220_000 + '"',
    "one dictionary": "x = {" + ",".join(f'"k{n}": "v{n}"' for n in range(40_000)) + "}",
    "one name": "_" * 900_000 + " = 1",
    "doubled": f'@app.get("/z")\ndef g(q: str):\n    a0 = "0123456789"\n{DOUBLED}    db.execute(a60 + q)\n',
    "large numbers": 'x = 10 ** 10 ** 10\ny = 1 << 10 ** 10\nz = "a" * 10 ** 10\n',
    "one name for all": "def run(a):\n    return run(a)\n" * 3000,
    "each calls the next": "".join(f"def f{n}(a):\n    return f{n + 1}(a)\n" for n in range(3000)),
    "newer syntax": "type X = int\n" + "x = 1\n" * 100_000 + "def f(:\n",
    "words": "# " + "password = " * 80_000,
}
FILES = {
    "aliases in a workflow": (".github/workflows/ci.yml", f"on: push\n{LAUGHS}jobs: *m\n"),
    "aliases in steps": (
        ".github/workflows/ci.yml",
        f"on: push\n{LAUGHS}jobs:\n  a:\n    runs-on: x\n    env: *m\n    steps: *m\n",
    ),
    "aliases in compose": ("compose.yaml", f"{LAUGHS}services: *m\n"),
    "an alias of itself": (".github/workflows/ci.yml", "on: push\njobs: &a\n  x: *a\n"),
    "brackets in YAML": (".github/workflows/ci.yml", "on: push\njobs: " + "[" * 50_000),
    "braces in YAML": ("compose.yaml", "services: " + "{a: " * 3000 + "}" * 3000),
    "a large workflow": (
        ".github/workflows/ci.yml",
        "on: push\njobs:\n  a:\n    steps:\n" + "      - run: echo\n" * 20_000,
    ),
    "a large pyproject": (
        "pyproject.toml",
        '[project]\nname = "x"\ndependencies = [\n'
        + "".join(f'  "p{n}>=1",\n' for n in range(35_000))
        + "]\n",
    ),
    "a deep key in TOML": ("pyproject.toml", "a" + ".a" * 100_000 + " = 1\n"),
    "brackets in TOML": ("pyproject.toml", "a = " + "[" * 100_000),
    "a large Pipfile": (
        "Pipfile",
        "[packages]\n" + "".join(f'a{n} = "*"\n' for n in range(40_000)),
    ),
    "many requirements": ("requirements.txt", "".join(f"p{n}==1.{n}\n" for n in range(45_000))),
    "one requirement": ("requirements.txt", "a[" + "x," * 400_000),
    "requirements of themselves": (
        "requirements.txt",
        "-r requirements.txt\n-r ./requirements.txt\n",
    ),
    "brackets in JSON": ("package.json", "[" * 400_000),
    "a large package.json": (
        "package.json",
        '{"dependencies": {' + ",".join(f'"p{n}": "1"' for n in range(40_000)) + "}}",
    ),
    "a long Dockerfile": ("Dockerfile", "FROM python:3.12\n" + "RUN echo a\n" * 40_000),
    "many stages": ("Dockerfile", "".join(f"FROM a{n} AS a{n + 1}\n" for n in range(20_000))),
    "variables that double": (
        "Dockerfile",
        "FROM a\nENV A=0123456789\n" + "ENV A=$A$A\n" * 60 + "CMD $A\n",
    ),
    "quotes in a script": ("run.sh", "uvicorn " + '"' * 100_001),
    "substitutions in a script": ("run.sh", "$(" * 100_000),
    "a slow ignore pattern": (".gitignore", "a*" * 200 + "b\n"),
    "interpolations in Terraform": ("main.tf", 'a = "' + "${" * 200_000),
    "a folder far below": ("/".join(["d"] * 900) + "/" + "a" * 200 + ".py", "x = 1\n"),
}


def limit() -> None:
    """Stop what is not bounded."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def inspect(root: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line on a folder, within limits."""
    command = [sys.executable, "-m", "buttress", "inspect", os.fspath(root), "--no-cache", *options]
    return subprocess.run(command, capture_output=True, check=False, preexec_fn=limit)


def write(root: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


@pytest.mark.parametrize("code", CODE.values(), ids=CODE.keys())
def test_code(tmp_path: Path, code: str) -> None:
    root = write(
        tmp_path / "r", {"main.py": APP, "other.py": code, "requirements.txt": "fastapi\n"}
    )
    done = inspect(root, "--format", "json")

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["service"]["app"] == "main:app"


@pytest.mark.parametrize("code", CODE.values(), ids=CODE.keys())
def test_code_of_the_app_itself(tmp_path: Path, code: str) -> None:
    root = write(tmp_path / "r", {"main.py": APP + code, "requirements.txt": "fastapi\n"})
    done = inspect(root, "--format", "json")

    # what cannot be parsed has no app in it, which is said in one sentence
    assert done.returncode in {0, 3}, done.stderr.decode()
    assert (b"main.py" in done.stderr) == (done.returncode == 3)


@pytest.mark.parametrize(("path", "content"), FILES.values(), ids=FILES.keys())
def test_other_files(tmp_path: Path, path: str, content: str) -> None:
    root = write(tmp_path / "r", {"main.py": APP, "requirements.txt": "fastapi\n", path: content})
    if path == ".gitignore":
        write(root, {"a" * 200: ""})
    done = inspect(root, "--format", "json")

    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["service"]["app"] == "main:app"


def test_fifty_thousand_files(tmp_path: Path) -> None:
    root = write(tmp_path / "r", {"main.py": APP})
    for number in range(500):
        (root / f"d{number}").mkdir()
        for other in range(100):
            (root / f"d{number}" / f"{other}.{'py' if other % 5 == 0 else 'txt'}").write_text(
                "x = 1\n"
            )
    done = inspect(root, "--format", "json")

    assert done.returncode == 0, done.stderr.decode()


def test_pipes_in_place_of_what_is_read(tmp_path: Path) -> None:
    root = write(tmp_path / "r", {"main.py": APP})
    for name in (".gitignore", "pyproject.toml", "Dockerfile", "compose.yaml", ".env", "setup.cfg"):
        os.mkfifo(root / name)
    done = inspect(root, "--format", "json")

    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture
def wild(tmp_path: Path) -> Iterator[Path]:
    """A project whose names would take over a terminal."""
    root = write(
        tmp_path / "r",
        {
            "main.py": APP,
            "a\nb.py": "import subprocess\nsubprocess.run(input(), shell=True)\n",
            "\x1b[2J\x1b]0;title\x07.py": "def broken(:\n",
            "\u202eyp.tset.py": "def broken(:\n",
            "nul.py": "x = '\0'\n",
        },
    )
    os.close(os.open(os.fsencode(root) + b"/\xff\xfe.py", os.O_CREAT | os.O_WRONLY))
    with socket.socket(socket.AF_UNIX):
        yield root


@pytest.mark.parametrize("format_", ["terminal", "json", "markdown", "sarif", "junit"])
def test_no_name_reaches_the_terminal_raw(wild: Path, format_: str) -> None:
    done = inspect(wild, "--format", format_)

    assert done.returncode == 0, done.stderr.decode()
    shown = done.stdout.decode() + done.stderr.decode()
    assert "\x1b" not in shown
    assert "\x07" not in shown
    if format_ == "terminal":
        assert "\u202e" not in shown


def test_an_error_shows_no_name_raw(tmp_path: Path) -> None:
    done = inspect(tmp_path / "\x1b[2Jno\u202esuch")

    assert done.returncode == 2
    assert b"\x1b" not in done.stderr
