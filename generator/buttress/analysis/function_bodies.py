"""What stands in the functions of a file, each node with the innermost function around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from buttress.analysis.once import once_for_module
from buttress.source import Module
from buttress.source.nodes import Function

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@once_for_module
def calls_by_function(module: Module) -> Mapping[Function | None, Sequence[ast.Call]]:
    """Return the calls of a file by the function that they stand in, in source order."""
    found: dict[Function | None, list[ast.Call]] = {}
    for call in module.nodes(ast.Call):
        found.setdefault(module.function(call), []).append(call)
    return found


def calls_inside(module: Module, function: Function) -> Sequence[ast.Call]:
    """Return the calls of a function, those of functions inside it behind its own."""
    calls = calls_by_function(module)
    found = [*calls.get(function, ())]
    for inner in _functions_by_function(module).get(function, ()):
        found += calls_inside(module, inner)
    return found


@once_for_module
def _functions_by_function(module: Module) -> Mapping[Function | None, Sequence[Function]]:
    found: dict[Function | None, list[Function]] = {}
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        found.setdefault(module.function(node), []).append(node)
    return found


@once_for_module
def returns_by_function(module: Module) -> Mapping[Function | None, Sequence[ast.Return]]:
    """Return the ``return`` statements of a file by the function that they end."""
    found: dict[Function | None, list[ast.Return]] = {}
    for node in module.nodes(ast.Return):
        found.setdefault(module.function(node), []).append(node)
    return found


def own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, those of functions and classes inside it left out."""
    stack = list(ast.iter_child_nodes(scope))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _SCOPES):
            stack.extend(ast.iter_child_nodes(node))
