"""Routers and blueprints: which is put into which, so that a route's whole path is known."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from buttress.project.literals import argument, known_string
from buttress.project.model import Route
from buttress.project.modules import OwnModules, called_name
from buttress.project.routes import FoundRoute, find_routes
from buttress.source import Module

_MAKERS = {
    "APIRouter": ("prefix",),
    "Router": ("prefix",),
    "InferringRouter": ("prefix",),
    "Blueprint": ("url_prefix",),
    "APIBlueprint": ("url_prefix",),
    "Namespace": ("path",),
    "Api": ("prefix",),
    "RestApi": ("prefix",),
    "namespace": ("path",),
}
_JOINERS = frozenset(["include_router", "register_blueprint", "add_namespace", "mount", "init_app"])
_MOST_ROUTERS = 2000

Key = tuple[str, str, str]
"""A router: its file, the function it is made in (``""``: top level), its name."""


@dataclass
class RouterGraph:
    """Own prefixes of routers and the edges between them; ``None`` is an unknown prefix."""

    own: dict[Key, str | None] = field(default_factory=dict)
    parents: dict[Key, list[tuple[Key, str | None]]] = field(default_factory=dict)

    def prefixes(self, key: Key) -> list[tuple[str, bool]]:
        """Return every prefix that routes of a router get, and whether it is known whole."""
        found: list[tuple[str, bool]] = []
        stack: list[tuple[Key, str, bool, frozenset[Key]]] = [(key, "", True, frozenset())]
        steps = 0
        while stack and steps < _MOST_ROUTERS:
            steps += 1
            current, prefix, known, seen = stack.pop()
            own = self.own.get(current, "")
            prefix, known = (own or "") + prefix, known and own is not None
            above = [edge for edge in self.parents.get(current, ()) if edge[0] not in seen]
            if not above:
                found.append((prefix, known))
            for parent, joined in reversed(above):
                stack.append(
                    (
                        parent,
                        (joined or "") + prefix,
                        known and joined is not None,
                        seen | {current},
                    )
                )
        return found or [("", False)]


class RouteReader:
    """Reads the routes of files; each file is read once for every import root.

    Args:
        modules: The project's own modules.
    """

    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self._found: dict[tuple[str, str | None], tuple[FoundRoute, ...]] = {}

    def _in_file(self, path: str, root: str | None) -> tuple[FoundRoute, ...]:
        key = (path, root)
        if key not in self._found:
            self._found[key] = tuple(find_routes(self.modules, path, root))
        return self._found[key]

    def collect(self, paths: Iterable[str], root: str | None) -> tuple[Route, ...]:
        """Return the routes that files register, prefixes in front, in the order of the files.

        Args:
            paths: Files of the tree.
            root: The import root.
        """
        modules, paths = self.modules, sorted(paths)
        graph = RouterGraph()
        for path in paths:
            if modules.mentions(path, *_MAKERS):
                _read_makers(graph, modules.tree.module(path))
        for path in paths:
            if modules.mentions(path, *_JOINERS, "Api(", "Mount"):
                _read_joins(graph, modules, modules.tree.module(path), root)
        routes: dict[Route, None] = {}
        for path in paths:
            for item in self._in_file(path, root):
                key = _owner_key(graph, modules, item, root)
                for prefix, known in graph.prefixes(key) if key is not None else [("", True)]:
                    routes.setdefault(_whole(item, prefix, known))
        return tuple(routes)


def _whole(item: FoundRoute, prefix: str, known: bool) -> Route:  # noqa: FBT001
    path = prefix.rstrip("/") + (item.path or "") if prefix else item.path or ""
    return Route(
        item.methods,
        path,
        item.handler,
        item.place,
        item.parameters,
        item.is_async,
        item.owner,
        known and item.path is not None,
    )


def _read_makers(graph: RouterGraph, module: Module) -> None:
    for call in module.nodes(ast.Call):
        name = called_name(call)
        if name not in _MAKERS:
            continue
        target = _assigned(module, call)
        if target is None:
            continue
        function = module.function(call)
        key = (module.path, module.symbol(function) if function else "", target)
        prefix = argument(call, -1, *_MAKERS[name])
        if prefix is None and name in {"Namespace", "namespace"}:
            text = known_string(module, argument(call, 0, "name"))
            graph.own[key] = f"/{text}" if text is not None else None
        else:
            graph.own[key] = "" if prefix is None else known_string(module, prefix)


def _assigned(module: Module, call: ast.Call) -> str | None:
    above = module.parent(call)
    if isinstance(above, ast.Assign) and isinstance(above.targets[0], ast.Name | ast.Attribute):
        return ast.unparse(above.targets[0])
    if isinstance(above, ast.AnnAssign):
        return ast.unparse(above.target)
    return None


def _read_joins(graph: RouterGraph, modules: OwnModules, module: Module, root: str | None) -> None:
    for call in module.nodes(ast.Call):
        name = called_name(call)
        if name in {"Api", "RestApi", "namespace"}:
            _read_api(graph, modules, module, call, name, root)
        if name not in _JOINERS or not isinstance(call.func, ast.Attribute):
            continue
        child_node = argument(call, 1 if name == "mount" else 0, "router", "blueprint", "app", "ns")
        child = _key(graph, modules, module, child_node, root)
        parent = _key(graph, modules, module, call.func.value, root)
        if child is None or parent is None or child == parent:
            continue
        if name == "init_app":
            child, parent = parent, child
            if child not in graph.own:
                continue
        prefix = argument(call, 0 if name == "mount" else -1, "prefix", "url_prefix", "path")
        joined = "" if prefix is None else known_string(module, prefix)
        if prefix is not None and name in {"register_blueprint", "add_namespace"}:
            # Flask: the prefix given here replaces the blueprint's own
            own = graph.own.get(child)
            joined = None if joined is None else joined
            if own:
                graph.own[child] = ""
        graph.parents.setdefault(child, []).append((parent, joined))


def _read_api(
    graph: RouterGraph,
    modules: OwnModules,
    module: Module,
    call: ast.Call,
    name: str,
    root: str | None,
) -> None:
    target = _assigned(module, call)
    if target is None:
        return
    function = module.function(call)
    key = (module.path, module.symbol(function) if function else "", target)
    if name == "namespace" and isinstance(call.func, ast.Attribute):
        parent = _key(graph, modules, module, call.func.value, root)
    else:
        parent = _key(graph, modules, module, argument(call, 0, "app"), root)
    if parent is not None and parent != key:
        graph.parents.setdefault(key, []).append((parent, ""))


def _key(
    graph: RouterGraph,
    modules: OwnModules,
    module: Module,
    node: ast.AST | None,
    root: str | None,
) -> Key | None:
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    text = ast.unparse(node)
    function = module.function(node)
    while function is not None:
        key = (module.path, module.symbol(function), text)
        if key in graph.own:
            return key
        function = module.function(function)
    if (module.path, "", text) in graph.own:
        return module.path, "", text
    dotted = module.resolve(node)
    if dotted is not None and not dotted.startswith("builtins."):
        target = modules.symbol(dotted, module.path, root)
        if target is not None and target[1]:
            return target[0], "", target[1]
        return None
    return module.path, "", text


def _owner_key(
    graph: RouterGraph, modules: OwnModules, item: FoundRoute, root: str | None
) -> Key | None:
    if not item.owner:
        return None
    scopes = _scopes(item.function)
    for scope in scopes:
        if (item.module, scope, item.owner) in graph.own:
            return item.module, scope, item.owner
    first = item.owner.partition(".")[0]
    target = modules.bindings(item.module).get(first)
    if target is not None:
        rest = item.owner.partition(".")[2]
        symbol = modules.symbol(f"{target}.{rest}" if rest else target, item.module, root)
        if symbol is not None and symbol[1]:
            return symbol[0], "", symbol[1]
    return item.module, "", item.owner


def _scopes(function: str) -> Iterator[str]:
    while function:
        yield function
        function = function.rpartition(".")[0]
    yield ""
