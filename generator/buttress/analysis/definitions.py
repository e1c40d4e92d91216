"""What an expression names, where that is a function or a class of the project."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from buttress.analysis.once import once_for_module
from buttress.project.literals import is_self, written
from buttress.project.model import Service
from buttress.project.modules import OwnModules
from buttress.source import Module
from buttress.source.nodes import Function

_DEEPEST = 3


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
        found = _functions(module).get(name)
        if found is not None:
            yield module, found
        return
    if dotted.startswith("builtins."):
        return
    target = own.symbol(dotted, module.path, service.import_root)
    if target is not None and target[1]:
        other = own.tree.module(target[0])
        found = _functions(other).get(target[1].rpartition(".")[2])
        if found is not None:
            yield other, found


@once_for_module
def _functions(module: Module) -> Mapping[str, Function]:
    """Return the first function of a file with each name, methods and nested ones among them."""
    by_name: dict[str, Function] = {}
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        by_name.setdefault(function.name, function)
    return by_name


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
