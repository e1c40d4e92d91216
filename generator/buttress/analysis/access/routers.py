"""Routers and blueprints: whether they, what they are included in, or a hook on them asks who is calling."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property

from buttress.analysis.access.asking import DEEPEST, Asking
from buttress.project.literals import argument, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules

HOOKS = frozenset(["before_request", "url_value_preprocessor"])
"""What a function is put before the requests of a blueprint, or of an app, with."""
APPS = frozenset(["app", "application", "server"])
NAMED = -1
"""The position of an argument that only has a name."""

_Attached = tuple[Module, ast.Call, ast.expr | None]
"""Where a router is included or hooked to, by which call, and the hook."""


class Routers:
    """Tells which routers and blueprints ask who is calling.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
        asking: What tells which code asks.
    """

    def __init__(
        self, project: Project, service: Service, modules: Modules, asking: Asking
    ) -> None:
        self._own = own_modules(project.tree)
        self._service = service
        self._modules = modules
        self._asking = asking
        self._known: dict[tuple[str, str], bool] = {}

    def attached(self, module: Module, owner: str) -> str:
        """Return the code that attaches anything to a router or blueprint."""
        parts = [
            module.source(call)
            for call in module.called("APIRouter", "Router")
            if isinstance(above := module.parent(call), ast.Assign)
            and any(written(target) == owner for target in above.targets)
        ]
        for other, call, hook in self._attaching.get((module.path, owner), ()):
            parts.append(other.source(call if hook is None else hook))
        return " ".join(parts)

    def ask(self, module: Module, owner: str, depth: int = 0) -> bool:
        """Whether the router or blueprint of a route, or where it is included, asks."""
        key = (module.path, owner)
        if key not in self._known:
            self._known[key] = False  # for routers that include each other
            self._known[key] = self._asks(module, owner, depth)
        return self._known[key]

    def ask_where_registered(self, module: Module, name: str) -> bool:
        """Whether all that a function is registered on by a call, in whatever file, asks."""
        places = self._registering.get((module.path, name), ())
        return bool(places) and all(self.ask(other, owner) for other, owner in places)

    @cached_property
    def _registering(self) -> dict[tuple[str, str], list[tuple[Module, str]]]:
        """The names that functions are registered on by a call, with its file, by those of the function."""
        found: dict[tuple[str, str], list[tuple[Module, str]]] = {}
        for module, call in self._modules.called("add_url_rule"):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            for key in self._meant(module, argument(call, 2, "view_func")):
                found.setdefault(key, []).append((module, written(owner)))
        return found

    def _asks(self, module: Module, owner: str, depth: int) -> bool:
        for call in module.called("APIRouter", "Router"):
            statement = module.parent(call)
            if isinstance(statement, ast.Assign):
                names = {t.id for t in statement.targets if isinstance(t, ast.Name)}
                if owner in names and self._asking.dependencies(
                    module, argument(call, NAMED, "dependencies")
                ):
                    return True
        for statement in module.tree.body:
            # `router.dependencies = [Depends(...)]` behind the call that makes it
            if (
                isinstance(statement, ast.Assign)
                and any(written(t) == f"{owner}.dependencies" for t in statement.targets)
                and self._asking.dependencies(module, statement.value)
            ):
                return True
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            for mark in function.decorator_list:
                inner = mark.func if isinstance(mark, ast.Call) else mark
                if (
                    isinstance(inner, ast.Attribute)
                    and inner.attr in HOOKS
                    and isinstance(inner.value, ast.Name)
                    and inner.value.id == owner
                    and (
                        self._asking.function(module, function)
                        or any(
                            self._asking.expression(module, mark)
                            for mark in function.decorator_list
                        )
                    )
                ):
                    return True
        return depth < DEEPEST and self._is_included_closed(module, owner, depth)

    def _is_included_closed(self, module: Module, owner: str, depth: int) -> bool:
        for other, call, hook in self._attaching.get((module.path, owner), ()):
            if hook is not None:
                if self._asking.expression(other, hook):
                    return True
            elif self._asking.dependencies(
                other, argument(call, NAMED, "dependencies")
            ) or self._outer_asks(other, call, depth):
                return True
        return False

    @cached_property
    def _attaching(self) -> dict[tuple[str, str], list[_Attached]]:
        """The calls that include a router or attach a hook to it, by its file and name."""
        found: dict[tuple[str, str], list[_Attached]] = {}
        for module, call in self._modules.called("include_router", "before_request"):
            if not call.args:
                continue
            given: Iterable[tuple[Module, ast.expr | None, ast.expr | None]]
            given = [(module, call.args[0], None)]
            if called_name(call) == "before_request" and isinstance(call.func, ast.Attribute):
                given = self._hooked(module, call, call.func.value)
            for other, owner, hook in given:
                for key in self._meant(other, owner):
                    found.setdefault(key, []).append((other, call, hook))
        return found

    def _hooked(
        self, module: Module, call: ast.Call, owner: ast.expr
    ) -> Iterator[tuple[Module, ast.expr, ast.expr]]:
        """Yield what a hook is attached to, and the hook, with what a function for it is given."""
        function, hook = module.function(call), call.args[0]
        names = [a.arg for a in function.args.args] if function is not None else []
        places = [
            names.index(n.id) for n in (owner, hook) if isinstance(n, ast.Name) and n.id in names
        ]
        if function is None or not places:
            yield module, owner, hook
            return
        for other, registering in self._modules.called(function.name):
            values = dict(zip(names, registering.args, strict=False))
            values |= {k.arg: k.value for k in registering.keywords if k.arg}
            on, what = (
                values.get(n.id, n) if isinstance(n, ast.Name) else n for n in (owner, hook)
            )
            yield other, on, what

    def _outer_asks(self, module: Module, call: ast.Call, depth: int) -> bool:
        """Whether the router that another one is included in asks."""
        outer = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_router = isinstance(outer, ast.Name) and outer.id not in APPS
        return is_router and isinstance(outer, ast.Name) and self.ask(module, outer.id, depth + 1)

    def _meant(self, module: Module, node: ast.expr | None) -> set[tuple[str, str]]:
        """Return the file and name of what an expression stands for, here or in another module."""
        keys = {(module.path, node.id)} if isinstance(node, ast.Name) else set()
        dotted = module.resolve(node)
        if dotted is not None:
            found = self._own.symbol(dotted, module.path, self._service.import_root)
            if found is not None and found[0] != module.path:
                keys.add(found)
        return keys
