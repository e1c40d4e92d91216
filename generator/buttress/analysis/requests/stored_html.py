"""Text that users wrote, kept in the database, and printed where it may do harm."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

from buttress.analysis.requests.row_columns import RowColumns
from buttress.analysis.requests.stored_columns import stored_columns
from buttress.analysis.requests.stored_pages import put_into_pages
from buttress.analysis.taint.markup import Spot
from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.sinks import RENDERERS
from buttress.analysis.taint.templates import Templates, templates_of
from buttress.project.literals import literal_text
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern

_TAG = lazy_pattern(r"<(?:[a-zA-Z]\w*[\s>]|!DOCTYPE)|\{%-?\s*(?:extends|include|block)\b")
_TABLE = lazy_pattern(r"safe_columns\s*=\s*[\[(]([^\])]*)[\])]")
_NAME = lazy_pattern(r"[A-Za-z_]\w*")
_FORM = lazy_pattern(r"form\Z", re.IGNORECASE)
_MARKS = frozenset(["mark_safe", "Markup"])
_MOST = 100
_CLEANS = ("bleach", "nh3", "sanitize", "Sanitizer", "strip_tags", "lxml_html_clean", "clean_html")


def stored_html(project: Project, service: Service, modules: Modules) -> Iterator[Printed]:
    """Yield the places that print a column which clients send under the same name.

    A project that cleans HTML anywhere is believed to clean it. Where escaping does not help, types
    have to allow any text, too.
    """
    tree = project.tree
    templates = templates_of(tree)
    printed = [*_in_templates(tree, templates, modules), *_in_code(modules)]
    filled = list(_filled_in(templates, modules))
    made = list(put_into_pages(service, modules))
    if not (printed or filled or made) or _cleans(modules):
        return
    columns = stored_columns(project, service, modules)
    rows = RowColumns(own_modules(tree), service.import_root, columns.tables)
    found = [p for p in printed if p.names[-1] in (columns.any if p.is_raw else columns.free)]
    for module, place, node in filled:
        column = rows.of(module, node, place.names[1:])
        if column in columns.free:
            found.append(replace(place, names=(*place.names, column)))
    for module, node in made:
        column = rows.of(module, node)
        if column in columns.free:
            found.append(_raw(module.path, node.lineno, column))
    yield from dict.fromkeys(found)


def _raw(path: str, line: int, column: str) -> Printed:
    return Printed(path, line, (column,), Spot.TEXT, is_raw=True, is_whole=True)


def _cleans(modules: Modules) -> bool:
    """Whether a function that cleans HTML is called, or written, anywhere."""
    for module in modules.having(*_CLEANS):
        names = [module.source(call.func) for call in module.nodes(ast.Call)]
        names += [f.name for f in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)]
        if any(word in name for name in names for word in _CLEANS):
            return True
    return False


def _filled_in(
    templates: Templates, modules: Modules
) -> Iterator[tuple[Module, Printed, ast.expr]]:
    """Yield what a template prints under a name of its own, or by a number, with what code gives it."""
    for module, call in modules.called(*RENDERERS) if templates else ():
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        name = next((text for text in map(literal_text, values) if text), "")
        given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        for mapping in values:
            if isinstance(mapping, ast.Dict):
                pairs = zip(mapping.keys, mapping.values, strict=True)
                given |= {literal_text(key): value for key, value in pairs if key is not None}
        for place in templates.printed(name, module.path)[:_MOST] if name else ():
            node = given.get(str(place.names[0]))
            is_named = len(place.names) > 1 and isinstance(place.names[-1], str)
            if node is not None and place.is_whole and not is_named:
                yield module, place, node


def _in_templates(tree: Tree, templates: Templates, modules: Modules) -> Iterator[Printed]:
    for path in templates.paths:
        text = tree.text(path)
        content = text.content if text is not None else ""
        printed = templates.page(path).printed
        if not (printed or "safe_columns" in content) or not _TAG.search(content):
            continue  # a template of plain text, such as that of a mail
        is_filled_in = "templates/" in path or bool(modules.having(path.rpartition("/")[2]))
        for place in printed:
            # a field of a form is a widget, which escapes what is typed into it
            is_widget = _FORM.search(str(place.names[0])) is not None
            is_column = len(place.names) > 1 and place.is_whole and not is_widget
            if is_column and (place.is_raw or is_filled_in):
                yield place
        yield from _in_tables(path, content)


def _in_tables(path: str, content: str) -> Iterator[Printed]:
    for found in _TABLE.finditer(content) if "safe_columns" in content else ():
        line = content.count("\n", 0, found.start()) + 1
        for name in _NAME.findall(found[1]):
            yield _raw(path, line, name)


def _in_code(modules: Modules) -> Iterator[Printed]:
    for module, call in modules.called(*_MARKS):
        given = call.args[0] if len(call.args) == 1 else None
        if isinstance(given, ast.Attribute):
            yield _raw(module.path, call.lineno, given.attr)
