"""Untyped request bodies, and what is asked of every one of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from buttress.analysis.classes import Classes
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_VALIDATORS = frozenset(
    [
        "de_json",
        "deserialize",
        "from_dict",
        "load",
        "model_validate",
        "model_validate_json",
        "parse_obj",
        "structure",
        "validate",
        "validate_python",
    ]
)

_PARSING_MARKS = frozenset(["use_args", "use_kwargs", "expects_json", "arguments", "input"])
"""Decorators of webargs, flask-expects-json, flask-smorest and APIFlask that read the body."""

_VALIDATING = lazy_pattern(r"(?:\A|_)validated?(?:_|\Z)")
_SHOWING = lazy_pattern(r"\Aprint\Z|(?:\A|[._])(?:log|logger|logging)\.\w+\Z", re.IGNORECASE)


class Source(StrEnum):
    """How a body comes in: as a parameter, through Flask's ``request``, or as raw JSON."""

    PARAMETER = "parameter"
    FLASK = "flask"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a body cannot get a model without a person.

    Attributes:
        node: The place.
        code: A stable, short code.
        reason: One sentence.
        unlock: What a person could do.
    """

    node: ast.expr | ast.stmt | ast.arg
    code: str
    reason: str
    unlock: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How Flask is asked for the body.

    Attributes:
        force: The argument as written; ``None`` where it is not given.
        silent: Likewise.
        or_empty: Whether ``or {}`` follows.
    """

    force: str | None = None
    silent: str | None = None
    or_empty: bool = False


@dataclass(frozen=True)
class Body:
    """An untyped request body of one handler.

    Attributes:
        module: The file.
        handler: The function that answers the route.
        source: How the body comes in.
        node: The parameter, or the first expression that reads the body.
        name: What the handler calls it; ``None`` where it is used where it is read.
        values: The expressions that stand for the body, in source order: loads of the name, or
            the reading expressions themselves.
        statement: The assignment that gives it its name, if there is one.
        annotation: The part of an annotation that says ``dict``.
        reading: How Flask is asked for it.
        doubts: Why it cannot be understood, if so.
        is_validated: Whether something else checks it (a schema, ``jsonschema``).
    """

    module: Module
    handler: Function
    source: Source
    node: ast.arg | ast.expr
    name: str | None
    values: tuple[ast.expr, ...] = ()
    statement: ast.Assign | ast.AnnAssign | None = None
    annotation: ast.expr | None = None
    reading: Reading = Reading()
    doubts: tuple[Doubt, ...] = ()
    is_validated: bool = False

    @property
    def request(self) -> str | None:
        """What the handler calls the request that the body is read from; ``None`` for Flask's."""
        call = self.node.value if isinstance(self.node, ast.Await) else None
        method = call.func if isinstance(call, ast.Call) else None
        owner = method.value if isinstance(method, ast.Attribute) else None
        return owner.id if isinstance(owner, ast.Name) else None


def body_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, those of nested functions included."""
    for statement in function.body:
        yield from ast.walk(statement)


def loads_of(
    function: Function, name: str, stores: int
) -> tuple[tuple[ast.expr, ...], tuple[Doubt, ...]]:
    """Return the loads of the body's name, and a doubt if it is bound more than ``stores`` times."""
    loads: list[ast.expr] = []
    bound: list[ast.Name] = []
    for node in body_nodes(function):
        if isinstance(node, ast.Name) and node.id == name:
            (loads if isinstance(node.ctx, ast.Load) else bound).append(node)
        elif isinstance(node, ast.arg) and node.arg == name:
            return (), (_rebound(function),)
    loads.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(loads), (_rebound(bound[-1]),) if len(bound) > stores else ()


def _rebound(node: ast.expr | ast.stmt) -> Doubt:
    return Doubt(
        node,
        "rebound",
        "the name of the body gets another value later.",
        "Give the other value another name.",
    )


def is_validated(module: Module, values: tuple[ast.expr, ...], classes: Classes) -> bool:
    """Whether the whole body goes through a schema: ``Model(**data)``, ``jsonschema.validate``.

    Each of its items may do so instead, and what a decorator of the handler checks counts, too.
    """
    function = module.function(values[0]) if values else None
    if function is not None and any(_mark_validates(mark) for mark in function.decorator_list):
        return True
    if any(_goes_through_schema(module, value, classes) for value in values):
        return True
    if function is None:
        return False
    # a body that gets its name beside a form or a copy: `data = request.form or request.get_json()`
    names = {n for value in values if (n := _name_beside(module, value)) is not None}
    loads = [
        node
        for node in body_nodes(function)
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)
    ]
    every = (*values, *loads)
    return any(_goes_through_schema(module, load, classes) for load in loads) or any(
        _items_go(module, value) for value in every
    )


def _goes_through_schema(module: Module, value: ast.expr, classes: Classes) -> bool:
    above = module.parent(value)
    call = module.parent(above) if isinstance(above, ast.keyword) else above
    if not isinstance(call, ast.Call):
        return False
    if isinstance(above, ast.keyword) and above.arg is None:
        return classes.is_pydantic(module, call.func)
    is_given = value in call.args or isinstance(above, ast.keyword)
    return is_given and _validates(module, call.func)


def _validates(module: Module, called: ast.expr) -> bool:
    """Whether to call something is to check what it is given."""
    if _VALIDATING.search(_last_name(called)):
        return True
    return (
        isinstance(called, ast.Attribute)
        and called.attr in _VALIDATORS
        and _looks_like_schema(module, called.value)
    )


def _mark_validates(mark: ast.expr) -> bool:
    """Whether a decorator checks the body before the handler runs."""
    if not isinstance(mark, ast.Call):
        return _VALIDATING.search(_last_name(mark)) is not None
    name = _last_name(mark.func)
    is_on = any(
        keyword.arg == "validate"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in mark.keywords
    )
    return bool(_VALIDATING.search(name)) or name in _PARSING_MARKS or (name == "expect" and is_on)


def _name_beside(module: Module, value: ast.expr) -> str | None:
    """Return the name that a body gets together with something else, or after a copy of it."""
    above = module.parent(value)
    while isinstance(above, ast.BoolOp | ast.IfExp | ast.Call):
        if isinstance(above, ast.Call) and value not in above.args:
            return None
        value, above = above, module.parent(above)
    is_named = isinstance(above, ast.Assign) and len(above.targets) == 1
    target = above.targets[0] if is_named and isinstance(above, ast.Assign) else None
    return target.id if isinstance(target, ast.Name) else None


def _items_go(module: Module, value: ast.expr) -> bool:
    """Whether a loop over a body gives each item of it to a schema."""
    above = module.parent(value)
    if isinstance(above, ast.Attribute) and above.attr in {"items", "values"}:
        above = module.parent(module.parent(above) or above)
    if not isinstance(above, ast.For):
        return False
    names = {part.id for part in ast.walk(above.target) if isinstance(part, ast.Name)}
    return any(
        isinstance(call, ast.Call)
        and _validates(module, call.func)
        and any(
            isinstance(part, ast.Name) and part.id in names
            for argument in call.args
            for part in ast.walk(argument)
        )
        for statement in above.body
        for call in ast.walk(statement)
    )


def is_only_shown(module: Module, values: tuple[ast.expr, ...]) -> bool:
    """Whether a body goes nowhere but to a log or the console."""
    return bool(values) and all(
        isinstance(call := module.parent(value), ast.Call)
        and bool(_SHOWING.search(ast.unparse(call.func)))
        for value in values
    )


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _looks_like_schema(module: Module, owner: ast.expr) -> bool:
    if isinstance(owner, ast.IfExp):
        return _looks_like_schema(module, owner.body) and _looks_like_schema(module, owner.orelse)
    if (module.resolve(owner) or "").partition(".")[0] in {"jsonschema", "fastjsonschema"}:
        return True
    node = owner.func if isinstance(owner, ast.Call) else owner
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    words = name.lower()
    is_class = name[:1].isupper()
    return "schema" in words or "validator" in words or "adapter" in words or is_class
