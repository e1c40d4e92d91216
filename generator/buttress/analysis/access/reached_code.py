"""The code that an endpoint reaches: its own, and that of what it calls in the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.endpoints import Endpoint, once_for_endpoint
from buttress.analysis.definitions import classes_of, definitions_of
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

Definition = Function | ast.ClassDef

_CHECKING = lazy_pattern(r"Form|Serializer|Schema")


@once_for_endpoint
def reached(
    project: Project, service: Service, endpoint: Endpoint
) -> tuple[tuple[Module, Definition], ...]:
    """Return an endpoint, and the functions and forms of the project that it calls, each once."""
    return tuple(_reached(project, service, endpoint))


def _reached(
    project: Project, service: Service, endpoint: Endpoint
) -> Iterator[tuple[Module, Definition]]:
    own = own_modules(project.tree)
    module, node = endpoint.module, endpoint.node
    yield module, node
    seen = {(module.path, node.lineno)}
    for call in module.inside(node):
        if isinstance(call, ast.Call):
            called = (
                *definitions_of(own, service, module, call.func),
                *(
                    (other, klass)
                    for other, klass in classes_of(own, service, module, call.func)
                    if _CHECKING.search(klass.name)
                ),
            )
            for other, definition in called:
                if (other.path, definition.lineno) not in seen:
                    seen.add((other.path, definition.lineno))
                    yield other, definition


@once_for_endpoint
def reached_text(project: Project, service: Service, endpoint: Endpoint) -> str:
    """Return the code of an endpoint, and of the functions and forms of the project that it calls."""
    (module, node), *called = reached(project, service, endpoint)
    parts = [module.source(node)]
    parts += [module.source(mark) for mark in node.decorator_list]
    parts += _queries(endpoint)
    parts += [other.source(definition) for other, definition in called]
    return "\n".join(parts)


def _queries(endpoint: Endpoint) -> list[str]:
    """Return where a view set looks for the object that ``self.get_object()`` gives."""
    module, view = endpoint.module, endpoint.view
    if view is None or "self.get_object(" not in module.source(endpoint.node):
        return []
    return [
        module.source(item)
        for item in view.body
        if isinstance(item, ast.FunctionDef) and item.name == "get_queryset"
    ]


def head(endpoint: Endpoint) -> str:
    """Return the ``def`` of an endpoint as it is written, with its parameters."""
    node, module = endpoint.node, endpoint.module
    if isinstance(node, ast.ClassDef):
        return ""
    return module.text[module.span(node)[0] : module.span(node.body[0])[0]]


def signature(endpoint: Endpoint) -> str:
    """Return the decorators and parameters of an endpoint, and the attributes of its view class."""
    node = endpoint.node
    if isinstance(node, ast.ClassDef):
        return ""
    marks = [endpoint.module.source(mark) for mark in node.decorator_list]
    view = endpoint.view
    attributes = (
        [endpoint.module.source(item) for item in view.body if isinstance(item, ast.Assign)]
        if view is not None
        else []
    )
    return " ".join([*marks, head(endpoint), *attributes])
