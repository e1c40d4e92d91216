"""Headers, written by hand, that let every website read what the app answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.project.literals import literal_text
from buttress.source import Module, Modules

_HEADER = "access-control-allow-origin"
_HOOKS = ("after_request", "before_request", "middleware", "after_app_request")
_METHODS = frozenset(["dispatch", "__call__", "process_response"])
_SETTERS = frozenset(["add", "set", "setdefault", "add_header", "__setitem__"])


def open_origin_headers(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the values of such headers: ``*`` on every answer, or the origin of the request sent back unseen.

    One view that all may read, and an answer to an error, are meant so.
    """
    for module in modules.having("Access-Control-Allow-Origin"):
        for value in _values(module):
            is_open = literal_text(value).strip() == "*" and _is_on_all(module, value)
            if is_open or _is_sent_back(module, value):
                yield module, value


def _is_on_all(module: Module, value: ast.expr) -> bool:
    """Whether code that sees all requests or answers sets a header."""
    function = module.function(value)
    if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return False
    if any(isinstance(above, ast.ExceptHandler) for above in module.ancestors(value)):
        return False
    hooks = " ".join(module.source(decorator) for decorator in function.decorator_list)
    is_method = isinstance(module.parent(function), ast.ClassDef)
    return any(hook in hooks for hook in _HOOKS) or (is_method and function.name in _METHODS)


def _values(module: Module) -> Iterator[ast.expr]:
    for assign in module.nodes(ast.Assign):
        target = assign.targets[0]
        if isinstance(target, ast.Subscript) and _is_header(target.slice):
            yield assign.value
    for call in module.called(*_SETTERS):
        if len(call.args) > 1 and _is_header(call.args[0]):
            yield call.args[1]


def _is_header(node: ast.expr) -> bool:
    return literal_text(node).lower() == _HEADER


def _is_sent_back(module: Module, value: ast.expr) -> bool:
    """Whether a value is the origin that the request names, and nothing compares it."""
    if _reads_origin(value):
        return True
    function = module.function(value)
    if not isinstance(value, ast.Name) or function is None:
        return False
    given = [
        item.value
        for item in module.inside(function)
        if isinstance(item, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == value.id for target in item.targets)
    ]
    is_looked_at = any(
        isinstance(inner, ast.Name) and inner.id == value.id
        for node in module.inside(function)
        if isinstance(node, ast.Compare | ast.Call) and not _sets_header(node)
        for inner in ast.walk(node)
    )
    return bool(given) and all(map(_reads_origin, given)) and not is_looked_at


def _sets_header(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and bool(node.args) and _is_header(node.args[0])


def _reads_origin(node: ast.expr) -> bool:
    """``request.headers.get("Origin")``, ``request.headers["Origin"]``, ``request.META[...]``."""
    key: ast.expr | None = None
    owner: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        key, owner = node.args[0], node.func.value
    elif isinstance(node, ast.Subscript):
        key, owner = node.slice, node.value
    is_request = isinstance(owner, ast.Attribute) and owner.attr in {"headers", "META"}
    return is_request and literal_text(key).lower() in {"origin", "http_origin"}
