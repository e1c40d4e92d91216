"""Endpoints: the code that answers a request, in every framework, with the methods it answers.

Routes are facts of the project; here they meet their functions, and what a Django view says about its
methods (``view_methods.py``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar

from buttress.analysis.access import view_methods
from buttress.analysis.once import once_for_service
from buttress.project.literals import known_string, written
from buttress.project.model import Framework, Project, Route, Service
from buttress.project.modules import OwnModules, called_name, own_modules
from buttress.source import Module
from buttress.source.nodes import Function

_T = TypeVar("_T")
_CHANGING = frozenset(["POST", "PUT", "PATCH", "DELETE"])


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """A function, or a class that inherits its methods, which answers requests.

    Attributes:
        module: The file.
        node: The function; the class where the framework brings the function.
        methods: Upper case; empty where they are not known.
        paths: As far as they are known, at least one.
        owner: The name that the route is registered on (``router``).
        view: The class that the function stands in.
    """

    module: Module
    node: Function | ast.ClassDef
    methods: frozenset[str]
    paths: tuple[str, ...]
    owner: str = ""
    view: ast.ClassDef | None = None

    @property
    def path(self) -> str:
        """The path that speaks for all of them."""
        return self.paths[0]

    @property
    def changes_data(self) -> bool:
        """Whether it takes more than questions."""
        return bool(self.methods & _CHANGING)

    @property
    def name(self) -> str:
        """The name of the function, behind that of its class."""
        return f"{self.view.name}.{self.node.name}" if self.view is not None else self.node.name

    @property
    def place(self) -> ast.expr | ast.stmt:
        """Where it is reported: its ``def`` or ``class`` line."""
        return self.node


def endpoints(project: Project, service: Service) -> tuple[Endpoint, ...]:
    """Return what answers the routes of a service, in the order of files and lines; worked out once."""
    return tuple(e for found in _by_file(project, service).values() for e in found)


def endpoints_in(project: Project, service: Service, path: str) -> tuple[Endpoint, ...]:
    """Return the endpoints of a service that one file holds, in the order of lines."""
    return _by_file(project, service).get(path, ())


def once_for_endpoint(
    function: Callable[[Project, Service, Endpoint], _T],
) -> Callable[[Project, Service, Endpoint], _T]:
    """Make a function keep what it says of each endpoint, with its file."""

    @wraps(function)
    def kept(project: Project, service: Service, endpoint: Endpoint) -> _T:
        known: dict[object, _T] = endpoint.module.kept
        key = (function, endpoint)
        if key not in known:
            known[key] = function(project, service, endpoint)
        return known[key]

    return kept


@once_for_service
def _by_file(project: Project, service: Service) -> Mapping[str, tuple[Endpoint, ...]]:
    is_django = service.framework is Framework.DJANGO
    found = (_of_django if is_django else _of_routes)(own_modules(project.tree), service)
    by_file: dict[str, list[Endpoint]] = {}
    for endpoint in _unique(found):
        by_file.setdefault(endpoint.module.path, []).append(endpoint)
    return {path: tuple(of_file) for path, of_file in by_file.items()}


def _unique(found: Iterator[Endpoint]) -> list[Endpoint]:
    """Return endpoints in order; those of one piece of code are one, for the last of their paths."""
    unique: dict[tuple[str, int, str], Endpoint] = {}
    for endpoint in sorted(found, key=lambda e: (e.module.path, e.node.lineno, e.path)):
        key = (endpoint.module.path, endpoint.node.lineno, endpoint.node.name)
        before = unique[key].paths if key in unique else ()
        unique[key] = replace(endpoint, paths=(*endpoint.paths, *before))
    return list(unique.values())


def _of_routes(own: OwnModules, service: Service) -> Iterator[Endpoint]:
    by_place: dict[tuple[str, int], list[Route]] = {}
    for route in service.routes:
        by_place.setdefault((route.place.path, route.place.line), []).append(route)
    for path in sorted({path for path, _ in by_place}):
        module = own.tree.module(path)
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            routes = by_place.get((path, function.lineno), [])
            if routes:
                above = module.parent(function)
                view = above if isinstance(above, ast.ClassDef) else None
                paths = tuple(route.path for route in routes)
                yield Endpoint(module, function, _methods(routes), paths, routes[0].owner, view)


def _methods(routes: list[Route]) -> frozenset[str]:
    return frozenset(method for route in routes for method in route.methods)


# -- Django --------------------------------------------------------------------------------------


def _of_django(own: OwnModules, service: Service) -> Iterator[Endpoint]:
    view_sets: dict[tuple[Module, ast.ClassDef], list[tuple[Function | None, Route]]] = {}
    for route in service.routes:
        module = own.tree.module(route.place.path)
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            if node.lineno != route.place.line:
                continue
            klass = _view_set_of(module, node, route)
            if klass is not None:
                function = node if not isinstance(node, ast.ClassDef) else None
                view_sets.setdefault((module, klass), []).append((function, route))
            elif node.name == route.handler:
                yield from _of_view(own, service, module, node, route.path)
    for (module, klass), answers in view_sets.items():
        yield from _of_view_set(module, klass, answers)
    yield from _of_registrations(own, service, {(m.path, klass.name) for m, klass in view_sets})


def _view_set_of(
    module: Module, node: Function | ast.ClassDef, route: Route
) -> ast.ClassDef | None:
    """Return the class of which a router has made a route, where it was a router."""
    if isinstance(node, ast.ClassDef):
        return node if route.methods and node.name == route.handler else None
    above = module.parent(node)
    is_method = isinstance(above, ast.ClassDef) and route.handler == f"{above.name}.{node.name}"
    return above if is_method and isinstance(above, ast.ClassDef) else None


def _of_registrations(
    own: OwnModules, service: Service, known: set[tuple[str, str]]
) -> Iterator[Endpoint]:
    """Yield what is registered on routers that nothing is seen to include."""
    for path in service.reachable:
        if not own.mentions(path, "register("):
            continue
        module = own.tree.module(path)
        for call in module.nodes(ast.Call):
            if called_name(call) == "register" and len(call.args) > 1:
                dotted = module.resolve(call.args[1])
                found = own.symbol(dotted, path, service.import_root) if dotted else None
                prefix = known_string(module, call.args[0])
                if found is None or prefix is None or found in known:
                    continue
                other = own.tree.module(found[0])
                for klass in other.nodes(ast.ClassDef):
                    bases = " ".join(written(base) for base in klass.bases)
                    if klass.name == found[1] and "View" in f"{klass.name} {bases}":
                        yield from _of_view(own, service, other, klass, "/" + prefix.strip("^/"))


def _of_view_set(
    module: Module, klass: ast.ClassDef, answers: list[tuple[Function | None, Route]]
) -> Iterator[Endpoint]:
    """Yield what a router's routes say: the methods that a class defines, and what it inherits."""
    by_node: dict[Function | None, list[Route]] = {}
    for function, route in answers:
        by_node.setdefault(function, []).append(route)
    for node, routes in by_node.items():
        methods = _methods(routes)
        paths = tuple(sorted((route.path for route in routes), key=len))
        if node is not None:
            yield Endpoint(module, node, methods, paths, "", klass)
        elif methods & _CHANGING or len(by_node) == 1:
            yield Endpoint(module, klass, methods, paths)


def _of_view(
    own: OwnModules,
    service: Service,
    module: Module,
    node: Function | ast.ClassDef,
    path: str,
) -> Iterator[Endpoint]:
    if not isinstance(node, ast.ClassDef):
        yield Endpoint(module, node, view_methods.of_function(module, node), (path,))
        return
    defined: set[str] = set()
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            methods = view_methods.of_method(item)
            if methods:
                defined |= methods
                yield Endpoint(module, item, methods, (path,), "", node)
    inherited = view_methods.inherited(own, service, module, node) - defined
    if inherited & _CHANGING or not defined:
        yield Endpoint(module, node, inherited, (path,))
