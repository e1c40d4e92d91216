"""Connexion: routes and their handlers stand in an OpenAPI document that the app is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from buttress.project.documents import line_of, read_json, read_yaml, table, text_of
from buttress.project.folders import folder_of, normalized
from buttress.project.literals import argument, known_string
from buttress.project.model import Place, Route
from buttress.project.modules import OwnModules, called_name
from buttress.project.routes import VERBS, parameters
from buttress.source.patterns import lazy_pattern

_FUNCTION = lazy_pattern(r"""x-\w+Func["']?\s*:\s*["']?([A-Za-z_][\w.]*)""")


@dataclass(frozen=True)
class Specification:
    """An OpenAPI document that an app is given.

    Attributes:
        path: The file.
        routes: What it declares.
        modules: Files that hold the handlers and the functions that check credentials.
    """

    path: str
    routes: tuple[Route, ...]
    modules: frozenset[str]


def read_specifications(
    modules: OwnModules, paths: Iterable[str], root: str
) -> Iterator[Specification]:
    """Yield the documents that files give to ``add_api``.

    Args:
        modules: The project's own modules.
        paths: Files that the app imports.
        root: The import root.
    """
    for path in sorted(paths):
        if not modules.mentions(path, "add_api("):
            continue
        module = modules.tree.module(path)
        folders = ["", "openapi", "swagger"]
        for call in module.nodes(ast.Call):
            given = known_string(module, argument(call, -1, "specification_dir"))
            folders += [given] if given else []
        for call in module.nodes(ast.Call):
            name = known_string(module, argument(call, 0, "specification"))
            if called_name(call) != "add_api" or name is None:
                continue
            candidates = [
                normalized(base, f"{folder}/{name}" if folder else name)
                for base in (folder_of(path), root)
                for folder in folders
            ]
            found = next((item for item in candidates if item and item in modules.tree), None)
            if found is not None:
                yield _read(modules, found, root)


def _read(modules: OwnModules, path: str, root: str) -> Specification:
    tree = modules.tree
    data = read_json(tree, path) if path.endswith(".json") else read_yaml(tree, path)
    text = text_of(tree, path)
    prefix = _prefix(data)
    routes: list[Route] = []
    named = set(_FUNCTION.findall(text))
    for address, methods in table(data, "paths").items():
        for verb, operation in table(methods).items():
            handler = table(operation).get("operationId")
            if verb not in VERBS or not isinstance(handler, str):
                continue
            controller = table(operation).get("x-openapi-router-controller")
            dotted = f"{controller}.{handler}" if isinstance(controller, str) else handler
            named.add(dotted)
            place = Place(path, line_of(text, "paths:", f"{address}:", f"{verb}:"))
            route = _handler(modules, dotted, root, place)
            url = re.sub(r"\A/+", "/", f"{prefix}{address}")
            routes.append(replace(route, methods=(verb.upper(),), path=url))
    found = {modules.symbol(dotted, path, root) for dotted in named}
    return Specification(path, tuple(routes), frozenset(item[0] for item in found if item))


def _prefix(data: Mapping[str, object]) -> str:
    servers = data.get("servers")
    first = table(servers[0]).get("url") if isinstance(servers, list) and servers else None
    base = data.get("basePath") or first
    if not isinstance(base, str):
        return ""
    return "/" + re.sub(r"\A(?:\w+:)?//[^/]*", "", base).strip("/") if base.strip("/") else ""


def _handler(modules: OwnModules, dotted: str, root: str, place: Place) -> Route:
    """Return the route of a handler, its method and path left open."""
    target = modules.symbol(dotted, place.path, root)
    if target is not None and target[1]:
        module = modules.tree.module(target[0])
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            if module.symbol(node) == target[1]:
                there = Place(target[0], node.lineno, node.col_offset + 1)
                is_async = isinstance(node, ast.AsyncFunctionDef)
                return Route((), "", target[1], there, parameters(module, node), is_async)
    return Route((), "", dotted, place)
