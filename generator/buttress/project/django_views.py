"""Django views: which requests a function, or a view set of Django REST framework, answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from buttress.project.literals import argument, strings_in, written
from buttress.project.model import Parameter, Place, Route
from buttress.project.modules import OwnModules, called_name
from buttress.project.routes import VERBS, parameters
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

ROUTER_ACTIONS = {
    "list": ("GET", False),
    "create": ("POST", False),
    "retrieve": ("GET", True),
    "update": ("PUT", True),
    "partial_update": ("PATCH", True),
    "destroy": ("DELETE", True),
}
"""The actions that a router knows by name: their method, and whether they are about one object."""

_BROUGHT = {
    "ReadOnlyModelViewSet": ("list", "retrieve"),
    "ModelViewSet": tuple(ROUTER_ACTIONS),
    "ListModelMixin": ("list",),
    "CreateModelMixin": ("create",),
    "RetrieveModelMixin": ("retrieve",),
    "UpdateModelMixin": ("update", "partial_update"),
    "DestroyModelMixin": ("destroy",),
}
"""The actions that classes of the framework bring along, those of libraries on top of it too."""

_REQUIRING = {
    "require_POST": ("POST",),
    "require_GET": ("GET",),
    "require_safe": ("GET", "HEAD"),
}
_GROUP = lazy_pattern(r"\(\?P<(\w+)>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Action:
    """What answers one kind of request to a view set.

    Attributes:
        methods: Upper case.
        is_detail: Whether it is about one object.
        path: What stands behind the prefix, for an ``@action``.
        name: What its URL is called behind the base name (``list``).
        handler: Dotted name; empty where the class inherits it.
        place: Its ``def``.
    """

    methods: tuple[str, ...]
    is_detail: bool
    path: str = ""
    name: str = ""
    handler: str = ""
    place: Place | None = None
    parameters: tuple[Parameter, ...] = ()
    is_async: bool = False


def class_named(
    modules: OwnModules, module: Module, node: ast.expr | None, root: str
) -> tuple[Module, ast.ClassDef] | None:
    """Return the class of the project that an expression names."""
    target = modules.defined_at(module, node, root)
    if target is None:
        return None
    holder = modules.tree.module(target[0])
    for klass in holder.nodes(ast.ClassDef):
        if klass.name == target[1]:
            return holder, klass
    return None


def methods_of(function: Function) -> tuple[str, ...]:
    """Return the methods that the decorators of a view name; nothing where they name none."""
    for mark in function.decorator_list:
        inner = mark.func if isinstance(mark, ast.Call) else mark
        name = written(inner).rpartition(".")[2]
        if name in {"api_view", "require_http_methods"}:
            listed = strings_in(argument(mark, 0)) if isinstance(mark, ast.Call) else []
            return tuple(sorted({text.upper() for text in listed})) or ("GET",)
        if name in _REQUIRING:
            return _REQUIRING[name]
    return ()


def actions_of(
    modules: OwnModules, module: Module, klass: ast.ClassDef, root: str
) -> Iterator[Action]:
    """Yield what a view set answers; what it inherits for one path is one action."""
    found = _read_class(modules, module, klass, root)
    allowed = {text.upper() for text in strings_in(found.allowed)} if found.allowed else None
    inherited: dict[tuple[bool, str, str], list[str]] = {}
    for action in found.actions.values():
        methods = tuple(m for m in action.methods if allowed is None or m in allowed)
        if action.handler and methods:
            yield replace(action, methods=methods)
        elif methods:
            key = (action.is_detail, action.path, action.name)
            inherited.setdefault(key, []).extend(methods)
    for (is_detail, path, name), listed in inherited.items():
        yield Action(tuple(sorted(listed)), is_detail, path, name)


@dataclass(slots=True)
class _ViewSet:
    """What classes say about a view set: its actions by name, and ``http_method_names``."""

    actions: dict[str, Action]
    allowed: ast.expr | None = None


def _read_class(
    modules: OwnModules, module: Module, klass: ast.ClassDef, root: str, depth: int = 0
) -> _ViewSet:
    found = _ViewSet({})
    for base in reversed(klass.bases):
        own = class_named(modules, module, base, root) if depth < _DEEPEST else None
        if own is not None and own[1] is not klass:
            above = _read_class(modules, *own, root, depth + 1)
            found.actions |= {
                name: Action(action.methods, action.is_detail, action.path, action.name)
                for name, action in above.actions.items()
            }
            found.allowed = above.allowed or found.allowed
            continue
        last = written(base).rpartition(".")[2]
        brought = next((names for end, names in _BROUGHT.items() if last.endswith(end)), ())
        found.actions |= {name: _standard(name) for name in brought}
    found.allowed = assigned(klass, "http_method_names") or found.allowed
    for node in klass.body:
        if isinstance(node, Function):
            action = (
                _standard(node.name)
                if node.name in ROUTER_ACTIONS
                else _marked(node, found.actions)
            )
            if action is not None:
                route = answered_by(Route((), "", "", Place("")), module, node)
                found.actions[node.name] = replace(
                    action,
                    handler=route.handler,
                    place=route.place,
                    parameters=route.parameters,
                    is_async=route.is_async,
                )
    return found


def _standard(name: str) -> Action:
    method, is_detail = ROUTER_ACTIONS[name]
    return Action((method,), is_detail, name="detail" if is_detail else "list")


def _marked(function: Function, others: Mapping[str, Action]) -> Action | None:
    """Return what ``@action(detail=True, methods=["post"])`` makes of a method, or ``@other.mapping.put``."""
    for mark in function.decorator_list:
        other, mapping, verb = [*written(mark).split("."), "", ""][:3]
        if other in others and mapping == "mapping" and verb in VERBS:
            return replace(others[other], methods=(verb.upper(),))
        if isinstance(mark, ast.Call) and called_name(mark) == "action":
            detail = argument(mark, 1, "detail")
            path = strings_in(argument(mark, -1, "url_path"))
            name = strings_in(argument(mark, -1, "url_name"))
            methods = strings_in(argument(mark, 0, "methods")) or ["get"]
            return Action(
                tuple(sorted({method.upper() for method in methods})),
                isinstance(detail, ast.Constant) and detail.value is True,
                plain_path(path[0]) if path else function.name,
                name[0] if name else function.name.replace("_", "-"),
            )
    return None


def plain_path(text: str) -> str:
    """Return a path without regular expressions: ``<id>`` for ``(?P<id>[0-9]+)``."""
    return _GROUP.sub(r"<\1>", text)


def answered_by(route: Route, module: Module, function: Function) -> Route:
    """Return a route with a function of the project as its handler."""
    return replace(
        route,
        handler=module.symbol(function),
        place=place_of(module, function),
        parameters=parameters(module, function),
        is_async=isinstance(function, ast.AsyncFunctionDef),
    )


def place_of(module: Module, node: Function | ast.ClassDef) -> Place:
    """Return where a function or class is defined."""
    return Place(module.path, node.lineno, node.col_offset + 1)


def assigned(klass: ast.ClassDef, name: str) -> ast.expr | None:
    """Return what the body of a class binds a name to."""
    for node in klass.body:
        if isinstance(node, ast.Assign) and any(written(target) == name for target in node.targets):
            return node.value
    return None
