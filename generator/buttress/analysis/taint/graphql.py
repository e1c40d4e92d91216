"""Functions that answer the fields of a GraphQL schema, and what clients give them."""

from __future__ import annotations

import ast

from buttress.analysis.taint.sources import CLIENT, SAFE_TYPES, TEXT_TYPES
from buttress.analysis.taint.values import NOTHING, Taint, Value
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function

LIBRARIES = ("graphene", "strawberry", "ariadne")
"""Words of which a file that holds such a function has one."""

_DECORATORS = frozenset(["strawberry.field", "strawberry.mutation", "strawberry.subscription"])
_OWN = frozenset(["self", "cls", "root", "parent", "obj", "source", "info", "_", "_info", "_parent", "_root"])  # fmt: skip
_HARMLESS = frozenset(["Int", "Float", "Boolean", "Date", "DateTime", "Time", "UUID", "Decimal", "BigInt", "Enum"])  # fmt: skip


def is_resolver(module: Module, function: Function) -> bool:
    """Whether a function answers a field of a schema: of Graphene, Strawberry or Ariadne."""
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if module.resolve(called) in _DECORATORS:
            return True
        is_field = isinstance(called, ast.Attribute) and called.attr == "field"
        names = [argument.arg for argument in function.args.args[:2]]
        if is_field and "info" in names and "ariadne" in module.text:
            return True
    is_named = function.name == "mutate" or function.name.startswith(("resolve_", "subscribe_"))
    above = module.parent(function) if is_named else None
    return isinstance(above, ast.ClassDef) and "graphene" in module.text


def of_resolver(module: Module, function: Function, argument: ast.arg) -> Value:
    """Return what a client gives to a parameter of such a function."""
    if argument.arg in _OWN:
        return NOTHING
    annotation = module.source(argument.annotation) if argument.annotation is not None else ""
    annotation = annotation.strip("'\"")
    if SAFE_TYPES.match(annotation) or _declared(module, function, argument.arg) in _HARMLESS:
        return NOTHING
    if annotation and not TEXT_TYPES.match(annotation):
        return Value(what=f"<given {annotation}>", node=argument)
    taint = Taint(CLIENT, argument.arg, argument, module)
    return Value(taint=frozenset({taint}), what="" if annotation else "<data>", node=argument)


def _declared(module: Module, function: Function, name: str) -> str:
    """Return the type that the class around a resolver of Graphene gives an argument."""
    above = module.parent(function)
    if not isinstance(above, ast.ClassDef):
        return ""
    field = function.name.partition("_")[2]
    for statement in above.body:
        if isinstance(statement, ast.ClassDef) and statement.name in {"Arguments", "Input"}:
            for inner in statement.body:
                if isinstance(inner, ast.Assign) and _gives(inner, name):
                    return _type_of(inner.value)
        value = statement.value if isinstance(statement, ast.Assign) else None
        if (
            isinstance(statement, ast.Assign)
            and isinstance(value, ast.Call)
            and _gives(statement, field)
        ):
            for keyword in value.keywords:
                if keyword.arg == name:
                    return _type_of(keyword.value)
    return ""


def _gives(statement: ast.Assign, name: str) -> bool:
    return any(written(target) == name for target in statement.targets)


def _type_of(node: ast.expr) -> str:
    """Return ``Int`` for ``graphene.Int(required=True)`` and for ``graphene.Argument(graphene.Int)``."""
    if not isinstance(node, ast.Call):
        return written(node).rpartition(".")[2]
    name = called_name(node)
    return _type_of(node.args[0]) if name in {"Argument", "NonNull"} and node.args else name
