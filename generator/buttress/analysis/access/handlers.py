"""The functions that answer requests, with what is known about the routes they answer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from buttress.project.model import Framework, Route, Service
from buttress.source import Module
from buttress.source.nodes import Function

_VIEW_METHODS = frozenset(
    ["get", "post", "put", "patch", "delete", "list", "retrieve", "create", "update",
     "partial_update", "destroy", "dispatch", "form_valid", "get_context_data", "get_queryset",
     "perform_create", "perform_update", "perform_destroy"]
)  # fmt: skip
_READING_METHODS = frozenset(["get", "list", "retrieve", "get_context_data", "get_queryset"])
_VIEW_BASES = (
    "rest_framework.views.",
    "rest_framework.viewsets.",
    "rest_framework.generics.",
    "rest_framework.mixins.",
    "django.views.",
    "django.contrib.auth.mixins.",
    "flask.views.",
)


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that answers requests.

    Attributes:
        module: Its file.
        node: The function.
        routes: What it answers; empty where a router of a framework decides that.
        reads: Whether it may answer a GET.
    """

    module: Module
    node: Function
    routes: tuple[Route, ...]
    reads: bool


_KNOWN: WeakKeyDictionary[Module, dict[tuple[str, str], tuple[Handler, ...]]] = WeakKeyDictionary()


def handlers(module: Module, service: Service) -> tuple[Handler, ...]:
    """Return the functions of a file that answer requests, methods of view classes among them."""
    known = _KNOWN.setdefault(module, {})
    key = (service.root, service.app.target)
    if key not in known:
        known[key] = tuple(_handlers(module, service))
    return known[key]


def _handlers(module: Module, service: Service) -> Iterator[Handler]:
    routes = service.routes_in(module.path)
    if not routes and not _may_hold_views(module, service):
        return
    by_name: dict[str, list[Route]] = {}
    for route in routes:
        by_name.setdefault(route.handler, []).append(route)
    views = view_classes(module, by_name)
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        holder = module.parent(function)
        if isinstance(holder, ast.ClassDef) and holder in views:
            if function.name in _VIEW_METHODS or _is_action(function):
                answered = by_name.get(holder.name, by_name.get(f"{holder.name}.{function.name}"))
                reads = function.name in _READING_METHODS
                yield Handler(module, function, tuple(answered or ()), reads)
            continue
        answered = by_name.get(module.symbol(function)) if by_name else None
        if answered:
            methods = {method for route in answered for method in route.methods}
            yield Handler(module, function, tuple(answered), not methods or "GET" in methods)


def view_classes(module: Module, names: object = ()) -> set[ast.ClassDef]:
    """Return the classes of a file whose methods answer requests.

    Args:
        module: The file.
        names: A container of the names of classes that routes name.
    """
    known = names if isinstance(names, dict | set | frozenset) else {}
    return {
        node
        for node in module.nodes(ast.ClassDef)
        if node.name in known
        or any((module.resolve(base) or "").startswith(_VIEW_BASES) for base in node.bases)
    }


def _may_hold_views(module: Module, service: Service) -> bool:
    if service.framework is Framework.DJANGO:
        return "rest_framework" in module.text or "django.views" in module.text
    return "flask.views" in module.text


def _is_action(function: Function) -> bool:
    """Whether a method of a view set is marked as an action of its own."""
    return any(
        isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "action"
        for mark in function.decorator_list
    )
