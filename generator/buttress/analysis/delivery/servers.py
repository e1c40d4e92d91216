"""How the app is started where it is deployed."""

from __future__ import annotations

import ast
import re

from buttress.project.documents import text_of
from buttress.project.folders import folder_of, join, name_of
from buttress.project.model import Fact, Framework, Project, Service
from buttress.source.patterns import lazy_pattern

_LOCAL = lazy_pattern(r"README|Makefile|justfile|script |package\.json|\.replit|pyproject")
_RELOADS = lazy_pattern(r"\s--reload\b|\s--debug\b")
_DEVELOPMENT = lazy_pattern(r"\bfastapi\s+dev\b|\bmanage\.py\s+runserver\b|\brunserver\b")
_FLASK_RUN = lazy_pattern(r"\bflask\b.*\srun\b")
_PIPFILE_PYTHON = lazy_pattern(r"^python_(?:full_)?version\s*=", re.MULTILINE)
_REPLIT_PYTHON = lazy_pattern(r"""["']python-3\.\d+""")
_RUNS_FILE = lazy_pattern(r"(?:^|/)(?:python|pypy)[\d.]*\s+(?:-\S+\s+)*(\S+\.py)\b")


def _deployed_commands(service: Service) -> list[Fact]:
    """Return the commands of images, platforms and process managers, one for each file.

    Where a file has several (stages of an image), the strongest one counts.
    """
    found: dict[str, Fact] = {}
    for fact in service.entry_commands:
        is_local = _LOCAL.match(fact.reason) or _LOCAL.match(name_of(fact.place.path))
        is_compose = fact.reason.startswith("compose") and "prod" not in fact.place.path
        # nothing says that a script which stands alone runs anywhere but here
        is_alone = fact.place.path.endswith(".sh") and fact.reason == name_of(fact.place.path)
        if is_local or is_compose or is_alone:
            continue
        known = found.setdefault(fact.place.path, fact)
        # a script with a branch for development has another one, too
        is_branch = fact.place.path.endswith(".sh") and fact.reason == known.reason
        if is_branch and _RELOADS.search(known.value) and not _RELOADS.search(fact.value):
            found[fact.place.path] = fact
    return list(found.values())


def development_starts(project: Project, service: Service) -> list[tuple[Fact, str]] | None:
    """Return deployed commands that start a development server, each with the reason.

    ``None`` where nothing says how the app is started.
    """
    commands = _deployed_commands(service)
    if not commands:
        return None
    found = []
    for fact in commands:
        if name_of(fact.place.path) == "vercel.json":
            continue  # it imports the app, and runs no file
        why = _why(project, service, fact.value)
        if why:
            found.append((fact, why))
    return found


def _why(project: Project, service: Service, command: str) -> str:
    if _DEVELOPMENT.search(command) or _FLASK_RUN.search(command):
        return "What is deployed starts a development server."
    if _RELOADS.search(command):
        return "What is deployed watches its files and reloads, as in development."
    match = _RUNS_FILE.search(command)
    start = service.start_file
    if match is None or start is None or name_of(match[1]) != name_of(start.path):
        return ""
    if service.framework is Framework.FLASK:
        return f"What is deployed runs {start}, which starts Flask's development server."
    return _reloads(project, start.path, start.line)


def _reloads(project: Project, path: str, line: int) -> str:
    module = project.tree.module(path)
    for call in module.nodes(ast.Call):
        for keyword in call.keywords:
            is_on = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if call.lineno == line and keyword.arg == "reload" and is_on:
                return f"What is deployed runs {path}, which reloads as in development."
    return ""


def starts_by_buildpack(project: Project, service: Service) -> bool:
    """Whether a platform builds the runtime: a start command and a pinned Python beside it.

    A ``Procfile`` with ``runtime.txt``, ``.python-version`` or the version in a ``Pipfile``, the Python
    builder of Vercel, or a deployment on Replit with a module of one Python.
    """
    for fact in service.entry_commands:
        name = name_of(fact.place.path)
        folder = folder_of(fact.place.path)
        if name == "Procfile":
            pins = (join(folder, "runtime.txt"), join(folder, ".python-version"))
            if any(text_of(project.tree, path).strip() for path in pins):
                return True
            if _PIPFILE_PYTHON.search(text_of(project.tree, join(folder, "Pipfile"))):
                return True
    folders = {service.root, ""}
    for path in project.tree.named("vercel.json", ".replit"):
        text = text_of(project.tree, path)
        is_built = "@vercel/python" in text or (
            "[deployment]" in text and _REPLIT_PYTHON.search(text) is not None
        )
        if is_built and folder_of(path) in folders:
            return True
    return False
