"""Endpoints: the code that answers a request, in every framework, with the methods it answers.

Routes are facts of the project; here they meet their functions. What Django says in the view and not in
the URL is read from the view: ``@require_POST``, ``request.method == "POST"``, the methods of a class,
``CreateView``, a viewset that a REST router registers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from buttress.project.literals import known_string, strings_in, written
from buttress.project.model import Framework, Project, Route, Service
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CHANGING = frozenset(["POST", "PUT", "PATCH", "DELETE"])
_VERBS = frozenset(["get", "post", "put", "patch", "delete"])
_FORM_VIEWS = {
    "CreateView": {"GET", "POST"},
    "UpdateView": {"GET", "POST"},
    "DeleteView": {"GET", "POST"},
    "FormView": {"GET", "POST"},
    "CreateAPIView": {"POST"},
    "DestroyAPIView": {"DELETE"},
    "UpdateAPIView": {"PUT", "PATCH"},
    "ListCreateAPIView": {"GET", "POST"},
    "RetrieveUpdateAPIView": {"GET", "PUT", "PATCH"},
    "RetrieveDestroyAPIView": {"GET", "DELETE"},
    "RetrieveUpdateDestroyAPIView": {"GET", "PUT", "PATCH", "DELETE"},
    "ModelViewSet": {"GET", "POST", "PUT", "PATCH", "DELETE"},
    "CreateModelMixin": {"POST"},
    "UpdateModelMixin": {"PUT", "PATCH"},
    "DestroyModelMixin": {"DELETE"},
}
_VIEWSET_METHODS = {
    "create": "POST",
    "update": "PUT",
    "partial_update": "PATCH",
    "destroy": "DELETE",
    "list": "GET",
    "retrieve": "GET",
}
_POST_ONLY = frozenset(["require_POST"])
_NAMED = lazy_pattern(r"request\.(?:POST|FILES)\b|request\.method\s*==\s*['\"](\w+)['\"]")


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Endpoint:
    """A function, or a class that inherits its methods, which answers requests.

    Attributes:
        module: The file.
        node: The function; the class where the framework brings the function.
        methods: Upper case; empty where they are not known.
        path: As far as it is known.
        owner: The name that the route is registered on (``router``).
        view: The class that the function stands in.
    """

    module: Module
    node: Function | ast.ClassDef
    methods: frozenset[str]
    path: str
    owner: str = ""
    view: ast.ClassDef | None = None

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


_KNOWN: WeakKeyDictionary[Tree, dict[tuple[str, str], tuple[Endpoint, ...]]] = WeakKeyDictionary()
_OWN: WeakKeyDictionary[Tree, OwnModules] = WeakKeyDictionary()


def own_modules(tree: Tree) -> OwnModules:
    """Return the modules of a tree, worked out once."""
    if tree not in _OWN:
        _OWN[tree] = OwnModules(tree)
    return _OWN[tree]


def endpoints(project: Project, service: Service) -> tuple[Endpoint, ...]:
    """Return what answers the routes of a service, in the order of files and lines; worked out once."""
    known = _KNOWN.setdefault(project.tree, {})
    key = (service.root, service.app.target)
    if key not in known:
        own = own_modules(project.tree)
        found = _of_django(own, service) if _is_django(service) else _of_routes(project, service)
        unique = {
            (e.module.path, e.node.lineno, e.node.name): e
            for e in sorted(found, key=lambda e: (e.module.path, e.node.lineno, e.path))
        }
        known[key] = tuple(unique.values())
    return known[key]


def _is_django(service: Service) -> bool:
    return service.framework is Framework.DJANGO


def functions_of(module: Module) -> Iterator[Function]:
    """Yield the functions of a file, methods and nested ones among them."""
    yield from module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)


_NAMED_FUNCTIONS: WeakKeyDictionary[Module, dict[str, Function]] = WeakKeyDictionary()


def _function_named(module: Module, name: str) -> Function | None:
    """Return the first function of a file with a name."""
    if module not in _NAMED_FUNCTIONS:
        by_name: dict[str, Function] = {}
        for function in functions_of(module):
            by_name.setdefault(function.name, function)
        _NAMED_FUNCTIONS[module] = by_name
    return _NAMED_FUNCTIONS[module].get(name)


def _of_routes(project: Project, service: Service) -> Iterator[Endpoint]:
    by_place: dict[tuple[str, int], list[Route]] = {}
    for route in service.routes:
        by_place.setdefault((route.place.path, route.place.line), []).append(route)
    for path in sorted({path for path, _ in by_place}):
        module = project.tree.module(path)
        for function in functions_of(module):
            routes = by_place.get((path, function.lineno), [])
            if not routes:
                continue
            above = module.parent(function)
            view = above if isinstance(above, ast.ClassDef) else None
            methods = frozenset(method for route in routes for method in route.methods)
            yield Endpoint(module, function, methods, routes[0].path, routes[0].owner, view)


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
        methods = frozenset(method for route in routes for method in route.methods)
        path = min((route.path for route in routes), key=len)
        if node is not None:
            yield Endpoint(module, node, methods, path, "", klass)
        elif methods & _CHANGING or len(by_node) == 1:
            yield Endpoint(module, klass, methods, path)


def _of_view(
    own: OwnModules,
    service: Service,
    module: Module,
    node: Function | ast.ClassDef,
    path: str,
) -> Iterator[Endpoint]:
    if not isinstance(node, ast.ClassDef):
        yield Endpoint(module, node, _methods_of(module, node), path)
        return
    written: set[str] = set()
    for item in node.body:
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            method = item.name.upper() if item.name in _VERBS else _VIEWSET_METHODS.get(item.name)
            methods = frozenset([method]) if method else _action_methods(item)
            if methods:
                written |= methods
                yield Endpoint(module, item, methods, path, "", node)
    inherited = frozenset(_inherited(own, service, module, node) - written)
    if inherited & _CHANGING or not written:
        yield Endpoint(module, node, inherited, path)


def _action_methods(node: Function) -> frozenset[str]:
    """Return the methods of a viewset's ``@action``."""
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call) and called_name(mark) == "action":
            given = next((k.value for k in mark.keywords if k.arg == "methods"), None)
            return frozenset(text.upper() for text in strings_in(given)) or frozenset(["GET"])
    return frozenset()


def _inherited(
    own: OwnModules, service: Service, module: Module, klass: ast.ClassDef, depth: int = 0
) -> set[str]:
    allowed = _allowed_methods(klass)
    found: set[str] = set()
    for base in klass.bases:
        dotted = module.resolve(base) or ""
        name = dotted.rpartition(".")[2]
        if dotted.startswith(("django.", "rest_framework.")):
            found |= _FORM_VIEWS.get(name, set())
        elif depth < 4:
            for other, definition in classes_of(own, service, module, base):
                found |= _inherited(own, service, other, definition, depth + 1)
    return found & allowed if allowed is not None else found


def _allowed_methods(klass: ast.ClassDef) -> set[str] | None:
    for item in klass.body:
        if isinstance(item, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "http_method_names" for t in item.targets
        ):
            return {text.upper() for text in strings_in(item.value)}
    return None


def _methods_of(module: Module, node: Function) -> frozenset[str]:
    for mark in node.decorator_list:
        inner = mark.func if isinstance(mark, ast.Call) else mark
        name = inner.attr if isinstance(inner, ast.Attribute) else getattr(inner, "id", "")
        if name in _POST_ONLY:
            return frozenset(["POST"])
        if name in {"require_http_methods", "api_view"}:
            given = mark.args[0] if isinstance(mark, ast.Call) and mark.args else None
            return frozenset(text.upper() for text in strings_in(given)) or frozenset(["GET"])
        if name in {"require_GET", "require_safe"}:
            return frozenset(["GET"])
    named = {(found[1] or "POST").upper() for found in _NAMED.finditer(module.source(node))}
    return frozenset(named | {"GET"})


def definitions_of(
    own: OwnModules, service: Service, module: Module, node: ast.expr
) -> Iterator[tuple[Module, Function]]:
    """Yield the function of the project that an expression names, at most one.

    A method of ``self`` is looked for in the same file, by its name.
    """
    dotted = module.resolve(node)
    if dotted is None:
        is_own = isinstance(node, ast.Attribute) and written(node.value) in {"self", "cls"}
        name = node.attr if isinstance(node, ast.Attribute) and is_own else written(node)
        found = _function_named(module, name)
        if found is not None:
            yield module, found
        return
    if dotted.startswith("builtins."):
        return
    target = own.symbol(dotted, module.path, service.import_root)
    if target is not None and target[1]:
        other = own.tree.module(target[0])
        found = _function_named(other, target[1].rpartition(".")[2])
        if found is not None:
            yield other, found


def classes_of(
    own: OwnModules, service: Service, module: Module, node: ast.expr
) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the class of the project that an expression names, at most one; star imports are followed."""
    dotted = module.resolve(node)
    if dotted is None:
        yield from _class_named(own, service, module, written(node))
    elif not dotted.startswith("builtins."):
        target = own.symbol(dotted, module.path, service.import_root)
        if target is not None and target[1]:
            yield from _class_named(own, service, own.tree.module(target[0]), target[1])


def _class_named(
    own: OwnModules, service: Service, module: Module, name: str, depth: int = 0
) -> Iterator[tuple[Module, ast.ClassDef]]:
    for klass in module.nodes(ast.ClassDef):
        if klass.name == name:
            yield module, klass
            return
    for node in module.nodes(ast.ImportFrom) if depth < 3 else ():
        if any(alias.name == "*" for alias in node.names):
            dotted = "." * node.level + (node.module or "")
            target = own.symbol(dotted, module.path, service.import_root)
            if target is not None and not target[1]:
                other = own.tree.module(target[0])
                yield from _class_named(own, service, other, name, depth + 1)
