"""Queries whose cost grows with the data: one for each element of a loop, whole tables at once."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from buttress.analysis.database_calls import (
    Act,
    DatabaseCall,
    bindings,
    database_calls,
    first_text,
)
from buttress.analysis.handlers import Handler, handlers
from buttress.project.folders import name_of
from buttress.project.literals import written
from buttress.project.model import Service
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.module import Function

_LOOPS = (ast.For, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LIMITS = re.compile(
    r"\b(?:limit|offset|paginat\w*|page|page_size|per_page|skip|first|islice|LIMIT)\b"
)
_WHOLE = frozenset(["all", "fetchall", "scalars", "order_by", "options", "select_related"])
_WHOLE_MORE = frozenset(
    ["prefetch_related", "values", "values_list", "unique", "mappings", "query"]
)
_NARROW = frozenset(
    ["filter", "filter_by", "where", "limit", "offset", "paginate", "slice", "get", "first", "one", "count",
     "aggregate", "group_by", "distinct", "exclude", "having", "having", "top", "exists", "scalar", "join",
     "one_or_none", "scalar_one", "scalar_one_or_none", "yield_per", "iterator", "last", "earliest", "latest"]
)  # fmt: skip
_TAKES = frozenset(["all", "fetchall", "fetchone", "first", "execute", "fetchmany"])
_NARROWING_CALL = re.compile(r"paginat|filter|search", re.IGNORECASE)
_REFINES = _NARROW | {"update", "delete"}
SMALL = re.compile(
    r"categor|role|tag|countr|language|status|type|permission|setting|config|department|currenc|plan|level"
    r"|unit|genre|state|region|city|cities|skill|feature|menu|faq|team|locale|option|tier|brand|color|size|realtor",
    re.IGNORECASE,
)
"""Names of tables that stay small by their nature."""

_NO_LIMIT_SQL = re.compile(
    r"\b(?:where|limit|group\s+by|fetch\s+first|offset|top\s+\d)\b|\bcount\s*\(|\bsum\s*\(|\bmax\s*\(|\bavg\s*\(",
    re.IGNORECASE,
)
_TABLE = re.compile(r"\bfrom\s+[\"`\[]?(\w+)", re.IGNORECASE)
_TABLES_OF_THE_DATABASE = re.compile(
    r"sqlite_master|information_schema|\bpg_\w+|^\s*(?:pragma|show|explain)\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(r"cache|task|job|actor", re.IGNORECASE)
_PARTS = re.compile(r"batch|chunk|page", re.IGNORECASE)
_SUBQUERIES = frozenset(["Exists", "Subquery", "Prefetch", "Q", "exists"])
_PREPARES = re.compile(
    r"migrat|seed|populate|backfill|init_?db|create_tables|schema|bootstrap|ensure_|insert_roles|fixture|fake|initial_data"
    r"|(?:\A|_)(?:apps|setup|startup)(?:_|\Z)|sample_data|demo|init_data|load_data|create_default",
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


@dataclass
class Queries:
    """The queries of an app.

    Args:
        modules: The app's files that its entry point imports.
        service: The service.
        own: The project's own modules.
    """

    modules: Iterable[Module]
    service: Service
    own: OwnModules
    _by_place: dict[tuple[str, str], tuple[Module, Function]] = field(default_factory=dict)
    _reading: dict[Function, list[DatabaseCall]] = field(default_factory=dict)
    _names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.modules = tuple(self.modules)
        for module in self.modules:
            for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
                if module.parent(function) is module.tree:
                    self._by_place[module.path, function.name] = (module, function)
            for call in database_calls(module, self.service):
                holder = module.function(call.node)
                if call.act is Act.READ and holder is not None and not is_about_schema(call):
                    self._reading.setdefault(holder, []).append(call)
        self._names = frozenset(function.name for function in self._reading)

    def called(self, module: Module, call: ast.Call) -> tuple[Module, Function] | None:
        """Return the function of the project that a call means, if it stands at the top of a file."""
        target = module.resolve(call.func)
        if target is None:
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            return self._by_place.get((module.path, name))
        if target.startswith("builtins."):
            return None
        found = self.own.symbol(target, module.path, self.service.import_root)
        return self._by_place.get(found) if found is not None else None

    # -- one for each --------------------------------------------------------------------------

    def looped(self) -> Iterator[LoopedQuery]:
        """Yield the queries that run once for every element of a collection, one for each loop."""
        for module in self.modules:
            if prepares(module, None):
                continue
            seen: set[ast.AST] = set()
            for call in database_calls(module, self.service):
                loop = loop_around(module, call.node) if call.act is Act.READ else None
                if loop is None or loop in seen or prepares(module, call.node):
                    continue
                if is_about_schema(call) or _is_last_round(module, call.node, loop):
                    continue
                if _is_paged(call) or not _depends(call.node, loop):
                    continue
                seen.add(loop)
                yield LoopedQuery(module, call.node)
            for plain in module.nodes(ast.Call) if self._names else ():
                if called_name(plain) not in self._names:
                    continue
                loop = loop_around(module, plain)
                if loop is None or loop in seen or prepares(module, plain):
                    continue
                found = self.called(module, plain)
                if found is None or not self._always_reads(*found):
                    continue
                if _depends(plain, loop) and not _is_last_round(module, plain, loop):
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
            for handler in handlers(module, self.service):
                if not handler.reads or _is_limited(handler):
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
        for node in _own_nodes(handler.node):
            if isinstance(node, ast.Return) and node.value is not None:
                value = node.value.value if isinstance(node.value, ast.Await) else node.value
                if isinstance(value, ast.Call):
                    found = self.called(handler.module, value)
                    if found is not None and not _LIMITS.search(found[0].source(found[1])):
                        yield found


def prepares(module: Module, node: ast.AST | None) -> bool:
    """Whether a file (or a function around a node) fills or changes a database once, at its start."""
    if node is None:
        return "/management/commands/" in module.path or bool(
            _PREPARES.search(name_of(module.path).removesuffix(".py"))
        )
    function = module.function(node)
    return function is not None and bool(_PREPARES.search(function.name))


def is_about_schema(call: DatabaseCall) -> bool:
    """Whether a statement asks about tables, not for what is in them."""
    text = first_text(call.statement) if call.statement is not None else None
    return text is not None and bool(_TABLES_OF_THE_DATABASE.search(text))


def is_whole(module: Module, call: DatabaseCall) -> bool:
    """Whether a query reads every row of a table that may grow."""
    names = call.methods
    if set(names) & _NARROW or isinstance(module.parent(call.node), ast.Subscript):
        return False
    if call.statement is not None:
        return _is_whole_statement(module, call)
    if isinstance(call.root, ast.Attribute) and call.root.attr in {"objects", "query"}:
        return names[-1] in {"all", *_WHOLE_MORE, "order_by", "select_related"} and not (
            SMALL.search(written(call.root.value)) or _is_refined(module, call.node)
        )
    if names[0] == "query" and len(names) > 1:
        return names[-1] == "all" and not SMALL.search(written(call.links[0].args[0]))
    return False


def _is_whole_statement(module: Module, call: DatabaseCall) -> bool:
    statement = call.statement
    if isinstance(statement, ast.Name):
        function = module.function(call.node)
        given = bindings(module).get((function, statement.id), [])
        statement = given[0] if len(given) == 1 else None
    if statement is None or not _fetches_all(module, call):
        return False
    text = first_text(statement)
    if isinstance(statement, ast.Call) and called_name(statement) == "text" and statement.args:
        text = first_text(statement.args[0])
    if text is not None:
        if isinstance(statement, ast.JoinedStr | ast.BinOp):
            return False
        table = _TABLE.search(text)
        is_listed = table is not None and not SMALL.search(table[1])
        is_all = not _NO_LIMIT_SQL.search(text) and not _TABLES_OF_THE_DATABASE.search(text)
        return is_listed and is_all and text.lstrip()[:6].lower() == "select"
    names: list[str] = []
    node: ast.expr = statement
    while isinstance(node, ast.Call):
        names.append(called_name(node))
        if names[-1] == "select" or not isinstance(node.func, ast.Attribute):
            break
        node = node.func.value
    if not names or names[-1] != "select" or set(names) & _NARROW or not isinstance(node, ast.Call):
        return False
    chosen = node.args[0] if len(node.args) == 1 else None
    is_model = isinstance(chosen, ast.Name | ast.Attribute) and written(chosen)[:1].isupper()
    return is_model and not SMALL.search(written(chosen))


def _fetches_all(module: Module, call: DatabaseCall) -> bool:
    """Whether all rows of a result are taken: in the chain, or by ``fetchall`` in the same function."""
    names = set(call.methods)
    if names & {"all", "fetchall", "fetch_all"} or call.methods[0] in {"fetch", "fetch_all"}:
        return True
    if names & {"fetchone", "first", "scalar", "one", "fetchmany"}:
        return False
    function = module.function(call.node)
    above = module.parent(call.node)
    above = module.parent(above) if isinstance(above, ast.Await) else above
    targets = above.targets if isinstance(above, ast.Assign) else []
    wanted = written(targets[0]) if len(targets) == 1 else written(call.root)
    if not targets and not isinstance(above, ast.Expr):
        return False
    statement = module.statement(call.node)
    behind = (statement.end_lineno or statement.lineno) + 1
    taken = _taken(function if function is not None else module.tree).get(wanted, [])
    index = bisect_left(taken, (behind, ""))
    return index < len(taken) and taken[index][1] in {"all", "fetchall"}


@lru_cache(maxsize=16)
def _taken(scope: ast.AST) -> dict[str, list[tuple[int, str]]]:
    """Return by the name of a cursor or result what is taken from it in a function, with its line."""
    found: dict[str, list[tuple[int, str]]] = {}
    for node in _own_nodes(scope):
        if isinstance(node, ast.Call) and called_name(node) in _TAKES:
            base: ast.expr = node.func
            while isinstance(base, ast.Attribute | ast.Call):
                if isinstance(base, ast.Attribute) and written(base):
                    base = base.value
                    break
                base = base.func if isinstance(base, ast.Call) else base.value
            found.setdefault(written(base), []).append((node.lineno, called_name(node)))
    return {name: sorted(taken) for name, taken in found.items()}


def _is_refined(module: Module, node: ast.expr) -> bool:
    """Whether a query set that is given a name is narrowed, cut or counted afterwards."""
    above = module.parent(node)
    if not isinstance(above, ast.Assign):
        return not isinstance(above, ast.Return | ast.Dict | ast.Call | ast.keyword | ast.For)
    function = module.function(node)
    refined = _refined(function if function is not None else module.tree)
    return any(written(target) in refined for target in above.targets)


@lru_cache(maxsize=16)
def _refined(scope: ast.AST) -> frozenset[str]:
    """Return the names of a function whose value is narrowed, cut, counted or split into pages."""
    found: set[str] = set()
    for item in _own_nodes(scope):
        is_narrowed = isinstance(item, ast.Attribute) and item.attr in _REFINES
        if isinstance(item, ast.Attribute | ast.Subscript) and (
            is_narrowed or isinstance(item, ast.Subscript)
        ):
            found.add(written(item.value))
        elif isinstance(item, ast.Call) and _NARROWING_CALL.search(called_name(item)):
            found |= {written(argument) for argument in item.args}
    return frozenset(found)


def _is_limited(handler: Handler) -> bool:
    arguments = handler.node.args
    listed = (*arguments.args, *arguments.kwonlyargs)
    if any(re.search(r"limit|offset|page|skip|size", item.arg) for item in listed):
        return True
    return bool(_LIMITS.search(handler.module.source(handler.node)))


def loop_around(module: Module, node: ast.AST) -> ast.AST | None:
    """Return the innermost loop over a collection whose body, not whose source, holds a node."""
    inside = node
    for above in module.ancestors(node):
        if isinstance(above, _FUNCTIONS):
            return None
        if isinstance(above, ast.Call) and called_name(above) in _SUBQUERIES:
            return None  # a part of another statement
        if isinstance(above, _LOOPS) and inside is not above.iter and inside not in above.orelse:
            is_small = _is_short(above.iter) or _PARTS.search(written(above.target))
            return None if is_small else above
        if isinstance(above, ast.If) and inside in above.body and _is_choice(above.test):
            return None  # true for one element at most
        if isinstance(above, _COMPREHENSIONS):
            first = above.generators[0]
            if inside is not first and not _is_short(first.iter):
                return above
        if isinstance(above, ast.comprehension):
            whole = module.parent(above)
            is_first = isinstance(whole, _COMPREHENSIONS) and whole.generators[0] is above
            if inside is above.iter and is_first:
                # what the loop goes over is asked once; a loop further out may repeat it
                inside = whole if whole is not None else above
                continue
        inside = above
    return None


def _is_choice(test: ast.expr) -> bool:
    """Whether a condition compares a name with a text (``key == "user"``)."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and isinstance(test.comparators[0].value, str)
    )


def _is_short(collection: ast.expr) -> bool:
    """Whether a loop goes over what the code itself lists."""
    if isinstance(collection, ast.List | ast.Tuple | ast.Set | ast.Constant | ast.Dict):
        return True
    if isinstance(collection, ast.Call) and called_name(collection) in {"range", "enumerate"}:
        return all(_is_short(argument) for argument in collection.args)
    return isinstance(collection, ast.Name) and collection.id.isupper()


def _depends(node: ast.expr, loop: ast.AST) -> bool:
    """Whether a query asks for what the loop goes over: otherwise it polls or repeats on purpose."""
    bound = _bound_by(loop)
    return any(isinstance(part, ast.Name) and part.id in bound for part in ast.walk(node))


@lru_cache(maxsize=16)
def _bound_by(loop: ast.AST) -> frozenset[str]:
    """Return the names that hold an element of a loop, or something that was made from it."""
    generators = getattr(loop, "generators", None)
    targets = (
        [item.target for item in generators] if generators else [getattr(loop, "target", loop)]
    )
    bound = {name for target in targets for name in _names(target)}
    inner = [
        node
        for node in ast.walk(loop)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.For | ast.AsyncFor)
    ]
    for node in sorted(inner, key=lambda node: node.lineno):
        source = node.iter if isinstance(node, ast.For | ast.AsyncFor) else node.value
        if source is not None and _names(source) & bound:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                bound |= _names(target)
    return frozenset(bound)


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_last_round(module: Module, node: ast.AST, loop: ast.AST) -> bool:
    """Whether the loop ends right behind the query (``return`` or ``break`` in the same block)."""
    if not isinstance(loop, _LOOPS):
        return False
    statement: ast.AST = module.statement(node)
    above = module.parent(statement)
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return | ast.Break):
        return True  # a search: it ends with the first that is found
    body = getattr(above, "body", None)
    if not isinstance(body, list) or statement not in body or above is loop:
        return False
    return isinstance(body[-1], ast.Return | ast.Break | ast.Raise)


def _is_conditional(module: Module, node: ast.AST, function: Function) -> bool:
    for above in module.ancestors(node):
        if above is function:
            return False
        if isinstance(above, ast.If | ast.ExceptHandler | ast.Lambda):
            return True
    return True


def _is_paged(call: DatabaseCall) -> bool:
    return bool({"offset", "in_", "slice"} & set(call.methods))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function, those of functions inside it left out."""
    stack = list(ast.iter_child_nodes(scope))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            stack.extend(ast.iter_child_nodes(node))
