"""Projects in memory, inspected as real ones are."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.source import Tree

FASTAPI_APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/items")
def items() -> list[str]:
    return []
"""


def project_of(files: Mapping[str, str]) -> tuple[Project, Service]:
    """Return the facts of a few files, and the only service in them."""
    tree = Tree.of({path: dedent(text) for path, text in files.items()})
    project = inspect_project(tree)
    return project, select_service(project)
