"""The fields of a GraphQL schema that change something, as endpoints, and whether they ask who is calling.

A schema is one route of HTTP; what may be done there is said by its mutations. Who is calling can be asked
where the schema is served, by a permission of the field, by a decorator, or by the function that answers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.access.asking import Asking, denies
from buttress.analysis.access.endpoints import Endpoint, endpoints_in
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.openings import is_public, takes_changes, words, writes
from buttress.analysis.access.reached_code import reached
from buttress.analysis.access.refusing import turns_away
from buttress.analysis.access.routers import Routers
from buttress.analysis.definitions import definitions_of
from buttress.analysis.graphql.serving import LIBRARIES, Serving, servings
from buttress.analysis.once import once_for_service
from buttress.project.literals import argument, known_string, last_name, literal_text, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CAMEL = lazy_pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_MUTATE = frozenset(["mutate", "mutate_and_get_payload", "perform_mutate", "perform_mutation"])
_MUTATION = lazy_pattern(r"mutation", re.IGNORECASE)
_DELETING = frozenset(["delete", "remove", "destroy", "erase"])
_CHANGING = frozenset(["update", "edit", "change", "rename"])
_PERMITS = lazy_pattern(r"permission|perm\b|authenticat|authoriz|auth|login|is_?(?:staff|admin|owner|superuser)|has_?(?:perm|role)|require", re.IGNORECASE)  # fmt: skip
_CALLER = lazy_pattern(
    r"\b(?:context|ctx)\b[^\n]{0,60}?(?:\b|_)(?:user(?:_id)?|viewer|identity|account|auth\w*|jwt|headers|principal|is_authenticated)\b"
    r"|\bget_(?:current_)?(?:user|viewer|identity)\w*\(|\bget_jwt",
    re.IGNORECASE,
)
_GIVEN = frozenset(["token", "jwt", "access_token", "auth_token", "api_key"])
_RAISES = lazy_pattern(r"\braise\b|\babort\(|\b40[13]\b")


@once_for_service
def operations(project: Project, service: Service, modules: Modules) -> tuple[Endpoint, ...]:
    """Return the functions that answer the fields of the schemas which are served.

    Those of mutations take more than questions; the methods are what a route with the name of the
    field would answer.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """
    if not servings(project, service, modules):
        return ()
    found: dict[tuple[str, int], Endpoint] = {}
    for module in modules.having(*LIBRARIES):
        for endpoint in (*_defined(module), *_named(project, service, module)):
            found.setdefault((endpoint.module.path, endpoint.node.lineno), endpoint)
    return tuple(found.values())


def _defined(module: Module) -> Iterator[Endpoint]:
    """Yield the functions that stand in a type, or carry the decorator of one."""
    has_graphene, has_ariadne = "graphene" in module.text, "ariadne" in module.text
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        above = module.parent(function)
        klass = above if isinstance(above, ast.ClassDef) else None
        if has_graphene and klass is not None and function.name in _MUTATE:
            yield _endpoint(module, function, re.sub(r"(?<=.)Mutation\Z", "", klass.name), klass)
        elif has_graphene and klass is not None and function.name.startswith("resolve_"):
            yield _endpoint(module, function, function.name.removeprefix("resolve_"))
        for mark in function.decorator_list:
            called = mark.func if isinstance(mark, ast.Call) else mark
            dotted, name = module.resolve(called) or "", last_name(called)
            if dotted.startswith("strawberry") and name in {"mutation", "field"}:
                is_change = name == "mutation" or (klass is not None and bool(_MUTATION.search(klass.name)))  # fmt: skip
                yield _endpoint(module, function, function.name, is_change=is_change)
            elif has_ariadne and name == "field" and isinstance(mark, ast.Call):
                is_change = bool(_MUTATION.search(module.source(called)))
                field = literal_text(mark.args[0]) if mark.args else ""
                yield _endpoint(module, function, field or function.name, is_change=is_change)


def _named(project: Project, service: Service, module: Module) -> Iterator[Endpoint]:
    """Yield the functions that a field names: ``strawberry.mutation(resolver=add)``, ``set_field``."""
    own = own_modules(project.tree)
    for call in module.called("mutation", "set_field"):
        is_set = called_name(call) == "set_field"
        given = argument(call, 1, "resolver") if is_set else argument(call, -1, "resolver")
        if given is None or (is_set and not _MUTATION.search(module.source(call.func))):
            continue
        if not is_set and not (module.resolve(call.func) or "").startswith("strawberry"):
            continue
        if any(k.arg == "permission_classes" and denies(k.value) for k in call.keywords):
            continue
        field = known_string(module, call.args[0]) if is_set and call.args else None
        for other, function in definitions_of(own, service, module, given):
            yield _endpoint(other, function, field or function.name, is_change=True)


def _endpoint(
    module: Module,
    function: Function,
    field: str,
    klass: ast.ClassDef | None = None,
    *,
    is_change: bool = False,
) -> Endpoint:
    path = "/" + _CAMEL.sub("_", field).lower()
    spoken = set(path[1:].split("_"))
    method = "GET"
    if is_change or klass is not None:
        method = "DELETE" if spoken & _DELETING else "PUT" if spoken & _CHANGING else "POST"
    return Endpoint(module, function, frozenset([method]), (path,), "", klass)


class OperationGuards:
    """Tells which operations of a schema ask who is calling.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
        guards: Those of the routes.
    """

    def __init__(
        self, project: Project, service: Service, modules: Modules, guards: Guards
    ) -> None:
        self._project = project
        self._service = service
        self._modules = modules
        self._routes = guards
        self._asking = Asking(project, service)

    def unguarded(self, found: tuple[Endpoint, ...]) -> tuple[list[Endpoint], list[Endpoint]]:
        """Return the operations that change data, and those of them that ask nobody.

        Operations that are open on purpose, to log in or to register, are left out.
        """
        changing = [
            e
            for e in found
            if takes_changes(e) and not is_public(e) and writes(self._project, self._service, e)
        ]
        if not changing or self._is_closed():
            return changing, []
        return changing, [e for e in changing if not self.guards(e)]

    def guards(self, endpoint: Endpoint) -> bool:
        """Whether an operation asks who is calling."""
        module, node = endpoint.module, endpoint.node
        if isinstance(node, ast.ClassDef) or self._routes.guards(endpoint):
            return True
        if any(self._permits(module, mark) for mark in node.decorator_list):
            return True
        if any(argument.arg in _GIVEN for argument in (*node.args.args, *node.args.kwonlyargs)):
            return True
        return any(
            _CALLER.search(other.source(part))
            for other, part in reached(self._project, self._service, endpoint)
        )

    def _permits(self, module: Module, mark: ast.expr) -> bool:
        """Whether a decorator lets in only some: by its name, or by what it is given."""
        if isinstance(mark, ast.Call):
            for keyword in mark.keywords:
                if keyword.arg == "permission_classes" and denies(keyword.value):
                    return True
                given = keyword.arg in {"extensions", "directives"}
                if given and _PERMITS.search(module.source(keyword.value)):
                    return True
        called = mark.func if isinstance(mark, ast.Call) else mark
        return _PERMITS.search(last_name(called)) is not None

    # -- where the schema is served -----------------------------------------------------------------

    def _is_closed(self) -> bool:
        """Whether strangers are turned away wherever the schema is served."""
        found = servings(self._project, self._service, self._modules)
        return all(self._is_guarded(serving) for serving in found)

    def _is_guarded(self, serving: Serving) -> bool:
        module, call = serving.module, serving.call
        if serving.is_open:
            return True
        if serving.function is not None:
            return self._function_guards(module, serving.function)
        for above in module.ancestors(call):
            if isinstance(above, ast.Call) and self._asking.expression(module, above.func):
                return True
            if isinstance(above, ast.stmt):
                break
        if serving.view is not None and self._asking.view(*serving.view):
            return True
        if self._asking.dependencies(module, argument(call, -1, "dependencies")):
            return True
        if self._is_included(serving):
            return True
        # a context, extension or middleware of the project's own that turns strangers away
        return any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and self._turns_away(other, node)
            for other, node in serving.parts
        )

    def _function_guards(self, module: Module, function: Function) -> bool:
        """Whether a function that runs queries lets in only some; to hand on who calls is not enough."""
        around = endpoints_in(self._project, self._service, module.path)
        asks_inside = self._asking.function(module, function)
        if any(self._routes.guards(e) for e in around if e.node is function) and not asks_inside:
            return True
        return asks_inside and self._turns_away(module, function)

    def _turns_away(self, module: Module, node: Function | ast.ClassDef) -> bool:
        text = module.source(node)
        asks = _CALLER.search(text) is not None
        if not isinstance(node, ast.ClassDef):
            asks = asks or self._asking.function(module, node)
        return asks and (
            turns_away(module, node)
            or bool(_RAISES.search(text))
            or (not isinstance(node, ast.ClassDef) and any(self._asking.callers(module, node)))
        )

    def _is_included(self, serving: Serving) -> bool:
        """Whether the router is included behind a dependency that asks."""
        above = serving.module.parent(serving.call)
        if not isinstance(above, ast.Assign):
            return False
        routers = Routers(self._project, self._service, self._modules, self._asking)
        return any(
            routers.ask(serving.module, written(target))
            for target in above.targets
            if written(target)
        )


def worst_first(found: list[Endpoint]) -> list[Endpoint]:
    """Return operations with those before the others that delete something."""
    return sorted(found, key=lambda endpoint: not words(endpoint) & _DELETING)
