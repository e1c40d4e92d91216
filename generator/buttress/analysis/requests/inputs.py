"""Request bodies that a handler reads without a schema: where they come in, and what reads them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_bodies import Body, Doubt, Source, is_validated, loads_of
from buttress.analysis.requests.input_json import flask_body, raw_body
from buttress.project.literals import known_string, last_name
from buttress.project.model import Framework, Service
from buttress.source import Module
from buttress.source.nodes import Function

HINTS = ("get_json", "json", "dict", "Dict", "Body", "Mapping")
"""A file without any of these words has no untyped body."""

_READING = frozenset(["GET", "HEAD", "OPTIONS", "WEBSOCKET"])
_VERBS = frozenset(["post", "put", "delete", "patch", "route", "api_route"])
_VIEW_BASES = frozenset(["MethodView", "View", "Resource", "HTTPEndpoint"])
_DICTS = frozenset(
    [
        "builtins.dict",
        "typing.Dict",
        "typing.Mapping",
        "typing.MutableMapping",
        "collections.abc.Mapping",
        "collections.abc.MutableMapping",
    ]
)
_ANYTHING = frozenset(["typing.Any", "builtins.object"])
_BODY = frozenset(["fastapi.Body", "fastapi.params.Body", "fastapi.param_functions.Body"])


def bodies(module: Module, service: Service, classes: Classes) -> Iterator[Body]:
    """Yield the untyped bodies of the handlers in a module, in source order."""
    named = {
        route.handler
        for route in service.routes_in(module.path)
        if not _READING.issuperset(route.methods or ["POST"])
    }
    functions = sorted(
        module.nodes(ast.FunctionDef, ast.AsyncFunctionDef), key=lambda node: node.lineno
    )
    for function in functions:
        if module.symbol(function) not in named and not _is_endpoint(module, function):
            continue
        if service.framework is Framework.FLASK:
            body = flask_body(module, function, classes)
            if body is not None:
                yield body
        elif service.framework in {Framework.FASTAPI, Framework.STARLETTE}:
            yield from _parameters(module, function, classes)
            body = raw_body(module, function, classes)
            if body is not None:
                yield body


def _is_endpoint(module: Module, function: Function) -> bool:
    """Whether a function says of itself that it answers a route."""
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute):
            first = mark.args[0] if mark.args else next((k.value for k in mark.keywords), None)
            if mark.func.attr in _VERBS and _is_path(module, first):
                return True
    owner = module.parent(function)
    if isinstance(owner, ast.ClassDef) and function.name in _VERBS - {"route", "api_route"}:
        bases = {last_name(base) for base in owner.bases}
        return bool(bases & _VIEW_BASES)
    return False


def _is_path(module: Module, node: ast.expr | None) -> bool:
    text = known_string(module, node)
    if text is not None:
        return text == "" or text.startswith(("/", "<", "{"))
    return isinstance(node, ast.JoinedStr | ast.Name | ast.Attribute | ast.BinOp)


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
        values, more = loads_of(function, argument.arg, stores=0)
        yield Body(
            module,
            function,
            Source.PARAMETER,
            argument,
            argument.arg,
            values,
            annotation=annotation,
            doubts=(*doubts, *more),
            is_validated=is_validated(module, values, classes),
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
