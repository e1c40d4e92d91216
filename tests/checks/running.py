"""One check, run on a few files as a real project is inspected."""

from __future__ import annotations

from collections.abc import Mapping

from buttress.checks.model import checks
from buttress.project import inspect_project
from buttress.scorecard import Result, inspect_service
from buttress.source import Tree

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask, request\n\napp = Flask(__name__)\n"
REQUIREMENTS = "fastapi==0.128.0\nuvicorn==0.40.0\n"

Files = Mapping[str, str]


def run(check: str, files: Files, *, is_tracked: bool = False) -> Result:
    """Return what one check says about the main service of a project."""
    tracked = frozenset(files) if is_tracked else None
    tree = Tree(files, lambda path: files[path].encode(), tracked=tracked)
    project = inspect_project(tree)
    card = inspect_service(project, project.services[0], {check: checks()[check]})
    return card.results[0]


def places(check: str, files: Files) -> list[str]:
    """Return the places of the findings; a check that finds none must have passed."""
    result = run(check, files)
    assert result.status in {"pass", "fail"}, f"{result.status}: {result.reason}"
    return [str(finding.place) for finding in result.findings]


def status(check: str, files: Files) -> str:
    """Return what became of a check."""
    return str(run(check, files).status)
