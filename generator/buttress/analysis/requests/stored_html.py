"""Text that users wrote, kept in the database, and printed as HTML without being escaped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from buttress.project.literals import literal_text, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_ENDINGS = (".html", ".htm", ".j2", ".jinja", ".jinja2")
_PRINTED = lazy_pattern(
    r"\{\{-?\s*(?!\w*form\.)[A-Za-z_][\w.]*\.([A-Za-z_]\w*)\s*\|\s*safe\s*-?\}\}"
)
"""A field of a form is a widget, which escapes what is typed into it."""
_TAG = lazy_pattern(r"<(?:[a-zA-Z]\w*[\s>]|!DOCTYPE)|\{%-?\s*(?:extends|include|block)\b")
_TABLE = lazy_pattern(r"safe_columns\s*=\s*[\[(]([^\])]*)[\])]")
_MARKS = frozenset(["mark_safe", "Markup"])
_CLEANS = ("bleach", "nh3", "sanitize", "Sanitizer", "strip_tags", "lxml_html_clean", "clean_html")
_TEXTS = frozenset(["Text", "String", "CharField", "TextField", "Unicode", "UnicodeText", "StringField"])  # fmt: skip
_MADE = frozenset(["Column", "mapped_column"])
_OF_DJANGO = frozenset(["username", "first_name", "last_name"])
_COLUMNS = lazy_pattern(r"\binsert\s+(?:or\s+\w+\s+)?into\s+\S+\s*\(([^)]*)\)", re.IGNORECASE)
_SET = lazy_pattern(r"\bupdate\s+\S+\s+set\s+(.*?)(?:\bwhere\b|\Z)", re.IGNORECASE | re.DOTALL)
_NAME = lazy_pattern(r"[A-Za-z_]\w*")
_ASSIGNED = lazy_pattern(r"([A-Za-z_]\w*)\s*=")
_SENT = lazy_pattern(
    r"(?:request\.(?:form|json|values|POST|data)|get_json\([^)]*\)|\b(?:data|form|json|payload|body|post_data|request_data"
    r"|cleaned_data|validated_data))\Z"
)
_FORMS = lazy_pattern(r"Form|Serializer|Schema|BaseModel")
_LONGEST = 20_000


class StoredHtml(NamedTuple):
    """A place that prints such a text.

    Attributes:
        path: The file.
        line: The line.
        name: The column, and the field that it is sent as.
    """

    path: str
    line: int
    name: str


def stored_html(tree: Tree, modules: Modules) -> Iterator[StoredHtml]:
    """Yield the places that print a column as HTML which clients send under the same name.

    A project that cleans HTML anywhere is believed to clean it.
    """
    printed = [*_in_templates(tree), *_in_code(modules)]
    if not printed or modules.having(*_CLEANS):
        return
    columns, sent = _columns(modules), _sent(modules)
    for place in printed:
        if place.name in columns and place.name in sent:
            yield place


def _in_templates(tree: Tree) -> Iterator[StoredHtml]:
    for path in tree.paths:
        if not path.endswith(_ENDINGS):
            continue
        text = tree.text(path)
        content = text.content if text is not None else ""
        if "safe" not in content or not _TAG.search(content):
            continue  # a template of plain text, such as that of a mail
        for found in _PRINTED.finditer(content):
            yield StoredHtml(path, content.count("\n", 0, found.start()) + 1, found[1])
        for found in _TABLE.finditer(content):
            for name in _NAME.findall(found[1]):
                yield StoredHtml(path, content.count("\n", 0, found.start()) + 1, name)


def _in_code(modules: Modules) -> Iterator[StoredHtml]:
    for module, call in modules.called(*_MARKS):
        given = call.args[0] if len(call.args) == 1 else None
        if isinstance(given, ast.Attribute):
            yield StoredHtml(module.path, call.lineno, given.attr)


def _columns(modules: Modules) -> frozenset[str]:
    """Return the names of columns of text, of models and of statements that write rows."""
    found: set[str] = set()
    for module in modules.having(
        "Column", "Field", "insert", "INSERT", "update", "UPDATE", "mapped"
    ):
        for statement in module.nodes(ast.Assign, ast.AnnAssign):
            value = statement.value
            if isinstance(value, ast.Call) and isinstance(module.parent(statement), ast.ClassDef):
                names = {called_name(value), *map(_type_name, value.args)}
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target  # fmt: skip
                is_column = called_name(value) in _MADE or not _is_form(module, statement)
                if is_column and not names.isdisjoint(_TEXTS):
                    found.add(written(target))
        for constant in module.nodes(ast.Constant):
            text = constant.value
            if isinstance(text, str) and len(text) < _LONGEST:
                for listed in _COLUMNS.findall(text):
                    found.update(_NAME.findall(listed))
                for listed in _SET.findall(text):
                    found.update(_ASSIGNED.findall(listed))
    if modules.having("django.contrib.auth"):
        found |= _OF_DJANGO
    return frozenset(found)


def _is_column(statement: ast.Assign) -> bool:
    return isinstance(statement.value, ast.Call) and called_name(statement.value) in _MADE


def _type_name(node: ast.expr) -> str:
    return called_name(node) if isinstance(node, ast.Call) else written(node).rpartition(".")[2]


def _sent(modules: Modules) -> frozenset[str]:
    """Return the names that clients send values under."""
    found: set[str] = set()
    for module in modules:
        for call in module.called("get", "getlist", "pop"):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if owner is not None and call.args and _SENT.search(module.source(owner)):
                found.add(literal_text(call.args[0]))
        for item in module.nodes(ast.Subscript):
            key = literal_text(item.slice)
            if key and _SENT.search(module.source(item.value)):
                found.add(key)
        for klass in module.nodes(ast.ClassDef):
            is_form = any(_FORMS.search(module.source(base)) for base in klass.bases)
            if is_form and not any(
                isinstance(line, ast.Assign) and _is_column(line) for line in klass.body
            ):
                found.update(_fields(klass))
    return frozenset(found)


def _fields(klass: ast.ClassDef) -> Iterator[str]:
    for statement in klass.body:
        if isinstance(statement, ast.Assign):
            yield written(statement.targets[0])
        elif isinstance(statement, ast.AnnAssign):
            yield written(statement.target)
        elif isinstance(statement, ast.ClassDef) and statement.name == "Meta":
            for inner in statement.body:
                if isinstance(inner, ast.Assign) and written(inner.targets[0]) == "fields":
                    yield from strings_in(inner.value)


def _is_form(module: Module, statement: ast.stmt) -> bool:
    klass = module.parent(statement)
    bases = klass.bases if isinstance(klass, ast.ClassDef) else []
    return any(_FORMS.search(module.source(base)) for base in bases)
