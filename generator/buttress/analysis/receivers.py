"""Which functions of the project a call enters, those of objects among them.

The class of an object is told by the annotation of a parameter, by what a name is given in the function or at
the top of a file, or by the call that makes it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.definitions import classes_of, definitions_of
from buttress.project.literals import constant, written
from buttress.project.model import Service
from buttress.project.modules import OwnModules
from buttress.source import Module
from buttress.source.nodes import Function


def entered(
    own: OwnModules, service: Service, module: Module, function: Function, call: ast.Call
) -> Iterator[tuple[Module, Function]]:
    """Yield the functions of the project that a call may enter.

    Args:
        own: The project's own modules.
        service: The service.
        module: The file of the call.
        function: The function that the call stands in.
        call: The call.
    """
    found = list(definitions_of(own, service, module, call.func))
    yield from found
    if found or not isinstance(call.func, ast.Attribute):
        return
    for other, klass in _class_of(own, service, module, function, call.func.value):
        for item in klass.body:
            if isinstance(item, Function) and item.name == call.func.attr:
                yield other, item


def _class_of(
    own: OwnModules, service: Service, module: Module, function: Function, node: ast.expr
) -> Iterator[tuple[Module, ast.ClassDef]]:
    home, given = module, _annotation(function, node)
    if given is None and isinstance(node, ast.Call):
        given = node.func  # UserService(db).register(data)
    elif given is None and isinstance(node, ast.Name):
        value = _given(module, function, node.id) or constant(module, node.id)
        place = own.defined_at(module, node, service.import_root) if value is None else None
        if place is not None and place[1]:
            home = own.tree.module(place[0])
            value = constant(home, place[1])
        given = value.func if isinstance(value, ast.Call) else None
    for part in ast.walk(given) if given is not None else ():
        if isinstance(part, ast.Name | ast.Attribute):
            yield from classes_of(own, service, home, part)


def _annotation(function: Function, node: ast.expr) -> ast.expr | None:
    name = written(node)
    arguments = (*function.args.args, *function.args.kwonlyargs)
    return next((a.annotation for a in arguments if a.arg == name), None)


def _given(module: Module, function: Function, name: str) -> ast.expr | None:
    """Return what a function gives a name first."""
    for part in module.inside(function):
        if isinstance(part, ast.Assign) and written(part.targets[0]) == name:
            return part.value
    return None
