"""What is worked out once: kept for as long as there is the file, or the tree, that it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from buttress.project.model import Project, Service
from buttress.source import Module, Tree

_P = ParamSpec("_P")
_T = TypeVar("_T")


def once_for_module(function: Callable[[Module], _T]) -> Callable[[Module], _T]:
    """Make a function keep what it says of each module."""
    known: WeakKeyDictionary[Module, _T] = WeakKeyDictionary()

    @wraps(function)
    def kept(module: Module) -> _T:
        if module not in known:
            known[module] = function(module)
        return known[module]

    return kept


def once_for_service(
    function: Callable[Concatenate[Project, Service, _P], _T],
) -> Callable[Concatenate[Project, Service, _P], _T]:
    """Make a function keep what it says of each service; its other arguments follow from these two."""
    known: WeakKeyDictionary[Tree, dict[tuple[str, str], _T]] = WeakKeyDictionary()

    @wraps(function)
    def kept(project: Project, service: Service, /, *args: _P.args, **named: _P.kwargs) -> _T:
        of_tree = known.setdefault(project.tree, {})
        key = (service.root, service.app.target)
        if key not in of_tree:
            of_tree[key] = function(project, service, *args, **named)
        return of_tree[key]

    return kept
