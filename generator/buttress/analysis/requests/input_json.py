"""Bodies that a handler reads itself: Flask's ``request.get_json()`` and Starlette's ``request.json()``."""

from __future__ import annotations

import ast

from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_bodies import (
    Body,
    Doubt,
    Reading,
    Source,
    body_nodes,
    is_validated,
    loads_of,
)
from buttress.source import Module
from buttress.source.nodes import Function


def flask_body(module: Module, function: Function, classes: Classes) -> Body | None:
    """Return the JSON body that a view of Flask reads, if it reads one."""
    if "json" not in module.source(function):
        return None
    sources = [
        node
        for node in body_nodes(function)
        if isinstance(node, ast.expr) and _asks_flask(module, node)
    ]
    return _read_body(module, function, Source.FLASK, sources, classes)


def _asks_flask(module: Module, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return module.resolve(node.func) in {
            "flask.request.get_json",
            "flask.globals.request.get_json",
        }
    return module.resolve(node) in {"flask.request.json", "flask.globals.request.json"}


def raw_body(module: Module, function: Function, classes: Classes) -> Body | None:
    """Return the body that a handler parses itself with ``await request.json()``, if it does."""
    requests = {
        argument.arg
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if (module.resolve(argument.annotation) or "").endswith(("requests.Request", ".Request"))
    }
    if not requests:
        return None
    sources = [
        node
        for node in body_nodes(function)
        if isinstance(node, ast.Await)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "json"
        and isinstance(node.value.func.value, ast.Name)
        and node.value.func.value.id in requests
    ]
    return _read_body(module, function, Source.RAW, list(sources), classes)


def _read_body(
    module: Module,
    function: Function,
    source: Source,
    sources: list[ast.expr],
    classes: Classes,
) -> Body | None:
    if not sources:
        return None
    sources.sort(key=lambda node: (node.lineno, node.col_offset))
    first = sources[0]
    wholes = [_with_or_empty(module, node) for node in sources]
    reading, doubts = _reading(module, first, or_empty=wholes[0][1])
    expressions = tuple(whole for whole, _ in wholes)
    names = [_assigned_name(module.parent(whole)) for whole in expressions]
    statement, name = module.parent(expressions[0]), names[0]
    if len(sources) == 1 and isinstance(statement, ast.Assign | ast.AnnAssign) and name:
        values, more = loads_of(function, name, stores=1)
        return Body(
            module,
            function,
            source,
            first,
            name,
            values,
            statement,
            statement.annotation if isinstance(statement, ast.AnnAssign) else None,
            reading,
            (*doubts, *more),
            is_validated(module, values, classes),
        )
    is_same = len({ast.dump(node) for node in expressions}) == 1
    if any(name is not None for name in names) or not is_same:
        doubts = (*doubts, _several_reads(first))
    return Body(
        module,
        function,
        source,
        first,
        None,
        expressions,
        reading=reading,
        doubts=doubts,
        is_validated=is_validated(module, expressions, classes),
    )


def _several_reads(node: ast.expr) -> Doubt:
    return Doubt(
        node,
        "several-reads",
        "the body is read in several ways.",
        "Read it once, into one name.",
    )


def _with_or_empty(module: Module, node: ast.expr) -> tuple[ast.expr, bool]:
    """Return the expression with the ``or {}`` that follows it, and whether one does."""
    above = module.parent(node)
    if (
        isinstance(above, ast.BoolOp)
        and isinstance(above.op, ast.Or)
        and above.values[0] is node
        and len(above.values) == 2
        and isinstance(above.values[1], ast.Dict)
        and not above.values[1].keys
    ):
        return above, True
    return node, False


def _assigned_name(statement: ast.AST | None) -> str | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return target.id if isinstance(target, ast.Name) else None
    return None


def _reading(
    module: Module, node: ast.expr, *, or_empty: bool
) -> tuple[Reading, tuple[Doubt, ...]]:
    if not isinstance(node, ast.Call):
        return Reading(or_empty=or_empty), ()
    given = {keyword.arg: module.source(keyword.value) for keyword in node.keywords}
    if node.args or not given.keys() <= {"force", "silent"}:
        doubt = Doubt(
            node,
            "unusual-read",
            "get_json is called with arguments that the validation does not pass on.",
            "Use only the keywords force and silent.",
        )
        return Reading(or_empty=or_empty), (doubt,)
    return Reading(given.get("force"), given.get("silent"), or_empty), ()
