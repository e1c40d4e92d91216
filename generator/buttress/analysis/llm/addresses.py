"""Addresses that requests go to, put together from constants, settings with a default and texts."""

from __future__ import annotations

import ast

from buttress.analysis.llm.values import Values, default_of
from buttress.source import Module

_DEEPEST = 6
_METHODS = frozenset({"rstrip", "strip", "lstrip", "format", "removesuffix"})


def address_of(values: Values, module: Module, node: ast.expr, depth: int = 0) -> str:
    """Return the text of an address, as far as the code tells; what it does not is left out."""
    if depth > _DEEPEST:
        return ""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr | ast.BinOp | ast.FormattedValue):
        parts = [address_of(values, module, part, depth + 1) for part in _parts(node)]
        return "".join(parts)
    if isinstance(node, ast.Call):
        # a default of os.getenv, or a text that a method is called on
        given = list(node.args[-1:])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
            given.append(node.func.value)
        texts = [address_of(values, module, part, depth + 1) for part in given]
        return next((text for text in texts if "/" in text or ":" in text), "")
    for leaf in values.leaves(module, node):
        inner: ast.AST | None = leaf.node
        function = leaf.module.function(leaf.node)
        if isinstance(inner, ast.arg) and function is not None:
            inner = default_of(function, inner.arg)
        if isinstance(inner, ast.expr) and inner is not node:
            text = address_of(values, leaf.module, inner, depth + 1)
            if text:
                return text
    return ""


def _parts(node: ast.JoinedStr | ast.BinOp | ast.FormattedValue) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.FormattedValue):
        return [node.value]
    return [node.left, node.right] if isinstance(node.op, ast.Add) else []
