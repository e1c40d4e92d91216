"""Statements of SQL that are logged with the values that are bound to them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.development import is_for_development
from buttress.project.literals import written
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_ENGINES = frozenset(
    [
        "sqlalchemy.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "sqlmodel.create_engine",
    ]
)

_SECRET = lazy_pattern(
    r"pass|pwd|token|secret|hash|salt|otp|api_?key|e_?mail|phone|address|birth", re.IGNORECASE
)


def traced_statements(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield what has every statement printed, hashes of passwords and tokens among its values.

    SQLite gives a trace callback the statement with its values; SQLAlchemy prints them beside it,
    unless ``hide_parameters`` is set. An app without passwords or tokens has nothing to hide there, nor
    has one whose tables hold neither these nor what belongs to a person.
    """
    if not modules.having("passw", "token") or not _keeps_secrets(modules):
        return
    for module, call in modules.called("set_trace_callback"):
        given = call.args[0] if call.args else None
        if given is not None and not (isinstance(given, ast.Constant) and given.value is None):
            yield module, given
    for module, call in modules.calls(*_ENGINES):
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        echo = keywords.get("echo")
        is_on = isinstance(echo, ast.Constant) and echo.value in {True, "debug"}
        is_hidden = "hide_parameters" in keywords or is_for_development(module, call)
        if echo is not None and is_on and not is_hidden:
            yield module, echo


def _keeps_secrets(modules: Modules) -> bool:
    """Whether a column has the name of a secret or of something personal, or names are not to be read."""
    if modules.having("Table(", "BaseUserTable", "CREATE TABLE", "create table"):
        return True
    names = {
        written(line.target if isinstance(line, ast.AnnAssign) else line.targets[0])
        for module in modules.having("Column", "Mapped", "sqlmodel")
        for klass in module.nodes(ast.ClassDef)
        for line in klass.body
        if isinstance(line, ast.Assign | ast.AnnAssign)
    }
    return not names or any(map(_SECRET.search, names))
