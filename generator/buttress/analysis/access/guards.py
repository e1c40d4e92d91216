"""Guards: who has to be known before an endpoint runs, whatever way the framework says so.

A guard is found where it is attached: a decorator, a dependency of the route, its router or its app, a
base class, a permission class, a function before every request, a middleware, or code in the handler
itself and in the functions of the project that it calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cached_property

from buttress.analysis.access.asking import BODY, DEEPEST, Asking, denies
from buttress.analysis.access.authentication import authenticates
from buttress.analysis.access.closing_settings import closes_app, closes_rest
from buttress.analysis.access.endpoints import Endpoint, endpoints
from buttress.analysis.access.refusing import REFUSES
from buttress.analysis.access.routers import APPS, HOOKS, NAMED, Routers
from buttress.analysis.once import once_for_service
from buttress.project.literals import argument
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_WRAPPED = lazy_pattern(
    r"\b(?:login_required|staff_member_required|permission_required\([^()]*\)|user_passes_test\([^()]*\)|admin_view)\(\s*(\w+(?:\.\w+)*)"
)
_FASTAPI = ("fastapi.FastAPI", "fastapi.applications.FastAPI")
_ATTACHES = ("add_middleware", "Middleware", "before_request")
_FOR_ALL = frozenset(["middleware", "before_app_request", "app_url_value_preprocessor"])


@once_for_service
def guards_of(project: Project, service: Service, modules: Iterable[Module]) -> Guards:
    """Return the guards of a service, worked out once.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """
    return Guards(project, service, Modules.of(modules))


def knows_callers(project: Project, service: Service, modules: Iterable[Module]) -> bool:
    """Whether anything in the app finds out who is asking; the arguments are those of ``guards_of``."""
    return guards_of(project, service, modules).know_callers


class Guards:
    """Tells which endpoints ask who is calling.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """

    def __init__(self, project: Project, service: Service, modules: Modules) -> None:
        self._project = project
        self._service = service
        self._modules = modules
        self._asking = Asking(project, service)
        self._guarded: dict[Endpoint, bool] = {}
        self._routers = Routers(project, service, modules, self._asking)

    # -- the whole app ----------------------------------------------------------------------------

    @cached_property
    def know_callers(self) -> bool:
        """Whether anything in the app finds out who is asking."""
        if authenticates(self._modules):
            return True
        return self.ask_somewhere(endpoints(self._project, self._service))

    @cached_property
    def is_closed(self) -> bool:
        """Whether something refuses strangers before any route runs."""
        return (
            closes_app(self._modules)
            or any(
                self._asking.dependencies(module, argument(call, NAMED, "dependencies"))
                for module, call in self._modules.calls(*_FASTAPI)
            )
            or any(self._call_closes(*found) for found in self._modules.called(*_ATTACHES))
            or any(
                self._hook_closes(module, function)
                for module in self._modules.having(
                    "middleware", "before_request", "before_app_request", "url_value_preprocessor"
                )
                for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
            )
        )

    @cached_property
    def closes_rest(self) -> bool:
        """Whether the settings of the REST framework refuse strangers unless a view says otherwise."""
        return closes_rest(self._modules)

    def _call_closes(self, module: Module, call: ast.Call) -> bool:
        """Whether a call attaches a guard to the whole app."""
        name = called_name(call)
        if name in {"add_middleware", "Middleware"} and call.args:
            return self._is_asking_class(module, call.args[0])
        is_hook = name == "before_request" and bool(call.args) and _is_app(call.func)
        return is_hook and self._asking.expression(module, call.args[0])

    def _hook_closes(self, module: Module, function: Function) -> bool:
        """Whether a function that runs before every request refuses strangers."""
        for mark in function.decorator_list:
            inner = mark.func if isinstance(mark, ast.Call) else mark
            name = inner.attr if isinstance(inner, ast.Attribute) else ""
            is_hook = name in _FOR_ALL or (name in HOOKS and _is_app(inner))
            if is_hook and self._asking.function(module, function) and _refuses(module, function):
                return True
        return False

    def _is_asking_class(self, module: Module, node: ast.expr) -> bool:
        resolved = module.resolve(node) or ""
        last = resolved.rpartition(".")[2] or getattr(node, "id", "")
        if last == "AuthenticationMiddleware" or resolved.startswith(
            ("fastapi_auth", "starlette_auth")
        ):
            return False  # finds out who is asking, refuses nobody
        for other in self._modules.having(last):
            for klass in other.nodes(ast.ClassDef):
                if klass.name == last:
                    source = other.source(klass)
                    return bool(REFUSES.search(source)) and bool(
                        BODY.search(source)
                        or re.search(r"authorization|api[_-]?key|token", source, re.IGNORECASE)
                    )
        return False

    def ask_somewhere(self, found: Iterable[Endpoint]) -> bool:
        """Whether any of these endpoints, or the app as a whole, asks who is calling."""
        return self.is_closed or self.closes_rest or any(self.guards(e) for e in found)

    # -- one endpoint -----------------------------------------------------------------------------

    def guards(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint asks who is calling."""
        if endpoint not in self._guarded:
            self._guarded[endpoint] = self._guards(endpoint)
        return self._guarded[endpoint]

    def callers(self, endpoint: Endpoint) -> frozenset[str]:
        """Return the parameters by which an endpoint knows who is calling."""
        if isinstance(endpoint.node, ast.ClassDef):
            return frozenset()
        return frozenset(self._asking.callers(endpoint.module, endpoint.node))

    def attached(self, endpoint: Endpoint) -> str:
        """Return the code that attaches anything to the router or blueprint of an endpoint."""
        return self._routers.attached(endpoint.module, endpoint.owner)

    def _guards(self, endpoint: Endpoint) -> bool:
        module, node = endpoint.module, endpoint.node
        if any(self._asking.expression(module, mark) for mark in node.decorator_list):
            return True
        for view in (node, endpoint.view):
            if isinstance(view, ast.ClassDef) and self._asking.view(module, view):
                return True
        if endpoint.owner and self._routers.ask(module, endpoint.owner):
            return True
        if self._routers.ask_where_registered(module, node.name):
            return True
        if self._is_wrapped(endpoint):
            return True
        if self.is_closed or (self.closes_rest and self._is_rest(endpoint)):
            return True
        if isinstance(node, ast.ClassDef):
            return bool(BODY.search(module.source(node)))
        return self._asking.function(module, node)

    def _is_rest(self, endpoint: Endpoint) -> bool:
        """Whether the REST framework runs a view, and the view opens itself to nobody."""
        module = endpoint.module
        for node in (endpoint.node, endpoint.view):
            if node is None:
                continue
            if isinstance(node, ast.ClassDef):
                if any(_opens(item) for item in node.body):
                    return False
                if self._is_rest_class(module, node):
                    return True
            else:
                marks = [module.source(mark) for mark in node.decorator_list]
                if any("AllowAny" in mark or "permission_classes([])" in mark for mark in marks):
                    return False
                if any("api_view" in mark for mark in marks):
                    return True
        return False

    def _is_rest_class(self, module: Module, klass: ast.ClassDef, depth: int = 0) -> bool:
        for base in klass.bases:
            if (module.resolve(base) or "").startswith(("rest_framework", "dj_rest_auth")):
                return True
            if depth < DEEPEST and any(
                self._is_rest_class(other, above, depth + 1)
                for other, above in self._asking.classes(module, base)
                if above is not klass
            ):
                return True
        return False

    def _is_wrapped(self, endpoint: Endpoint) -> bool:
        """Whether a URL configuration wraps the view: ``login_required(View.as_view())``."""
        name = endpoint.view.name if endpoint.view is not None else endpoint.node.name
        return name in self._wrapped

    @cached_property
    def _wrapped(self) -> frozenset[str]:
        """The names that stand where a URL configuration wraps a view."""
        return frozenset(
            name
            for module in self._modules.having("urlpatterns")
            for wrapped in _WRAPPED.findall(module.text)
            for name in wrapped.split(".")
        )


def _refuses(module: Module, function: Function) -> bool:
    source = module.source(function)
    return bool(REFUSES.search(source)) or "redirect" in source.lower() or "abort" in source


def _is_app(node: ast.expr) -> bool:
    owner = node.value if isinstance(node, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id in APPS


def _opens(item: ast.stmt) -> bool:
    """Whether a statement of a view class lets everybody in."""
    return (
        isinstance(item, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "permission_classes" for t in item.targets)
        and not denies(item.value)
    )
