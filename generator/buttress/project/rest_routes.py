"""Django REST framework: the routes that a router makes of the view sets registered on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from buttress.project.django_views import (
    actions_of,
    answered_by,
    assigned,
    class_named,
    place_of,
    plain_path,
)
from buttress.project.literals import argument, constant, known_string, strings_in, written
from buttress.project.model import Route
from buttress.project.modules import OwnModules, called_name, calls_of
from buttress.project.roles import is_test
from buttress.source import Module
from buttress.source.nodes import Function

Key = tuple[str, str]
"""A router: its file and its name."""


@dataclass(frozen=True, slots=True)
class _Registration:
    """``router.register(prefix, viewset, basename)``."""

    module: Module
    call: ast.Call


class RestRouters:
    """The routers of a site, and what is registered on each.

    Args:
        modules: The project's own modules.
        root: The import root.
    """

    def __init__(self, modules: OwnModules, root: str) -> None:
        self.modules = modules
        self.root = root
        self._registered: dict[Key, list[_Registration]] = {}
        self._extended: dict[Key, list[Key]] = {}
        for path in modules.having(".register(", ".registry"):
            if not is_test(modules.tree, path):
                self._read(modules.tree.module(path))

    def _read(self, module: Module) -> None:
        for call in calls_of(module, "register", "extend"):
            if not isinstance(call.func, ast.Attribute):
                continue
            owner = call.func.value
            if call.func.attr == "register":
                key = self._key(module, owner)
                if key is not None:
                    self._registered.setdefault(key, []).append(_Registration(module, call))
            elif isinstance(owner, ast.Attribute) and owner.attr == "registry" and call.args:
                key, other = self._key(module, owner.value), self._key(module, call.args[0])
                if key is not None and other is not None:
                    self._extended.setdefault(key, []).append(other)

    def _key(self, module: Module, node: ast.expr) -> Key | None:
        if isinstance(node, ast.Attribute) and node.attr == "registry":
            node = node.value
        target = self.modules.defined_at(module, node, self.root)
        return target if target is not None and target[1] else None

    def routes(self, module: Module, node: ast.expr) -> Iterator[Route]:
        """Yield the routes of the router that an expression names, paths below its own.

        Args:
            module: The file of the expression.
            node: The router.
        """
        key = self._key(module, node)
        seen: set[Key] = set()
        waiting = [key] if key is not None else []
        while waiting:
            key = waiting.pop()
            made = constant(self.modules.tree.module(key[0]), key[1])
            if key in seen or not isinstance(made, ast.Call):
                continue
            if not called_name(made).endswith("Router"):
                continue
            seen.add(key)
            waiting += self._extended.get(key, [])
            slash = argument(made, -1, "trailing_slash")
            is_bare = isinstance(slash, ast.Constant) and slash.value is False
            for item in self._registered.get(key, ()):
                yield from self._of(item, _nested_below(made), "" if is_bare else "/")

    def _of(self, item: _Registration, below: str, slash: str) -> Iterator[Route]:
        module, call = item.module, item.call
        viewset = argument(call, 1, "viewset")
        found = class_named(self.modules, module, viewset, self.root)
        if found is None:
            return
        prefix = known_string(module, argument(call, 0, "prefix"))
        holder, klass = found
        start = below + plain_path((prefix or "").strip("^/$"))
        base = known_string(module, argument(call, 2, "basename", "base_name"))
        base = base or _model_name(klass)
        lookup = _text(klass, "lookup_url_kwarg") or _text(klass, "lookup_field") or "pk"
        for action in actions_of(self.modules, holder, klass, self.root):
            parts = [start, f"<{lookup}>" if action.is_detail else "", action.path]
            path = "/".join(filter(None, parts))
            yield Route(
                action.methods,
                path + slash if path else "",
                action.handler or klass.name,
                action.place or place_of(holder, klass),
                action.parameters,
                action.is_async,
                is_complete=prefix is not None,
                name=f"{base}-{action.name}" if base else "",
            )


def mapped_methods(
    modules: OwnModules, module: Module, call: ast.Call, route: Route, root: str
) -> Iterator[Route]:
    """Yield the routes of ``Orders.as_view({"get": "list", "post": "create"})``.

    Args:
        modules: The project's own modules.
        module: The file of the call.
        call: The call of ``as_view``.
        route: The route of the class, as far as it is known.
        root: The import root.
    """
    given = argument(call, 0, "actions")
    view = call.func.value if isinstance(call.func, ast.Attribute) else None
    found = class_named(modules, module, view, root)
    if not isinstance(given, ast.Dict) or found is None:
        yield route
        return
    holder, klass = found
    functions = {node.name: node for node in klass.body if isinstance(node, Function)}
    for key, value in zip(given.keys, given.values, strict=True):
        for method, name in zip(strings_in(key), strings_in(value), strict=False):
            mapped = replace(route, methods=(method.upper(),))
            function = functions.get(name)
            yield answered_by(mapped, holder, function) if function is not None else mapped


def _nested_below(made: ast.Call) -> str:
    """Return what stands before the prefixes of a router inside another: ``orders/<order_pk>/``."""
    if not called_name(made).startswith("Nested"):
        return ""
    prefix = strings_in(argument(made, 1, "parent_prefix"))
    lookup = strings_in(argument(made, -1, "lookup"))
    return f"{prefix[0].strip('/')}/<{lookup[0] if lookup else 'parent'}_pk>/" if prefix else ""


def _model_name(klass: ast.ClassDef) -> str:
    """Return the base name that a router takes from ``queryset = Order.objects.all()``."""
    value = assigned(klass, "queryset")
    for node in ast.walk(value) if value is not None else ():
        if isinstance(node, ast.Attribute) and node.attr == "objects":
            return written(node.value).rpartition(".")[2].lower()
    return ""


def _text(klass: ast.ClassDef, name: str) -> str:
    return next(iter(strings_in(assigned(klass, name))), "")
