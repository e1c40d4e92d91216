"""Secrets that stand in the code: literals, by their shape or by the name that they are given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from buttress.analysis.configuration import settings_classes
from buttress.analysis.once import once_for_module
from buttress.analysis.secrecy.marks import ANY_MARK, MARKS
from buttress.analysis.secrecy.secrets import (
    KEY_PART,
    PLACEHOLDER,
    PROSE,
    is_app_password,
    is_in_words,
    is_issued,
    is_placeholder,
    is_secret_name,
    kind_of,
    may_be_value,
    names_account,
    opens_nothing,
    signs,
)
from buttress.project.literals import last_name, literal_text
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_SPELLED = lazy_pattern(
    r"secret|pass|pwd|token|credential|salt|api_?key|access_?key|private_?key|signing_?key|auth_?key"
    r"|encryption_?key|fernet_?key",
    re.IGNORECASE,
)
"""Stands in a word of each file that gives something the name of a secret."""

_TO_FILL_IN = lazy_pattern(
    r"^(?:your[-_ ].*|.*[-_ ]here|dummy.*|fake.*|example.*|placeholder.*)$", re.IGNORECASE
)
_ADDRESS = lazy_pattern(r"https?://|/")
_SPELLED_NAME = lazy_pattern(r"^_?(?:[a-z0-9]+(?:_[a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+)$")
_PURPOSE_OF_SALT = lazy_pattern(
    r"(?:sign|session|reset|confirm|cookie|invit|serializ)\w*_salt$", re.IGNORECASE
)
_HASHED_NAME = lazy_pattern(r"(?:^|_)hash(?:ed)?(?:_|$)", re.IGNORECASE)
_HASHED = lazy_pattern(r"^(?:\$|\w+\$|pbkdf2|scrypt|argon2|bcrypt|[0-9a-f]{32,}$)", re.IGNORECASE)
# a short text is a value of these constants and settings; of other names it is a word too often
_MAY_BE_SHORT = lazy_pattern(r"(?:[A-Z]+_)*(?:SECRET(?:_KEY)?|PASSWORD)$")
_MAKES_ACCOUNT = lazy_pattern(
    r"(?:create|add|make|seed|ensure)_?\w*(?:user|admin|account)$", re.IGNORECASE
)
_SHORTEST = 3
_SHORT = 6
_LONGEST = 4096
_SIGNERS = ("django.core.signing.", "itsdangerous.")
_SIGNING_LIBRARIES = ("itsdangerous", "django.core")
_SIGNING = frozenset(["dumps", "loads", "sign", "unsign"])
_SHOWN = frozenset(["example", "examples", "json_schema_extra", "openapi_examples", "schema_extra"])
_BINDING = frozenset([ast.keyword, ast.Assign, ast.AnnAssign, ast.Dict])
"""What gives a literal a name."""


@dataclass(frozen=True, slots=True)
class HardcodedSecret:
    """A literal in the code that is a secret.

    Attributes:
        node: The string literal.
        name: The name that it is given, as written (``SECRET_KEY``, ``api_key``); may be empty.
        kind: What its shape says it is; empty where only the name tells.
        binding: ``name`` (``KEY = "..."``), ``item`` (``config["KEY"] = "..."``), ``keyword``
            (``Client(api_key="...")``), ``attribute`` (``app.secret_key = "..."``) or ``other``.
    """

    node: ast.Constant
    name: str
    kind: str
    binding: Literal["name", "item", "attribute", "keyword", "other"]


@once_for_module
def hardcoded_secrets(module: Module) -> tuple[HardcodedSecret, ...]:
    """Return the literals of a module that are secrets, by shape or by the name they are given."""
    marks = [mark for mark in ANY_MARK if mark.search(module.text)]
    return tuple(_hardcoded(module, marks))


def all_hardcoded_secrets(modules: Modules) -> Iterator[tuple[Module, HardcodedSecret]]:
    """Yield the literals of some modules that are secrets, module by module."""
    likely = {*modules.having(*MARKS), *modules.spelling(_SPELLED)}
    for module in modules:
        if module in likely:
            for secret in hardcoded_secrets(module):
                if not _is_purpose(modules, module, secret):
                    yield module, secret


def _is_purpose(modules: Modules, module: Module, secret: HardcodedSecret) -> bool:
    """Whether a salt only tells uses of a signature apart: a function of the app hands it to a signer."""
    keyword = module.parent(secret.node)
    call = module.parent(keyword) if isinstance(keyword, ast.keyword) else None
    if secret.name != "salt" or not isinstance(call, ast.Call):
        return False
    name = called_name(call)
    return any(
        function.name == name and _signs_with_salt(function)
        for other in modules.having(*_SIGNING_LIBRARIES).naming(name)
        for function in other.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    )


def _signs_with_salt(function: Function) -> bool:
    """Whether a function hands its own salt to what signs or verifies."""
    return any(
        isinstance(call, ast.Call)
        and (called_name(call) in _SIGNING or called_name(call).endswith("Serializer"))
        and any(k.arg == "salt" and last_name(k.value) == "salt" for k in call.keywords)
        for call in ast.walk(function)
    )


def _hardcoded(module: Module, marks: Sequence[re.Pattern[str]]) -> Iterator[HardcodedSecret]:
    for node in module.nodes(ast.Constant):
        value = node.value
        if not isinstance(value, str) or not _SHORTEST <= len(value) <= _LONGEST:
            continue
        is_bound = module.parent(node).__class__ in _BINDING
        if not is_bound and not marks:
            continue
        name, binding = _binding(module, node) if is_bound else ("", "other")
        is_named = is_bound and is_secret_name(name)
        kind = kind_of(value) if any(mark.search(value) for mark in marks) else ""
        # an app is given its key as it stands, be it a sentence or one letter
        is_set = is_named and signs(name) and binding in {"item", "attribute"}
        if not (kind or is_named) or _is_docstring(module, node):
            continue
        # what is to be filled in signs all the same, and everybody knows it
        is_known = is_named and signs(name) and _TO_FILL_IN.match(value) is not None
        is_short = is_set and not PLACEHOLDER.match(value.strip())
        if is_placeholder(value) and not (is_known or is_short):
            continue
        if len(value) < _SHORT and not _may_be_short(module, node, name, binding):
            continue
        # a "hash" that no hash function makes lets nobody in: it marks accounts without a password
        is_mark = _HASHED_NAME.search(name) and not _HASHED.match(value)
        is_prose = _ADDRESS.match(value) if is_set else PROSE.search(value)
        is_spaced = is_app_password(name, value)
        is_value = is_named and not is_mark and (is_spaced or not is_prose)
        is_value = is_value and may_be_value(name, value) and not opens_nothing(name, value)
        is_value = is_value and not names_account(name, module.text)
        # an address inside a sentence shows how one is written
        if kind == "password in an address" and len(value.split()) > 1:
            continue
        if kind == "private key" and not KEY_PART.search(value.partition("KEY-----")[2]):
            continue
        if kind or (
            is_value and not _is_interface_text(module, node) and not _is_name(module, node, name)
        ):
            yield HardcodedSecret(node, name, kind, binding)


def _may_be_short(module: Module, node: ast.Constant, name: str, binding: str) -> bool:
    """Whether few letters are the value all the same: what a framework signs with, or a login."""
    if _MAY_BE_SHORT.match(name) or (binding == "attribute" and signs(name)):
        return True
    keyword = module.parent(node)
    call = module.parent(keyword) if isinstance(keyword, ast.keyword) else None
    if name != "password" or not isinstance(call, ast.Call):
        return False
    return _MAKES_ACCOUNT.search(called_name(call)) is not None


def _is_shown(target: ast.expr) -> bool:
    """Whether an assignment is to what documentation shows (``schema_extra = {"example": ...}``)."""
    return isinstance(target, ast.Name) and target.id in _SHOWN


def _is_name(module: Module, node: ast.Constant, name: str) -> bool:
    """Whether a literal is the name of a secret, or of one use of it, and not its value.

    ``{"api_key": "llm_api_key"}`` tells which field is which, the members of an ``Enum`` are words.
    """
    value = str(node.value)
    if any(
        (isinstance(above, ast.keyword) and above.arg in _SHOWN)
        or (isinstance(above, ast.Assign) and any(_is_shown(target) for target in above.targets))
        for above in module.ancestors(node)
    ):
        return True
    if any(
        isinstance(above, ast.ClassDef)
        and any((module.resolve(base) or "").endswith("Enum") for base in above.bases)
        for above in module.ancestors(node)
    ):
        return True
    if _PURPOSE_OF_SALT.search(name) and _SPELLED_NAME.match(value):
        return True
    if name == "salt":
        # a purpose, where the key of the signature is given beside it
        above = module.parent(module.parent(node) or node)
        keywords = above.keywords if isinstance(above, ast.Call) else []
        is_signed = any((k.arg or "").endswith("key") for k in keywords) or (
            isinstance(above, ast.Call) and "signed" in ast.unparse(above.func)
        )
        return is_signed and is_in_words(value)
    if _is_renamed(module, node, name):
        return True
    if signs(name):
        return False
    # a field of settings has a value, however it is spelled
    is_spelled = bool(_SPELLED_NAME.match(value)) and not _is_setting(module, node)
    return (is_spelled and is_secret_name(value)) or (is_issued(name) and _same(name, value))


def _same(name: str, value: str) -> bool:
    """Whether a text is only the name again, written in another way (``bot_token``, ``botToken``)."""
    return name.replace("_", "").lower() == value.replace("_", "").lower()


def _is_setting(module: Module, node: ast.Constant) -> bool:
    """Whether a literal is the default of a field of typed settings."""
    field = module.parent(node)
    return isinstance(field, ast.AnnAssign) and module.parent(field) in settings_classes(module)


def _is_renamed(module: Module, node: ast.Constant, name: str) -> bool:
    """Whether a mapping tells only how the same names are written elsewhere (``{"pin": "PIN"}``)."""
    above = module.parent(node)
    if not isinstance(above, ast.Dict):
        return False
    pairs = [(literal_text(k), literal_text(v)) for v, k in _keys(above).items()]
    alike = [k for k, v in pairs if k != v and k.lower() == v.lower()]
    return len(alike) > 1 and name in alike


def _binding(
    module: Module, node: ast.Constant
) -> tuple[str, Literal["name", "item", "attribute", "keyword", "other"]]:
    above = module.parent(node)
    if isinstance(above, ast.keyword):
        return above.arg or "", "keyword"
    if isinstance(above, ast.Assign) and above.value is node and len(above.targets) == 1:
        return _target(above.targets[0])
    if isinstance(above, ast.AnnAssign) and above.value is node:
        return _target(above.target)
    if isinstance(above, ast.Dict) and node in (keys := _keys(above)):
        key = keys[node]
        named = literal_text(key)
        return named, "item"
    return "", "other"


@lru_cache(maxsize=16)
def _keys(mapping: ast.Dict) -> dict[ast.expr, ast.expr | None]:
    return dict(zip(mapping.values, mapping.keys, strict=True))


def _target(
    target: ast.expr,
) -> tuple[str, Literal["name", "item", "attribute", "keyword", "other"]]:
    if isinstance(target, ast.Name):
        return target.id, "name"
    if isinstance(target, ast.Attribute):
        return target.attr, "attribute"
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value), "item"
    return "", "other"


def _is_docstring(module: Module, node: ast.Constant) -> bool:
    return isinstance(module.parent(node), ast.Expr)


def _is_interface_text(module: Module, node: ast.Constant) -> bool:
    """Whether a literal is for a page or a message (``render_template(..., token="expired")``)."""
    keyword = module.parent(node)
    call = module.parent(keyword) if isinstance(keyword, ast.keyword) else None
    if not isinstance(call, ast.Call):
        return False
    target = module.resolve(call.func) or ""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else target
    if isinstance(keyword, ast.keyword) and keyword.arg == "salt":
        # signers call the purpose of a signature its salt: it tells uses apart and hides nothing
        return target.startswith(_SIGNERS) or name in _SIGNING
    return name.rpartition(".")[2] in {
        "render_template", "render_template_string", "TemplateResponse", "url_for", "Field", "Query",
        "Header", "Cookie", "Form", "OAuth2PasswordBearer", "add_argument", "Column", "format",
    }  # fmt: skip
