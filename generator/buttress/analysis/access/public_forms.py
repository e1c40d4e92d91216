"""Forms for everybody: they add a booking, a short link, an order, and change nothing that is there."""

from __future__ import annotations

import ast

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.openings import words
from buttress.analysis.access.reached_code import reached, reached_text
from buttress.project.model import Project, Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_FORM = lazy_pattern(
    r"\brequest\.(?:form|POST)\b|\bform_valid\b|\b(?:Form|Create)View\b|\bvalidate_on_submit\b"
)
_ASKED_OF_ANYBODY = frozenset(["checkout", "shorten", "shortener", "booking", "bookings", "book", "appointment", "appointments", "reservation", "reservations", "reserve"])  # fmt: skip
_ADDS = lazy_pattern(
    r"\bsession\.add\(|\bobjects\.create\(|\.save\(|\binsert_one\(|(?i:\bINSERT\s+INTO\b)|\bSession\.create\("
)
_CHANGES = lazy_pattern(
    r"\b(?:delete|remove|update|merge|replace|drop|destroy|unlink|clear|bulk|edit|write)\w*\("
    r"|(?i:\bUPDATE\s+(?:\S+\s+)?SET\b|\bDELETE\s+FROM\b|\bREPLACE\s+INTO\b|\bDUPLICATE\s+KEY\b)"
)
_TAKES_MORE = lazy_pattern(
    r"\brequest\.(?:files|FILES)\b|\bUploadFile\b|\bmodel\s*=\s*[\"'\w]+|passw"
)
_FINDS = lazy_pattern(r"^(?:get|first|one|filter|find|fetch|scalar)")


def only_adds(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint is a form that adds something of whoever fills it in, and does no more."""
    if not endpoint.methods <= {"GET", "POST"} or any(mark in endpoint.path for mark in "{<"):
        return False
    text = reached_text(project, service, endpoint)
    is_form = _FORM.search(text) is not None or bool(words(endpoint) & _ASKED_OF_ANYBODY)
    if not is_form or not _ADDS.search(text) or _CHANGES.search(text) or _TAKES_MORE.search(text):
        return False
    return not any(_changes_found(*found) for found in reached(project, service, endpoint))


def _changes_found(module: Module, definition: ast.AST) -> bool:
    """Whether code sets an attribute of what it has looked up before."""
    found = {
        target.id
        for part in module.inside(definition)
        if isinstance(part, ast.Assign)
        and isinstance(part.value, ast.Call)
        and _FINDS.match(called_name(part.value))
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    return any(
        isinstance(part, ast.Attribute)
        and isinstance(part.ctx, ast.Store)
        and isinstance(part.value, ast.Name)
        and part.value.id in found
        for part in module.inside(definition)
    )
