"""How much of an app stands in a single file."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from buttress.source import Module

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class LargestFile:
    """The file that holds more of an app's functions and classes than any other.

    Attributes:
        module: The file.
        lines: Lines of its functions and classes.
        of: Lines of those of all files.
    """

    module: Module
    lines: int
    of: int

    @property
    def share(self) -> float:
        """Its part of all, from 0 to 1."""
        return self.lines / self.of


def largest_file(modules: Iterable[Module]) -> LargestFile | None:
    """Return the file with most of the functions and classes; ``None`` where there are none."""
    sizes = {module: _lines(module) for module in modules}
    largest = max(sizes, key=lambda module: sizes[module], default=None)
    if largest is None or not sizes[largest]:
        return None
    return LargestFile(largest, sizes[largest], sum(sizes.values()))


def _lines(module: Module) -> int:
    return sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in module.tree.body
        if isinstance(node, _DEFINITIONS)
    )
