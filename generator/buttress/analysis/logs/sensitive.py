"""Which values are secrets by their names, so that no log may hold them (CWE-532)."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from buttress.analysis.once import once_for_module
from buttress.analysis.secrecy.secrets import is_headed, is_secret_name
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_MORE = lazy_pattern(
    r"^(?:.*_)?(?:otp|otp_code|one_time_(?:code|password)|verification_code|reset_(?:code|link|url)"
    r"|magic_link|authorization|auth_header|cookies?|set_cookie|cvv|cvc|card_number|credit_card"
    r"|ssn|social_security_number|headers)$",
    re.IGNORECASE,
)
_MAKES = lazy_pattern(
    r"^_*(?:get|create|generate|make|issue|encode|new|build|sign|fetch)_", re.IGNORECASE
)
_TELLS_ABOUT = lazy_pattern(
    r"^(?:is|has|needs)_|_(?:valid|ok|verified|matches|exists|correct|changed|found|present|response"
    r"|result|error)$",
    re.IGNORECASE,
)
_CARRIES = lazy_pattern(
    r"_(?:infos?|data|json|dict|list|map|cache|values?|str|string|text|bytes|raw|plain|payload|details|pairs?|store|records?|rows?|entry|full|hex|b64)$",
    re.IGNORECASE,
)
"""The last word of a name for what holds the secret that the word before it speaks of."""
_OF_A_LOGIN = lazy_pattern(
    r"authori[sz]|authenticat|bearer|jwt|decode|verif|login|password|(?:access|refresh|reset|api|bot|csrf|session)_?token|secret|api[-_]?key|cookie|oauth|expire",
    re.IGNORECASE,
)
_OF_A_MARKET = lazy_pattern(
    r"\bcoins?\b|crypto|\bticker|\bsymbols?\b|usdt|btc|erc-?20|tokeni[sz]|tiktoken|lexer",
    re.IGNORECASE,
)
_HIDDEN = lazy_pattern(
    r"^_*(?:safe|masked|redacted|sanitized|scrubbed|clean|cleaned|hidden|public)_", re.IGNORECASE
)
_HIDES = lazy_pattern(
    r"mask|redact|obfusc|hash|censor|digest|verify|check|valid|compare", re.IGNORECASE
)
_SAME_CALLS = frozenset(
    f"builtins.{name}"
    for name in ("str", "repr", "format", "list", "dict", "tuple", "sorted", "ascii")
) | {"json.dumps", "pprint.pformat"}
_SAME_METHODS = frozenset(
    ["strip", "lower", "upper", "decode", "encode", "get_secret_value", "hex", "copy", "title"]
)
_ENVIRONMENT = frozenset(["os.environ", "builtins.globals", "builtins.locals", "builtins.vars"])


def secret_in(module: Module, node: ast.expr) -> str | None:
    """Return the name of a secret whose value an expression shows; ``None`` if it shows none.

    Whether it is set, how long it is, or the first characters of it are no secret.
    """
    if isinstance(node, ast.Name):
        if is_sensitive(node.id):
            return node.id if _is_meant(module, node, node.id) else None
        return _secret_within(module, node)
    if isinstance(node, ast.Attribute):
        if module.resolve(node) in _ENVIRONMENT:
            return ast.unparse(node)
        return node.attr if is_sensitive(node.attr) and _is_meant(module, node, node.attr) else None
    if isinstance(node, ast.Subscript):
        return _secret_key(module, node)
    if isinstance(node, ast.Call):
        return _secret_call(module, node)
    if isinstance(node, ast.IfExp):
        return secret_in(module, node.body) or secret_in(module, node.orelse)
    if isinstance(node, (ast.Compare, ast.UnaryOp, ast.Lambda)):
        return None
    return _first(module, ast.iter_child_nodes(node))


def _secret_within(module: Module, node: ast.Name) -> str | None:
    """Return the secret that is part of the one text which the function around gives a name."""
    function = module.function(node)
    given = _texts(module, function).get(node.id, []) if function is not None else []
    if len(given) != 1 or not isinstance(given[0], ast.JoinedStr):
        return None
    for part in given[0].values:
        piece = part.value if isinstance(part, ast.FormattedValue) else None
        if isinstance(piece, ast.Name | ast.Attribute):
            name = written(piece).rpartition(".")[2]
            if is_sensitive(name) and _is_meant(module, piece, name):
                return name
    return None


@once_for_module
def _texts(module: Module, function: Function) -> dict[str, list[ast.expr]]:
    """Return what a function gives to each of its names."""
    found: dict[str, list[ast.expr]] = {}
    for item in module.inside(function):
        if isinstance(item, ast.Assign):
            for target in item.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(item.value)
    return found


def _is_meant(module: Module, node: ast.Name | ast.Attribute, name: str) -> bool:
    """Whether a name that has several meanings has the one of a secret here.

    Headers hold secrets where a client sent them, or where the app puts one in; a token may be a coin
    or a word.
    """
    lower = name.lower()
    if lower not in {"headers", "token", "token_bytes", "token_str", "token_text"}:
        return True
    function = module.function(node)
    around = module.source(function) if function is not None else module.text
    if lower != "headers":
        return not _OF_A_MARKET.search(around)
    if isinstance(node, ast.Attribute):
        return ast.unparse(node.value).rpartition(".")[2] in {"request", "req"}
    values = [
        ast.unparse(part.value)
        for part in (ast.walk(function) if function is not None else ())
        if isinstance(part, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in part.targets)
    ]
    return any(_OF_A_LOGIN.search(value) or "request.headers" in value for value in values)


@lru_cache(maxsize=4096)
def is_sensitive(name: str) -> bool:
    """Whether a name says that what it stands for must not be logged."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_")
    if _TELLS_ABOUT.search(spaced) or _HIDDEN.match(spaced):
        return False
    if _MORE.match(spaced):
        return True
    return is_secret_name(spaced) and (is_headed(spaced) or _CARRIES.search(spaced) is not None)


def _secret_key(module: Module, node: ast.Subscript) -> str | None:
    if isinstance(node.slice, ast.Slice):
        return None
    if isinstance(node.slice, ast.Constant):
        key = node.slice.value
        if isinstance(key, str):
            return key if is_sensitive(key) else None
    return secret_in(module, node.value)


def _secret_call(module: Module, call: ast.Call) -> str | None:
    name = module.resolve(call.func) or ""
    if name in _ENVIRONMENT:
        return name.rpartition(".")[2]
    if name in _SAME_CALLS:
        return _first(module, call.args)
    if isinstance(call.func, ast.Attribute):
        if call.func.attr in _SAME_METHODS:
            return secret_in(module, call.func.value)
        if call.func.attr in {"get", "pop", "getenv", "getlist"} and call.args:
            return _literal_key(call.args[0])
    if name == "os.getenv" and call.args:
        return _literal_key(call.args[0])
    called = called_name(call)
    if _MAKES.match(called) and not _HIDES.search(called):
        made = _MAKES.sub("", called)
        return made if is_sensitive(made) else None
    return None


def _literal_key(node: ast.expr) -> str | None:
    key = node.value if isinstance(node, ast.Constant) else None
    return key if isinstance(key, str) and is_sensitive(key) else None


def _first(module: Module, nodes: object) -> str | None:
    for node in nodes:  # type: ignore[attr-defined]
        if isinstance(node, ast.keyword):
            node = node.value  # noqa: PLW2901
        if isinstance(node, ast.expr):
            found = secret_in(module, node)
            if found is not None:
                return found
    return None
