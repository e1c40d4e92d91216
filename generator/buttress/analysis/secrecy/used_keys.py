"""Literals that are secrets by what they are used for, whatever they are called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from buttress.analysis.secrecy.hardcoded import hardcoded_secrets
from buttress.analysis.secrecy.secrets import is_placeholder, is_secret_name
from buttress.project.literals import argument, constant, last_name, literal_text
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SIGNERS = ("URLSafeTimedSerializer", "URLSafeSerializer", "Signer", "TimestampSigner")
_KEYS: dict[str, tuple[int, str]] = {
    **dict.fromkeys(["jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode"], (1, "key")),
    **dict.fromkeys(["cryptography.fernet.Fernet", "hmac.new", "Crypto.Cipher.AES.new"], (0, "key")),
    **dict.fromkeys([f"itsdangerous.{name}" for name in _SIGNERS], (0, "secret_key")),
}  # fmt: skip
_TOKENS = ("jwt.encode", "jwt.decode", "jose.jwt.encode", "jose.jwt.decode")
_HASHING = (
    "hash_password", "get_password_hash", "generate_password_hash", "make_password", "set_password", "hashpw",
)  # fmt: skip
_HASHED = lazy_pattern(r"pass|pwd|hash", re.IGNORECASE)
_RULES = lazy_pattern(r"admin|superuser|\broot\b", re.IGNORECASE)
_DECOY = lazy_pattern(r"dummy|fake|decoy|timing|placeholder|unusable|invalid|random", re.IGNORECASE)
_REQUEST = lazy_pattern(
    r"(?:\w+\.)?request\.(?:form|args|values|json|get_json\(.*\)|headers|cookies|query_params|GET|POST|data)\Z"
)
_OPENS = lazy_pattern(
    r"(?:^|[\W_])(?:pass(?:word|wd)?|pwd|token|secret|(?:api|access)[-_]?key)\Z", re.IGNORECASE
)
_SHORTEST = 3
_LONG = 6
_LOGIN = 2


class UsedKey(NamedTuple):
    """A literal that opens something.

    Attributes:
        node: The literal, or the name of the constant that it is.
        use: What it is, as the end of ``The ... stands in the code``.
    """

    node: ast.expr
    use: str


def used_keys(modules: Modules) -> Iterator[tuple[Module, UsedKey]]:
    """Yield the keys and passwords that are literals where they are used, each once in a file.

    A literal that has the name of a secret is one of ``hardcoded_secrets``, not of these.
    """
    seen: set[tuple[str, object]] = set()
    found = [(m, c, _key_of(m, c)) for m, c in modules.calls(*_KEYS)]
    keys = [(m, UsedKey(n, f"key that is given to {m.source(c.func)}")) for m, c, n in found if n]
    for module, key in [
        *keys,
        *_settings(modules),
        *_passwords(modules),
        *_asked(modules),
        *_accounts(modules),
    ]:
        value = value_of(module, key.node)
        if (module.path, value) not in seen and not _is_named(module, value):
            seen.add((module.path, value))
            yield module, key


def _key_of(module: Module, call: ast.Call) -> ast.expr | None:
    """Return what a call is given as its key, if that is a literal."""
    position, name = _KEYS[module.resolve(call.func) or ""]
    given = argument(call, position, name)
    if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "encode":  # fmt: skip
        given = given.func.value
    # of a secret that is signed with a known text, another key is derived
    if name == "key" and any(is_secret_name(last_name(part)) for part in _signed(call)):
        return None
    value = value_of(module, given)
    if len(value) < _SHORTEST or is_placeholder(value) or "PUBLIC KEY" in value:
        return None
    return given


def _settings(modules: Modules) -> Iterator[tuple[Module, UsedKey]]:
    """Yield the constants of other files that sign tokens, whatever they are called (``options.SIGNATURE``)."""
    for module, call in modules.calls(*_TOKENS):
        given = argument(call, *_KEYS[module.resolve(call.func) or ""])
        name = last_name(given)
        if not name or value_of(module, given):
            continue
        kept = [
            (other, bound.value)
            for other in modules.naming(name)
            for bound in other.nodes(ast.Assign, ast.AnnAssign)
            if other.function(bound) is None and name in map(last_name, _targets(bound))
        ]
        value = kept[0][1] if len(kept) == 1 else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            text = value.value
            if len(text) >= _SHORTEST and not is_placeholder(text) and "PUBLIC KEY" not in text:
                yield kept[0][0], UsedKey(value, f"key that is given to {module.source(call.func)}")


def _targets(bound: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return bound.targets if isinstance(bound, ast.Assign) else [bound.target]


def _signed(call: ast.Call) -> list[ast.expr]:
    """Return what an HMAC is made of, without the ``encode()`` around it."""
    if called_name(call) != "new":
        return []
    given = [argument(call, 1, "msg")]
    return [
        (
            part.func.value
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
            else part
        )
        for part in given
        if part is not None
    ]


def _passwords(modules: Modules) -> Iterator[tuple[Module, UsedKey]]:
    """Yield the passwords that a name and a password are compared with (``name == "a" and ...``)."""
    for module in modules.having("pass", "pwd"):
        for test in module.nodes(ast.BoolOp):
            pairs = [pair for value in test.values if (pair := _compared(value)) is not None]
            if not isinstance(test.op, ast.And) or len(pairs) < _LOGIN:
                continue
            for name, literal in pairs:
                if "pass" in name.lower() and is_secret_name(name):
                    yield module, UsedKey(literal, f"password that {name} is compared with")


def _asked(modules: Modules) -> Iterator[tuple[Module, UsedKey]]:
    """Yield the passwords and tokens that what a request brings is compared with."""
    for module in modules.having("request").having("pass", "pwd", "token", "secret", "key"):
        literals: dict[str, list[ast.expr]] = {}
        for test in module.nodes(ast.Compare):
            right = test.comparators[0]
            is_text = isinstance(right, ast.Constant) and isinstance(right.value, str)
            if not is_text or not isinstance(test.ops[0], ast.Eq | ast.NotEq):
                continue
            value = literal_text(right)
            name = "" if is_placeholder(value) else _read_as(module, test.left)
            if _OPENS.search(name) and _may_open(value, name):
                literals.setdefault(name, []).append(right)
        for name, found in literals.items():
            if len(found) == 1:  # one of several is a choice
                yield module, UsedKey(found[0], f"value that {name} is compared with")


def _may_open(value: str, name: str) -> bool:
    """Whether a text may be a password, or a token; the latter is no word of a protocol (``bearer``)."""
    is_mixed = any(character.isdigit() or character in "_-@!#$" for character in value)
    return len(value) >= _LONG and " " not in value and (is_mixed or "pass" in name.lower())


def _read_as(module: Module, node: ast.expr) -> str:
    """Return the name under which a value is read from the request; nothing for any other."""
    if isinstance(node, ast.Name):
        function = module.function(node)
        given = [
            bound.value
            for bound in (module.nodes(ast.Assign) if function is not None else ())
            if module.function(bound) is function and last_name(bound.targets[0]) == node.id
        ]
        return _read_as(module, given[0]) if len(given) == 1 and given[0] is not node else ""
    if isinstance(node, ast.Subscript):
        owner, key = node.value, node.slice
    elif isinstance(node, ast.Call) and called_name(node) == "get" and node.args:
        assert isinstance(node.func, ast.Attribute | ast.Name)  # noqa: S101 - for mypy
        if not isinstance(node.func, ast.Attribute):
            return ""
        owner, key = node.func.value, node.args[0]
    else:
        return ""
    is_read = _REQUEST.match(module.source(owner))
    return literal_text(key) if is_read else ""


def _accounts(modules: Modules) -> Iterator[tuple[Module, UsedKey]]:
    """Yield the passwords that are hashed and kept for an administrator (``password_hash = hash_password("abc")``)."""
    for module, call in modules.called(*_HASHING):
        given = call.args[0] if call.args else None
        if isinstance(given, ast.Call) and called_name(given) == "encode" and isinstance(given.func, ast.Attribute):  # fmt: skip
            given = given.func.value
        value = given.value if isinstance(given, ast.Constant) else None
        if given is None or not isinstance(value, str | bytes) or len(value) < _SHORTEST:
            continue
        # the account is made in the same statement, or around it
        is_inside = isinstance(module.parent(call), ast.keyword | ast.Dict)
        around = module.statement(call) if is_inside else module.function(call)
        if around is None or not _RULES.search(module.source(around)):
            continue
        kept = _kept_as(module, call)
        if _HASHED.search(kept) and not _DECOY.search(kept) and not is_placeholder(str(value)):
            yield module, UsedKey(given, "password that an administrator is given")


def _kept_as(module: Module, call: ast.Call) -> str:
    """Return the name under which a hash is kept; nothing where it is not."""
    above: ast.AST | None = module.parent(call)
    while isinstance(above, ast.Await) or (
        isinstance(above, ast.Attribute | ast.Call) and "decode" in module.source(above)[-10:]
    ):
        above = module.parent(above)
    if isinstance(above, ast.keyword):
        return above.arg or ""
    if isinstance(above, ast.Assign):
        return last_name(above.targets[0])
    if isinstance(above, ast.Expr) and called_name(call) == "set_password":
        return "password"
    if isinstance(above, ast.Dict):
        named = [k for k, v in zip(above.keys, above.values, strict=True) if call in ast.walk(v)]
        return literal_text(named[0]) if named else ""
    return ""


def _compared(node: ast.expr) -> tuple[str, ast.Constant] | None:
    """Return a name and the literal that it has to equal."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
        return None
    left, right = node.left, node.comparators[0]
    name = last_name(left)
    if isinstance(left, ast.Call) and called_name(left) == "get" and left.args:
        name = literal_text(left.args[0])
    if not name or not isinstance(right, ast.Constant) or not isinstance(right.value, str):
        return None
    is_there = len(right.value) >= _SHORTEST and not is_placeholder(right.value)
    return (name, right) if is_there else None


def value_of(module: Module, node: ast.expr | None) -> str:
    """Return the text of a literal, or of the constant of the file that a name stands for; else nothing."""
    if isinstance(node, ast.Name):
        node = constant(module, node.id)
    value = node.value if isinstance(node, ast.Constant) else ""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""


def _is_named(module: Module, value: str) -> bool:
    return any(secret.node.value == value for secret in hardcoded_secrets(module))
