"""Routes: what decorators and registering calls say, before prefixes are put in front."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.literals import argument, known_string, strings_in
from buttress.project.model import Parameter, Place
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.module import Function

_VERBS = frozenset(["get", "post", "put", "delete", "patch", "options", "head", "trace"])
_DECORATORS = _VERBS | {"route", "api_route", "websocket", "websocket_route", "doc"}
_ADDERS = frozenset(
    ["add_api_route", "add_route", "add_url_rule", "add_api_websocket_route", "add_websocket_route"]
)
_LISTED = frozenset(["Route", "WebSocketRoute", "APIRoute", "APIWebSocketRoute"])
_NOT_APPS = frozenset(["requests", "httpx", "responses", "respx", "mock", "session", "client"])


@dataclass(frozen=True)
class FoundRoute:
    """A route as its registration says.

    Attributes:
        module: The file it is registered in.
        owner: The expression it is registered on, as written.
        function: Dotted path of the function that the registration stands in.
        methods: Upper case and sorted; empty where they are not known.
        path: Without prefixes; ``None`` where it is not known.
        handler: Dotted name inside the handler's file.
        place: The ``def`` of the handler, else the registering call.
        parameters: Those of the handler.
        is_async: Whether the handler is a coroutine.
    """

    module: str
    owner: str
    function: str
    methods: tuple[str, ...]
    path: str | None
    handler: str
    place: Place
    parameters: tuple[Parameter, ...] = ()
    is_async: bool = False


def find_routes(modules: OwnModules, path: str, root: str | None = None) -> Iterator[FoundRoute]:
    """Yield the routes that one file registers."""
    module = modules.tree.module(path)
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in function.decorator_list:
            yield from _decorated(module, function, decorator)
    for klass in module.nodes(ast.ClassDef):
        for decorator in klass.decorator_list:
            if isinstance(decorator, ast.Call) and called_name(decorator) in {"route", "resource"}:
                for text in decorator.args:
                    yield from _view_routes(
                        module, decorator, known_string(module, text), module, klass
                    )
    if modules.mentions(path, *_ADDERS, "add_resource", "Route(", "register_view"):
        for call in module.nodes(ast.Call):
            yield from _added(modules, module, call, root)


def _decorated(module: Module, function: Function, decorator: ast.expr) -> Iterator[FoundRoute]:
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return
    name = decorator.func.attr
    owner = decorator.func.value
    if name not in _DECORATORS or name == "doc" or _is_foreign(module, owner):
        return
    first = argument(decorator, 0, "path", "rule")
    path = known_string(module, first)
    if first is None or (path is not None and path != "" and not path.startswith(("/", "<", "{"))):
        # `@patch("package.name")` and `@x.get("key")` are no routes
        return
    if path is None and not isinstance(first, ast.JoinedStr | ast.Name | ast.Attribute | ast.BinOp):
        return
    methods = _methods(decorator, name)
    yield _route(module, decorator, owner, methods, path, module, function)


def _is_foreign(module: Module, owner: ast.expr) -> bool:
    dotted = module.resolve(owner) or ""
    return dotted.partition(".")[0] in _NOT_APPS or dotted.startswith("unittest.")


def _methods(call: ast.Call, name: str) -> tuple[str, ...]:
    if name in _VERBS:
        return (name.upper(),)
    if "websocket" in name.lower():
        return ("WEBSOCKET",)
    listed = argument(call, -1, "methods")
    if listed is None:
        return ("GET",)
    return tuple(sorted({method.upper() for method in strings_in(listed)}))


def _route(
    module: Module,
    call: ast.AST,
    owner: ast.expr | None,
    methods: tuple[str, ...],
    path: str | None,
    handler_module: Module,
    handler: Function,
) -> FoundRoute:
    around = module.function(call) if not isinstance(call, ast.FunctionDef) else None
    if around is handler:
        around = module.function(handler)
    return FoundRoute(
        module.path,
        ast.unparse(owner) if owner is not None else "",
        module.symbol(around) if around is not None else "",
        methods,
        path,
        handler_module.symbol(handler),
        Place(handler_module.path, handler.lineno, handler.col_offset + 1),
        parameters(handler_module, handler),
        isinstance(handler, ast.AsyncFunctionDef),
    )


def parameters(module: Module, function: Function) -> tuple[Parameter, ...]:
    """Return the parameters of a handler, annotations and defaults as written, without ``self``."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    pairs = [*zip(positional, defaults, strict=True)]
    pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return tuple(
        Parameter(
            item.arg,
            module.source(item.annotation) if item.annotation is not None else None,
            module.source(default) if default is not None else None,
        )
        for number, (item, default) in enumerate(pairs)
        if not (number == 0 and item.arg in {"self", "cls"})
    )


def _added(
    modules: OwnModules, module: Module, call: ast.Call, root: str | None
) -> Iterator[FoundRoute]:
    name = called_name(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name in _ADDERS and owner is not None:
        path = known_string(module, argument(call, 0, "path", "rule"))
        position = 2 if name == "add_url_rule" else 1
        target = argument(call, position, "endpoint" if position == 1 else "view_func", "route")
        yield from _registered(modules, module, call, owner, path, target, name, root)
    elif name == "add_resource" and owner is not None and call.args:
        found = _definition(modules, module, call.args[0], root)
        for text in call.args[1:]:
            if found is not None and isinstance(found[1], ast.ClassDef):
                yield from _view_routes(module, call, known_string(module, text), *found)  # type: ignore[arg-type]
    elif name in _LISTED:
        dotted = module.resolve(call.func) or ""
        if dotted.startswith(("starlette.", "fastapi.")):
            path = known_string(module, argument(call, 0, "path"))
            target = argument(call, 1, "endpoint")
            yield from _registered(modules, module, call, None, path, target, name, root)


def _registered(
    modules: OwnModules,
    module: Module,
    call: ast.Call,
    owner: ast.expr | None,
    path: str | None,
    target: ast.expr | None,
    name: str,
    root: str | None,
) -> Iterator[FoundRoute]:
    view = target
    if isinstance(view, ast.Call) and called_name(view) == "as_view":
        view = view.func.value if isinstance(view.func, ast.Attribute) else None
    found = _definition(modules, module, view, root) if view is not None else None
    methods = _methods(call, name)
    if found is None:
        if target is not None:
            yield FoundRoute(
                module.path,
                ast.unparse(owner) if owner is not None else "",
                module.symbol(around) if (around := module.function(call)) is not None else "",
                (
                    methods
                    if argument(call, -1, "methods") is not None
                    or "as_view" not in ast.unparse(target)
                    else ()
                ),
                path,
                ast.unparse(view) if view is not None else "",
                Place(module.path, call.lineno, call.col_offset + 1),
            )
    elif isinstance(found[1], ast.ClassDef):
        yield from _view_routes(module, call, path, found[0], found[1])
    else:
        yield _route(module, call, owner, methods, path, found[0], found[1])


def _definition(
    modules: OwnModules, module: Module, node: ast.expr, root: str | None
) -> tuple[Module, Function | ast.ClassDef] | None:
    if isinstance(node, ast.Name):
        scope: ast.AST | None = module.function(node) or module.tree
        while scope is not None:
            found = _defined_in(module, scope, node.id)
            if found is not None:
                return module, found
            scope = (module.function(scope) or module.tree) if scope is not module.tree else None
    dotted = module.resolve(node)
    target = modules.symbol(dotted, module.path, root) if dotted else None
    if target is None or not target[1]:
        return None
    other = modules.tree.module(target[0])
    inner = _defined_in(other, other.tree, target[1])
    return (other, inner) if inner is not None else None


def _defined_in(module: Module, scope: ast.AST, name: str) -> Function | ast.ClassDef | None:
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        if node.name == name and (module.function(node) or module.tree) is scope:
            return node
    return None


def _view_routes(
    module: Module, call: ast.Call, path: str | None, owner_module: Module, klass: ast.ClassDef
) -> Iterator[FoundRoute]:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    for node in klass.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in _VERBS:
            yield _route(module, call, owner, (node.name.upper(),), path, owner_module, node)
