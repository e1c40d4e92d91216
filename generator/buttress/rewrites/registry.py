"""The mechanism that rewrites register with: for node types of modules, or for the whole service."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from buttress.project.model import Project, Role, Service
from buttress.rewrites.outcomes import Outcome
from buttress.source import Draft, Module


@dataclass(frozen=True)
class Context:
    """What a rewrite may look at.

    Attributes:
        project: The facts about the draft as it is now.
        service: The service that is hardened.
        draft: The files as they are now, with what earlier recipes changed. Read only.
        answers: The recipe's answers, by the name of their question.
        owned: Paths that recipes own; a rewrite leaves them alone.
    """

    project: Project
    service: Service
    draft: Draft
    answers: Mapping[str, object] = field(default_factory=dict)
    owned: frozenset[str] = frozenset()

    def modules(self, *words: str) -> Iterator[Module]:
        """Yield the app's modules that are not owned and hold one of the words; all without words."""
        for path in self.service.files(Role.APP):
            text = self.draft.text(path)
            if path in self.owned or text is None:
                continue
            if words and not any(word in text.content for word in words):
                continue
            module = self.draft.module(path)
            if module.problem is None:
                yield module


NodeRewrite = Callable[[Any, Module, Context], Iterator[Outcome]]
ServiceRewrite = Callable[[Context], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One registered code transformation.

    Attributes:
        name: What recipes call it (``print-to-log``).
        nodes: The node types it looks at; empty for one that looks at the whole service.
        hint: Text of which one must stand in a file for it to be worth parsing; empty for all.
        function: Yields an outcome for every candidate place.
        documentation: The docstring of its module: before and after.
    """

    name: str
    nodes: tuple[type[ast.AST], ...]
    hint: tuple[str, ...]
    function: Callable[..., Iterator[Outcome]]
    documentation: str


_REWRITES: dict[str, Rewrite] = {}


def rewrite(
    name: str, *nodes: type[ast.AST], hint: tuple[str, ...] = ()
) -> Callable[[NodeRewrite], NodeRewrite]:
    """Register a rewrite of single nodes in the app's modules.

    Args:
        name: What recipes call it.
        nodes: The node types it wants to see.
        hint: A file without any of these words is not looked at.
    """

    def register(function: NodeRewrite) -> NodeRewrite:
        _add(Rewrite(name, nodes, hint, function, _documentation(function)))
        return function

    return register


def service_rewrite(name: str) -> Callable[[ServiceRewrite], ServiceRewrite]:
    """Register a rewrite that looks at a whole service, or at files that are no Python."""

    def register(function: ServiceRewrite) -> ServiceRewrite:
        _add(Rewrite(name, (), (), function, _documentation(function)))
        return function

    return register


def _documentation(function: Callable[..., object]) -> str:
    return (sys.modules[function.__module__].__doc__ or "").strip()


def _add(item: Rewrite) -> None:
    if item.name in _REWRITES:
        raise ValueError(f"two rewrites are called {item.name}")
    _REWRITES[item.name] = item


@cache
def rewrites() -> Mapping[str, Rewrite]:
    """Return all rewrites by name; the modules of this room are imported on the first call."""
    package = importlib.import_module("buttress.rewrites")
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"buttress.rewrites.{found.name}")
    return dict(sorted(_REWRITES.items()))
