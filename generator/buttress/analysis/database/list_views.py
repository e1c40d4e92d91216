"""Views of Django that list a table: all of it, where nothing splits it into pages."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.database.table_reads import SMALL
from buttress.project.literals import written
from buttress.source import Module, Modules

_LIST_APIS = frozenset(
    f"rest_framework.{name}"
    for name in (
        "viewsets.ModelViewSet",
        "viewsets.ReadOnlyModelViewSet",
        "generics.ListAPIView",
        "generics.ListCreateAPIView",
    )
)
_LIST_PAGES = frozenset(["django.views.generic.ListView", "django.views.generic.list.ListView"])
_OWN_CHOICE = frozenset(["pagination_class", "paginate_by", "get_queryset", "get_paginate_by"])


def unpaged_lists(modules: Modules) -> Iterator[tuple[Module, ast.ClassDef]]:
    """Yield the views that answer with every row of their model, in the order of the files.

    A view that chooses its rows or its pages itself is left out, and so are all of REST framework
    where its settings have a default for pages.
    """
    has_default = bool(modules.having("DEFAULT_PAGINATION_CLASS"))
    for module in modules.having("ViewSet", "APIView", "ListView"):
        for klass in module.nodes(ast.ClassDef):
            kinds = {module.resolve(base) for base in klass.bases}
            is_list = bool(kinds & _LIST_PAGES) or (not has_default and bool(kinds & _LIST_APIS))
            if is_list and _lists_everything(klass):
                yield module, klass


def _lists_everything(klass: ast.ClassDef) -> bool:
    given: dict[str, ast.expr] = {}
    for statement in klass.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name in _OWN_CHOICE or statement.name == "list":
                return False
        elif isinstance(statement, ast.Assign):
            given[written(statement.targets[0])] = statement.value
    if _OWN_CHOICE & given.keys():
        return False
    rows = given.get("queryset")
    if isinstance(rows, ast.Call) and isinstance(rows.func, ast.Attribute):
        name = written(rows.func.value).removesuffix(".objects")
        return rows.func.attr in {"all", "order_by"} and not SMALL.search(name)
    model = given.get("model")
    return rows is None and model is not None and not SMALL.search(written(model))
