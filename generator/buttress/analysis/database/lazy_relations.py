"""Relations that are loaded one by one: a loop over rows reads what each of them points at."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from dataclasses import dataclass

from buttress.analysis.database.calls import DatabaseCall, database_calls, given
from buttress.analysis.database.queries import prepares
from buttress.project.literals import written
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_TO_ONE = frozenset(["ForeignKey", "OneToOneField"])
_RELATIONS = frozenset(["relationship", "Relationship"])
_EAGER_CALLS = frozenset(
    ["select_related", "prefetch_related", "options", "values", "values_list", "only", "join"]
)
_EAGER = frozenset(["joined", "selectin", "subquery", "raise", "immediate", "dynamic", "noload"])
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_FOR = (ast.For, ast.AsyncFor)
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


def lazy_reads(modules: Modules, service: Service) -> Iterator[LazyRead]:
    """Yield relations that loops over the rows of a query read one by one, one for each loop."""
    relations = _relations(modules)
    for module in modules if relations else ():
        if not database_calls(module, service) or prepares(module, None):
            continue
        rows = _Rows(module, service)
        for loop, target, source in _loops(module):
            names = relations.get(rows.model(source), ())
            read = _first_read(module, loop, target, names) if names else None
            if read is not None and not prepares(module, read):
                yield LazyRead(module, read, read.attr)


def _relations(modules: Modules) -> dict[str, set[str]]:
    """Return the relations of mapped classes that are loaded when they are read, by class."""
    found: dict[str, set[str]] = {}
    for module in modules.having("ForeignKey", "elationship("):
        for call in module.called(*_TO_ONE, *_RELATIONS):
            statement = module.parent(call)
            klass = module.parent(statement) if isinstance(statement, _ASSIGNMENTS) else None
            if isinstance(klass, ast.ClassDef) and _is_lazy(call):
                targets = getattr(statement, "targets", None) or [
                    getattr(statement, "target", None)
                ]
                found.setdefault(klass.name, set()).add(written(targets[0]))
    return found


def _is_lazy(call: ast.Call) -> bool:
    name = called_name(call)
    if name in _TO_ONE:
        # `models.ForeignKey`; SQLAlchemy's of the same name only stands inside a column
        return isinstance(call.func, ast.Attribute) and written(call.func.value) == "models"
    loads = [keyword.value for keyword in call.keywords if keyword.arg == "lazy"]
    is_eager = any(isinstance(value, ast.Constant) and value.value in _EAGER for value in loads)
    nested = any(keyword.arg == "sa_relationship_kwargs" for keyword in call.keywords)
    return name in _RELATIONS and not is_eager and not nested


def _loops(module: Module) -> Iterator[tuple[ast.AST, str, ast.expr]]:
    """Yield the loops of a file that give each element one name: the loop, the name, the source."""
    for loop in module.nodes(ast.For, ast.AsyncFor):
        if isinstance(loop.target, ast.Name):
            yield loop, loop.target.id, loop.iter
    for whole in module.nodes(*_COMPREHENSIONS):
        for generator in getattr(whole, "generators", ()):
            if isinstance(generator.target, ast.Name):
                yield whole, generator.target.id, generator.iter


def _first_read(
    module: Module, loop: ast.AST, target: str, names: Container[str]
) -> ast.Attribute | None:
    """Return where a loop first reads one of some attributes of its element."""
    for node in module.inside(loop):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in names
            and isinstance(node.value, ast.Name)
            and node.value.id == target
            and isinstance(node.ctx, ast.Load)
            and _loop_of(module, node, target) is loop
        ):
            return node
    return None


def _loop_of(module: Module, node: ast.AST, name: str) -> ast.AST | None:
    """Return the innermost loop that binds a name around a node, whose body holds the node."""
    inside: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(above, _FUNCTIONS):
            return None
        if isinstance(above, _FOR) and written(above.target) == name:
            return above if inside in above.body else None
        generators = above.generators if isinstance(above, _COMPREHENSIONS) else []
        if any(written(generator.target) == name for generator in generators):
            return above
        inside = above
    return None


class _Rows:
    """Tells which class the rows of a query belong to.

    Args:
        module: The file.
        service: The service.
    """

    def __init__(self, module: Module, service: Service) -> None:
        self.module = module
        self.calls = {call.node: call for call in database_calls(module, service)}

    def model(self, source: ast.expr, depth: int = 0) -> str:
        """Return the name of the class, nothing where it is not known or all is loaded at once."""
        while isinstance(source, ast.Await | ast.Subscript):
            source = source.value
        if isinstance(source, ast.Name) and depth < 2:
            function: Function | None = self.module.function(source)
            values = given(self.module, function, source.id)
            return self.model(values[0], depth + 1) if len(values) == 1 else ""
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
