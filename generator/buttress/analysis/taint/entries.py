"""Where the analysis begins: which functions are looked at, and what they are given there."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from buttress.analysis.taint.danger import Dangers
from buttress.analysis.taint.definitions import Definitions
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.graphql import LIBRARIES
from buttress.analysis.taint.harmless import Harmless
from buttress.analysis.taint.parameters import arguments_of, is_handler, of_function, of_handler
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import CLIENT, REQUEST, Sources
from buttress.analysis.taint.values import NOTHING, Taint, Value
from buttress.project.model import Route, Service
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_SQL = ("execute", "text(", ".raw(", "read_sql", "RawSQL", ".fetch", ".extra(")
_REQUESTS = ("request", "payload", *_SQL)
_VIEWS = ("request", "self.kwargs", ".route(", *LIBRARIES, *_SQL)
_HTML_CLASS = lazy_pattern(r"response_class\s*=\s*(?:\w+\.)?HTMLResponse")


class Entries:
    """The functions of a service that may hold a source, and from which a sink can be reached.

    Args:
        service: The service.
        modules: Its files.
        sources: What is untrusted.
        definitions: What names stand for.
        dangers: Where something may happen; ``None`` where that may be anywhere.
    """

    def __init__(
        self,
        service: Service,
        modules: Modules,
        sources: Sources,
        definitions: Definitions,
        dangers: Dangers | None,
    ) -> None:
        self._service = service
        self._modules = modules
        self._sources = sources
        self._definitions = definitions
        self._dangers = dangers
        self._harmless = Harmless()
        self._pages: dict[Function, Collection[ast.AST]] = {}
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for route in service.routes:
            self._routes.setdefault((route.place.path, route.place.line), []).append(route)

    def routes(self, module: Module, function: Function) -> list[Route]:
        """Return the routes that a function answers."""
        return self._routes.get((module.path, function.lineno), [])

    # -- which ---------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[tuple[Module, Function | None]]:
        if self._sources.names is not None:
            return self._naming(self._sources.names)
        return self._of_requests() if self._sources.takes_requests else self._holding()

    def _naming(self, names: re.Pattern[str]) -> Iterator[tuple[Module, Function | None]]:
        for module in self._modules.having(*self._sources.hints):
            yield module, None
            for function in _functions(module):
                if names.search(module.source(function)):
                    yield module, function

    def _holding(self) -> Iterator[tuple[Module, Function | None]]:
        """Yield the functions, and the tops of files, that hold a word or a node of the sources."""
        sources, dangerous = self._sources, self._dangerous
        for module in self._modules.having(*sources.hints) if sources.hints else self._modules:
            if module.tree in dangerous and (sources.hints or module.tree in sources.holders):
                yield module, None
            for function in _functions(module):
                if function in dangerous and (
                    function in sources.holders
                    or (sources.hints and _mentions(module.source(function), sources.hints))
                    or any(sources.parameter(module, function, a) for a in arguments_of(function))
                ):
                    yield module, function

    def _of_requests(self) -> Iterator[tuple[Module, Function | None]]:
        dangerous, hints = self._dangerous, (*self._sources.hints, *_REQUESTS)
        for module in self._modules:
            functions = [
                f for f in _functions(module) if f in dangerous or self._is_page(module, f)
            ]
            handlers = self._service.handlers(module.path) if functions else frozenset()
            if not functions or not (handlers or _mentions(module.text, (*hints, *_VIEWS))):
                continue
            for function in functions:
                if _mentions(module.source(function), hints) or is_handler(
                    module, function, handlers
                ):
                    yield module, function

    @property
    def _dangerous(self) -> frozenset[ast.AST]:
        return self._dangers.functions if self._dangers is not None else frozenset()

    # -- pages ---------------------------------------------------------------------------------

    def ways(self, module: Module, function: Function) -> Collection[ast.AST] | None:
        """Return all nodes of a function that matter; ``None`` where all may."""
        if self._dangers is None:
            return None
        pages = self._returned(module, function) if self._is_page(module, function) else ()
        return self._dangers.ways.union(pages) if pages else self._dangers.ways

    def _is_page(self, module: Module, function: Function) -> bool:
        """Whether a function answers a route with text that is shown as HTML."""
        return (
            self._sources.takes_requests
            and self._sends_html(module, function)
            and is_handler(module, function, self._service.handlers(module.path))
            and bool(self._returned(module, function))
        )

    def _sends_html(self, module: Module, function: Function) -> bool:
        above = module.parent(function)
        if isinstance(above, ast.ClassDef):
            return any("MethodView" in (module.resolve(base) or "") for base in above.bases)
        if self._is_of_flask(module):
            return True
        return module in self._modules.having("HTMLResponse") and any(
            _HTML_CLASS.search(module.source(decorator)) for decorator in function.decorator_list
        )

    def _is_of_flask(self, module: Module) -> bool:
        in_both = module in self._modules.having("fastapi")
        return not in_both and module in self._modules.having("flask")

    def _returned(self, module: Module, function: Function) -> Collection[ast.AST]:
        """Return what gives back something that may become a page, with all that it stands in."""
        if function not in self._pages:
            found: set[ast.AST] = set()
            for node in module.inside(function):
                if isinstance(node, ast.Return) and self._may_be_page(module, node.value):
                    found.update((node, *module.ancestors(node)))
            self._pages[function] = found
        return self._pages[function]

    def _may_be_page(self, module: Module, node: ast.expr | None) -> bool:
        if isinstance(node, ast.Tuple) and node.elts:
            node = node.elts[0]  # a body with its status and headers
        if node is None or isinstance(node, (ast.Dict, ast.List, ast.ListComp)):
            return False
        if isinstance(node, ast.Call) and (module.resolve(node.func) or "").startswith("flask."):
            return False
        return not self._harmless.has(module, node, Kind.HTML)

    # -- with what -----------------------------------------------------------------------------

    def bind(self, frame: Frame, module: Module, function: Function) -> None:
        """Give the parameters of a function what the framework, or a caller, gives them."""
        above = module.parent(function)
        frame.klass = above.name if isinstance(above, ast.ClassDef) else ""
        handles = self._sources.takes_requests and is_handler(
            module, function, self._service.handlers(module.path)
        )
        names = frame.state.names
        for number, argument in enumerate(arguments_of(function)):
            if number == 0 and isinstance(above, ast.ClassDef) and argument.arg in {"self", "cls"}:
                names[argument.arg] = Value(what="<self>", node=argument)
            else:
                names[argument.arg] = self._given(module, function, argument, handles=handles)
        if handles and function.args.kwarg is not None:
            name = function.args.kwarg
            safe = bits(Kind.PATH, Kind.URL, Kind.REDIRECT)  # parts of the path hold no `/`
            taint = Taint(CLIENT, name.arg, name, module, safe)
            names[name.arg] = Value(taint=frozenset({taint}), what="<data>", node=name)
        frame.is_view = handles and self._sends_html(module, function)
        frame.ways = self.ways(module, function)

    def _given(
        self, module: Module, function: Function, argument: ast.arg, *, handles: bool
    ) -> Value:
        if self._sources.parameter(module, function, argument):
            taint = Taint(self._sources.label, argument.arg, argument, module)
            return Value(taint=frozenset({taint}), what="<data>", node=argument)
        if not self._sources.takes_requests:
            return NOTHING
        if self._definitions.is_own_request(module, argument):
            return Value(what=REQUEST, node=argument)
        if handles:
            routes = self.routes(module, function)
            is_decorated = self._is_of_flask(module) and bool(function.decorator_list)
            if is_decorated and _is_not_in_path(argument.arg, routes):
                return of_function(module, function, argument)
            value = of_handler(module, function, argument, routes)
            return self._of_model(module, argument, value)
        return of_function(module, function, argument)

    def _of_model(self, module: Module, argument: ast.arg, value: Value) -> Value:
        """Return a body that a class of the project describes, with its fields."""
        if not value.what.startswith("<given ") or argument.annotation is None:
            return value
        found = self._definitions.model_in(module, argument.annotation)
        if found is None:
            return NOTHING
        taint = Taint("client", argument.arg, argument, module)
        key = self._definitions.remember(found)
        return Value(taint=frozenset({taint}), what=f"<model {key}>", node=argument)


def _is_not_in_path(name: str, routes: list[Route]) -> bool:
    """Whether a parameter is no part of the address: then a decorator gives it, from whatever it read."""
    part = re.compile(rf"[<:]{re.escape(name)}>")
    return bool(routes) and all(r.is_complete and not part.search(r.path) for r in routes)


def _functions(module: Module) -> Sequence[Function]:
    return module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)


def _mentions(text: str, words: Collection[str]) -> bool:
    return any(word in text for word in words)
