"""Versions that are installed, and what is known about them."""

from __future__ import annotations

import pytest

from buttress.analysis.dependency_facts import Pin, advisories, pins, vulnerable
from buttress.project import inspect_project
from buttress.project.model import Place
from buttress.source import Tree

APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def installed(files: dict[str, str]) -> list[tuple[str, str, int]]:
    """Return name, version and line of what is installed."""
    tree = Tree.of({"app.py": APP, **files})
    manifest = inspect_project(tree).services[0].manifest
    return [(pin.name, pin.version, pin.place.line) for pin in pins(tree, manifest)]


def test_exact_versions_of_requirements() -> None:
    text = "Flask==2.2.2\njinja2>=3\nPyYAML===6.0 ; python_version > '3'\n"

    assert installed({"requirements.txt": text}) == [("flask", "2.2.2", 1), ("pyyaml", "6.0", 3)]


def test_a_lock_file_with_windows_line_endings() -> None:
    project = '[project]\nname = "x"\nversion = "1"\ndependencies = ["flask"]\n'
    lock = 'version = 1\r\n\r\n[[package]]\r\nname = "flask"\r\nversion = "3.0.0"\r\n'

    assert installed({"pyproject.toml": project, "uv.lock": lock}) == [("flask", "3.0.0", 4)]


def test_a_lock_file_of_pipenv() -> None:
    lock = (
        '{\n  "default": {\n    "flask": {\n      "version": "==1.0.2"\n    }\n  },\n'
        '  "develop": {\n    "black": {"version": "==22.1.0"}\n  }\n}\n'
    )
    files = {"Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": lock}

    assert installed(files) == [("flask", "1.0.2", 3)]


@pytest.mark.parametrize(
    ("name", "version", "fixed"),
    [
        ("flask", "2.2.2", "2.2.5"),
        ("flask", "2.3.0", "2.3.2"),
        ("flask", "2.3.2", None),
        ("werkzeug", "2.2.2", "2.3.8"),
        ("no-such-package", "1.0", None),
        ("flask", "not a version", None),
    ],
)
def test_versions_that_advisories_are_about(name: str, version: str, fixed: str | None) -> None:
    found = list(vulnerable([Pin(name, version, Place("requirements.txt"))]))

    assert [hit.fixed for hit in found] == ([fixed] if fixed else [])


def test_the_data_says_where_it_comes_from() -> None:
    assert {"source", "licence", "date", "commit"} <= set(advisories())
