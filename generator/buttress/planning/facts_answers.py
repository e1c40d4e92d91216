"""Answers that facts give: what every unit of templates is told about the service."""

from __future__ import annotations

import posixpath
import re

from buttress.planning.stored import stored_units
from buttress.project.model import Project, Role, Service
from buttress.source.patterns import lazy_pattern

_DATABASES = frozenset(["sqlite", "postgresql", "mysql", "mongodb"])
_TEST = lazy_pattern(r"^\s*(async\s+)?def\s+test", re.MULTILINE)
_PYTHON = lazy_pattern(r"3\.[0-9]+\Z")


def fact_answers(project: Project, service: Service) -> dict[str, object]:
    """Return the answers to the questions that are never asked; what is unknown is left out."""
    manifest, app = service.manifest, service.app
    answers: dict[str, object] = {
        "project_name": project_name(project, service),
        "framework": str(service.framework),
        "service_root": service.root or ".",
        "import_root": _inside(service.import_root, service.root),
        "package_dir": _inside(service.package_folder, service.root),
        "package": service.package,
        "app_target": app.target,
        "app_is_factory": app.is_factory,
        "manager": str(manifest.manager) if manifest else "none",
        "manifest": _inside(manifest.path, service.root) if manifest else "",
        "lock_file": _inside(manifest.lock, service.root) if manifest and manifest.lock else "",
        "database": _database(service),
        "has_tests": has_tests(project, service),
    }
    if service.python and _PYTHON.match(service.python.value):
        answers["python_version"] = service.python.value
    if service.port and service.port.value.isdigit():
        answers["port"] = int(service.port.value)
    return answers


def _inside(path: str, root: str) -> str:
    return posixpath.relpath(path or ".", root or ".")


def _database(service: Service) -> str:
    return next((fact.value for fact in service.databases if fact.value in _DATABASES), "")


def has_tests(project: Project, service: Service) -> bool:
    """Whether the service has a Python file of tests, not only what supports them.

    Django makes a ``tests.py`` for every app; it counts when there is a test in it.
    """
    for path in service.files(Role.TEST):
        name = path.rsplit("/", 1)[-1]
        if name.startswith("test_") or name.endswith("_test.py"):
            return True
        text = project.tree.text(path) if name == "tests.py" else None
        if text is not None and _TEST.search(text.content):
            return True
    return False


def project_name(project: Project, service: Service) -> str:
    """Return a slug for the project: as recorded before, as its manifest says, else its folder's name."""
    for answers in stored_units(project.tree).values():
        known = answers.get("project_name")
        if isinstance(known, str) and known:
            return known
    folder = project.tree.root.name if project.tree.root is not None else ""
    for name in (_declared_name(project, service), folder):
        slug = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")[:40].strip("-")
        if slug:
            return slug
    return "service"


def _declared_name(project: Project, service: Service) -> str | None:
    if service.manifest is None or not service.manifest.path.endswith("pyproject.toml"):
        return None
    text = project.tree.text(service.manifest.path)
    if text is None:
        return None
    from buttress.source.refusal import RefusedError
    from buttress.source.toml_editor import lookup

    for path in (("project", "name"), ("tool", "poetry", "name")):
        try:
            name = lookup(text.content, path)
        except RefusedError:
            return None
        if isinstance(name, str):
            return name
    return None
