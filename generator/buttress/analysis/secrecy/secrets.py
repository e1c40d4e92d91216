"""What is a secret: by its shape, or by the name that it is given; and how to show it masked."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from weakref import WeakKeyDictionary

from buttress.analysis.secrecy.marks import ANY_MARK, MARKS, may_hold_secret
from buttress.project.literals import literal_text
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SHAPES = {
    "OpenAI or OpenRouter key": r"(?<![A-Za-z0-9])sk-(?:proj-|or-v1-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}",
    "Anthropic key": r"(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_-]{20,}",
    "AWS access key": r"(?:AKIA|ASIA)[0-9A-Z]{16}",
    "Google API key": r"AIza[0-9A-Za-z_-]{35}",
    "GitHub token": r"(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "GitLab token": r"glpat-[A-Za-z0-9_-]{20,}",
    "Slack token": r"xox[abeprs]-[A-Za-z0-9-]{10,}",
    "Stripe key": r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}",
    "Groq key": r"gsk_[A-Za-z0-9]{40,}",
    "Hugging Face token": r"hf_[A-Za-z0-9]{30,}",
    "SendGrid key": r"SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{30,}",
    "Tavily key": r"tvly-[A-Za-z0-9-]{20,}",
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "password in an address": r"[a-z][a-z0-9+.-]*://[^\s:/@'\"{}$<>]+:(?P<value>[^\s:/@'\"{}$<>]{3,})@",
}
_ANY_SHAPE = lazy_pattern("|".join(f"(?:{shape})" for shape in _SHAPES.values()))
_SHAPE_OF = {name: re.compile(shape) for name, shape in _SHAPES.items()}

_NAME = lazy_pattern(
    r"(?:^|[_\W])(?:secret(?:_?key)?|api_?key|apikey|access_?key|private_?key|signing_?key|auth_?key"
    r"|encryption_?key|fernet_?key|passw(?:or)?d|passphrase|pwd|token|auth_?token|credentials?|salt"
    r"|client_?secret|webhook_?secret|jwt_?secret)(?:$|[_\W])|(?:^|_)pass$",
    re.IGNORECASE,
)
_HEADED = lazy_pattern(
    r"(?:secrets?|keys?|apikey|passw(?:or)?ds?|passphrase|pwd|pass|tokens?|credentials?|salt)_?\d*$",
    re.IGNORECASE,
)
"""The last word of a name says what its value is: ``token_source`` is a source."""

_SPELLED = lazy_pattern(
    r"secret|pass|pwd|token|credential|salt|api_?key|access_?key|private_?key|signing_?key|auth_?key"
    r"|encryption_?key|fernet_?key",
    re.IGNORECASE,
)
"""Stands in a word of each file that gives something the name of a secret."""

_NOT_A_SECRET_NAME = lazy_pattern(
    r"(?:expire|expiry|minutes|hours|days|seconds|ttl|lifetime|(?<![a-z])max_|(?<![a-z])min_|_len|length|limit|count|_url$|_uri$"
    r"|endpoint|header|_name$|_field|_type$|tokenizer|algorithm|_path$|_file$|_dir$|_id$|_regex|pattern"
    r"|public|publishable|deprecated|hash_(?:scheme|method|rounds)|encoding|_model$|_mode$|_label|_prefix|_text$|_hint|_message|budget|_per_|template"
    r"|(?<![a-z])token_type|(?:page|cursor|continuation|next|skip|sync)_?token|_claim$|_status$|_scheme$)",
    re.IGNORECASE,
)
_PLAIN_KEY = lazy_pattern(
    r"(?:^|_)(?:primary|foreign|sort|partition|cache|routing|header)_KEY$", re.IGNORECASE
)
_PLACEHOLDER = lazy_pattern(
    r"^(?:$|x{3,}|\*+(?:\w+\*+)?|pk_(?:test|live)_.*|token_temp|\.{3}|<.*>|\[.*\]|\{.*\}|\$\{?.*|%.*%|your[-_ ].*|.*[-_ ]here$|none|null|todo|tbd"
    r"|not[-_ ]?(?:needed|used|set|required)|xox[a-z]-[a-z]+|dummy.*|fake.*|example.*|placeholder.*|changeme_?placeholder)$",
    re.IGNORECASE,
)
_TO_FILL_IN = lazy_pattern(
    r"^(?:your[-_ ].*|.*[-_ ]here|dummy.*|fake.*|example.*|placeholder.*)$", re.IGNORECASE
)
_PROSE = lazy_pattern(
    r"\s|^https?://|^/|^\w+\.(?:html|py|json|txt|db)$|^[A-Z][a-z]+[.!]$"
    r"|^[a-z_]\w*(?:\.[a-z_]\w*)+\.[A-Z][a-z]+[A-Za-z]*$"  # the dotted path of a class
)
_ADDRESS = lazy_pattern(r"https?://|/")
_SPELLED_NAME = lazy_pattern(r"^_?(?:[a-z0-9]+(?:_[a-z0-9]+)+|[A-Z0-9]+(?:_[A-Z0-9]+)+)$")
_WORDS = lazy_pattern(r"^[A-Za-z]+(?:[-_.][A-Za-z]+)*$")
_ISSUED = lazy_pattern(r"(?:CLIENT_SECRET|API_KEY|ACCESS_KEY|_TOKEN)$", re.IGNORECASE)
_STANDS_IN = lazy_pattern(r"dummy|placeholder|your|example|^test(?:ing)?$|^fake", re.IGNORECASE)
_SAYS_NO = lazy_pattern(
    r"(?:^|[-_.])(?:no|not|none|missing|public|anonymous|empty|unused|test|fake)(?:[-_.]|$)",
    re.IGNORECASE,
)
_SPEAKS = lazy_pattern(r"secret|pass|key|change|default|(?:^|[-_])dev(?:$|[-_])")
_SWITCH = lazy_pattern(r"^(?:true|false|yes|no|on|off)$", re.IGNORECASE)
_PURPOSE_OF_SALT = lazy_pattern(
    r"(?:sign|session|reset|confirm|cookie|invit|serializ)\w*_salt$", re.IGNORECASE
)
_HASHED_NAME = lazy_pattern(r"(?:^|_)hash(?:ed)?(?:_|$)", re.IGNORECASE)
_HASHED = lazy_pattern(r"^(?:\$|\w+\$|pbkdf2|scrypt|argon2|bcrypt|[0-9a-f]{32,}$)", re.IGNORECASE)
_KEEPS_DATA = lazy_pattern(r"salt|encrypt|fernet|cipher|aes", re.IGNORECASE)
_SIGNS = lazy_pattern(
    r"^(?:.*_)?(?:secret_?key|jwt_?secret(?:_?key)?|session_?secret|secret|signing_?key)$",
    re.IGNORECASE,
)

_PUBLIC = (
    "VITE_",
    "NEXT_PUBLIC_",
    "REACT_APP_",
    "NUXT_PUBLIC_",
    "EXPO_PUBLIC_",
    "GATSBY_",
    "VUE_APP_",
    "PUBLIC_",
)
"""Prefixes by which Vite, Next.js, Create React App and others tell public variables."""

# a short text is a value of these constants and settings; of other names it is a word too often
_MAY_BE_SHORT = lazy_pattern(r"(?:[A-Z]+_)*(?:SECRET(?:_KEY)?|PASSWORD)$")
_SHORTEST, _SHORT, _LONGEST = 3, 6, 4096
_SIGNERS = ("django.core.signing.", "itsdangerous.")
_KEPT = 4


@dataclass(frozen=True, slots=True)
class HardcodedSecret:
    """A literal in the code that is a secret.

    Attributes:
        node: The string literal.
        name: The name that it is given, as written (``SECRET_KEY``, ``api_key``); may be empty.
        kind: What its shape says it is; empty where only the name tells.
        binding: ``name`` (``KEY = "..."``), ``item`` (``config["KEY"] = "..."``), ``keyword``
            (``Client(api_key="...")``), ``argument`` or ``other``.
    """

    node: ast.Constant
    name: str
    kind: str
    binding: Literal["name", "item", "attribute", "keyword", "other"]


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a name of a variable, key or parameter says that its value is a secret."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return bool(_NAME.search(spaced)) and not _NOT_A_SECRET_NAME.search(spaced)


def is_secret_variable(name: str) -> bool:
    """Whether the value of an environment variable is a secret; ``SUPABASE_KEY`` is one, too."""
    return is_secret_name(name) or (
        name.endswith("_KEY")
        and not _NOT_A_SECRET_NAME.search(name)
        and not _PLAIN_KEY.search(name)
    )


def is_public_by_design(name: str) -> bool:
    """Whether a bundler copies a variable into what browsers load, so that its value is for everybody."""
    return name.startswith(_PUBLIC)


def keeps_data_readable(name: str) -> bool:
    """Whether stored data can only be read with this very value: a salt or an encryption key."""
    return bool(_KEEPS_DATA.search(name))


def signs(name: str) -> bool:
    """Whether only the app itself uses the value, to sign sessions or tokens."""
    return bool(_SIGNS.match(name)) and not keeps_data_readable(name)


def kind_of(value: str) -> str:
    """Return what kind of secret a value is by its shape; empty where the shape says nothing."""
    if not may_hold_secret(value):
        return ""
    for name, shape in _SHAPE_OF.items():
        found = shape.search(value)
        if found and _is_random(found.groupdict().get("value") or found.group(), name):
            return name
    return ""


def is_placeholder(value: str) -> bool:
    """Whether a value only stands for a secret (``your-key-here``, ``<token>``)."""
    return bool(_PLACEHOLDER.match(value.strip())) or len(set(value)) <= 2


def is_issued(name: str) -> bool:
    """Whether a name is that of a key which a service gives to those who use it."""
    return _ISSUED.search(name) is not None


def is_in_words(value: str) -> bool:
    """Whether a value is made of words alone, as no key is that a service issues."""
    return _WORDS.match(value) is not None


def opens_nothing(name: str, value: str) -> bool:
    """Whether a value only stands in for a key that somebody else's service issues (``sk-no-key``).

    What the app itself chooses, such as the key that signs its sessions, is a secret whatever it is.
    """
    if not is_issued(name) or kind_of(value):
        return False
    return (
        is_placeholder(value)
        or bool(_STANDS_IN.search(value))
        or (is_in_words(value) and _SAYS_NO.search(value) is not None)
    )


def is_headed(name: str) -> bool:
    """Whether the last word of a name that has to do with a secret says that it is one."""
    return _HEADED.search(name) is not None


def may_be_value(name: str, value: str) -> bool:
    """Whether a literal can be the secret that its name speaks of.

    A switch is none. Where the name only has to do with a secret (``token_source``), or a key may be
    one of a table (``DISPLAY_NAME_KEY``), plain words are none either, unless they say that they are.
    """
    if _SWITCH.match(value):
        return False
    is_told = is_secret_name(name) and is_headed(name)
    if is_told or not is_in_words(value):
        return True
    return "." not in value and _SPEAKS.search(value) is not None


_FOUND: WeakKeyDictionary[Module, tuple[HardcodedSecret, ...]] = WeakKeyDictionary()


def hardcoded_secrets(module: Module) -> tuple[HardcodedSecret, ...]:
    """Return the literals of a module that are secrets, by shape or by the name they are given."""
    if module not in _FOUND:
        marks = [mark for mark in ANY_MARK if mark.search(module.text)]
        _FOUND[module] = tuple(_hardcoded(module, marks))
    return _FOUND[module]


def all_hardcoded_secrets(modules: Modules) -> Iterator[tuple[Module, HardcodedSecret]]:
    """Yield the literals of some modules that are secrets, module by module."""
    likely = {*modules.having(*MARKS), *modules.spelling(_SPELLED)}
    for module in modules:
        if module in likely:
            for secret in hardcoded_secrets(module):
                yield module, secret


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
        is_short = is_set and not _PLACEHOLDER.match(value.strip())
        if is_placeholder(value) and not (is_known or is_short):
            continue
        if len(value) < _SHORT and not _MAY_BE_SHORT.match(name):
            continue
        # a "hash" that no hash function makes lets nobody in: it marks accounts without a password
        is_mark = _HASHED_NAME.search(name) and not _HASHED.match(value)
        is_prose = _ADDRESS.match(value) if is_set else _PROSE.search(value)
        is_value = is_named and not is_mark and not is_prose
        is_value = is_value and may_be_value(name, value) and not opens_nothing(name, value)
        # an address inside a sentence shows how one is written
        if kind == "password in an address" and len(value.split()) > 1:
            continue
        if kind == "private key" and not _KEY_PART.search(value.partition("KEY-----")[2]):
            continue
        if kind or (
            is_value and not _is_interface_text(module, node) and not _is_name(module, node, name)
        ):
            yield HardcodedSecret(node, name, kind, binding)


_SHOWN = frozenset(["example", "examples", "json_schema_extra", "openapi_examples", "schema_extra"])


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
    return not signs(name) and bool(_SPELLED_NAME.match(value)) and is_secret_name(value)


def _is_renamed(module: Module, node: ast.Constant, name: str) -> bool:
    """Whether a mapping tells only how the same names are written elsewhere (``{"pin": "PIN"}``)."""
    above = module.parent(node)
    if not isinstance(above, ast.Dict):
        return False
    pairs = [(literal_text(k), literal_text(v)) for v, k in _keys(above).items()]
    alike = [k for k, v in pairs if k != v and k.lower() == v.lower()]
    return len(alike) > 1 and name in alike


def mask(text: str) -> str:
    """Return text in which every secret is cut to its first characters.

    Values are found by their shape, and as string literals behind a name that says secret.
    """
    if _KEY_MARK in text:
        text = _KEY_BODY.sub(lambda key: key[1] + _KEY_PART.sub("****", key[2]), text)
        # a piece of a diff may begin in the middle of a key
        text = _KEY_LINE.sub(r"\1****\2", text)
    text = _ANY_SHAPE.sub(_cut, text)
    return _ASSIGNED.sub(_cut_assigned, text)


_KEY_MARK = " PRIVATE KEY-----"
_KEY_BODY = lazy_pattern(
    r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)((?:(?!-----END)[A-Za-z0-9+/=\s\\\"'(),-]){0,20000})"
)
_KEY_PART = lazy_pattern(r"[A-Za-z0-9+/=]{12,}")
_KEY_LINE = lazy_pattern(
    r"^([-+ ]?[ \t]*[\"']?)[A-Za-z0-9+/]{40,}={0,2}((?:\\n)?[\"',)]*)$", re.MULTILINE
)


_ASSIGNED = lazy_pattern(
    r"(?P<head>(?P<name>[A-Za-z_][\w-]*)[\"']?\]?\)?\s*(?:=|:|,|\bor\b)\s*(?:[a-zA-Z_.]+\([^()\n]*?,\s*)?)"
    r"(?P<quote>[\"'])(?P<value>[^\"'\n]{3,})(?P=quote)"
)


def _cut(match: re.Match[str]) -> str:
    value = match.groupdict().get("value")
    if value:
        return match.group().replace(value, "****")
    whole = match.group()
    return whole if whole.startswith("-----") else whole[:_KEPT] + "****"


def _cut_assigned(match: re.Match[str]) -> str:
    value = match["value"]
    if not is_secret_name(match["name"]) or is_placeholder(value) or _PROSE.search(value):
        return match.group()
    quote = match["quote"]
    return f"{match['head']}{quote}****{quote}"


def _is_random(value: str, kind: str) -> bool:
    if kind in {"private key", "password in an address"}:
        return not is_placeholder(value) and value.lower() not in _LOCAL_PASSWORDS
    return entropy(value) >= 3.0 and not is_placeholder(value)


_LOCAL_PASSWORDS = frozenset(
    {"password", "postgres", "root", "secret", "user", "pass", "admin", "test"}
)


def entropy(value: str) -> float:
    """Return how many bits of information each character of a text carries (Shannon)."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


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


_BINDING = frozenset([ast.keyword, ast.Assign, ast.AnnAssign, ast.Dict])
"""What gives a literal a name."""


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
        return target.startswith(_SIGNERS) or name in {"dumps", "loads", "sign", "unsign"}
    return name.rpartition(".")[2] in {
        "render_template", "render_template_string", "TemplateResponse", "url_for", "Field", "Query",
        "Header", "Cookie", "Form", "OAuth2PasswordBearer", "add_argument", "Column", "format",
    }  # fmt: skip
