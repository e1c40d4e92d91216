"""The methods that a Django view answers, as the view says and not the URL.

``@require_POST``, ``request.method == "POST"``, the functions of a class, ``CreateView``.
"""

from __future__ import annotations

import ast

from buttress.analysis.definitions import classes_of
from buttress.project.django_views import ROUTER_ACTIONS, assigned, methods_of
from buttress.project.literals import argument, strings_in
from buttress.project.model import Service
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_BY_NAME = {
    **{verb: verb.upper() for verb in ("get", "post", "put", "patch", "delete")},
    **{name: method for name, (method, _) in ROUTER_ACTIONS.items()},
}
_BROUGHT = {
    "CreateView": {"GET", "POST"},
    "UpdateView": {"GET", "POST"},
    "DeleteView": {"GET", "POST"},
    "FormView": {"GET", "POST"},
    "CreateAPIView": {"POST"},
    "DestroyAPIView": {"DELETE"},
    "UpdateAPIView": {"PUT", "PATCH"},
    "ListCreateAPIView": {"GET", "POST"},
    "RetrieveUpdateAPIView": {"GET", "PUT", "PATCH"},
    "RetrieveDestroyAPIView": {"GET", "DELETE"},
    "RetrieveUpdateDestroyAPIView": {"GET", "PUT", "PATCH", "DELETE"},
    "ModelViewSet": {"GET", "POST", "PUT", "PATCH", "DELETE"},
    "CreateModelMixin": {"POST"},
    "UpdateModelMixin": {"PUT", "PATCH"},
    "DestroyModelMixin": {"DELETE"},
}
"""What views inherit from classes of the frameworks; those that only show something are left out."""

_DEEPEST = 4
_NAMED = lazy_pattern(r"request\.(?:POST|FILES)\b|request\.method\s*==\s*['\"](\w+)['\"]")


def of_function(module: Module, function: Function) -> frozenset[str]:
    """Return the methods that a view function answers: those it demands, else those it asks about."""
    demanded = methods_of(function)
    if demanded:
        return frozenset(demanded)
    named = {(found[1] or "POST").upper() for found in _NAMED.finditer(module.source(function))}
    return frozenset(named | {"GET"})


def of_method(function: Function) -> frozenset[str]:
    """Return the methods under which a view class calls a function of its own; nothing for others."""
    if function.name in _BY_NAME:
        return frozenset([_BY_NAME[function.name]])
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and called_name(mark) == "action":
            given = argument(mark, 0, "methods")
            return frozenset(text.upper() for text in strings_in(given)) or frozenset(["GET"])
    return frozenset()


def inherited(
    own: OwnModules, service: Service, module: Module, klass: ast.ClassDef, depth: int = 0
) -> frozenset[str]:
    """Return the methods that a view class answers by what its bases bring."""
    found: set[str] = set()
    for base in klass.bases:
        dotted = module.resolve(base) or ""
        if dotted.startswith(("django.", "rest_framework.")):
            found |= _BROUGHT.get(dotted.rpartition(".")[2], set())
        elif depth < _DEEPEST:
            for other, definition in classes_of(own, service, module, base):
                found |= inherited(own, service, other, definition, depth + 1)
    allowed = assigned(klass, "http_method_names")
    if allowed is not None:
        found &= {text.upper() for text in strings_in(allowed)}
    return frozenset(found)
