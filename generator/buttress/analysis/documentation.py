"""What is written down for those who come later: a README, decisions, the API."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.access.handlers import handlers
from buttress.analysis.function_bodies import calls_by_function, returns_by_function
from buttress.project.documents import text_of
from buttress.project.folders import folder_of, name_of, upwards
from buttress.project.literals import written
from buttress.project.model import Framework, Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_README = lazy_pattern(r"readme(?:\.(?:md|rst|txt|markdown|adoc))?\Z", re.IGNORECASE)
_GUIDE = lazy_pattern(
    r"(?:\A|(?:\A|/)docs?/(?:[^/]+/){0,3})[^/]*(?:develop|contributing|install|set-?_?up|hacking|getting[-_]?started|quick[-_]?start|running|usage|local)"
    r"[^/]*\.(?:md|rst|txt|adoc)\Z",
    re.IGNORECASE,
)
"""What a README that is kept short points to."""

_LEAST_CHARACTERS = 300
_COMMAND = lazy_pattern(
    r"^\s*(?:[$>#]\s*)?(?:sudo\s+)?(?:pip3?\s+install|uv\s+(?:sync|run|pip)|poetry\s+(?:install|run)|pipenv\s|pdm\s"
    r"|python3?\s+\S|uvicorn\s|fastapi\s+(?:dev|run)|flask\s+(?:--app|run|db)|gunicorn\s|docker(?:-compose|\s)|make\s+\w"
    r"|npm\s+\w|streamlit\s+run|honcho|\./\w|bash\s+\w|sh\s+\w|just\s+\w|task\s+\w|invoke\s+\w|conda\s+\w|source\s+\S)"
    r"|`(?:pip3? install|uv |poetry |python3? |uvicorn |flask |docker|make |fastapi |gunicorn )",
    re.MULTILINE,
)
_DECISIONS = lazy_pattern(
    r"(?:\A|/)(?:adrs?|decisions|architecture[-_]decisions?|decision[-_]records?|rfcs?)/[^/]+\.(?:md|rst|adoc|txt)\Z",
    re.IGNORECASE,
)
_DECISION_FILE = lazy_pattern(
    r"(?:\A|/)(?:adr[-_]?\d+[^/]*|decisions?|decision[-_]log)\.(?:md|rst|adoc)\Z", re.IGNORECASE
)
_PARTS = (
    lazy_pattern(
        r"^[#*=\s]*\**(?:context|problem|background|motivation)", re.IGNORECASE | re.MULTILINE
    ),
    lazy_pattern(
        r"^[#*=\s]*\**(?:decision|solution|proposal|chosen)", re.IGNORECASE | re.MULTILINE
    ),
)
_TEMPLATE = lazy_pattern(r"template|readme|index", re.IGNORECASE)
_SCHEMA_LIBRARIES = (
    "drf_spectacular", "drf_yasg", "flask_smorest", "apispec", "flasgger", "flask_restx", "flask_restplus",
    "apiflask", "spectree", "connexion", "ninja", "flask_openapi3", "flask_apispec", "flask_pydantic_spec",
    "quart_schema",
)  # fmt: skip
_SCHEMAS = lazy_pattern(
    rf"^\s*(?:from|import)\s+(?:{'|'.join(_SCHEMA_LIBRARIES)})\b|[\"'](?:drf_spectacular|drf_yasg|ninja)[\"']",
    re.MULTILINE,
)
_VERSION_WORD = lazy_pattern("version", re.IGNORECASE)
_VERSION = lazy_pattern(r"(?:\A|/)v\d+(?:/|\Z)|\{version\}|<version>", re.IGNORECASE)
_VERSIONING = lazy_pattern(
    r"DEFAULT_VERSIONING_CLASS|accept[-_]version|api[-_]version|VersionedFastAPI", re.IGNORECASE
)
_DATA_CALLS = frozenset(["jsonify", "JsonResponse"])


def readme_of(project: Project, service: Service) -> tuple[str, str]:
    """Return the path of the README of a service and what it lacks; nothing where all is well."""
    folders = list(upwards(service.root))
    found = [
        path
        for path in project.tree.paths
        if folder_of(path) in folders and _README.match(name_of(path))
    ]
    if not found:
        return "", "No README says how to run, test and configure this."
    texts = [text_of(project.tree, path) for path in found]
    nearest = max(found, key=lambda path: path.count("/"))
    if max(len(text.strip()) for text in texts) < _LEAST_CHARACTERS:
        return nearest, "This README is too short to say how to run, test and configure the app."
    if not any(_COMMAND.search(text) for text in texts) and not _has_guide(project):
        return nearest, "This README names no command that installs or runs the app."
    return nearest, ""


def _has_guide(project: Project) -> bool:
    """Whether a page beside the README, or among the docs, says how to install or run the app."""
    return any(
        _GUIDE.search(path) and _COMMAND.search(text_of(project.tree, path))
        for path in project.tree.paths
    )


def has_decisions(project: Project) -> bool:
    """Whether at least one decision is written down, with its context and what was decided."""
    for path in project.tree.paths:
        if not (_DECISIONS.search(path) or _DECISION_FILE.search(path)):
            continue
        if _TEMPLATE.search(name_of(path)):
            continue
        text = text_of(project.tree, path)
        if all(part.search(text) for part in _PARTS):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Undocumented:
    """What an API does not say about itself.

    Attributes:
        module: The file of its first route.
        function: The handler of that.
        message: What is missing.
    """

    module: Module
    function: Function
    message: str


def undocumented(project: Project, service: Service, modules: Modules) -> Iterator[Undocumented]:
    """Yield what an API lacks: descriptions of its routes, a schema, a version."""
    answering: list[tuple[Module, Function]] = []
    described = versioned = 0
    for module in modules:
        for handler in handlers(project, service, module):
            if not is_api(module, handler.node, service):
                continue
            answering.append((module, handler.node))
            described += ast.get_docstring(handler.node) is not None or _is_described(handler.node)
            versioned += any(_VERSION.search(path) for path in handler.paths)
    if len(answering) < 3:
        return
    module, function = answering[0]
    has_schema = service.framework is Framework.FASTAPI or any(
        _SCHEMAS.search(item.text) for item in modules.having(*_SCHEMA_LIBRARIES)
    )
    if not has_schema:
        yield Undocumented(module, function, "No schema (OpenAPI) describes this API.")
    elif described * 2 < len(answering):
        count = f"{len(answering) - described} of {len(answering)}"
        yield Undocumented(module, function, f"{count} routes of this API have no description.")
    if not versioned and not any(
        item.mentions(_VERSIONING) for item in modules.spelling(_VERSION_WORD)
    ):
        yield Undocumented(module, function, "No path or header of this API names a version.")


def is_api(module: Module, function: Function, service: Service) -> bool:
    """Whether a handler answers with data, not with a page."""
    names = {called_name(call) for call in calls_by_function(module).get(function, ())}
    pages = frozenset(["render", "render_template", "TemplateResponse", "HTMLResponse", "redirect"])
    is_page = any(
        keyword.arg == "response_class" and written(keyword.value).endswith("HTMLResponse")
        for mark in function.decorator_list
        if isinstance(mark, ast.Call)
        for keyword in mark.keywords
    )
    if is_page or names & pages:
        return False
    if service.framework is Framework.FASTAPI:
        return True
    if names & _DATA_CALLS or (service.framework is Framework.DJANGO and "Response" in names):
        return True
    return any(
        isinstance(node.value, ast.Dict) for node in returns_by_function(module).get(function, ())
    )


def _is_described(function: Function) -> bool:
    return any(
        keyword.arg in {"summary", "description"}
        for mark in function.decorator_list
        if isinstance(mark, ast.Call)
        for keyword in mark.keywords
    )
