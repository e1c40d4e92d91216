"""The HTTP status that an answer has, where it is a literal."""

from __future__ import annotations

import ast

from buttress.source import Module

EXCEPTION_RESPONSES = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
        "starlette.exceptions.WebSocketException",
        "flask.abort",
        "werkzeug.exceptions.abort",
    }
)
"""What ends a request with a status; it is their first argument."""


def status_of(module: Module, sink: ast.AST) -> int | None:
    """Return the HTTP status that a sink answers with, where it is a literal."""
    if isinstance(sink, ast.Call):
        target = module.resolve(sink.func) or ""
        for keyword in sink.keywords:
            if keyword.arg in {"status_code", "status"}:
                return _status(keyword.value)
        first = target in EXCEPTION_RESPONSES
        position = 0 if first else 1
        if len(sink.args) > position and target not in {"flask.jsonify", "flask.flash"}:
            return _status(sink.args[position])
        above = module.parent(sink)
        if isinstance(above, ast.Tuple) and len(above.elts) > 1 and above.elts[0] is sink:
            return _status(above.elts[1])
    if isinstance(sink, ast.Return) and isinstance(sink.value, ast.Tuple):
        return _status(sink.value.elts[1]) if len(sink.value.elts) > 1 else None
    return None


def _status(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Attribute) and node.attr.startswith("HTTP_"):
        number = node.attr.split("_")[1]
        return int(number) if number.isdigit() else None
    return None
