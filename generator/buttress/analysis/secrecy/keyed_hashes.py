"""Hashes that are to prove who made a text: a secret put before it, where an HMAC belongs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.project.literals import last_name, literal_text
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_HASHES = ("hashlib.sha224", "hashlib.sha256", "hashlib.sha512")
"""What goes on from its last result; MD5 and SHA-1 are broken anyway, SHA-3 and BLAKE2 are made for keys."""

_SECRET = lazy_pattern(r"secret|sign(?:ing)?_?key|hmac_?key|shared_?key", re.IGNORECASE)
_NO_TEXT = lazy_pattern(r"passw|pwd|salt|pepper|secret", re.IGNORECASE)
_TELLS_APART = lazy_pattern(r"cache|fingerprint|dedup|etag|bucket|anonymi[sz]|pseudonym|derive|kdf", re.IGNORECASE)  # fmt: skip
_DEEPEST = 12
_FORMS = frozenset(["encode", "bytes", "str", "strip", "format"])


def forgeable_signatures(modules: Modules) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls that hash a secret followed by a text.

    Who has seen one such hash can work out that of the same text with more at its end, without the secret.
    A password with what is added to it is no text that anybody signs.
    """
    for module, call in modules.calls(*_HASHES):
        parts = _parts(module, call.args[0]) if len(call.args) == 1 else []
        if len(parts) < 2 or not _SECRET.search(_name(parts[0])):
            continue
        texts = [part for part in parts[1:] if not isinstance(part, ast.Constant)]
        function = module.function(call)
        around = module.source(module.statement(call)) + (function.name if function else "")
        is_text = bool(texts) and not any(_NO_TEXT.search(_name(text)) for text in texts)
        if is_text and not _TELLS_APART.search(around):
            yield module, call


def _parts(module: Module, node: ast.expr, depth: int = 0) -> list[ast.expr]:
    """Return what a text is put together from, in its order."""
    if depth > _DEEPEST:
        return [node]
    if isinstance(node, ast.Call) and called_name(node) in _FORMS:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        inner = owner if owner is not None else next(iter(node.args), None)
        return _parts(module, inner, depth + 1) if inner is not None else [node]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*_parts(module, node.left, depth + 1), *_parts(module, node.right, depth + 1)]
    if isinstance(node, ast.JoinedStr):
        return [
            part.value if isinstance(part, ast.FormattedValue) else part for part in node.values
        ]
    if isinstance(node, ast.Name) and (given := _given(module, node)) is not None:
        return _parts(module, given, depth + 1)
    return [node]


def _given(module: Module, name: ast.Name) -> ast.BinOp | ast.JoinedStr | None:
    """Return the text that a name was given in the same function, above, where it is put together."""
    function = module.function(name)
    found: ast.expr | None = None
    for assign in module.nodes(ast.Assign) if function is not None else ():
        is_it = any(isinstance(t, ast.Name) and t.id == name.id for t in assign.targets)
        if is_it and module.function(assign) is function and assign.lineno < name.lineno:
            found = assign.value
    return found if isinstance(found, ast.BinOp | ast.JoinedStr) else None


def _name(node: ast.expr) -> str:
    """Return what a part is called: a variable, a setting, or the key that it is kept under."""
    if isinstance(node, ast.Subscript):
        return literal_text(node.slice) or last_name(node.value)
    if isinstance(node, ast.Call):
        given = next((literal_text(argument) for argument in node.args), "")
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return given or last_name(node.func if owner is None else owner)
    return last_name(node)
