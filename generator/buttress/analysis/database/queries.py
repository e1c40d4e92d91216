"""Queries whose cost grows with the data: one for each element of a loop, whole tables at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from buttress.analysis.access.handlers import Handler, handlers
from buttress.analysis.database.calls import Act, DatabaseCall, database_calls
from buttress.analysis.database.loops import LOOPS, depends_on, is_last_round, loop_around
from buttress.analysis.database.table_reads import LIMITS, is_about_schema, is_limited, is_whole
from buttress.analysis.function_bodies import returns_by_function
from buttress.analysis.once import once_for_service
from buttress.project.folders import name_of
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ELSEWHERE = lazy_pattern(r"cache|task|job|actor", re.IGNORECASE)
_PREPARES = lazy_pattern(
    r"migrat|seed|populate|backfill|init_?db|create_tables|schema|bootstrap|ensure_|insert_roles|fixture|fake|initial_data"
    r"|(?:\A|_)(?:apps|setup|startup|cli|commands)(?:_|\Z)|sample_data|demo|init_data|load_data|create_default",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LoopedQuery:
    """A query that runs once for every element.

    Attributes:
        module: Its file.
        node: The query, or the call of the function that makes it.
        function: The function that makes it, where that is another one.
    """

    module: Module
    node: ast.expr
    function: str = ""


@once_for_service
def queries_of(project: Project, service: Service, modules: Modules) -> Queries:
    """Return the queries of a service, worked out once.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
    """
    return Queries(project, service, modules)


class Queries:
    """The queries of an app.

    Args:
        project: The facts.
        service: The service.
        modules: Its files that the entry point imports.
    """

    def __init__(self, project: Project, service: Service, modules: Modules) -> None:
        self.project = project
        self.service = service
        self.modules = modules
        self.own = own_modules(project.tree)

    @cached_property
    def _reading(self) -> dict[Function, list[DatabaseCall]]:
        """The queries by the function that makes them."""
        found: dict[Function, list[DatabaseCall]] = {}
        for module in self.modules:
            for call in database_calls(module, self.service):
                holder = module.function(call.node)
                if call.act is Act.READ and holder is not None and not is_about_schema(call):
                    found.setdefault(holder, []).append(call)
        return found

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], tuple[Module, Function]]:
        """The functions at the top of files, by path and name."""
        return {
            (module.path, function.name): (module, function)
            for module in self.modules
            for function in module.tree.body
            if isinstance(function, _FUNCTIONS)
        }

    def called(self, module: Module, call: ast.Call) -> tuple[Module, Function] | None:
        """Return the function of the project that a call means, if it stands at the top of a file."""
        found = self.own.defined_at(module, call.func, self.service.import_root)
        return self._by_place.get(found) if found is not None else None

    # -- one for each --------------------------------------------------------------------------

    def looped(self) -> Iterator[LoopedQuery]:
        """Yield the queries that run once for every element of a collection, one for each loop."""
        names = {function.name for function in self._reading}
        for module in self.modules:
            if prepares(module, None) or not module.nodes(*LOOPS):
                continue
            seen: set[ast.AST] = set()
            for call in database_calls(module, self.service):
                loop = loop_around(module, call.node) if call.act is Act.READ else None
                if loop is None or loop in seen or prepares(module, call.node):
                    continue
                if is_about_schema(call) or is_last_round(module, call.node, loop):
                    continue
                if _is_paged(call) or not depends_on(module, call.node, loop):
                    continue
                seen.add(loop)
                yield LoopedQuery(module, call.node)
            for plain in module.nodes(ast.Call) if names else ():
                if called_name(plain) not in names:
                    continue
                loop = loop_around(module, plain)
                if loop is None or loop in seen or prepares(module, plain):
                    continue
                found = self.called(module, plain)
                if found is None or not self._always_reads(*found):
                    continue
                if depends_on(module, plain, loop) and not is_last_round(module, plain, loop):
                    seen.add(loop)
                    yield LoopedQuery(module, plain, found[1].name)

    def _always_reads(self, module: Module, function: Function) -> bool:
        """Whether a function makes a query at its top level, and keeps no answers."""
        marks = {written(m.func if isinstance(m, ast.Call) else m) for m in function.decorator_list}
        if any(_ELSEWHERE.search(mark) for mark in marks):
            return False  # what is asked is kept, or a queue runs it
        for call in self._reading.get(function, ()):
            if not _is_conditional(module, call.node, function):
                return True
        return False

    # -- whole tables --------------------------------------------------------------------------

    def whole_tables(self) -> Iterator[tuple[Module, ast.expr]]:
        """Yield the queries of handlers that answer a GET with all rows of a table."""
        seen: set[ast.expr] = set()
        for module in self.modules:
            for handler in handlers(self.project, self.service, module):
                if not handler.reads or is_limited(handler):
                    continue
                for place, function in self._with_called(handler):
                    for call in self._reading.get(function, ()):
                        if call.node not in seen and is_whole(place, call):
                            seen.add(call.node)
                            yield place, call.node

    def _with_called(self, handler: Handler) -> Iterator[tuple[Module, Function]]:
        yield handler.module, handler.node
        if not self.service.drivers:
            return
        for node in returns_by_function(handler.module).get(handler.node, ()):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(value, ast.Call):
                found = self.called(handler.module, value)
                if found is not None and not LIMITS.search(found[0].source(found[1])):
                    yield found


def prepares(module: Module, node: ast.AST | None) -> bool:
    """Whether a file (or a function around a node) fills or changes a database once, at its start."""
    if node is None:
        return "/management/commands/" in module.path or bool(
            _PREPARES.search(name_of(module.path).removesuffix(".py"))
        )
    function = module.function(node)
    return function is not None and bool(_PREPARES.search(function.name))


def _is_conditional(module: Module, node: ast.AST, function: Function) -> bool:
    for above in module.ancestors(node):
        if above is function:
            return False
        if isinstance(above, (ast.If, ast.ExceptHandler, ast.Lambda)):
            return True
    return True


def _is_paged(call: DatabaseCall) -> bool:
    return bool({"offset", "in_", "slice"} & set(call.methods))
