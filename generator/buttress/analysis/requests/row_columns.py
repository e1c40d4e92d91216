"""Which column of a table an expression holds: through names, loops, statements and functions of the project."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from buttress.analysis.requests.stored_columns import listed
from buttress.analysis.taint.printing import EACH, Path
from buttress.project.literals import literal_text
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_SELECT = lazy_pattern(
    r"\s*select\s+(?:distinct\s+)?(.*?)\sfrom\s+[\"`\[]?([\w.]+)[\"`\]]?(.*)",
    re.IGNORECASE | re.DOTALL,
)
_RENAMED = lazy_pattern(r"(.*?)\s+(?:as\s+)?[\"`]?(\w+)[\"`]?\s*\Z", re.IGNORECASE | re.DOTALL)
_PLAIN = lazy_pattern(r"\s*(?:\w+\.)?[\"`\[]?(\w+)[\"`\]]?\s*\Z")
_JOINED = lazy_pattern(r"\s*(?:,|(?:\w+\s+)*join\b)", re.IGNORECASE)
_ROWS = frozenset(["fetchall", "fetchmany", "fetchone", "all", "mappings", "fetch"])
_SAME = frozenset(["list", "reversed", "enumerate", "sorted", "tuple", "dict"])
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEEPEST = 6
_LONGEST = 4_000
_MOST_ENDS = 4


class RowColumns:
    """Finds columns.

    Args:
        own: Tells where functions of the project are.
        root: The folder that imports begin at.
        tables: The columns of tables in their order.
    """

    def __init__(self, own: OwnModules, root: str, tables: Mapping[str, tuple[str, ...]]) -> None:
        self._own = own
        self._root = root
        self._tables = tables

    def of(self, module: Module, node: ast.expr, rest: Path = (), depth: int = 0) -> str:
        """Return the column that an expression holds, or a part of it; empty where none is known.

        Args:
            module: The file.
            node: The expression.
            rest: The keys, indexes and loops that lead to the part.
            depth: How far it was followed already.
        """
        if depth > _DEEPEST:
            return ""
        if isinstance(node, ast.Await | ast.NamedExpr):
            return self.of(module, node.value, rest, depth)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            key = node.slice.value
            return (
                self.of(module, node.value, (key, *rest), depth)
                if isinstance(key, str | int)
                else ""
            )
        if isinstance(node, ast.Attribute):
            return node.attr if not rest and module.resolve(node) is None else ""
        if isinstance(node, ast.Name):
            found = _given(module, node)
            return self.of(module, found[0], (*found[1], *rest), depth + 1) if found else ""
        return self._of_call(module, node, rest, depth) if isinstance(node, ast.Call) else ""

    def _of_call(self, module: Module, call: ast.Call, rest: Path, depth: int) -> str:
        name = called_name(call)
        if name in _SAME and call.args and isinstance(call.func, ast.Name):
            return self.of(module, call.args[0], rest, depth)
        statement = _statement(module, call)
        if statement:
            return self._column(statement, rest)
        place = self._own.defined_at(module, call.func, self._root)
        function = _function(self._own.tree.module(place[0]), place[1]) if place else None
        if place is None or function is None:
            return ""
        there = self._own.tree.module(place[0])
        ends = [node for node in there.inside(function) if isinstance(node, ast.Return)]
        values = [end.value for end in ends[:_MOST_ENDS] if end.value is not None]
        found = {self.of(there, value, rest, depth + 2) for value in values} - {""}
        return found.pop() if len(found) == 1 else ""

    def _column(self, statement: str, rest: Path) -> str:
        if (
            not rest
            or len(rest) > 2
            or (len(rest) == 2 and isinstance(rest[0], str) and rest[0] != EACH)
        ):
            return ""
        names = self.listed(statement)
        last = rest[-1]
        if isinstance(last, int):
            return names[last] if last < len(names) else ""
        return last if last in names else ""

    def listed(self, statement: str) -> tuple[str, ...]:
        """Return the columns that a statement reads, in their order; empty for what is worked out."""
        found = _SELECT.match(statement[:_LONGEST])
        if found is None:
            return ()
        if found[1].strip() == "*":
            table = found[2].rpartition(".")[2].lower()
            return () if _JOINED.match(found[3]) else self._tables.get(table, ())
        names = []
        for item in map(str.strip, listed(found[1])):
            renamed = _RENAMED.match(item)
            plain = _PLAIN.match(renamed[1] if renamed else item)
            names.append(plain[1] if plain is not None else "")
        return tuple(names)


def _statement(module: Module, call: ast.Call) -> str:
    """Return the SQL whose rows a call gives back."""
    for argument in call.args[:2]:
        text = _text(module, argument)
        if _SELECT.match(text[:_LONGEST]):
            return text
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if called_name(call) not in _ROWS or owner is None:
        return ""
    owner = owner.value if isinstance(owner, ast.Await) else owner
    if isinstance(owner, ast.Call):
        return _statement(module, owner)
    if not isinstance(owner, ast.Name):
        return ""
    before = [
        other
        for other in _calls_before(module, call)
        if called_name(other) == "execute" and isinstance(other.func, ast.Attribute)
        and isinstance(other.func.value, ast.Name) and other.func.value.id == owner.id
    ]  # fmt: skip
    if before:
        return _statement(module, max(before, key=lambda other: other.lineno))
    given = _given(module, owner)
    return _statement(module, given[0]) if given and isinstance(given[0], ast.Call) else ""


def _calls_before(module: Module, node: ast.Call) -> Iterator[ast.Call]:
    function = module.function(node)
    for other in module.inside(function) if function is not None else ():
        if isinstance(other, ast.Call) and other is not node and other.lineno <= node.lineno:
            yield other


def _text(module: Module, node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        found = _given(module, node)
        node = found[0] if found and not found[1] else node
    if isinstance(node, ast.Call) and called_name(node) == "text" and node.args:
        node = node.args[0]
    if isinstance(node, ast.JoinedStr):
        parts = (
            literal_text(part) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
        return "".join(parts)
    return literal_text(node)


def _given(module: Module, name: ast.Name) -> tuple[ast.expr, Path] | None:
    """Return what a name was given last before it is read, and which part of that it is."""
    function = module.function(name)
    found: list[tuple[int, ast.expr, Path]] = []
    for node in module.inside(function) if isinstance(function, _FUNCTIONS) else ():
        if isinstance(node, ast.Assign) and node.lineno <= name.lineno:
            found += [
                (node.lineno, node.value, ())
                for target in node.targets
                if isinstance(target, ast.Name) and target.id == name.id
            ]
        elif isinstance(node, ast.For | ast.AsyncFor) and node.lineno <= name.lineno:
            if isinstance(node.target, ast.Name) and node.target.id == name.id:
                found.append((node.lineno, node.iter, (EACH,)))
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            for part in node.generators if name in set(ast.walk(node)) else ():
                if isinstance(part.target, ast.Name) and part.target.id == name.id:
                    found.append((name.lineno, part.iter, (EACH,)))
    found = [entry for entry in found if not any(inner is name for inner in ast.walk(entry[1]))]
    if not found:
        return None
    _, value, parts = max(found, key=lambda entry: entry[0])
    return value, parts


def _function(module: Module, name: str) -> Function | None:
    for function in module.nodes(*_FUNCTIONS):
        if module.symbol(function) == name or function.name == name:
            return function
    return None
