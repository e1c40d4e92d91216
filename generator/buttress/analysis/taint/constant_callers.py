"""Functions that change tables by names which the code itself wrote: all calls of them show it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.analysis.taint.engine import Flow
from buttress.analysis.taint.parameters import arguments_of
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CHANGES = lazy_pattern(r"\b(?:CREATE|ALTER|DROP)\s+(?:\w+\s+)?(?:TABLE|TYPE|INDEX|SCHEMA|DATABASE|EXTENSION|VIEW|ROLE)\b", re.IGNORECASE)  # fmt: skip
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.expr_context)


def is_given_constants(flow: Flow, code: Iterable[Modules]) -> bool:
    """Whether a function that changes tables is called always with constants, but for what it speaks to.

    ``drop_type(connection, "status")`` in a migration is no injection.

    Args:
        flow: A value that a parameter of the function holds.
        code: All files that may call it.
    """
    module = flow.source[0]
    above = module.parent(flow.source[1])
    function = module.parent(above) if isinstance(above, ast.arguments) else None
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    if not _CHANGES.search(module.source(function)):
        return False  # whoever calls it next may have a value of somebody else's
    speaks_to = _owner(flow.node)
    names = [argument.arg for argument in arguments_of(function)]
    objects = {speaks_to, *_spoken_to(function)}
    calls = [found for modules in code for found in modules.called(function.name)]
    return bool(calls) and all(_is_literal(*found, names, objects) for found in calls)


def _owner(node: ast.expr) -> str:
    """Return the name that a sink is a method of."""
    function = node.func if isinstance(node, ast.Call) else None
    owner = function.value if isinstance(function, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _is_literal(module: Module, call: ast.Call, names: list[str], objects: set[str]) -> bool:
    if names and names[0] in {"self", "cls"}:
        names = names[1:]
    if any(isinstance(a, ast.Starred) for a in call.args) or any(
        k.arg is None for k in call.keywords
    ):
        return False
    given = dict(zip(names, call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return all(
        isinstance(part, _LITERALS) or _is_name_of_literal(module, part)
        for name, value in given.items()
        if name not in objects
        for part in ast.walk(value)
    )


def _is_name_of_literal(module: Module, node: ast.AST) -> bool:
    """Whether a name is only ever given what the code itself wrote."""
    if not isinstance(node, ast.Name):
        return False
    function = module.function(node)
    for scope in (function, None):
        stores = [
            other
            for other in module.nodes(ast.Name)
            if other.id == node.id and isinstance(other.ctx, ast.Store) and module.function(other) is scope
        ]  # fmt: skip
        if stores:
            return all(_is_stored_literal(module.parent(store)) for store in stores)
    return False


def _is_stored_literal(above: ast.AST | None) -> bool:
    if not isinstance(above, ast.Assign | ast.AnnAssign) or above.value is None:
        return False
    return all(isinstance(part, _LITERALS) for part in ast.walk(above.value))


def _spoken_to(function: Function) -> set[str]:
    """Return the parameters of which a function only calls methods."""
    read = dict.fromkeys((argument.arg for argument in arguments_of(function)), False)
    called: set[ast.AST] = {
        node.func.value
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in read and node not in called:
            read[node.id] = True
    return {name for name, is_value in read.items() if not is_value}
