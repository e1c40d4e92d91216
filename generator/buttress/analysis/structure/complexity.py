"""How big and how branched functions and modules are."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.once import once_for_module
from buttress.project.model import Service
from buttress.source import Module
from buttress.source.nodes import Function

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


def oversized(module: Module) -> Iterator[Size]:
    """Yield the functions of a file that are too branched or too long."""
    if _may_be_oversized(module):
        for size in sizes(module):
            if size.complexity > MOST_BRANCHES or size.lines > MOST_LINES:
                yield size


def _may_be_oversized(module: Module) -> bool:
    """Whether the lines of some function, with all that stands between them, are enough."""
    branches = sorted(map(_line, module.nodes(*_BRANCHES)))
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        first, last = function.lineno, function.end_lineno or function.lineno
        most = bisect_right(branches, last) - bisect_left(branches, first) + 1
        if most > MOST_BRANCHES or last - first >= MOST_LINES:
            return True
    return False


def _line(branch: ast.AST) -> int:
    """Return the line of a branch; a ``case`` has none of its own."""
    return getattr(branch, "lineno", 0) or getattr(getattr(branch, "pattern", None), "lineno", 0)


def sizes(module: Module) -> Iterator[Size]:
    """Yield the size of every function of a file."""
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
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        lines = _span(function) - data.get(function, 0) - inner.get(function, 0)
        yield Size(function, branches.get(function, 0) + 1, lines)


def module_lines(module: Module) -> int:
    """Return the lines of a file without tables of data and long texts."""
    return len(module.line_starts) - sum(_data_lines(module).values())


def is_fat(module: Module, service: Service) -> bool:
    """Whether a file holds too much: by its lines, or by its lines and its routes."""
    if module.text.count("\n") + module.text.count("\r") < _FAT_LINES:
        return False
    lines = module_lines(module)
    handlers = len({route.handler for route in service.routes_in(module.path)})
    return lines > MOST_MODULE_LINES or (lines > _FAT_LINES and handlers >= _FAT_ROUTES)


@once_for_module
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
