"""Mapped classes of SQLAlchemy and SQLModel: their columns and what is indexed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.database.calls import database_calls
from buttress.analysis.database.table_reads import SMALL
from buttress.project.literals import written
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_COLUMN_CALLS = frozenset(["Column", "mapped_column", "Field"])
_LOOKED_UP = lazy_pattern(
    r"\b(?:String|Text|Unicode|VARCHAR|Integer|BigInteger|UUID|Uuid|str|int)\b"
)
_ONE = frozenset(
    ["first", "one", "one_or_none", "first_or_404", "one_or_404", "scalar_one_or_none"]
)
_FILTERS = frozenset(["filter_by", "filter", "where"])
_MANY_COLUMNS = frozenset(["Index", "UniqueConstraint", "PrimaryKeyConstraint"])
_WORD = lazy_pattern(r"\w+")
_INDEX_WORD = lazy_pattern("index", re.IGNORECASE)
_INDEX = lazy_pattern(
    r"create_index\((?P<call>[^)]*)\)|create\s+(?:unique\s+)?index[^(]*\((?P<sql>[^)]*)\)|\bIndex\((?P<index>[^)]*)\)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a mapped class.

    Attributes:
        module: Its file.
        model: The name of its class.
        name: The name of the attribute.
        node: The call that makes it.
        is_reference: Whether it is a foreign key.
        is_indexed: Whether an index, a unique constraint or a primary key covers it.
        is_looked_up: Whether its type is one that rows are looked up by.
    """

    module: Module
    model: str
    name: str
    node: ast.Call
    is_reference: bool
    is_indexed: bool
    is_looked_up: bool


def columns(modules: Modules) -> Iterator[Column]:
    """Yield the columns of the mapped classes of an app."""
    for module in modules.having("Column", "mapped_column", "sqlmodel"):
        for klass in module.nodes(ast.ClassDef):
            if _is_mapped(klass):
                yield from _columns(module, klass)


def _columns(module: Module, klass: ast.ClassDef) -> Iterator[Column]:
    listed = _listed(klass)
    for statement in klass.body:
        name, call, annotation = _column(module, statement)
        if call is None:
            continue
        text = module.source(call)
        reference = "ForeignKey" in text or any(k.arg == "foreign_key" for k in call.keywords)
        flags = {k.arg for k in call.keywords if not _is_false(k.value)}
        indexed = bool(flags & {"index", "unique", "primary_key", None}) or name in listed
        kind = _LOOKED_UP.search(f"{annotation} {text.partition('=')[0]}")
        yield Column(module, klass.name, name, call, reference, indexed, kind is not None)


def unindexed(
    mapped: Iterable[Column], modules: Modules, service: Service, migrations: Iterable[Module]
) -> Iterator[tuple[Column, str]]:
    """Yield columns that queries go through row by row, with the reason to index them.

    Args:
        mapped: The columns of the app.
        modules: The app's files.
        service: The service.
        migrations: Its migrations, which may make indexes.
    """
    found = [column for column in mapped if not column.is_indexed]
    if not found:
        return
    elsewhere = _index_names((*migrations, *modules.spelling(_INDEX_WORD)))
    wanted = {(column.model, column.name) for column in found if column.is_looked_up}
    looked_up = _looked_up(modules, service, wanted)
    for column in found:
        if column.name in elsewhere:
            continue
        if column.is_reference:
            yield column, "This foreign key has no index: joins and deletes read the whole table."
        elif (column.model, column.name) in looked_up and not SMALL.search(column.model):
            yield column, "Rows are looked up by this column, and no index helps."


def _is_mapped(klass: ast.ClassDef) -> bool:
    if any(k.arg == "table" and not _is_false(k.value) for k in klass.keywords):
        return True
    if not klass.bases:
        return False
    for statement in klass.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(written(target) == "__tablename__" for target in targets):
            return True
        if isinstance(statement, ast.FunctionDef) and statement.name == "__tablename__":
            return True
    return any(isinstance(base, ast.Attribute) and base.attr == "Model" for base in klass.bases)


def _column(module: Module, statement: ast.stmt) -> tuple[str, ast.Call | None, str]:
    if isinstance(statement, ast.Assign):
        target, value, annotation = statement.targets[0], statement.value, ""
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
        annotation = module.source(statement.annotation)
    else:
        return "", None, ""
    if isinstance(value, ast.Call) and called_name(value) in _COLUMN_CALLS:
        return written(target), value, annotation
    return "", None, ""


def _listed(klass: ast.ClassDef) -> set[str]:
    """Return the columns that come first in an index or constraint of the table."""
    found = set()
    for statement in klass.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if any(written(target) in {"__table_args__", "__mapper_args__"} for target in targets):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and called_name(node) in _MANY_COLUMNS:
                    names = [a.value for a in node.args if isinstance(a, ast.Constant)]
                    names += [written(a) for a in node.args if not isinstance(a, ast.Constant)]
                    if called_name(node) == "Index":
                        names = names[1:]
                    found |= {str(name) for name in names[:1]}
    return found


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value


def _index_names(modules: Iterable[Module]) -> set[str]:
    """Return the names of columns, among others, that statements make indexes of."""
    names: set[str] = set()
    for module in modules:
        if module.mentions(_INDEX_WORD):
            for match in _INDEX.finditer(module.text):
                names.update(_WORD.findall(match["call"] or match["sql"] or match["index"] or ""))
    return names


def _looked_up(
    modules: Iterable[Module], service: Service, wanted: set[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Return which of some columns queries compare to find a single row."""
    found: set[tuple[str, str]] = set()
    if not wanted:
        return found
    for module in modules:
        for call in database_calls(module, service):
            if not set(call.methods) & _ONE:
                continue
            model = ""
            if isinstance(call.root, ast.Attribute) and call.root.attr == "query":
                model = written(call.root.value).rpartition(".")[2]
            elif call.methods[0] == "query" and call.links[0].args:
                model = written(call.links[0].args[0]).rpartition(".")[2]
            filters = [link for link in call.links if called_name(link) in _FILTERS]
            if sum(len(link.args) + len(link.keywords) for link in filters) != 1:
                continue  # another condition, mostly on a key, does most of the work
            for link in filters:
                if called_name(link) == "filter_by":
                    found |= {(model, k.arg) for k in link.keywords if k.arg} & wanted
                else:
                    pairs = (_compared(argument) for argument in link.args)
                    found |= {pair for pair in pairs if pair in wanted}
    return found


def _compared(node: ast.expr) -> tuple[str, str]:
    """Return the class and column of ``User.email == email``."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        model, _, name = written(node.left).rpartition(".")
        return model.rpartition(".")[2], name
    return "", ""
