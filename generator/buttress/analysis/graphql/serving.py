"""Where a GraphQL schema is served: the view, router, app or call that runs what clients ask.

What decides how a query is run stands in the arguments there, in the class of a view, in the extensions
that a schema was made with, or in the function around a call; all of that code is a ``Serving``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.definitions import classes_of, definitions_of
from buttress.analysis.once import once_for_service
from buttress.project.literals import argument, literal_text, written
from buttress.project.model import Project, Service
from buttress.project.modules import OwnModules, called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function

LIBRARIES = ("graphene", "strawberry", "ariadne", "graphql")
"""Words of which a file that serves a schema has one."""

_PACKAGES = (
    "graphene", "strawberry", "ariadne", "flask_graphql.", "graphql_server.", "starlette_graphene3.",
    "starlette.graphql.", "channels_graphql",
)  # fmt: skip
_APPS = frozenset(["GraphQLRouter", "GraphQL", "GraphQLApp", "GraphQLView", "AsyncGraphQLView"])
_FUNCTIONS = frozenset(
    [
        "ariadne.graphql", "ariadne.graphql_sync", "ariadne.graphql.graphql", "ariadne.graphql.graphql_sync",
        "graphql.graphql", "graphql.graphql_sync",
    ]
)  # fmt: skip
_EXECUTES = ("execute", "execute_sync", "execute_async")
_SCHEMAS = ("graphene.Schema", "strawberry.Schema", "strawberry.federation.Schema", "ariadne.make_executable_schema")  # fmt: skip
_OF_SCHEMA = frozenset(["extensions", "config", "execution_context_class", "middleware"])
"""The arguments of a schema that say how its queries are run."""
_DEEPEST = 3

Part = tuple[Module, ast.AST]


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """A place where the queries of clients are run.

    Attributes:
        module: The file.
        call: What makes the view, router or app there, or runs a query.
        function: The function around a call that runs a query; ``None`` elsewhere.
        view: The class of the project that is the view.
        parts: All code that decides how a query is run.
        is_open: Whether arguments are handed on that cannot be seen.
    """

    module: Module
    call: ast.Call
    function: Function | None
    view: tuple[Module, ast.ClassDef] | None
    parts: tuple[Part, ...]
    is_open: bool

    @property
    def text(self) -> str:
        """All that code."""
        return "\n".join(module.source(node) for module, node in self.parts)


@once_for_service
def servings(project: Project, service: Service, modules: Modules) -> tuple[Serving, ...]:
    """Return where schemas are served, in the order of files and lines.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """
    having = modules.having(*LIBRARIES)
    if not having:
        return ()
    search = _Search(own_modules(project.tree), service, having)
    return tuple(search.run())


class _Search:
    def __init__(self, own: OwnModules, service: Service, modules: Modules) -> None:
        self._own = own
        self._service = service
        self._modules = modules

    def run(self) -> Iterator[Serving]:
        settings = [
            (module, assign.value)
            for module in self._modules.having("GRAPHENE")
            for assign in module.nodes(ast.Assign)
            if written(assign.targets[0]) == "GRAPHENE"
        ]
        for module in self._modules:
            for call in module.nodes(ast.Call):
                found = self._serving(module, call)
                if found is not None:
                    parts = [*self._parts(*found), *settings]
                    is_open = any(keyword.arg is None for keyword in call.keywords)
                    yield Serving(*found, tuple(parts), is_open)

    def _serving(
        self, module: Module, call: ast.Call
    ) -> tuple[Module, ast.Call, Function | None, tuple[Module, ast.ClassDef] | None] | None:
        name = called_name(call)
        if name == "as_view" and isinstance(call.func, ast.Attribute):
            view = self._view(module, call.func.value)
            is_view = view is not None or self._is_library(module, call.func.value)
            return (module, call, None, view) if is_view else None
        if name in _APPS:
            view = self._view(module, call.func)
            is_app = view is not None or self._is_library(module, call.func)
            return (module, call, None, view) if is_app else None
        function = module.function(call)
        if function is None:
            return None
        if (module.resolve(call.func) or "") in _FUNCTIONS:
            return module, call, function, None
        if name in _EXECUTES and isinstance(call.func, ast.Attribute) and call.args:
            is_asked = not literal_text(call.args[0])
            schema = self._value(module, call.func.value) if is_asked else None
            if schema is not None and _is_schema(*schema):
                return module, call, function, None
        return None

    def _is_library(self, module: Module, node: ast.expr) -> bool:
        dotted = module.resolve(node) or ""
        return dotted.startswith(_PACKAGES) and dotted.rpartition(".")[2] in _APPS

    def _view(
        self, module: Module, node: ast.expr, depth: int = 0
    ) -> tuple[Module, ast.ClassDef] | None:
        """Return a class of the project that inherits a view for GraphQL."""
        for other, klass in classes_of(self._own, self._service, module, node):
            for base in klass.bases:
                is_view = self._is_library(other, base)
                if is_view or (depth < _DEEPEST and self._view(other, base, depth + 1)):
                    return other, klass
        return None

    # -- what decides how a query is run ---------------------------------------------------------

    def _parts(
        self,
        module: Module,
        call: ast.Call,
        function: Function | None,
        view: tuple[Module, ast.ClassDef] | None,
    ) -> Iterator[Part]:
        schema = argument(call, 0, "schema")
        if called_name(call) in _EXECUTES and isinstance(call.func, ast.Attribute):
            schema = call.func.value
        found: list[Part] = [
            (module, keyword.value) for keyword in call.keywords if keyword.arg != "schema"
        ]
        if view is not None:
            found.append(view)
        if function is not None:
            found.append((module, function))
        made = self._value(module, schema) if schema is not None else None
        if made is not None and isinstance(made[1], ast.Call):
            found += [(made[0], k.value) for k in made[1].keywords if k.arg in _OF_SCHEMA]
        seen: set[int] = set()
        for part in found:
            yield from self._with_named(*part, seen, 0)

    def _with_named(
        self, module: Module, node: ast.AST, seen: set[int], depth: int
    ) -> Iterator[Part]:
        """Yield a piece of code with the functions, classes and values of the project that it names."""
        if id(node) in seen:
            return
        seen.add(id(node))
        yield module, node
        for part in module.inside(node) if depth < _DEEPEST else ():
            if isinstance(part, (ast.Name, ast.Attribute)) and isinstance(part.ctx, ast.Load):
                for found in self._named(module, part):
                    yield from self._with_named(*found, seen, depth + 1)

    def _named(self, module: Module, node: ast.expr) -> Iterator[Part]:
        yield from definitions_of(self._own, self._service, module, node)
        yield from classes_of(self._own, self._service, module, node)
        value = self._value(module, node)
        # what a schema is made of is what can be asked, not how
        if value is not None and not _is_schema(*value):
            yield value

    def _value(self, module: Module, node: ast.expr) -> tuple[Module, ast.expr] | None:
        """Return what a name at the top of a file is given, in this file or in the one it comes from."""
        if isinstance(node, ast.Call):
            return module, node
        found = self._own.defined_at(module, node, self._service.import_root)
        if found is None or not found[1]:
            return None
        other = self._own.tree.module(found[0])
        value = next((v for name, v in other.given_at_top() if name == found[1] and v), None)
        return (other, value) if value is not None else None


def _is_schema(module: Module, node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return module.resolve(node.func) in _SCHEMAS or called_name(node) == "make_executable_schema"
