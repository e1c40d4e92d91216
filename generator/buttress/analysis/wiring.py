"""What is wired, and not only mentioned: code that runs when the app is imported, started or called."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

from buttress.project.model import Service
from buttress.project.modules import OwnModules
from buttress.source import Module, Modules

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_DEEPEST = 6


class Wiring:
    """Finds calls in the app's modules that are reached from its entry point.

    Args:
        modules: The app's modules that its entry point imports.
        own: The project's own modules, to follow imports.
        service: The service.
    """

    def __init__(self, modules: Iterable[Module], own: OwnModules, service: Service) -> None:
        self.modules = Modules.of(modules)
        self.own = own
        self.service = service

    @cached_property
    def _by_path(self) -> dict[str, Module]:
        return {module.path: module for module in self.modules}

    def calls(self, *names: str) -> Iterator[tuple[Module, ast.Call]]:
        """Yield the calls of any of these dotted names that run; written as for ``Modules.naming``."""
        for module, call in self.modules.calls(*names):
            if self.runs(module, call):
                yield module, call

    def runs(self, module: Module, node: ast.AST, depth: int = 0) -> bool:
        """Whether a place is reached: at the top of a module, or in something that is used."""
        holder = next((a for a in module.ancestors(node) if isinstance(a, _DEFINITIONS)), None)
        if holder is None:
            return True
        return self.is_used(module, holder, depth)

    def is_used(self, module: Module, definition: Definition, depth: int = 0) -> bool:
        """Whether a function or class is called, handed on or decorated by something that runs."""
        if depth > _DEEPEST:
            return False
        outer = next((a for a in module.ancestors(definition) if isinstance(a, _DEFINITIONS)), None)
        if isinstance(outer, ast.ClassDef):
            return self.is_used(module, outer, depth + 1)
        if definition.decorator_list and not isinstance(definition, ast.ClassDef):
            return outer is None or self.is_used(module, outer, depth + 1)
        return any(self.runs(place, use, depth + 1) for place, use in self.uses(module, definition))

    def uses(self, module: Module, definition: Definition) -> Iterator[tuple[Module, ast.expr]]:
        """Yield the expressions that mean a function or class, outside of itself."""
        name = definition.name
        for node in module.nodes(ast.Name):
            is_inside = definition in module.ancestors(node)
            if node.id == name and isinstance(node.ctx, ast.Load) and not is_inside:
                yield module, node
        for other in self.modules.having(name):
            if other.path == module.path:
                continue
            for use in other.nodes(ast.Name, ast.Attribute):
                if isinstance(use, ast.Attribute) and use.attr != name:
                    continue
                if self.defined_at(other, use) == (module.path, name):
                    yield other, use

    def defined_at(self, module: Module, node: ast.expr) -> tuple[str, str] | None:
        """Return the file and name that an expression of the project's own stands for."""
        return self.own.defined_at(module, node, self.service.import_root)

    def definition(self, module: Module, node: ast.expr) -> tuple[Module, Definition] | None:
        """Return the function or class of the project that an expression means."""
        found = self.defined_at(module, node)
        if found is None:
            return None
        place = self._by_path.get(found[0])
        if place is None:
            return None
        for item in place.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            if item.name == found[1] and place.parent(item) is place.tree:
                return place, item
        return None
