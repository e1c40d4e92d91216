"""Relations that are loaded one by one: a loop over rows reads what each of them points at."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.database.calls import DatabaseCall, bindings, database_calls
from buttress.analysis.database.queries import prepares
from buttress.project.literals import written
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.module import Function

_TO_ONE = frozenset(["ForeignKey", "OneToOneField"])
_EAGER_CALLS = frozenset(
    ["select_related", "prefetch_related", "options", "values", "values_list", "only", "join"]
)
_EAGER = frozenset(["joined", "selectin", "subquery", "raise", "immediate", "dynamic", "noload"])
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class LazyRead:
    """A relation that is read for every row of a loop.

    Attributes:
        module: Its file.
        node: The first place in the loop that reads it.
        name: The relation (``author``).
    """

    module: Module
    node: ast.Attribute
    name: str


def lazy_reads(modules: Iterable[Module], service: Service) -> Iterator[LazyRead]:
    """Yield relations that loops over the rows of a query read one by one, one for each loop."""
    modules = tuple(modules)
    relations = _relations(modules)
    names = {name for found in relations.values() for name in found}
    for module in modules if names else ():
        if prepares(module, None) or not any(f".{name}" in module.text for name in names):
            continue
        rows = _Rows(module, service)
        seen: set[ast.AST] = set()
        for node in module.nodes(ast.Attribute):
            if node.attr not in names or not isinstance(node.value, ast.Name):
                continue
            loop, source = _loop_of(module, node, node.value.id)
            if loop is None or source is None or loop in seen or prepares(module, node):
                continue
            if isinstance(node.ctx, ast.Load) and node.attr in relations.get(
                rows.model(source), ()
            ):
                seen.add(loop)
                yield LazyRead(module, node, node.attr)


def _relations(modules: Iterable[Module]) -> dict[str, set[str]]:
    """Return the relations of mapped classes that are loaded when they are read, by class."""
    found: dict[str, set[str]] = {}
    for module in modules:
        if "ForeignKey" not in module.text and "elationship(" not in module.text:
            continue
        for klass in module.nodes(ast.ClassDef):
            for statement in klass.body:
                if isinstance(statement, ast.Assign):
                    name = written(statement.targets[0])
                elif isinstance(statement, ast.AnnAssign):
                    name = written(statement.target)
                else:
                    continue
                if isinstance(statement.value, ast.Call) and _is_lazy(statement.value):
                    found.setdefault(klass.name, set()).add(name)
    return found


def _is_lazy(call: ast.Call) -> bool:
    name = called_name(call)
    if name in _TO_ONE:
        # `models.ForeignKey`; SQLAlchemy's of the same name only stands inside a column
        return isinstance(call.func, ast.Attribute) and written(call.func.value) == "models"
    loads = [keyword.value for keyword in call.keywords if keyword.arg == "lazy"]
    is_eager = any(isinstance(value, ast.Constant) and value.value in _EAGER for value in loads)
    nested = any(keyword.arg == "sa_relationship_kwargs" for keyword in call.keywords)
    return name in {"relationship", "Relationship"} and not is_eager and not nested


def _loop_of(module: Module, node: ast.AST, name: str) -> tuple[ast.AST | None, ast.expr | None]:
    """Return the loop that binds a name around a node, and what it goes over."""
    inside: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            break
        if isinstance(above, ast.For | ast.AsyncFor) and written(above.target) == name:
            return (above, above.iter) if inside in above.body else (None, None)
        if isinstance(above, _COMPREHENSIONS):
            for generator in above.generators:
                if written(generator.target) == name:
                    return above, generator.iter
        inside = above
    return None, None


class _Rows:
    """Tells which class the rows of a query belong to.

    Args:
        module: The file.
        service: The service.
    """

    def __init__(self, module: Module, service: Service) -> None:
        self.module = module
        self.bound = bindings(module)
        self.calls = {call.node: call for call in database_calls(module, service)}

    def model(self, source: ast.expr, depth: int = 0) -> str:
        """Return the name of the class, nothing where it is not known or all is loaded at once."""
        while isinstance(source, ast.Await | ast.Subscript):
            source = source.value
        if isinstance(source, ast.Name) and depth < 2:
            function: Function | None = self.module.function(source)
            given = self.bound.get((function, source.id), [])
            return self.model(given[0], depth + 1) if len(given) == 1 else ""
        call = self.calls.get(source) if isinstance(source, ast.Call) else None
        return _model_of(call) if call is not None else ""


def _model_of(call: DatabaseCall) -> str:
    if _EAGER_CALLS & set(call.methods):
        return ""
    if isinstance(call.root, ast.Attribute) and call.root.attr in {"objects", "query"}:
        return written(call.root.value).rpartition(".")[2]
    first = call.links[0]
    if call.methods[0] == "query" and len(first.args) == 1:
        return written(first.args[0]).rpartition(".")[2]
    return ""
