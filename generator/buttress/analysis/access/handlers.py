"""The functions that run while a request is answered: those of endpoints, and what view classes add.

A framework calls more methods of a view class than those that are named after a request, such as
``get_queryset``; and a view class answers, though nothing shows where it is routed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.access import view_methods
from buttress.analysis.access.endpoints import Endpoint, endpoints_in
from buttress.project.model import Framework, Project, Service
from buttress.source import Module
from buttress.source.nodes import Function

_CALLED_BESIDE = {
    "get_queryset": "GET",
    "get_context_data": "GET",
    "form_valid": "POST",
    "perform_create": "POST",
    "perform_update": "PUT",
    "perform_destroy": "DELETE",
}
"""What view classes call by themselves, and the request that it is mostly about."""

_VIEW_BASES = (
    "rest_framework.views.",
    "rest_framework.viewsets.",
    "rest_framework.generics.",
    "rest_framework.mixins.",
    "django.views.",
    "django.contrib.auth.mixins.",
    "flask.views.",
)
_HINTS = ("rest_framework", "django.views", "flask.views")


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that runs while a request is answered.

    Attributes:
        module: Its file.
        node: The function.
        methods: Upper case; empty where they are not known.
        paths: What it answers; empty where no route is known.
    """

    module: Module
    node: Function
    methods: frozenset[str]
    paths: tuple[str, ...]

    @property
    def reads(self) -> bool:
        """Whether it may answer a GET."""
        return not self.methods or "GET" in self.methods


def handlers(project: Project, service: Service, module: Module) -> tuple[Handler, ...]:
    """Return the functions of a file that run while requests are answered, in the order of lines."""
    known: dict[tuple[str, str], tuple[Handler, ...]] = module.kept.setdefault(handlers, {})
    key = (service.root, service.app.target)
    if key not in known:
        answering = endpoints_in(project, service, module.path)
        found = {
            endpoint.node: Handler(module, endpoint.node, endpoint.methods, endpoint.paths)
            for endpoint in answering
            if not isinstance(endpoint.node, ast.ClassDef)
        }
        if answering or any(hint in module.text for hint in _HINTS):
            is_django = service.framework is Framework.DJANGO
            for handler in _of_views(module, answering if is_django else ()):
                found.setdefault(handler.node, handler)
        known[key] = tuple(sorted(found.values(), key=lambda handler: handler.node.lineno))
    return known[key]


def _of_views(module: Module, answering: tuple[Endpoint, ...]) -> Iterator[Handler]:
    """Yield the methods of view classes: those that a route names, and those that say so themselves."""
    paths: dict[ast.AST, tuple[str, ...]] = {}
    for endpoint in answering:
        klass = endpoint.view or endpoint.node
        paths[klass] = (*paths.get(klass, ()), *endpoint.paths)
    for klass in module.nodes(ast.ClassDef):
        bases = [module.resolve(base) or "" for base in klass.bases]
        if klass not in paths and not any(base.startswith(_VIEW_BASES) for base in bases):
            continue
        for item in klass.body:
            if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            beside = _CALLED_BESIDE.get(item.name)
            methods = frozenset([beside]) if beside else view_methods.of_method(item)
            if methods or item.name == "dispatch":
                yield Handler(module, item, methods, paths.get(klass, ()))
