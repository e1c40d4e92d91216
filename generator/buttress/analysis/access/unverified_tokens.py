"""Tokens that are believed without a look at their signature."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.project.literals import argument, constant, literal_text, strings_in
from buttress.source import Module

_DECODERS = frozenset({"jwt.decode", "jose.jwt.decode"})


def unverified_tokens(module: Module) -> Iterator[ast.expr]:
    """Yield the calls that decode a token without verifying it.

    Where the function verifies it as well, reading it before is fine; reading it where that failed
    is not.
    """
    if "decode" not in module.text or "jwt" not in module.text:
        return
    calls = [c for c in module.nodes(ast.Call) if module.resolve(c.func) in _DECODERS]
    loose = [call for call in calls if _is_loose(module, call)]
    for call in loose:
        function = module.function(call)
        strict = [c for c in calls if c not in loose and module.function(c) is function]
        if not strict or any(_is_fallback(module, call, other) for other in strict):
            yield call


def _is_fallback(module: Module, call: ast.Call, strict: ast.Call) -> bool:
    """Whether a call stands where an error of another one is caught."""
    handlers = {above for above in module.ancestors(call) if isinstance(above, ast.ExceptHandler)}
    tries = [above for above in module.ancestors(strict) if isinstance(above, ast.Try)]
    return any(handler in handlers for above in tries for handler in above.handlers)


def _is_loose(module: Module, call: ast.Call) -> bool:
    if _is_false(module, argument(call, -1, "verify")):
        return True
    options = _known(module, argument(call, -1, "options"))
    if isinstance(options, ast.Dict):
        for key, value in zip(options.keys, options.values, strict=True):
            if literal_text(key) == "verify_signature" and _is_false(module, value):
                return True
    algorithms = _known(module, argument(call, -1, "algorithms"))
    return any(name.lower() == "none" for name in strings_in(algorithms))


def _is_false(module: Module, node: ast.expr | None) -> bool:
    value = _known(module, node)
    return isinstance(value, ast.Constant) and value.value is False


def _known(module: Module, node: ast.expr | None) -> ast.expr | None:
    """Return an expression, or the value of the constant of the file that it is."""
    return constant(module, node.id) if isinstance(node, ast.Name) else node
