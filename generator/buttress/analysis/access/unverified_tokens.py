"""Tokens that are believed without a look at their signature."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.source import Module

_DECODERS = frozenset({"jwt.decode", "jose.jwt.decode"})


def unverified_tokens(module: Module) -> Iterator[ast.expr]:
    """Yield the calls that decode a token without verifying it, and no other in the function does."""
    if "decode" not in module.text or "jwt" not in module.text:
        return
    calls = [c for c in module.nodes(ast.Call) if module.resolve(c.func) in _DECODERS]
    loose = [call for call in calls if _is_loose(call)]
    for call in loose:
        function = module.function(call)
        if not any(c not in loose and module.function(c) is function for c in calls):
            yield call


def _is_loose(call: ast.Call) -> bool:
    if _keyword(call, "verify") is False:
        return True
    for keyword in call.keywords:
        if keyword.arg == "options" and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                is_key = isinstance(key, ast.Constant) and key.value == "verify_signature"
                if is_key and isinstance(value, ast.Constant) and value.value is False:
                    return True
        if keyword.arg == "algorithms" and isinstance(keyword.value, ast.List | ast.Tuple):
            names = [e.value for e in keyword.value.elts if isinstance(e, ast.Constant)]
            if any(isinstance(name, str) and name.lower() == "none" for name in names):
                return True
    return False


def _keyword(call: ast.Call, name: str) -> object:
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            value: object = keyword.value.value
            return value
    return None
