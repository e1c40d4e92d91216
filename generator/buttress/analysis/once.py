"""What is worked out once: kept with the file, or the tree, that it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from buttress.project.model import Project, Service
from buttress.source import Module, Tree
from buttress.source.keeping import Keeping

_P = ParamSpec("_P")
_T = TypeVar("_T")
_K = TypeVar("_K", bound=Keeping)


def once_for_module(
    function: Callable[Concatenate[Module, _P], _T],
) -> Callable[Concatenate[Module, _P], _T]:
    """Make a function keep what it says of each module, for each of its other arguments."""
    return _once(function)


def once_for_tree(function: Callable[[Tree], _T]) -> Callable[[Tree], _T]:
    """Make a function keep what it says of each tree."""
    return _once(function)


def _once(
    function: Callable[Concatenate[_K, _P], _T],
) -> Callable[Concatenate[_K, _P], _T]:
    @wraps(function)
    def kept(owner: _K, /, *args: _P.args, **named: _P.kwargs) -> _T:
        known: dict[object, _T] = owner.kept
        key = (function, *args) if args else function
        if key not in known:
            known[key] = function(owner, *args, **named)
        return known[key]

    return kept


def once_for_service(
    function: Callable[Concatenate[Project, Service, _P], _T],
) -> Callable[Concatenate[Project, Service, _P], _T]:
    """Make a function keep what it says of each service; its other arguments follow from these two."""

    @wraps(function)
    def kept(project: Project, service: Service, /, *args: _P.args, **named: _P.kwargs) -> _T:
        known: dict[object, _T] = project.tree.kept
        key = (function, service.root, service.app.place.path, service.app.target)
        if key not in known:
            known[key] = function(project, service, *args, **named)
        return known[key]

    return kept
