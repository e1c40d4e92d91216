"""SQL that is put together from text, and what is put into it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.values import Origin, Values
from buttress.project.model import Service
from buttress.source import Module
from buttress.source.module import Function

_HINTS = ("execute", "text(", ".raw(", "read_sql", "RawSQL", "fetch")
_METHODS = frozenset(
    [
        "execute",
        "executemany",
        "executescript",
        "raw",
        "fetch",
        "fetchrow",
        "fetchval",
        "fetch_all",
        "fetch_one",
        "read_sql",
        "read_sql_query",
    ]
)
_WRAPPERS = (
    "sqlalchemy.text",
    "sqlalchemy.sql.text",
    "sqlalchemy.sql.expression.text",
    "sqlmodel.text",
    "django.db.models.expressions.RawSQL",
    "pandas.read_sql",
    "pandas.read_sql_query",
)
_WRAPPER_NAMES = frozenset(name.rpartition(".")[2] for name in _WRAPPERS)
_VERB = re.compile(
    r"\b(?:select\s|insert\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|replace\s+into\s|drop\s+table|alter\s+table|create\s+(?:table|user)|pragma\s|truncate\s|where\s|values\s*\()",
    re.IGNORECASE,
)
_VALUE_BEFORE = re.compile(
    r"(?:=|<|>|\blike\b|\bin\s*\(|\bvalues\s*\([^)]*|\blimit|\boffset|\bbetween|\band|,)\s*[%(]*\s*['\"][^'\"]*\Z",
    re.IGNORECASE,
)
_QUOTE_AFTER = re.compile(r"[^'\"]{0,3}['\"]")
_EQUALS_BEFORE = re.compile(r"(?:=|<|>|\blike)\s*\Z", re.IGNORECASE)
_HOLE = "\x00"


@dataclass(frozen=True, slots=True)
class Injection:
    """A value that becomes part of a statement.

    Attributes:
        node: The text that is put together, or the client's own statement.
        value: The expression that is put in.
        is_client: Whether a client is known to send it; else the caller of the function gives it.
    """

    node: ast.expr
    value: ast.expr
    is_client: bool


def injections(module: Module, service: Service) -> Iterator[Injection]:
    """Yield the statements that hold a value which should be bound, in source order.

    A value in quotes, or behind a comparison, that a function is given is one; so is anything that a
    client sends. Constants, placeholders, numbers, and names checked against a list are not; what is
    unknown is not.
    """
    if not any(hint in module.text for hint in _HINTS):
        return
    known: dict[Function | None, Values] = {}
    seen: set[ast.expr] = set()
    for call in module.nodes(ast.Call):
        statement = _statement(module, call)
        if statement is None:
            continue
        function = module.function(call)
        if function not in known:
            known[function] = Values(module, function, service)
        values = known[function]
        for text in _texts(values, statement):
            if text in seen:
                continue
            seen.add(text)
            found = _into(values, text)
            if found is not None:
                yield found


def _statement(module: Module, call: ast.Call) -> ast.expr | None:
    if not call.args:
        return None
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    is_method = isinstance(function, ast.Attribute) and name in _METHODS
    if is_method or (name in _WRAPPER_NAMES and module.resolve(function) in _WRAPPERS):
        first = call.args[0]
        if isinstance(first, ast.Call) and (module.resolve(first.func) or "").startswith(
            "sqlalchemy"
        ):
            return None  # an expression of its own, or a text that is looked at itself
        return None if isinstance(first, ast.Starred | ast.Constant) else first
    return None


def _texts(values: Values, node: ast.expr, depth: int = 0) -> Iterator[ast.expr]:
    """Yield what a statement may be: the expression itself, or what its name was given."""
    if isinstance(node, ast.Name) and depth < 3:
        given = [value for value in values.assigned(node.id) if value is not None]
        for value in given:
            yield from _texts(values, value, depth + 1)
        if not given and values.origin(node) is Origin.TAINTED:
            yield node
    else:
        yield node


def _into(values: Values, text: ast.expr) -> Injection | None:
    if isinstance(text, ast.Name):
        return Injection(text, text, is_client=True)
    is_whole = isinstance(text, ast.Subscript | ast.Attribute)
    if is_whole or (isinstance(text, ast.Call) and not _is_format(text)):
        return (
            Injection(text, text, is_client=True) if values.origin(text) is Origin.TAINTED else None
        )
    pattern, holes = _pattern(text)
    if not holes or not _VERB.search(pattern.replace(_HOLE, "x")):
        return None
    pieces = pattern.split(_HOLE)
    for index, hole in enumerate(holes):
        origin = values.origin(hole)
        if origin is Origin.TAINTED:
            return Injection(text, hole, is_client=True)
        before = "?".join(pieces[: index + 1])
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        quoted = _VALUE_BEFORE.search(before) and _QUOTE_AFTER.match(after)
        if origin is Origin.PARAMETER and (quoted or _EQUALS_BEFORE.search(before)):
            return Injection(text, hole, is_client=False)
    return None


def _is_format(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "format"


def _pattern(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return a text with a hole for each value, and the values."""
    if isinstance(node, ast.Constant):
        return (node.value, []) if isinstance(node.value, str) else (_HOLE, [node])
    if isinstance(node, ast.JoinedStr):
        parts = [_pattern(value) for value in node.values]
        return "".join(text for text, _ in parts), [hole for _, holes in parts for hole in holes]
    if isinstance(node, ast.FormattedValue):
        return _HOLE, [node.value]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        (left, first), (right, second) = _pattern(node.left), _pattern(node.right)
        return left + right, first + second
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        text, holes = _pattern(node.left)
        given = list(node.right.elts) if isinstance(node.right, ast.Tuple) else [node.right]
        if isinstance(node.left, ast.Constant) and len(re.findall(r"%(?!%)", text)) == len(given):
            return re.sub(r"%(?:\(\w+\))?[sdrif]", _HOLE, text), holes + given
        return text + _HOLE, [*holes, *given[:1]]
    if isinstance(node, ast.Call) and _is_format(node) and isinstance(node.func, ast.Attribute):
        text, _ = _pattern(node.func.value)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        found = re.sub(r"\{[^{}]*\}", _HOLE, text)
        return found, (given * found.count(_HOLE))[: found.count(_HOLE)] if given else []
    return _HOLE, [node]
