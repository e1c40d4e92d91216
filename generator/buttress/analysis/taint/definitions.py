"""What names stand for in a project: its own functions and classes, and what the top of a file binds."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from buttress.analysis.taint.frame import Callee
from buttress.analysis.taint.sources import REQUEST, REQUEST_NAMES, REQUEST_TYPES
from buttress.analysis.taint.values import NOTHING, Value, constant
from buttress.project.model import Project
from buttress.project.modules import own_modules
from buttress.source import Module, Modules

_DEEPEST = 3
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A function or class of the project.

    Attributes:
        module: The file.
        node: The definition.
        klass: The class that a method stands in.
    """

    module: Module
    node: Callee | ast.ClassDef
    klass: ast.ClassDef | None = None


class Definitions:
    """Looks up definitions, each once.

    Args:
        project: The project.
        modules: The files whose classes are known by their methods.
        root: The folder that imports begin at.
    """

    def __init__(self, project: Project, modules: Modules, root: str) -> None:
        self._tree = project.tree
        self._modules = modules
        self._root = root
        self._own = own_modules(project.tree)
        self._kept: dict[str, Definition] = {}
        self._tops: dict[str, dict[str, Value]] = {}
        self._in_files: dict[str, dict[str, Definition]] = {}
        self._symbols: dict[tuple[str, str], Definition | None] = {}

    # -- as values -----------------------------------------------------------------------------

    def remember(self, definition: Definition) -> str:
        """Return the name that a value which is this definition carries."""
        node = definition.node
        name = f"<def {definition.module.path}:{node.lineno}:{node.col_offset}>"
        self._kept[name] = definition
        return name

    def remembered(self, name: str) -> Definition | None:
        """Return the definition of such a name."""
        return self._kept.get(name)

    def value_of(self, module: Module, node: ast.Name) -> Value:
        """Return what a name stands for that the function around it does not bind."""
        dotted = module.resolve(node)
        if dotted is not None:
            return Value(what=REQUEST if dotted in REQUEST_NAMES else dotted)
        found = self._top(module).get(node.id)
        if found is not None:
            return found
        definition = self.in_file(module, node.id)
        return NOTHING if definition is None else Value(what=self.remember(definition))

    def _top(self, module: Module) -> dict[str, Value]:
        """Return what the top of a file gives to names; nothing is known of what it gives twice."""
        if module.path not in self._tops:
            values: dict[str, Value] = {}
            for name, value in module.given_at_top():
                values[name] = self._literal(module, value) if name not in values else NOTHING
            self._tops[module.path] = values
        return self._tops[module.path]

    def _literal(self, module: Module, node: ast.AST | None) -> Value:
        if isinstance(node, ast.Constant):
            return constant(node.value, node)
        if isinstance(node, ast.Call):
            dotted = module.resolve(node.func)
            if dotted is not None:
                return Value(what=f"{dotted}()", node=node)
            if isinstance(node.func, ast.Name):
                found = self.in_file(module, node.func.id)
                if found is not None and isinstance(found.node, ast.ClassDef):
                    return Value(what=f"<obj {self.remember(found)}>")
        return NOTHING

    # -- by name -------------------------------------------------------------------------------

    def in_file(self, module: Module, name: str) -> Definition | None:
        """Return the function or class of a file with a name; methods are left out."""
        if module.path not in self._in_files:
            found: dict[str, Definition] = {}
            listed: Iterable[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]
            listed = module.nodes(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            for item in listed:
                if not isinstance(module.parent(item), ast.ClassDef):
                    found[item.name] = Definition(module, item)
            self._in_files[module.path] = found
        return self._in_files[module.path].get(name)

    def of(self, module: Module, node: ast.expr) -> Definition | None:
        """Return what an expression names."""
        dotted = module.resolve(node)
        if dotted is not None:
            return self.symbol(dotted, module)
        return self.in_file(module, node.id) if isinstance(node, ast.Name) else None

    def symbol(self, dotted: str, module: Module) -> Definition | None:
        """Return what a dotted name means in a file, if it is the project's own."""
        key = (module.path, dotted)
        if key not in self._symbols:
            self._symbols[key] = self._find(dotted, module)
        return self._symbols[key]

    def _find(self, dotted: str, module: Module) -> Definition | None:
        if dotted.startswith("builtins.") or "(" in dotted:
            return None
        found = self._own.symbol(dotted, module.path, self._root)
        if found is None or not found[1]:
            return None
        there = self._tree.module(found[0])
        if there.problem is not None:
            return None
        first, _, rest = found[1].partition(".")
        definition = self.in_file(there, first)
        if definition is None or not rest:
            return definition
        return self.method(definition, rest)

    def method(self, definition: Definition, name: str, depth: int = 0) -> Definition | None:
        """Return a method of a class, its own or inherited."""
        klass = definition.node
        if not isinstance(klass, ast.ClassDef):
            return None
        for item in klass.body:
            if isinstance(item, _FUNCTIONS) and item.name == name:
                return Definition(definition.module, item, klass)
        for base in klass.bases if depth < _DEEPEST else ():
            above = self.of(definition.module, base)
            if above is not None and above.node is not klass:
                found = self.method(above, name, depth + 1)
                if found is not None:
                    return found
        return None

    def methods_named(self, name: str) -> list[Definition]:
        """Return all methods of the service's classes with a name."""
        return self._methods.get(name, [])

    @cached_property
    def _methods(self) -> dict[str, list[Definition]]:
        found: dict[str, list[Definition]] = {}
        for module in self._modules:
            for klass in module.nodes(ast.ClassDef):
                for item in klass.body:
                    if isinstance(item, _FUNCTIONS):
                        found.setdefault(item.name, []).append(Definition(module, item, klass))
        return found

    # -- classes -------------------------------------------------------------------------------

    def field_type(self, definition: Definition, name: str, depth: int = 0) -> str | None:
        """Return the type of a field as written, ``None`` where the class has no such field."""
        klass, module = definition.node, definition.module
        if not isinstance(klass, ast.ClassDef):
            return None
        for statement in klass.body:
            if not isinstance(statement, ast.AnnAssign):
                continue
            if isinstance(statement.target, ast.Name) and statement.target.id == name:
                return module.source(statement.annotation)
        for base in klass.bases if depth < _DEEPEST else ():
            above = self.of(module, base)
            found = self.field_type(above, name, depth + 1) if above is not None else None
            if found is not None:
                return found
        return None

    def is_own_request(self, module: Module, argument: ast.arg) -> bool:
        """Whether a parameter is a request of a class that the project derives itself."""
        annotation = argument.annotation
        if annotation is None or not module.source(annotation).endswith("Request"):
            return False
        found = self.of(module, annotation)
        return (
            found is not None
            and isinstance(found.node, ast.ClassDef)
            and any(found.module.resolve(base) in REQUEST_TYPES for base in found.node.bases)
        )

    def model_in(self, module: Module, annotation: ast.expr) -> Definition | None:
        """Return the class of the project that an annotation names and a client may fill in."""
        for node in ast.walk(annotation):
            found = self.of(module, node) if isinstance(node, ast.Name | ast.Attribute) else None
            if found is not None and isinstance(found.node, ast.ClassDef):
                is_choice = any("Enum" in found.module.source(base) for base in found.node.bases)
                return None if is_choice else found
        return None
