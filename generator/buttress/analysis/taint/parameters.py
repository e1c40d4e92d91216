"""What a function is given: by the client, through the framework, or by a caller."""

from __future__ import annotations

import ast
import re

from buttress.analysis.taint.graphql import is_resolver, of_resolver
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import (
    CLIENT,
    PARAMETER,
    REQUEST,
    REQUEST_TYPES,
    SAFE_TYPES,
    TEXT_TYPES,
)
from buttress.analysis.taint.values import NOTHING, Taint, Value
from buttress.project.model import Route
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ANNOTATED = lazy_pattern(r"(?:typing\.)?Annotated\[\s*([^,]+),(.*)\]\Z", re.DOTALL)
_GIVEN = lazy_pattern(r"\b(?:Depends|Security|BackgroundTasks)\b")
_UPLOAD = lazy_pattern(r"UploadFile")
_FORM = lazy_pattern(r"OAuth2PasswordRequestForm")
_CONVERTERS = lazy_pattern(
    r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>|\{(\w+)(?::(\w+))?\}|\(\?P<(\w+)>([^)]*)\)"
)
_ROUTERS = frozenset(
    ["route", "get", "post", "put", "patch", "delete", "api_route", "websocket", "options", "head"]
)


def is_handler(module: Module, function: Function, known: frozenset[str]) -> bool:
    """Whether a function answers a route, by the project's facts or by its decorator, or a field of GraphQL."""
    if (known and module.symbol(function) in known) or is_resolver(module, function):
        return True
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) and d.func.attr in _ROUTERS
        and d.args and not (module.resolve(d.func.value) or "").startswith(("mock", "requests", "respx", "unittest"))
        for d in function.decorator_list
    )  # fmt: skip


def arguments_of(function: Function | ast.Lambda) -> list[ast.arg]:
    """Return all parameters that have a name of their own, in order."""
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def of_handler(module: Module, function: Function, argument: ast.arg, routes: list[Route]) -> Value:
    """Return what the framework puts into a parameter of a function that answers a route."""
    if is_resolver(module, function):
        return of_resolver(module, function, argument)
    written, is_given = _annotation(module, function, argument)
    if _is_request(module, argument):
        return Value(what=REQUEST, node=argument)
    if (written and SAFE_TYPES.match(written)) or (is_given and not _FORM.search(written)):
        return NOTHING
    taint = Taint(CLIENT, argument.arg, argument, module)
    if _UPLOAD.search(written) or _FORM.search(written):
        return Value(taint=frozenset({taint}), what="<data>", node=argument)
    converter = _converter(argument.arg, routes)
    if converter == "text":
        taint = taint._replace(safe=bits(Kind.PATH))
    elif converter == "safe":
        return NOTHING
    if written and not TEXT_TYPES.match(written):
        return Value(what=f"<given {written}>", node=argument)
    is_data = bool(re.search(r"dict|list|Dict|List|Any", written))
    return Value(taint=frozenset({taint}), what="<data>" if is_data else "", node=argument)


def of_function(module: Module, function: Function, argument: ast.arg) -> Value:
    """Return what a parameter of any other function may hold."""
    written, is_given = _annotation(module, function, argument)
    if _is_request(module, argument):
        return Value(what=REQUEST, node=argument)
    if is_given or (written and not TEXT_TYPES.match(written)):
        return NOTHING
    taint = Taint(PARAMETER, argument.arg, argument, module)
    return Value(taint=frozenset({taint}), node=argument)


def _is_request(module: Module, argument: ast.arg) -> bool:
    if argument.annotation is None:
        return argument.arg in {"request", "req"}
    return module.resolve(argument.annotation) in REQUEST_TYPES


def _annotation(module: Module, function: Function, argument: ast.arg) -> tuple[str, bool]:
    """Return the type of a parameter as written, and whether the framework fills it by itself."""
    written = module.source(argument.annotation) if argument.annotation is not None else ""
    default = _default(function, argument)
    is_given = bool(_GIVEN.search(written)) or (
        default is not None and bool(_GIVEN.match(module.source(default)))
    )
    match = _ANNOTATED.match(written)
    return (match.group(1).strip() if match else written.strip("'\"")), is_given


def _default(function: Function, argument: ast.arg) -> ast.expr | None:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    with_default = positional[len(positional) - len(given.defaults) :]
    for item, default in zip(with_default, given.defaults, strict=True):
        if item is argument:
            return default
    for item, other in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        if item is argument:
            return other
    return None


def _converter(name: str, routes: list[Route]) -> str:
    """Return ``safe``, ``text`` (anything but ``/``) or ``any`` for a part of the path, else empty."""
    for route in routes:
        for match in _CONVERTERS.finditer(route.path):
            kind, first, second, kind_two, third, pattern = match.groups()
            if name not in {first, second, third}:
                continue
            kind = kind or kind_two or ""
            if kind in {"int", "float", "uuid", "slug"}:
                return "safe"
            if third is not None:
                return "safe" if re.fullmatch(r"[\[\]\\\w+*{},-]*", pattern) else "any"
            return "any" if kind == "path" else "text"
    return ""
