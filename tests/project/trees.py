"""Trees in memory, and what inspection says about them."""

from __future__ import annotations

from collections.abc import Mapping

from buttress.project import inspect_project
from buttress.project.model import Project, Service
from buttress.source import Tree

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"
FACTORY = """\
from flask import Flask


def create_app():
    app = Flask(__name__)
    return app
"""

Files = Mapping[str, str | bytes]


def project(files: Files) -> Project:
    """Return the facts about files."""
    return inspect_project(Tree.of(files))


def service(files: Files) -> Service:
    """Return the only service of a project."""
    (only,) = project(files).services
    return only


def routes(files: Files) -> list[str]:
    """Return the routes of the only service as ``GET /items``, sorted."""
    found = service(files).routes
    return sorted(f"{','.join(r.methods)} {r.path}{'' if r.is_complete else ' ?'}" for r in found)
