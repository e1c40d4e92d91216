"""The Python version: declared, deployed, pinned, or implied by the syntax."""

import pytest

from tests.project.trees import FASTAPI, service


def python(files: dict[str, str | bytes], code: str = "") -> tuple[str, str, str] | None:
    """Return the version, the place and the reason."""
    fact = service({"main.py": FASTAPI + code, "requirements.txt": "fastapi", **files}).python
    return None if fact is None else (fact.value, str(fact.place), fact.reason)


IMAGE = "FROM python:3.12-slim\nCMD uvicorn main:app\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"pyproject.toml": "[project]\nname='x'\nrequires-python = '==3.11.*'\n"}, "3.11"),
        ({"pyproject.toml": "[project]\nname='x'\nrequires-python = '>=3.10,<4'\n"}, "3.10"),
        ({"pyproject.toml": "[tool.poetry.dependencies]\npython = '^3.9'\nfastapi = '*'\n"}, "3.9"),
        ({"pyproject.toml": "[project]\nname='x'\nclassifiers = ['Programming Language :: Python :: 3.9', 'Programming Language :: Python :: 3.12']\n"}, "3.12"),
        ({"Pipfile": "[packages]\nfastapi='*'\n[requires]\npython_version = '3.12'\n"}, "3.12"),
        ({".python-version": "3.13\n"}, "3.13"),
        ({".python-version": "# ours\npypy3.9\n3.11.2\n"}, "3.11"),
        ({"runtime.txt": "python-3.11.4\n"}, "3.11"),
        ({".replit": "run = 'x'\nmodules = ['nodejs-20', 'python-3.11']\n"}, "3.11"),
        ({".tool-versions": "nodejs 20\npython 3.12.1\n"}, "3.12"),
        ({"Dockerfile": IMAGE}, "3.12"),
        ({"Dockerfile": "ARG V=3.11-slim\nFROM python:${V} AS base\nFROM base\nCMD uvicorn main:app"}, "3.11"),
        ({"Dockerfile": "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim\nCMD uvicorn main:app"}, "3.12"),
        ({"Dockerfile": "FROM registry.example.com:5000/library/python:3.10\nCMD uvicorn main:app"}, "3.10"),
        ({"Dockerfile": "FROM python:slim\nCMD uvicorn main:app"}, None),
        ({"Dockerfile": "FROM node:20\nCMD npm start"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_where_it_is_read(files: dict[str, str | bytes], expected: str | None) -> None:
    found = python(files)
    assert (found[0] if found else None) == expected


def test_what_runs_wins_over_a_lower_bound() -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[project]\nname='x'\nrequires-python = '>=3.10'\n",
        "Dockerfile": IMAGE,
    }
    assert python(files) == ("3.12", "Dockerfile:1", "Dockerfile FROM")


def test_an_exact_declaration_wins_over_an_image_that_contradicts_it() -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[project]\nname='x'\nrequires-python = '==3.11.*'\n",
        "Dockerfile": "FROM python:3.14\nCMD uvicorn main:app\n",
    }
    assert python(files) == ("3.11", "pyproject.toml:3", "requires-python (exact)")


def test_an_image_older_than_the_declared_bound_is_not_believed() -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[project]\nname='x'\nrequires-python = '>=3.12'\n",
        "Dockerfile": "FROM python:3.9\nCMD uvicorn main:app\n",
    }
    assert python(files) == ("3.12", "pyproject.toml:3", "requires-python")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("match x:\n    case 1: ...\n", ("3.10", "main.py:4", "at least: match statement")),
        ("def f(x: int | None): ...\n", ("3.10", "main.py:4", "at least: X | Y in an annotation")),
        ("try: ...\nexcept* OSError: ...\n", ("3.11", "main.py:4", "at least: except*")),
        ("def f(x): ...\n", None),
    ],
)
def test_else_the_syntax_speaks(code: str, expected: tuple[str, str, str] | None) -> None:
    assert python({}, code) == expected


def test_versions_of_another_part_of_the_repository_do_not_count() -> None:
    found = service(
        {
            "backend/main.py": FASTAPI,
            "backend/requirements.txt": "fastapi",
            "pyproject.toml": "[project]\nname='console'\nrequires-python='>=3.13'\ndependencies=['rich']\n",
            ".python-version": "3.13",
        }
    )
    assert found.python is None


def test_all_evidence_is_kept() -> None:
    files = {
        "main.py": FASTAPI,
        "pyproject.toml": "[project]\nname='x'\ndependencies=['fastapi']\nrequires-python='>=3.10'\n",
        "Dockerfile": IMAGE,
        ".python-version": "3.13",
    }
    assert [fact.value for fact in service(files).python_evidence] == ["3.12", "3.13", "3.10"]
