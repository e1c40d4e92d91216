"""Layers: handlers that speak to the database themselves, logic that knows of HTTP."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.access.handlers import Handler, handlers
from buttress.analysis.database.calls import Act, DatabaseCall, by_function, database_calls
from buttress.project.folders import folder_of, name_of
from buttress.project.model import Project, Service
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_MANY = 2
_STATEMENT_ACTS = frozenset([Act.READ, Act.WRITE, Act.RUN])
_LOGIC_FOLDER = lazy_pattern(
    r"(?:services?|domain|repositor(?:y|ies)|crud|use_?cases|business|logic|models?|entities)\Z"
)
_LOGIC_FILE = lazy_pattern(
    r"(?:.*_)?(?:services?|repositor(?:y|ies)|crud|domain|use_?cases|models?|entities)\.py\Z"
)
_HTTP_NAMES = frozenset(
    f"{package}.{name}"
    for package, names in (
        ("fastapi", ("Request", "HTTPException", "Response", "Depends", "APIRouter")),
        ("fastapi.responses", ("JSONResponse", "HTMLResponse", "RedirectResponse")),
        ("starlette.requests", ("Request",)),
        ("flask", ("request", "jsonify", "abort", "session", "redirect", "g", "make_response")),
        ("flask_login", ("current_user",)),
        ("django.http", ("HttpRequest", "HttpResponse", "JsonResponse", "Http404")),
        ("django.shortcuts", ("render", "redirect", "get_object_or_404")),
    )
    for name in names
)


@dataclass(frozen=True, slots=True)
class HandlerAccess:
    """A handler and what it asks of the database itself.

    Attributes:
        handler: The handler.
        calls: Its statements; commits and rollbacks are not among them.
    """

    handler: Handler
    calls: tuple[DatabaseCall, ...]

    @property
    def mixes(self) -> bool:
        """Whether it holds so many that data access and HTTP cannot change apart.

        To load one thing and to write it is the least that a handler of one thing does.
        """
        reads = sum(call.act is Act.READ for call in self.calls)
        return reads >= _MANY or len(self.calls) > _MANY


def accesses(project: Project, service: Service, module: Module) -> Iterator[HandlerAccess]:
    """Yield the handlers of a file that speak to the database themselves."""
    calls = database_calls(module, service)
    if not calls:
        return
    grouped = by_function(module, (call for call in calls if call.act in _STATEMENT_ACTS))
    for handler in handlers(project, service, module):
        own = _without_count(module, grouped.get(handler.node, []))
        if own and handler.node.name != "get_queryset":
            yield HandlerAccess(handler, tuple(own))


def _without_count(module: Module, calls: list[DatabaseCall]) -> list[DatabaseCall]:
    """Leave out the one count that stands beside a page of a list."""
    counts = [call for call in calls if "count" in module.source(call.node).lower()]
    return [call for call in calls if call not in counts] if len(counts) == 1 else calls


def is_logic(path: str) -> bool:
    """Whether the name of a file, or of a folder above it, says that it holds logic or data."""
    if _LOGIC_FILE.match(name_of(path)):
        return True
    return any(_LOGIC_FOLDER.match(part) for part in folder_of(path).split("/"))


def http_imports(module: Module, service: Service) -> Iterator[tuple[ast.ImportFrom, str]]:
    """Yield the imports by which a module of logic learns of HTTP, one for every module.

    A module with routes of its own, with dependencies (``Depends``), or with handlers of errors is
    part of the HTTP layer whatever its folder is called.
    """
    if not is_logic(module.path) or service.routes_in(module.path):
        return
    found: list[tuple[ast.ImportFrom, str]] = []
    for binding in module.imports:
        if isinstance(binding.node, ast.ImportFrom) and binding.target in _HTTP_NAMES:
            name = binding.target.rpartition(".")[2]
            if name in {"Depends", "APIRouter", "Response", "HTMLResponse", "RedirectResponse"}:
                return
            if _is_used(module, binding.local):
                found.append((binding.node, name))
    if found and not _is_glue(module):
        yield found[0]


def _is_used(module: Module, name: str) -> bool:
    return any(node.id == name for node in module.nodes(ast.Name))


def _is_glue(module: Module) -> bool:
    """Whether a module is about HTTP by trade: security, middleware, handlers of errors."""
    name = name_of(module.path).removesuffix(".py")
    return bool(
        re.search(
            r"auth|security|depend|deps|middleware|exception|error|handler|decorator|permission"
            r"|limit|context|response|request|template|factory|plugin|extension|login|session",
            name,
        )
    )
