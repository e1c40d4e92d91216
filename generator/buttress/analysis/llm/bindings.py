"""What the names of a module are given, what its functions give back, what it defines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from buttress.project.literals import is_self
from buttress.source import Module
from buttress.source.nodes import Function

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_GROWING = ("append", "extend", "insert")
Definition = ast.ClassDef | Function
Assignment = tuple[ast.AST, ast.expr, ast.expr]


class Bindings:
    """What one module binds, each part found once somebody asks.

    Args:
        module: The file.
    """

    def __init__(self, module: Module) -> None:
        self._module = module

    # -- what it defines -----------------------------------------------------------------------

    @cached_property
    def _definitions(self) -> list[Definition]:
        found = self._module.nodes(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return sorted(found, key=lambda node: node.lineno)

    @cached_property
    def top(self) -> dict[str, Definition]:
        """The classes and functions at the top of the file, by name."""
        found: dict[str, Definition] = {}
        for node in self._module.nodes(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef):
            if self._module.parent(node) is self._module.tree:
                found.setdefault(node.name, node)
        return found

    @cached_property
    def inside(self) -> dict[str, dict[ast.AST | None, Definition]]:
        """All of them, by name and by what they stand in."""
        found: dict[str, dict[ast.AST | None, Definition]] = {}
        for node in self._definitions:
            found.setdefault(node.name, {}).setdefault(self._module.parent(node), node)
        return found

    @cached_property
    def returned(self) -> dict[Function, list[ast.expr]]:
        """What functions give back, those inside them left out."""
        found: dict[Function, list[ast.expr]] = {}
        for back in self._module.nodes(ast.Return, ast.Yield):
            function = self._module.function(back)
            if back.value is not None and function is not None:
                found.setdefault(function, []).append(back.value)
        return found

    # -- what names are given ------------------------------------------------------------------

    @cached_property
    def values(self) -> dict[tuple[ast.AST, str], list[ast.expr]]:
        """All values that a function, class or module gives a name."""
        return _bindings(self._module, self.assignments)

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Each statement that binds something, with a target and its value, tuples taken apart."""
        return list(_assignments(self._module))

    @cached_property
    def appended(self) -> dict[tuple[Function | None, str], list[ast.expr]]:
        """What a function, or the top of the file, adds to a list by its name."""
        found: dict[tuple[Function | None, str], list[ast.expr]] = {}
        calls = self._module.called(*_GROWING)
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            method = call.func
            if (
                isinstance(method, ast.Attribute)
                and isinstance(method.value, ast.Name)
                and call.args
            ):
                key = (self._module.function(call), method.value.id)
                found.setdefault(key, []).append(call.args[-1])
        return found


def own_attribute(module: Module, target: ast.expr) -> ast.ClassDef | None:
    """Return the class whose attribute ``self.x`` is."""
    if isinstance(target, ast.Attribute) and is_self(target.value):
        return next((a for a in module.ancestors(target) if isinstance(a, ast.ClassDef)), None)
    return None


def _bindings(
    module: Module, assignments: list[Assignment]
) -> dict[tuple[ast.AST, str], list[ast.expr]]:
    found: dict[tuple[ast.AST, str], list[ast.expr]] = {}
    shared = {
        (module.function(node), name) for node in module.nodes(ast.Global) for name in node.names
    }
    for node, target, value in assignments:
        if isinstance(target, ast.Name):
            holder = holder_of(module, node)
            place = module.tree if (holder, target.id) in shared else holder
            found.setdefault((place, target.id), []).append(value)
        elif isinstance(target, ast.Attribute):
            owner = own_attribute(module, target)
            if owner is not None:
                found.setdefault((owner, target.attr), []).append(value)
    return found


def _assignments(module: Module) -> Iterator[Assignment]:
    """Yield each target with its value and the statement, tuples taken apart."""
    pairs: list[tuple[ast.AST, ast.expr, ast.expr | None]] = [
        (node, target, node.value) for node in module.nodes(ast.Assign) for target in node.targets
    ]
    singles = module.nodes(ast.AnnAssign, ast.AugAssign, ast.NamedExpr)
    pairs += [(single, single.target, single.value) for single in singles]
    loops = module.nodes(ast.For, ast.AsyncFor, ast.comprehension)
    pairs += [(loop, loop.target, loop.iter) for loop in loops]
    pairs += [
        (item, item.optional_vars, item.context_expr)
        for item in module.nodes(ast.withitem)
        if item.optional_vars is not None
    ]
    for node, target, value in pairs:
        if value is None:
            continue
        if not isinstance(target, (ast.Tuple, ast.List)):
            yield node, target, value
            continue
        same = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        for number, part in enumerate(target.elts):
            yield node, part, value.elts[number] if same and isinstance(value, ast.Tuple) else value


def holder_of(module: Module, node: ast.AST) -> ast.AST:
    """Return the function, class or module whose name an assignment binds."""
    kinds = (*_FUNCTIONS, ast.ClassDef)
    return next((a for a in module.ancestors(node) if isinstance(a, kinds)), module.tree)
