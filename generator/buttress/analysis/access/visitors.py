"""What belongs to a visitor whom nobody knows by name: the session, and the cart that it holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.reached_code import reached
from buttress.analysis.definitions import classes_of
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_CART = lazy_pattern(r"(?i)cart|basket|wish_?list")
_SESSION_CART = lazy_pattern(
    r"(?i)\bsession(?:\.get\(|\.pop\(|\[)\s*[\"'][\w-]{0,40}(?:cart|basket|wish_?list)"
)


def serves_visitor(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint is about the cart in the session of whoever calls it: a guest may have one."""
    own = own_modules(project.tree)
    for module, definition in reached(project, service, endpoint):
        if _SESSION_CART.search(module.source(definition)):
            return True
        for call in _given_request(module, definition):
            for other, klass in classes_of(own, service, module, call.func):
                text = other.source(klass)
                if _CART.search(klass.name) and "session" in text:
                    return True
    return False


def sets_session(module: Module, function: ast.AST) -> bool:
    """Whether code sets an item of the session of whoever calls it."""
    return any(
        is_own_session(module, target)
        for part in module.inside(function)
        if isinstance(part, ast.Assign | ast.AnnAssign | ast.Delete)
        for target in ([part.target] if isinstance(part, ast.AnnAssign) else part.targets)
        if isinstance(target, ast.Subscript)
    )


def is_own_session(module: Module, node: ast.expr) -> bool:
    """Whether an expression is the session of whoever calls, or anything out of it."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    while node is not None and isinstance(node, ast.Name | ast.Attribute):
        if module.resolve(node) == "flask.session":
            return True
        if written(node) in {"request.session", "req.session", "self.request.session"}:
            return True
        if isinstance(node, ast.Name):
            return False
        node = node.value
    return False


def _given_request(module: Module, definition: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that are given the request, or the session of it."""
    for part in module.inside(definition):
        if isinstance(part, ast.Call) and any(
            written(argument).endswith(("request", "request.session")) for argument in part.args
        ):
            yield part
