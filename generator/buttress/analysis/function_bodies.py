"""What stands in the functions of a file, each node with the innermost function around it."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from buttress.source import Module
from buttress.source.module import Function

_CALLS: WeakKeyDictionary[Module, dict[Function | None, list[ast.Call]]] = WeakKeyDictionary()
_RETURNS: WeakKeyDictionary[Module, dict[Function | None, list[ast.Return]]] = WeakKeyDictionary()


def calls_by_function(module: Module) -> Mapping[Function | None, Sequence[ast.Call]]:
    """Return the calls of a file by the function that they stand in, in source order."""
    if module not in _CALLS:
        found: dict[Function | None, list[ast.Call]] = {}
        for call in module.nodes(ast.Call):
            found.setdefault(module.function(call), []).append(call)
        _CALLS[module] = found
    return _CALLS[module]


def returns_by_function(module: Module) -> Mapping[Function | None, Sequence[ast.Return]]:
    """Return the ``return`` statements of a file by the function that they end."""
    if module not in _RETURNS:
        found: dict[Function | None, list[ast.Return]] = {}
        for node in module.nodes(ast.Return):
            found.setdefault(module.function(node), []).append(node)
        _RETURNS[module] = found
    return _RETURNS[module]
