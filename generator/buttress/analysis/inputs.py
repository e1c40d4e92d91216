"""Request bodies that a handler reads without a schema: where they come in, and what reads them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from buttress.analysis.classes import Classes
from buttress.project.literals import known_string
from buttress.project.model import Framework, Service
from buttress.source import Module
from buttress.source.module import Function

HINTS = ("get_json", "json", "dict", "Dict", "Body", "Mapping")
"""A file without any of these words has no untyped body."""

_VERBS = frozenset(["get", "post", "put", "delete", "patch", "route", "api_route"])
_VIEW_BASES = frozenset(["MethodView", "View", "Resource", "HTTPEndpoint"])
_DICTS = frozenset(
    ["builtins.dict", "typing.Dict", "typing.Mapping", "typing.MutableMapping"]
    + ["collections.abc.Mapping", "collections.abc.MutableMapping"]
)
_ANYTHING = frozenset(["typing.Any", "builtins.object"])
_BODY = frozenset(["fastapi.Body", "fastapi.params.Body", "fastapi.param_functions.Body"])
_VALIDATORS = frozenset(
    ["model_validate", "parse_obj", "model_validate_json", "validate", "load", "validate_python"]
    + ["deserialize", "structure"]
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


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
    doubts: tuple[Doubt, ...] = field(default=())
    is_validated: bool = False


def bodies(module: Module, service: Service, classes: Classes) -> Iterator[Body]:
    """Yield the untyped bodies of the handlers in a module, in source order."""
    named = service.handlers(module.path)
    functions = sorted(
        module.nodes(ast.FunctionDef, ast.AsyncFunctionDef), key=lambda node: node.lineno
    )
    for function in functions:
        if module.symbol(function) not in named and not is_endpoint(module, function):
            continue
        if service.framework is Framework.FLASK:
            body = _flask_body(module, function, classes)
            if body is not None:
                yield body
        elif service.framework in {Framework.FASTAPI, Framework.STARLETTE}:
            yield from _parameters(module, function, classes)
            body = _raw_body(module, function, classes)
            if body is not None:
                yield body


def is_endpoint(module: Module, function: Function) -> bool:
    """Whether a function says of itself that it answers a route."""
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute):
            first = mark.args[0] if mark.args else next((k.value for k in mark.keywords), None)
            if mark.func.attr in _VERBS and _is_path(module, first):
                return True
    owner = module.parent(function)
    if isinstance(owner, ast.ClassDef) and function.name in _VERBS - {"route", "api_route"}:
        bases = {getattr(base, "attr", getattr(base, "id", "")) for base in owner.bases}
        return bool(bases & _VIEW_BASES)
    return False


def _is_path(module: Module, node: ast.expr | None) -> bool:
    text = known_string(module, node)
    if text is not None:
        return text == "" or text.startswith(("/", "<", "{"))
    return isinstance(node, ast.JoinedStr | ast.Name | ast.Attribute | ast.BinOp)


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, those of nested functions included."""
    for statement in function.body:
        yield from ast.walk(statement)


# -- FastAPI: a parameter -------------------------------------------------------------------------


def _parameters(module: Module, function: Function, classes: Classes) -> Iterator[Body]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [
        *zip(positional, [*missing, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        found = _untyped(module, argument, default)
        if found is None:
            continue
        annotation, doubts = found
        values, more = _loads(module, function, argument.arg, stores=0)
        yield Body(
            module,
            function,
            Source.PARAMETER,
            argument,
            argument.arg,
            values,
            annotation=annotation,
            doubts=(*doubts, *more),
            is_validated=_is_validated(module, values, classes),
        )


def _untyped(
    module: Module, argument: ast.arg, default: ast.expr | None
) -> tuple[ast.expr, tuple[Doubt, ...]] | None:
    """Return the untyped part of a body parameter's annotation; ``None`` for any other one."""
    annotation = argument.annotation
    in_body = _is_body(module, default)
    if isinstance(annotation, ast.Subscript) and _names(module, annotation.value, "Annotated"):
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
        if not parts or not all(_is_body(module, part) for part in parts[1:]):
            return None
        annotation, in_body = parts[0], True
    if annotation is None or (default is not None and not in_body and not _is_none(default)):
        return None
    doubts: list[Doubt] = []
    optional = _without_none(module, annotation)
    if optional is not annotation or _is_optional(default):
        doubts.append(
            Doubt(
                argument,
                "optional-body",
                "the body may be left out, and what that means for each field is not known.",
                "Require a body, or give the parameter a model.",
            )
        )
    plain = optional.value if isinstance(optional, ast.Subscript) else optional
    target = module.resolve(plain) or ""
    if target in _ANYTHING:
        return (annotation, tuple(doubts)) if in_body else None
    if target not in _DICTS:
        return None
    if isinstance(optional, ast.Subscript) and not _holds_anything(module, optional):
        doubts.append(
            Doubt(
                argument,
                "typed-values",
                "the annotation gives all values one type.",
                "Write a model with these fields.",
            )
        )
    return annotation, tuple(doubts)


def _is_body(module: Module, node: ast.expr | None) -> bool:
    return isinstance(node, ast.Call) and module.resolve(node.func) in _BODY


def _is_none(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_optional(default: ast.expr | None) -> bool:
    """Whether a default makes the body optional: ``None``, ``Body(None)``, ``Body({})``."""
    if not isinstance(default, ast.Call):
        return default is not None
    given = default.args[0] if default.args else None
    for keyword in default.keywords:
        if keyword.arg in {"default", "default_factory"}:
            given = keyword.value
    return given is not None and not (isinstance(given, ast.Constant) and given.value is ...)


def _without_none(module: Module, annotation: ast.expr) -> ast.expr:
    if isinstance(annotation, ast.Subscript) and _names(module, annotation.value, "Optional"):
        return annotation.slice
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        if _is_none(annotation.right):
            return annotation.left
        if _is_none(annotation.left):
            return annotation.right
    return annotation


def _names(module: Module, node: ast.expr, name: str) -> bool:
    return module.resolve(node) in {f"typing.{name}", f"typing_extensions.{name}"}


def _holds_anything(module: Module, annotation: ast.Subscript) -> bool:
    parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
    return len(parts) == 2 and module.resolve(parts[1]) in _ANYTHING


# -- Flask and raw JSON ---------------------------------------------------------------------------


def _flask_body(module: Module, function: Function, classes: Classes) -> Body | None:
    sources = [
        node
        for node in own_nodes(function)
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


def _raw_body(module: Module, function: Function, classes: Classes) -> Body | None:
    requests = {
        argument.arg
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if (module.resolve(argument.annotation) or "").endswith(("requests.Request", ".Request"))
    }
    sources = [
        node
        for node in own_nodes(function)
        if isinstance(node, ast.Await)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "json"
        and isinstance(node.value.func.value, ast.Name)
        and node.value.func.value.id in requests
    ]
    body = _read_body(module, function, Source.RAW, list(sources), classes)
    if body is None or body.is_validated:
        return body
    doubt = Doubt(
        sources[0],
        "raw-request",
        "the body is read as raw JSON whatever its content type, which a model as a parameter is not.",
        "Declare the body as a parameter of the handler.",
    )
    return Body(
        body.module,
        body.handler,
        body.source,
        body.node,
        body.name,
        body.values,
        body.statement,
        doubts=(doubt, *body.doubts),
    )


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
    assigned = [module.parent(whole) for whole, _ in wholes]
    names = [_assigned_name(node) for node in assigned]
    reading, doubts = _reading(module, first, wholes[0][1])
    if len(sources) == 1 and names[0] is not None:
        values, more = _loads(module, function, names[0], stores=1)
        statement = assigned[0]
        assert isinstance(statement, ast.Assign | ast.AnnAssign)
        return Body(
            module,
            function,
            source,
            first,
            names[0],
            values,
            statement,
            statement.annotation if isinstance(statement, ast.AnnAssign) else None,
            reading,
            (*doubts, *more),
            _is_validated(module, values, classes),
        )
    expressions = tuple(whole for whole, _ in wholes)
    if any(name is not None for name in names) or any(
        ast.dump(node) != ast.dump(expressions[0]) for node in expressions
    ):
        doubts = (
            *doubts,
            Doubt(
                first,
                "several-reads",
                "the body is read in several ways.",
                "Read it once, into one name.",
            ),
        )
    return Body(
        module,
        function,
        source,
        first,
        None,
        expressions,
        reading=reading,
        doubts=doubts,
        is_validated=_is_validated(module, expressions, classes),
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


def _reading(module: Module, node: ast.expr, or_empty: bool) -> tuple[Reading, tuple[Doubt, ...]]:
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


def _loads(
    module: Module, function: Function, name: str, stores: int
) -> tuple[tuple[ast.expr, ...], tuple[Doubt, ...]]:
    """Return the loads of the body's name, and a doubt if it is bound more than ``stores`` times."""
    loads: list[ast.expr] = []
    bound: list[ast.Name] = []
    for node in own_nodes(function):
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


def _is_validated(module: Module, values: tuple[ast.expr, ...], classes: Classes) -> bool:
    """Whether the whole body goes through a schema: ``Model(**data)``, ``jsonschema.validate``."""
    for value in values:
        above = module.parent(value)
        call = module.parent(above) if isinstance(above, ast.keyword) else above
        if not isinstance(call, ast.Call):
            continue
        if isinstance(above, ast.keyword) and above.arg is None:
            if classes.is_pydantic(module, call.func):
                return True
        elif isinstance(call.func, ast.Attribute) and call.func.attr in _VALIDATORS:
            owner = call.func.value
            if value in call.args and _looks_like_schema(module, owner):
                return True
    return False


def _looks_like_schema(module: Module, owner: ast.expr) -> bool:
    if (module.resolve(owner) or "").partition(".")[0] in {"jsonschema", "fastjsonschema"}:
        return True
    node = owner.func if isinstance(owner, ast.Call) else owner
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    words = name.lower()
    is_class = name[:1].isupper()
    return "schema" in words or "validator" in words or "adapter" in words or is_class
