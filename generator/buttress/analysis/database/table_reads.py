"""Queries that read a whole table, and what makes them read less."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from functools import lru_cache

from buttress.analysis.access.handlers import Handler
from buttress.analysis.database.calls import DatabaseCall, first_text, given
from buttress.analysis.function_bodies import own_nodes
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

LIMITS = lazy_pattern(
    r"\b(?:limit|offset|paginat\w*|page|page_size|per_page|skip|first|islice|LIMIT)\b"
)
_WHOLE_MORE = frozenset(
    ["prefetch_related", "values", "values_list", "unique", "mappings", "query"]
)
_NARROW = frozenset(
    ["filter", "filter_by", "where", "limit", "offset", "paginate", "slice", "get", "first", "one", "count",
     "aggregate", "group_by", "distinct", "exclude", "having", "top", "exists", "scalar", "join",
     "one_or_none", "scalar_one", "scalar_one_or_none", "yield_per", "iterator", "last", "earliest", "latest"]
)  # fmt: skip
_TAKES = frozenset(["all", "fetchall", "fetchone", "first", "execute", "fetchmany"])
_NARROWING_CALL = lazy_pattern(r"paginat|filter|search", re.IGNORECASE)
_REFINES = _NARROW | {"update", "delete"}
_PAGES = frozenset(["paginate_by", "pagination_class"])
SMALL = lazy_pattern(
    r"(?:categor(?:y|ie)|role|tag|countr(?:y|ie)|language|status|type|permission|setting|config|department|level"
    r"|currenc(?:y|ie)|genre|state|region|cit(?:y|ie)|skill|feature|menu|faq|locale|option|tier|brand|colou?r|realtor)"
    r"(?:e?s)?(?:_?(?:model|orm|table|db))?\Z",
    re.IGNORECASE,
)
"""Names of tables that stay small by their nature."""

_NO_LIMIT_SQL = lazy_pattern(
    r"\b(?:where|limit|group\s+by|fetch\s+first|offset|top\s+\d|select\s+distinct)\b|\bcount\s*\(|\bsum\s*\(|\bmax\s*\(|\bavg\s*\(",
    re.IGNORECASE,
)
_TABLE = lazy_pattern(r"\bfrom\s+[\"`\[]?(\w+)", re.IGNORECASE)
_TABLES_OF_THE_DATABASE = lazy_pattern(
    r"sqlite_master|information_schema|\bpg_\w+|^\s*(?:pragma|show|explain)\b", re.IGNORECASE
)


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
        values = given(module, function, statement.id)
        statement = values[0] if len(values) == 1 else None
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
    for node in own_nodes(scope):
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
    for item in own_nodes(scope):
        is_narrowed = isinstance(item, ast.Attribute) and item.attr in _REFINES
        if isinstance(item, ast.Attribute | ast.Subscript) and (
            is_narrowed or isinstance(item, ast.Subscript)
        ):
            found.add(written(item.value))
        elif isinstance(item, ast.Call) and _NARROWING_CALL.search(called_name(item)):
            found |= {written(argument) for argument in item.args}
    return frozenset(found)


def _is_of_paged_view(handler: Handler) -> bool:
    """Whether a handler is a method of a view that splits what it lists into pages."""
    view = handler.module.parent(handler.node)
    return isinstance(view, ast.ClassDef) and any(
        isinstance(line, ast.Assign)
        and written(line.targets[0]) in _PAGES
        and not (isinstance(line.value, ast.Constant) and line.value.value is None)
        for line in view.body
    )


def is_limited(handler: Handler) -> bool:
    """Whether a handler takes a page or a size, or cuts what it reads, or its view does."""
    if _is_of_paged_view(handler):
        return True
    arguments = handler.node.args
    listed = (*arguments.args, *arguments.kwonlyargs)
    if any(re.search(r"limit|offset|page|skip|size", item.arg) for item in listed):
        return True
    return bool(LIMITS.search(handler.module.source(handler.node)))
