"""How big and how branched functions and modules are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.model import Service
from buttress.source import Module
from buttress.source.module import Function

MOST_BRANCHES = 15
MOST_LINES = 100
MOST_MODULE_LINES = 1000
_FAT_LINES, _FAT_ROUTES = 400, 8
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case,
)  # fmt: skip
_DATA = (ast.Dict, ast.List, ast.Tuple, ast.Set, ast.Constant, ast.JoinedStr)


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a function.

    Attributes:
        function: The function.
        complexity: Independent paths through it, as McCabe counts them.
        lines: Lines of its own code: without tables of data, texts, imports and functions inside it.
    """

    function: Function
    complexity: int
    lines: int


def sizes(module: Module) -> Iterator[Size]:
    """Yield the size of every function of a file."""
    functions = module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    if not functions:
        return
    branches: dict[Function | None, int] = {}
    for node in module.nodes(*_BRANCHES):
        holder = module.function(node)
        branches[holder] = branches.get(holder, 0) + 1
    data = _data_lines(module)
    inner: dict[Function | None, int] = {}
    for definition in module.nodes(*_DEFINITIONS):
        holder = module.function(definition)
        above = module.parent(definition)
        if holder is not None and (above is holder or not isinstance(above, ast.ClassDef)):
            inner[holder] = inner.get(holder, 0) + _span(definition)
    for statement in module.nodes(ast.Import, ast.ImportFrom):
        holder = module.function(statement)
        inner[holder] = inner.get(holder, 0) + _span(statement)
    for function in functions:
        lines = _span(function) - data.get(function, 0) - inner.get(function, 0)
        yield Size(function, branches.get(function, 0) + 1, lines)


def module_lines(module: Module) -> int:
    """Return the lines of a file without tables of data and long texts."""
    return len(module.line_starts) - sum(_data_lines(module).values())


def is_fat(module: Module, service: Service) -> bool:
    """Whether a file holds too much: by its lines, or by its lines and its routes."""
    if len(module.line_starts) <= _FAT_LINES:
        return False
    lines = module_lines(module)
    handlers = len({route.handler for route in service.routes_in(module.path)})
    return lines > MOST_MODULE_LINES or (lines > _FAT_LINES and handlers >= _FAT_ROUTES)


def _data_lines(module: Module) -> dict[Function | None, int]:
    """Return how many lines literals of several lines add to each function."""
    found: dict[Function | None, int] = {}
    for node in module.nodes(*_DATA):
        assert isinstance(node, ast.expr)  # noqa: S101 - for mypy
        extra = (node.end_lineno or node.lineno) - node.lineno
        if extra and not any(isinstance(above, _DATA) for above in module.ancestors(node)):
            holder = module.function(node)
            found[holder] = found.get(holder, 0) + extra
    return found


def _span(node: ast.AST) -> int:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None) or 0
    return int(last - first + 1)
