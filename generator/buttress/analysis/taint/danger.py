"""Which functions hold sinks, or call others that do: only those are worth looking at."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

from buttress.analysis.taint.sinks import FUNCTIONS, METHODS, PATH_METHODS, RENDERERS
from buttress.project.modules import called_name
from buttress.source import Module

_ROUNDS = 3
_MOST_DEFINITIONS = 5
_VERBS = frozenset(
    ["get", "post", "put", "patch", "delete", "head", "options", "request", "stream"]
)
_CLIENTS = ("requests", "httpx", "aiohttp", "urllib3")
_FUNCTION_NAMES = frozenset(name.rpartition(".")[2] for name in FUNCTIONS)
_METHOD_NAMES = (frozenset(METHODS) - {"search"}) | (PATH_METHODS - {"replace", "rename", "stat", "open"})  # fmt: skip
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def dangerous(modules: Iterable[Module], *, prints: bool = False) -> frozenset[ast.AST]:
    """Return the functions of some files that hold sinks, or call functions that do, by their names.

    Args:
        modules: The files.
        prints: Whether there are templates that do not escape what they are given.
    """
    listed = list(modules)
    found: set[ast.AST] = set()
    names: set[str] = set()
    common = _common_names(listed)
    for module in listed:
        for node in _sinks(module, prints=prints):
            _take(module, node, found, names)
    fresh = names - common
    for _ in range(_ROUNDS):
        before = set(names)
        for module in listed:
            for call in module.nodes(ast.Call):
                if called_name(call) in fresh:
                    _take(module, call, found, names)
        fresh = names - before - common
        if not fresh:
            break
    return frozenset(found)


def _common_names(modules: Iterable[Module]) -> set[str]:
    """Return the names that so many functions have that a call of one says nothing."""
    counted = Counter(
        function.name
        for module in modules
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    )
    return {name for name, count in counted.items() if count > _MOST_DEFINITIONS}


def _take(module: Module, node: ast.AST, found: set[ast.AST], names: set[str]) -> None:
    for above in module.ancestors(node):
        if isinstance(above, _DEFINITIONS):
            found.add(above)
            if above.name != "__init__":
                names.add(above.name)


def _sinks(module: Module, *, prints: bool) -> Iterable[ast.AST]:
    text = module.text
    has_client = any(client in text for client in _CLIENTS)
    has_files = "files" in text or "FILES" in text or "Upload" in text
    for call in module.nodes(ast.Call):
        name = called_name(call)
        if name in _METHOD_NAMES or (name == "save" and has_files):
            yield call
        elif name in _FUNCTION_NAMES:
            if name in _VERBS:
                if has_client and isinstance(call.func, ast.Attribute):
                    yield call
            elif (module.resolve(call.func) or "") in FUNCTIONS or (
                name == "open" and isinstance(call.func, ast.Attribute)
            ):
                yield call
        elif (prints and name in RENDERERS) or (name == "search" and "ldap" in text):
            yield call
    if "session[" in text:
        for item in module.nodes(ast.Subscript):
            if isinstance(item.ctx, ast.Store) and "session" in ast.dump(item.value):
                yield item
