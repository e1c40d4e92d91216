"""Routes: what decorators and registering calls say, before prefixes are put in front."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from buttress.project.classful import is_classful, routes_of
from buttress.project.literals import argument, known_string, strings_in, written
from buttress.project.model import Parameter, Place
from buttress.project.modules import OwnModules, called_name, calls_of
from buttress.source import Module
from buttress.source.nodes import Function

VERBS = frozenset(["get", "post", "put", "delete", "patch", "options", "head", "trace"])
"""Methods of HTTP, as decorators and methods of views are named after them."""

_DECORATORS = VERBS | {"route", "api_route", "websocket", "websocket_route"}
_ADDERS = frozenset(
    ["add_api_route", "add_route", "add_url_rule", "add_api_websocket_route", "add_websocket_route"]
)
_LISTED = frozenset(["Route", "WebSocketRoute", "APIRoute", "APIWebSocketRoute"])
_NOT_APPS = frozenset(["requests", "httpx", "responses", "respx", "mock", "unittest"])


@dataclass(frozen=True)
class FoundRoute:
    """A route as its registration says.

    Attributes:
        module: The file it is registered in.
        owner: The name it is registered on (``router``), empty where it has none.
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
    """Yield the routes that one file registers.

    Args:
        modules: The project's own modules.
        path: The file.
        root: The import root.
    """
    return _FileReader(modules, modules.tree.module(path), root).read()


@dataclass(frozen=True)
class _FileReader:
    modules: OwnModules
    module: Module
    root: str | None

    def read(self) -> Iterator[FoundRoute]:
        module = self.module
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call):
                    yield from self._decorated(function, decorator)
        for klass in module.nodes(ast.ClassDef):
            for decorator in klass.decorator_list:
                if isinstance(decorator, ast.Call) and called_name(decorator) == "route":
                    for text in decorator.args:
                        start = self._registration(decorator, known_string(module, text))
                        yield from _of_view(start, module, klass)
        for call in calls_of(module, *_ADDERS, "add_resource", *_LISTED):
            yield from self._added(call)
        for call in calls_of(module, "register"):
            yield from self._classful(call)

    def _classful(self, call: ast.Call) -> Iterator[FoundRoute]:
        """Yield the routes of ``OrdersView.register(app)``."""
        view = call.func.value if isinstance(call.func, ast.Attribute) else None
        found = self._definition(view) if view is not None and call.args else None
        module, klass = found if found is not None else (self.module, None)
        if not isinstance(klass, ast.ClassDef) or not is_classful(module, klass):
            return
        start = replace(self._registration(call, None), owner=written(call.args[0]))
        for function, methods, path in routes_of(module, klass, (self.module, call)):
            yield _of_function(replace(start, methods=methods, path=path), module, function)

    def _registration(self, call: ast.Call, path: str | None) -> FoundRoute:
        """Return what the place of a registration says, without its handler."""
        around = self.module.function(call)
        owner = written(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        return FoundRoute(
            self.module.path,
            owner,
            self.module.symbol(around) if around is not None else "",
            (),
            path,
            "",
            Place(self.module.path, call.lineno, call.col_offset + 1),
        )

    def _decorated(self, function: Function, decorator: ast.Call) -> Iterator[FoundRoute]:
        if not isinstance(decorator.func, ast.Attribute) or decorator.func.attr not in _DECORATORS:
            return
        dotted = self.module.resolve(decorator.func.value) or ""
        if dotted.partition(".")[0] in _NOT_APPS:
            return
        first = argument(decorator, 0, "path", "rule")
        path = known_string(self.module, first)
        if path is not None and path != "" and not path.startswith(("/", "<", "{")):
            # `@patch("package.name")` and `@cache.get("key")` are no routes
            return
        if path is None and not isinstance(
            first, ast.JoinedStr | ast.Name | ast.Attribute | ast.BinOp
        ):
            return
        start = self._registration(decorator, path)
        around = self.module.function(function)
        start = replace(start, function=self.module.symbol(around) if around else "")
        yield _of_function(
            replace(start, methods=_methods(decorator, decorator.func.attr)), self.module, function
        )

    def _added(self, call: ast.Call) -> Iterator[FoundRoute]:
        name = called_name(call)
        if name in _ADDERS and isinstance(call.func, ast.Attribute):
            position = 2 if name == "add_url_rule" else 1
            target = argument(call, position, "endpoint" if position == 1 else "view_func", "route")
            path = known_string(self.module, argument(call, 0, "path", "rule"))
            yield from self._registered(call, path, target)
        elif name == "add_resource" and call.args:
            found = self._definition(call.args[0])
            if found is not None and isinstance(found[1], ast.ClassDef):
                for text in call.args[1:]:
                    start = self._registration(call, known_string(self.module, text))
                    yield from _of_view(start, found[0], found[1])
        elif name in _LISTED:
            dotted = self.module.resolve(call.func) or ""
            if dotted.startswith(("starlette.", "fastapi.")):
                path = self._mounted(call, known_string(self.module, argument(call, 0, "path")))
                yield from self._registered(call, path, argument(call, 1, "endpoint"))

    def _mounted(self, call: ast.Call, path: str | None) -> str | None:
        """Return a path with those of the ``Mount`` calls that it stands in."""
        for above in self.module.ancestors(call):
            if isinstance(above, ast.Call) and called_name(above) == "Mount":
                prefix = known_string(self.module, argument(above, 0, "path"))
                path = None if prefix is None or path is None else prefix.rstrip("/") + path
        return path

    def _registered(
        self, call: ast.Call, path: str | None, target: ast.expr | None
    ) -> Iterator[FoundRoute]:
        view, is_class = target, False
        if isinstance(view, ast.Call) and called_name(view) == "as_view":
            is_class = True
            view = view.func.value if isinstance(view.func, ast.Attribute) else None
        if view is None:
            return
        found = self._definition(view)
        start = self._registration(call, path)
        if found is not None and isinstance(found[1], ast.ClassDef):
            yield from _of_view(start, found[0], found[1])
            return
        if not is_class or argument(call, -1, "methods") is not None:
            start = replace(start, methods=_methods(call, called_name(call)))
        if found is None:
            yield replace(start, handler=written(view))
        elif not isinstance(found[1], ast.ClassDef):
            yield _of_function(start, found[0], found[1])

    def _definition(self, node: ast.expr) -> tuple[Module, Function | ast.ClassDef] | None:
        module = self.module
        if isinstance(node, ast.Name):
            scope: ast.AST | None = module.function(node) or module.tree
            while scope is not None:
                found = _defined_in(module, scope, node.id)
                if found is not None:
                    return module, found
                scope = (
                    (module.function(scope) or module.tree) if scope is not module.tree else None
                )
        dotted = module.resolve(node)
        target = self.modules.symbol(dotted, module.path, self.root) if dotted else None
        if target is None or not target[1]:
            return None
        other = module.path != target[0]
        there = self.modules.tree.module(target[0]) if other else module
        inner = _defined_in(there, there.tree, target[1])
        return (there, inner) if inner is not None else None


def _methods(call: ast.Call, name: str) -> tuple[str, ...]:
    if name in VERBS:
        return (name.upper(),)
    if "websocket" in name.lower():
        return ("WEBSOCKET",)
    listed = argument(call, -1, "methods")
    if listed is None:
        return ("GET",)
    return tuple(sorted({method.upper() for method in strings_in(listed)}))


def _of_function(start: FoundRoute, module: Module, handler: Function) -> FoundRoute:
    return replace(
        start,
        handler=module.symbol(handler),
        place=Place(module.path, handler.lineno, handler.col_offset + 1),
        parameters=parameters(module, handler),
        is_async=isinstance(handler, ast.AsyncFunctionDef),
    )


def _of_view(start: FoundRoute, module: Module, klass: ast.ClassDef) -> Iterator[FoundRoute]:
    for node in klass.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in VERBS:
            yield _of_function(replace(start, methods=(node.name.upper(),)), module, node)


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


def _defined_in(module: Module, scope: ast.AST, name: str) -> Function | ast.ClassDef | None:
    for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        if node.name == name and (module.function(node) or module.tree) is scope:
            return node
    return None
