"""Routers and blueprints: which is put into which, so that a route's whole path is known."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from buttress.project.literals import argument, constant, known_string, written
from buttress.project.model import Route
from buttress.project.modules import OwnModules, called_name, calls_of
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
_JOINERS = ("include_router", "register_blueprint", "add_namespace", "mount")
_MOST_STEPS = 2000

Key = tuple[str, str, str]
"""A router: its file, the function it is made in (``""``: top level), its name."""


@dataclass
class RouterGraph:
    """Routers and what they are put into.

    Attributes:
        own: The prefix that each brings itself; ``None`` where it is not known.
        parents: What each is put into, and with which prefix; ``None`` where it is not known.
    """

    own: dict[Key, str | None] = field(default_factory=dict)
    parents: dict[Key, list[tuple[Key, str | None]]] = field(default_factory=dict)

    def prefixes(self, key: Key) -> list[tuple[str, bool]]:
        """Return every prefix that the routes of a router get, and whether all of it is known."""
        found: dict[tuple[str, bool], None] = {}
        stack: list[tuple[Key, str, bool, frozenset[Key]]] = [(key, "", True, frozenset())]
        steps = 0
        while stack and steps < _MOST_STEPS:
            steps += 1
            current, prefix, known, seen = stack.pop()
            own = self.own.get(current, "")
            prefix, known = (own or "") + prefix, known and own is not None
            above = [edge for edge in self.parents.get(current, ()) if edge[0] not in seen]
            if not above:
                found[prefix, known] = None
            for parent, joined in reversed(above):
                whole = known and joined is not None
                stack.append((parent, (joined or "") + prefix, whole, seen | {current}))
        return list(found) or [("", False)]


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
        paths = sorted(paths)
        builder = _GraphBuilder(self.modules, root)
        for path in paths:
            builder.read_makers(path)
        for path in paths:
            builder.read_joins(path)
        routes: dict[Route, None] = {}
        for path in paths:
            for item in self._in_file(path, root):
                for prefix, is_known in builder.prefixes(item):
                    routes.setdefault(_whole(item, prefix, is_known=is_known))
        return tuple(routes)


def _whole(item: FoundRoute, prefix: str, *, is_known: bool) -> Route:
    path = prefix.rstrip("/") + (item.path or "") if prefix else item.path or ""
    return Route(
        item.methods,
        path,
        item.handler,
        item.place,
        item.parameters,
        item.is_async,
        item.owner,
        is_known and item.path is not None,
    )


class _GraphBuilder:
    def __init__(self, modules: OwnModules, root: str | None) -> None:
        self.modules = modules
        self.root = root
        self.graph = RouterGraph()

    # -- making ------------------------------------------------------------------------------

    def read_makers(self, path: str) -> None:
        """Find the routers that a file makes."""
        module = self.modules.tree.module(path)
        for call in calls_of(module, *_MAKERS):
            name = called_name(call)
            key = _assigned(module, call)
            if key is None:
                continue
            prefix = argument(call, -1, *_MAKERS[name])
            if prefix is None and name in {"Namespace", "namespace"}:
                text = known_string(module, argument(call, 0, "name"))
                self.graph.own[key] = f"/{text}" if text is not None else None
            else:
                self.graph.own[key] = "" if prefix is None else known_string(module, prefix)

    # -- joining -----------------------------------------------------------------------------

    def read_joins(self, path: str) -> None:
        """Find the calls of a file that put one router into another."""
        module = self.modules.tree.module(path)
        for call in calls_of(module, *_JOINERS, "init_app", "Api", "RestApi", "namespace"):
            name = called_name(call)
            if name in _JOINERS:
                self._read_join(module, call, name)
            elif name == "init_app":
                self._read_init(module, call)
            else:
                self._read_api(module, call, name)

    def _read_join(self, module: Module, call: ast.Call, name: str) -> None:
        if not isinstance(call.func, ast.Attribute):
            return
        parent = self._key(module, call.func.value)
        given = argument(call, 1 if name == "mount" else 0, "router", "blueprint", "app", "ns")
        prefix = argument(call, 0 if name == "mount" else -1, "prefix", "url_prefix", "path")
        joined = "" if prefix is None else known_string(module, prefix)
        for node in _looped(module, given):
            child = self._made(module, node) if isinstance(node, ast.Call) else None
            child = child or self._key(module, node)
            if child is None or parent is None or child == parent:
                continue
            if prefix is not None and name in {"register_blueprint", "add_namespace"}:
                # Flask: the prefix given here replaces the blueprint's own
                self.graph.own[child] = ""
            self._join(child, parent, joined)

    def _join(self, child: Key, parent: Key, prefix: str | None) -> None:
        self.graph.parents.setdefault(child, []).append((parent, prefix))

    def _read_init(self, module: Module, call: ast.Call) -> None:
        """``api.init_app(blueprint)``: the routers of the extension get the blueprint's prefix."""
        if isinstance(call.func, ast.Attribute):
            child = self._key(module, call.func.value)
            parent = self._key(module, argument(call, 0, "app"))
            if child in self.graph.own and parent is not None and parent != child:
                self._join(child, parent, "")

    def _read_api(self, module: Module, call: ast.Call, name: str) -> None:
        key = _assigned(module, call)
        inside = argument(call, 0, "app")
        if name == "namespace":
            inside = call.func.value if isinstance(call.func, ast.Attribute) else None
        parent = self._key(module, inside)
        if key is not None and parent is not None and parent != key:
            self._join(key, parent, "")

    # -- names -------------------------------------------------------------------------------

    def _key(self, module: Module, node: ast.AST | None) -> Key | None:
        text = written(node)
        if node is None or not text:
            return None
        function = module.function(node)
        while function is not None:
            key = (module.path, module.symbol(function), text)
            if key in self.graph.own:
                return key
            function = module.function(function)
        if (module.path, "", text) in self.graph.own:
            return module.path, "", text
        dotted = module.resolve(node)
        if dotted is None or dotted.startswith("builtins."):
            return module.path, "", text
        target = self.modules.symbol(dotted, module.path, self.root)
        return (target[0], "", target[1]) if target is not None and target[1] else None

    def _made(self, module: Module, call: ast.Call) -> Key | None:
        """Return the router that a function makes and returns (``make_router()``)."""
        target = self.modules.defined_at(module, call.func, self.root)
        made = [key for key in self.graph.own if key[:2] == target]
        return made[0] if len(made) == 1 else None

    def prefixes(self, item: FoundRoute) -> list[tuple[str, bool]]:
        """Return the prefixes that a route gets, each with whether all of it is known."""
        if not item.owner:
            return [("", True)]
        for scope in _scopes(item.function):
            key = (item.module, scope, item.owner)
            if key in self.graph.own:
                return self.graph.prefixes(key)
        first, _, rest = item.owner.partition(".")
        target = self.modules.bindings(item.module).get(first)
        if target is not None:
            dotted = f"{target}.{rest}" if rest else target
            symbol = self.modules.symbol(dotted, item.module, self.root)
            if symbol is not None and symbol[1]:
                return self.graph.prefixes((symbol[0], "", symbol[1]))
        return self.graph.prefixes((item.module, "", item.owner))


def _assigned(module: Module, call: ast.Call) -> Key | None:
    above = module.parent(call)
    if isinstance(above, ast.Assign):
        name = written(above.targets[0])
    else:
        name = written(above.target) if isinstance(above, ast.AnnAssign) else ""
    if not name:
        return None
    function = module.function(call)
    return module.path, module.symbol(function) if function is not None else "", name


def _looped(module: Module, node: ast.expr | None) -> Iterable[ast.expr]:
    """Return what a name stands for in ``for router in (users.router, items.router)``."""
    if not isinstance(node, ast.Name):
        return [node] if node is not None else []
    for above in module.ancestors(node):
        if isinstance(above, ast.For) and written(above.target) == node.id:
            listed: ast.expr | None = above.iter
            if isinstance(listed, ast.Name):
                listed = constant(module, listed.id)
            if isinstance(listed, ast.List | ast.Tuple):
                return listed.elts
    return [node]


def _scopes(function: str) -> Iterator[str]:
    while function:
        yield function
        function = function.rpartition(".")[0]
    yield ""
