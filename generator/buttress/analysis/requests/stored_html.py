"""Text that users wrote, kept in the database, and printed where it may do harm."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.requests.stored_columns import stored_columns
from buttress.analysis.taint.markup import Spot
from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.templates import Templates, templates_of
from buttress.project.model import Project, Service
from buttress.source import Modules, Tree
from buttress.source.patterns import lazy_pattern

_TAG = lazy_pattern(r"<(?:[a-zA-Z]\w*[\s>]|!DOCTYPE)|\{%-?\s*(?:extends|include|block)\b")
_TABLE = lazy_pattern(r"safe_columns\s*=\s*[\[(]([^\])]*)[\])]")
_NAME = lazy_pattern(r"[A-Za-z_]\w*")
_FORM = lazy_pattern(r"form\Z", re.IGNORECASE)
_MARKS = frozenset(["mark_safe", "Markup"])
_CLEANS = ("bleach", "nh3", "sanitize", "Sanitizer", "strip_tags", "lxml_html_clean", "clean_html")


def stored_html(project: Project, service: Service, modules: Modules) -> Iterator[Printed]:
    """Yield the places that print a column which clients send under the same name.

    A project that cleans HTML anywhere is believed to clean it. Where escaping does not help, types
    have to allow any text, too.
    """
    tree = project.tree
    printed = [*_in_templates(tree, templates_of(tree), modules), *_in_code(modules)]
    if not printed or modules.having(*_CLEANS):
        return
    columns = stored_columns(project, service, modules)
    for place in printed:
        if place.names[-1] in (columns.any if place.is_raw else columns.free):
            yield place


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
            yield Printed(path, line, (name,), Spot.TEXT, is_raw=True, is_whole=True)


def _in_code(modules: Modules) -> Iterator[Printed]:
    for module, call in modules.called(*_MARKS):
        given = call.args[0] if len(call.args) == 1 else None
        if isinstance(given, ast.Attribute):
            yield Printed(
                module.path, call.lineno, (given.attr,), Spot.TEXT, is_raw=True, is_whole=True
            )
