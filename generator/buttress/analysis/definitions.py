"""What an expression names, where that is a function or a class of the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from buttress.project.literals import is_self, written
from buttress.project.model import Service
from buttress.project.modules import OwnModules
from buttress.source import Module
from buttress.source.nodes import Function

_DEEPEST = 3
_NAMED: WeakKeyDictionary[Module, dict[str, Function]] = WeakKeyDictionary()


def definitions_of(
    own: OwnModules, service: Service, module: Module, node: ast.expr
) -> Iterator[tuple[Module, Function]]:
    """Yield the function of the project that an expression names, at most one.

    A method of ``self`` is looked for in the same file, by its name.
    """
    dotted = module.resolve(node)
    if dotted is None:
        is_own = isinstance(node, ast.Attribute) and is_self(node.value)
        name = node.attr if isinstance(node, ast.Attribute) and is_own else written(node)
        found = _function_named(module, name)
        if found is not None:
            yield module, found
        return
    if dotted.startswith("builtins."):
        return
    target = own.symbol(dotted, module.path, service.import_root)
    if target is not None and target[1]:
        other = own.tree.module(target[0])
        found = _function_named(other, target[1].rpartition(".")[2])
        if found is not None:
            yield other, found


def _function_named(module: Module, name: str) -> Function | None:
    """Return the first function of a file with a name, a method or a nested one too."""
    if module not in _NAMED:
        by_name: dict[str, Function] = {}
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            by_name.setdefault(function.name, function)
        _NAMED[module] = by_name
    return _NAMED[module].get(name)


def classes_of(
    own: OwnModules, service: Service, module: Module, node: ast.expr
) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the class of the project that an expression names, at most one; star imports are followed."""
    place = own.defined_at(module, node, service.import_root)
    if place is not None and place[1]:
        yield from _class_named(own, service, own.tree.module(place[0]), place[1])


def _class_named(
    own: OwnModules, service: Service, module: Module, name: str, depth: int = 0
) -> Iterator[tuple[Module, ast.ClassDef]]:
    for klass in module.nodes(ast.ClassDef):
        if klass.name == name:
            yield module, klass
            return
    for node in module.nodes(ast.ImportFrom) if depth < _DEEPEST else ():
        if any(alias.name == "*" for alias in node.names):
            dotted = "." * node.level + (node.module or "")
            target = own.symbol(dotted, module.path, service.import_root)
            if target is not None and not target[1]:
                other = own.tree.module(target[0])
                yield from _class_named(own, service, other, name, depth + 1)
