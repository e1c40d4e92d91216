"""Traces of who did what: calls that record logins, deletions and other sensitive actions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.project.model import Route, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SENSITIVE = lazy_pattern(
    r"login|logout|sign-?in|sign-?up|register|password|reset|token|role|permission|admin|payment|pay\b|checkout|refund|transfer|invite|mfa|api-?keys?",
    re.IGNORECASE,
)
_LIBRARIES = (
    "auditlog.", "easyaudit.", "simple_history.", "pghistory.", "reversion.", "sqlalchemy_continuum.", "flask_audit", "audit_log.",
    "django.contrib.admin.models.LogEntry", "postgresql_audit.", "axes.",
)  # fmt: skip
_LIBRARY_NAMES = tuple(name.partition(".")[0] for name in _LIBRARIES)
_MAKES = frozenset(["getLogger", "get_logger", "Column", "relationship"])
_NAME = lazy_pattern(
    r"audit|activity_?log|log_?activity|security_?(?:log|event)|event_?log|access_?log|login_?(?:history|attempt|event)|record_?(?:event|action)|action_?log|track_?(?:event|action)",
    re.IGNORECASE,
)
_TABLES = lazy_pattern(r"\b(?:INTO|UPDATE)\s+[\"`]?\w*(?:audit|activity_log|event_log|login_history)\w*", re.IGNORECASE)  # fmt: skip


def sensitive_routes(service: Service) -> list[Route]:
    """Return the routes that sign somebody in, change rights, move money or delete."""
    return [
        route
        for route in service.routes
        if "DELETE" in route.methods
        or (
            {"POST", "PUT", "PATCH"} & set(route.methods)
            and _SENSITIVE.search(f"{route.path} {route.handler}")
        )
    ]


def keeps_trail(modules: Iterable[Module]) -> bool:
    """Whether code that runs records an event under a name that says so, or a library does."""
    modules = Modules.of(modules)
    if any(
        binding.target.startswith(_LIBRARIES)
        for module in modules.having(*_LIBRARY_NAMES)
        for binding in module.imports
    ):
        return True
    return any(map(_records, modules.spelling(_NAME)))


def _records(module: Module) -> bool:
    for call in module.nodes(ast.Call):
        name = called_name(call)
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        words = f"{name} {getattr(owner, 'id', '') or getattr(owner, 'attr', '')}"
        # a logger that is only made records nothing
        if name not in _MAKES and _NAME.search(words):
            return True
        if any(_is_table(argument) for argument in call.args):
            return True
    return False


def _is_table(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _TABLES.search(node.value) is not None
    )
