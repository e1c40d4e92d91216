"""The routes of a Django site, from its root URL configuration on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from buttress.project.django import DjangoSite
from buttress.project.django_views import answered_by, methods_of, place_of
from buttress.project.literals import argument, known_string, strings_in, written
from buttress.project.model import Place, Route
from buttress.project.modules import OwnModules, called_name, calls_of
from buttress.project.rest_routes import RestRouters, mapped_methods
from buttress.source import Module

_MOST_ROUTES = 5000
_MOST_INCLUDED = 2000
"""How many lists are read, one that is included twice counted twice."""


def site_routes(modules: OwnModules, site: DjangoSite) -> tuple[Route, ...]:
    """Return the routes of a site: ``path()``, ``re_path()``, ``include()`` from the root on.

    What a router of Django REST framework makes of its view sets stands where the router is included.
    """
    if site.urls is None:
        return ()
    routers = RestRouters(modules, site.root)
    found: dict[Route, None] = {}
    stack = [(site.urls, "", True, frozenset([site.urls]))]
    opened = 0
    while stack and len(found) < _MOST_ROUTES and opened < _MOST_INCLUDED:
        opened += 1
        path, prefix, known, seen = stack.pop()
        module = modules.tree.module(path)
        included = _included_lists(module)
        for call in calls_of(module, "path", "re_path", "url"):
            text = known_string(module, call.args[0]) if call.args else None
            target = argument(call, 1, "view")
            whole = prefix + (text or "").removeprefix("^").removesuffix("$")
            is_known = known and text is not None
            if isinstance(target, ast.Call) and called_name(target) == "include":
                given = target.args[0] if target.args else None
                stack += [
                    (inner, whole, is_known, seen | {inner})
                    for inner in _included_files(modules, module, given, site.root)
                    if inner not in seen
                ]
                routes = [
                    route for node in _routers(given) for route in routers.routes(module, node)
                ]
            elif target is not None and call.args:
                routes = list(_answering(modules, module, call, target, site.root))
            else:
                routes = []
            is_known = is_known and _list_of(module, call) not in included
            found.update(dict.fromkeys(_below(whole, routes, is_known=is_known)))
        for node in _routers_listed(module):
            routes = list(routers.routes(module, node))
            found.update(dict.fromkeys(_below(prefix, routes, is_known=known)))
    return tuple(found)


def _included_files(
    modules: OwnModules, module: Module, given: ast.expr | None, root: str
) -> Iterator[str]:
    """Yield the files in ``include("shop.urls")``, ``include(("shop.urls", "shop"))``, ``include(shop_urls)``."""
    for name in strings_in(given):
        inner = modules.locate(name, module.path, root)
        if inner is not None:
            yield inner
    dotted = module.resolve(given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given)
    target = modules.symbol(dotted, module.path, root) if dotted is not None else None
    if target is not None and not target[1]:
        yield target[0]


def _below(prefix: str, routes: Iterable[Route], *, is_known: bool) -> Iterator[Route]:
    for route in routes:
        is_complete = is_known and route.is_complete
        yield replace(route, path=f"/{prefix}{route.path}", is_complete=is_complete)


def _routers(given: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the router in ``router.urls``, also where a name of the app stands beside it."""
    first = given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given
    if isinstance(first, ast.Attribute) and first.attr == "urls":
        yield first.value


def _routers_listed(module: Module) -> Iterator[ast.expr]:
    """Yield the routers in ``urlpatterns = router.urls`` and ``urlpatterns += router.urls``."""
    for statement in module.nodes(ast.Assign, ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if any(written(target) == "urlpatterns" for target in targets):
            yield from _added(statement.value)


def _added(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.BinOp):
        yield from _added(value.left)
        yield from _added(value.right)
    elif isinstance(value, ast.List):
        for item in value.elts:
            if isinstance(item, ast.Starred):
                yield from _routers(item.value)
    else:
        yield from _routers(value)


def _included_lists(module: Module) -> frozenset[str]:
    """Return the names of lists that the module includes below prefixes: ``include(api_urls)``."""
    if "include" not in module.text:
        return frozenset()
    return frozenset(
        node.id
        for call in module.nodes(ast.Call)
        if called_name(call) == "include"
        for node in (ast.walk(call.args[0]) if call.args else ())
        if isinstance(node, ast.Name)
    )


def _list_of(module: Module, call: ast.Call) -> str:
    """Return the name that is given to the list that a call stands in."""
    statement = module.statement(call)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return targets[0].id if targets and isinstance(targets[0], ast.Name) else ""


def _answering(
    modules: OwnModules, module: Module, call: ast.Call, target: ast.expr, root: str
) -> Iterator[Route]:
    """Yield the routes of a call of ``path()`` without their path."""
    route = _route(modules, module, call, target, root)
    if isinstance(target, ast.Call) and called_name(target) == "as_view" and target.args:
        yield from mapped_methods(modules, module, target, route, root)
    else:
        yield route


def _route(
    modules: OwnModules, module: Module, call: ast.Call, target: ast.expr, root: str
) -> Route:
    """Return the route of a call without its path."""
    view = target
    if isinstance(view, ast.Call) and called_name(view) == "as_view":
        view = view.func.value if isinstance(view.func, ast.Attribute) else view
    elif isinstance(view, ast.Call) and view.args:
        # `login_required(view)`, `csrf_exempt(view)`
        view = view.args[0]
    place = Place(module.path, call.lineno, call.col_offset + 1)
    symbol = modules.defined_at(module, view, root)
    if symbol is not None and symbol[1]:
        other = modules.tree.module(symbol[0])
        for node in other.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            if node.name == symbol[1] and other.parent(node) is other.tree:
                if isinstance(node, ast.ClassDef):
                    return Route((), "", node.name, place_of(other, node))
                return answered_by(Route(methods_of(node), "", "", place), other, node)
    return Route((), "", written(view), place)
