"""Which routes tests name: by their paths, by their handlers, by the names that they were given."""

from __future__ import annotations

import ast
import re

from buttress.project.literals import last_name
from buttress.project.model import Route
from buttress.source import Module, Tree
from buttress.source.patterns import lazy_pattern

_SEGMENT = lazy_pattern(r"\{[^}]*\}|<[^>]*>")


def untested_routes(
    tree: Tree, modules: list[Module], routes: tuple[Route, ...]
) -> list[Route] | None:
    """Return the routes that no test names; ``None`` where tests are made from the schema."""
    if any(b.target.split(".")[0] == "schemathesis" for module in modules for b in module.imports):
        return None
    named: set[str] = set()
    paths: set[tuple[str, ...]] = set()
    for module in modules:
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and len(node.value) < 300:
                named.add(node.value)
                if "/" in node.value and not isinstance(module.parent(node), ast.JoinedStr):
                    paths.add(_segments(node.value))
        for joined in module.nodes(ast.JoinedStr):
            paths.add(_segments(_pattern(joined)))
    # `reverse("shop:detail")` names a route with its namespace
    named |= {text.rpartition(":")[2] for text in named if ":" in text and " " not in text}
    # and `patch("shop.views.detail")` its handler
    handlers = named | {text.rpartition(".")[2] for text in named}
    by_length: dict[int, list[tuple[str, ...]]] = {}
    for path in paths:
        by_length.setdefault(len(path), []).append(path)
    listed = _listed_names(tree)
    return [
        route
        for route in routes
        if not _is_foreign(tree, route)
        and route.handler.rpartition(".")[2] not in handlers
        and not _is_requested(route, by_length)
        and not _names(tree, route) & named
        and not (route.name and route.name in named)
        and not listed.get(route.handler.rpartition(".")[2], frozenset()) & named
    ]


def _is_foreign(tree: Tree, route: Route) -> bool:
    """Whether a list of Django's routes names a view that no file of the project holds."""
    module = tree.module(route.place.path)
    if "urlpatterns" not in module.text:
        return False
    own = {node.name for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)}
    return route.handler not in own


def _listed_names(tree: Tree) -> dict[str, frozenset[str]]:
    """Return the names that lists of routes give (``path("", views.home, name="home")``), by handler."""
    found: dict[str, set[str]] = {}
    for path in tree.python_paths():
        text = tree.text(path)
        if text is None or "urlpatterns" not in text.content:
            continue
        module = tree.module(path)
        for call in module.nodes(ast.Call):
            names = [k.value.value for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]  # fmt: skip
            if len(call.args) < 2 or not names:
                continue
            for part in ast.walk(call.args[1]):
                handler = last_name(part)
                found.setdefault(handler, set()).update(str(name) for name in names)
    return {handler: frozenset(names) for handler, names in found.items()}


def _names(tree: Tree, route: Route) -> set[str]:
    """Return the names that a route was given for ``url_for`` and ``url_path_for``."""
    module = tree.module(route.place.path)
    return {
        keyword.value.value
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if function.name == route.handler.rpartition(".")[2]
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
        if keyword.arg in {"name", "endpoint"}
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }


def _pattern(joined: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in joined.values
    )


def _segments(text: str) -> tuple[str, ...]:
    text = re.sub(r"^https?://[^/]*", "", text.partition("?")[0])
    return tuple(part for part in text.strip("/").split("/"))


def _is_requested(route: Route, paths: dict[int, list[tuple[str, ...]]]) -> bool:
    """Whether one of some paths, given by how many segments they have, is that of a route."""
    wanted = _segments(route.path)
    for length, alike in paths.items():
        for path in alike:
            if length == len(wanted) and _matches(path, wanted):
                return True
            # the start may be in a variable: f"{BASE}/items" is all of the route, or its end
            has_variable_start = path[0] == "{}"
            tail = path[1:] if has_variable_start else path
            open_start = has_variable_start or not route.is_complete
            if open_start and 0 < len(tail) <= len(wanted):
                head, end = wanted[: -len(tail)], wanted[-len(tail) :]
                if not any(map(_SEGMENT.search, head)) and _matches(tail, end):
                    return True
            is_end = not route.is_complete and length > len(wanted)
            if is_end and _matches(path[-len(wanted) :], wanted):
                return True
    return False


def _matches(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if len(path) != len(wanted):
        return False
    same = [mine == theirs for mine, theirs in zip(path, wanted, strict=True)]
    open_ = [_SEGMENT.search(theirs) is not None for theirs in wanted]
    fits = all(
        equal or is_open or "{}" in mine
        for mine, equal, is_open in zip(path, same, open_, strict=True)
    )
    return fits and (any(same) or all(open_))
