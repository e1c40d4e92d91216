"""Answers that are worked out from facts: recipes name a provider, the engine has its code.

A provider looks at the project as it is when its recipe's turn comes, and returns plain data (text,
numbers, lists, mappings) that goes into the answers file, so that an update renders from the same.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

from buttress.project.model import Project, Service

Provider = Callable[[Project, Service], object]
_AnyProvider = TypeVar("_AnyProvider", bound=Provider)

_PROVIDERS: dict[str, Provider] = {}


def answer(name: str) -> Callable[[_AnyProvider], _AnyProvider]:
    """Register the provider that recipes call ``name``."""

    def register(function: _AnyProvider) -> _AnyProvider:
        if name in _PROVIDERS:
            raise ValueError(f"two providers are called {name}")
        _PROVIDERS[name] = function
        return function

    return register


@cache
def providers() -> Mapping[str, Provider]:
    """Return all providers by name; the modules of this package are imported on the first call."""
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")
    return dict(sorted(_PROVIDERS.items()))
