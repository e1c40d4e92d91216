"""Flask-Classful, and Flask-Classy before it: the routes of a class by the names of its functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.project.literals import argument, known_string, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function

_BASES = frozenset(
    ["flask_classful.FlaskView", "flask_classy.FlaskView", "flask.ext.classy.FlaskView"]
)
_BY_NAME = {
    "index": ("GET", False),
    "get": ("GET", True),
    "post": ("POST", False),
    "put": ("PUT", True),
    "patch": ("PATCH", True),
    "delete": ("DELETE", True),
}
"""The functions that have a method of HTTP for a name: it, and whether they are about one object."""

_AROUND = ("_", "before_", "after_")


def is_classful(module: Module, klass: ast.ClassDef) -> bool:
    """Whether a class is one whose functions are routes."""
    return any(module.resolve(base) in _BASES for base in klass.bases)


def routes_of(
    module: Module, klass: ast.ClassDef, registered: tuple[Module, ast.Call]
) -> Iterator[tuple[Function, tuple[str, ...], str | None]]:
    """Yield the functions of a class that answer requests, with methods and path; ``None`` if unknown.

    Args:
        module: The file of the class.
        klass: The class.
        registered: The call ``View.register(app, route_base="/orders")``, with its file.
    """
    start = _start(module, klass, registered)
    for item in klass.body:
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = [mark for mark in item.decorator_list if isinstance(mark, ast.Call) and called_name(mark) == "route"]  # fmt: skip
        for mark in marks:
            path = known_string(module, argument(mark, 0, "rule"))
            methods = strings_in(argument(mark, -1, "methods")) or ["GET"]
            whole = None if start is None or path is None else f"{start}/{path.strip('/')}"
            yield item, tuple(sorted(m.upper() for m in methods)), whole
        names = {written(mark) for mark in item.decorator_list}
        if marks or item.name.startswith(_AROUND) or names & {"staticmethod", "classmethod"}:
            continue
        method, is_one = _BY_NAME.get(item.name, ("GET", False))
        parts = [start or ""]
        if item.name not in _BY_NAME:
            parts.append(item.name)
        parts += [f"<{a.arg}>" for a in item.args.args[1:]] if is_one or item.name not in _BY_NAME else []  # fmt: skip
        yield item, (method,), None if start is None else "/".join(parts) + ("" if is_one else "/")


def _start(module: Module, klass: ast.ClassDef, registered: tuple[Module, ast.Call]) -> str | None:
    """Return what all paths of a class begin with; ``OrdersView`` begins with ``/orders``."""
    there, call = registered
    prefix, base = argument(call, -1, "route_prefix"), argument(call, 1, "route_base")
    home = there
    for statement in klass.body:
        if isinstance(statement, ast.Assign):
            name = written(statement.targets[0])
            if name == "route_base" and base is None:
                base, home = statement.value, module
    own = known_string(home, base) if base is not None else klass.name.removesuffix("View").lower()
    front = known_string(there, prefix) if prefix is not None else ""
    if own is None or front is None:
        return None
    return "/" + "/".join(part for part in (front.strip("/"), own.strip("/")) if part)
