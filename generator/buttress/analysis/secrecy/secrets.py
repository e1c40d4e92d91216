"""What is a secret: by its shape, or by the name that it is given."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from buttress.analysis.secrecy.marks import may_hold_secret
from buttress.source.patterns import lazy_pattern

SHAPES = {
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
"""What secrets look like, by kind; ``value`` is the part that is secret, where it is not all."""

_SHAPE_OF = {name: lazy_pattern(shape) for name, shape in SHAPES.items()}
_NAME = lazy_pattern(
    r"(?:^|[_\W])(?:secret(?:_?key)?|api_?key|apikey|access_?key|private_?key|signing_?key|auth_?key"
    r"|encryption_?key|fernet_?key|passw(?:or)?d|passphrase|pwd|token|auth_?token|credentials?|salt"
    r"|client_?secret|webhook_?secret|jwt_?(?:secret|key))(?:$|[_\W])|(?:^|_)pass$",
    re.IGNORECASE,
)
_HEADED = lazy_pattern(
    r"(?:secrets?|keys?|apikey|passw(?:or)?ds?|passphrase|pwd|pass|tokens?|credentials?|salt)_?\d*$",
    re.IGNORECASE,
)
"""The last word of a name says what its value is: ``token_source`` is a source."""

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
PLACEHOLDER = lazy_pattern(
    r"^(?:$|x{3,}(?:[-_]?(?:password|passwd|secret|token|key))?|\*+(?:\w+\*+)?|pk_(?:test|live)_.*|token_temp|\.{3}|<.*>|\[.*\]|\{.*\}|\$\{?.*|%.*%|your[-_ ].*|.*[-_ ]here$|none|null|todo|tbd"
    r"|not[-_ ]?(?:needed|used|set|required)|xox[a-z]-[a-z]+|dummy.*|fake.*|example.*|placeholder.*|changeme_?placeholder"
    r"|a[ks]ia\w+example|\S+examplekey)$",  # the keys of AWS's documentation
    re.IGNORECASE,
)
"""What stands for a secret that is still to come."""

PROSE = lazy_pattern(
    r"\s|^https?://|^/|^\w+\.(?:html|py|json|txt|db)$|^[A-Z][a-z]+[.!]$"
    r"|^[a-z_]\w*(?:\.[a-z_]\w*)+\.[A-Z][a-z]+[A-Za-z]*$"  # the dotted path of a class
)
"""No secret is written so: it is a sentence, an address, a file, or the path of a class."""

_WORDS = lazy_pattern(r"^[A-Za-z]+(?:[-_.][A-Za-z]+)*$")
_ISSUED = lazy_pattern(
    r"(?:CLIENT_SECRET|API_KEY|ACCESS_KEY|_TOKEN|(?:MAIL|SMTP)_?(?:HOST_|AUTH_|APP_)?(?:PASS(?:WORD)?|PWD))$",
    re.IGNORECASE,
)
_STANDS_IN = lazy_pattern(r"dummy|placeholder|your|example|^test(?:ing)?$|^fake", re.IGNORECASE)
_ACCESS_KEY = lazy_pattern(r"(?P<prefix>(?:\w+_)?)access_?key\Z", re.IGNORECASE)
_APP_PASSWORD = lazy_pattern(r"^[a-z]{4}(?: [a-z]{4}){3}$")
"""How Google writes the passwords that it issues to apps."""

_SAYS_NO = lazy_pattern(
    r"(?:^|[-_.])(?:no|not|none|missing|public|free|demo|anonymous|empty|unused|test|fake)(?:[-_.]|$)",
    re.IGNORECASE,
)
_SPEAKS = lazy_pattern(r"secret|pass|key|change|default|(?:^|[-_])dev(?:$|[-_])")
_SWITCH = lazy_pattern(r"^(?:true|false|yes|no|on|off)$", re.IGNORECASE)
_KEEPS_DATA = lazy_pattern(r"salt|encrypt|fernet|cipher|aes", re.IGNORECASE)
_SIGNS = lazy_pattern(
    r"^(?:.*_)?(?:secret_?key|jwt_?secret(?:_?key)?|jwt_?key|session_?secret|secret|signing_?key)$",
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

KEY_PART = lazy_pattern(r"[A-Za-z0-9+/=]{12,}")
"""What the lines of a private key are made of."""

_LOCAL_PASSWORDS = frozenset(
    {"password", "postgres", "root", "secret", "user", "pass", "admin", "test"}
)


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
    return bool(PLACEHOLDER.match(value.strip())) or len(set(value)) <= 2


def is_issued(name: str) -> bool:
    """Whether a name is that of a key which a service gives to those who use it."""
    return _ISSUED.search(name) is not None


def is_in_words(value: str) -> bool:
    """Whether a value is made of words alone, as no key is that a service issues."""
    return _WORDS.match(value) is not None


def is_app_password(name: str, value: str) -> bool:
    """Whether a password is one that Google issued to an app: four groups of four letters."""
    return is_headed(name) and "pass" in name.lower() and _APP_PASSWORD.match(value) is not None


def names_account(name: str, text: str) -> bool:
    """Whether an access key only says whose the secret key is that stands in the same text."""
    found = _ACCESS_KEY.match(name)
    if found is None:
        return False
    prefix = re.escape(found["prefix"])
    return re.search(rf"(?i)\b{prefix}secret_?(?:access_?)?key\b", text) is not None


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

    A switch is none, nor the name of a kind (``urn:...``). Where the name only has to do with a secret (``token_source``), or a key may be
    one of a table (``DISPLAY_NAME_KEY``), plain words are none either, unless they say that they are.
    """
    if _SWITCH.match(value) or value.startswith("urn:"):
        return False
    is_told = is_secret_name(name) and is_headed(name)
    if is_told or not is_in_words(value):
        return True
    return "." not in value and _SPEAKS.search(value) is not None


def _is_random(value: str, kind: str) -> bool:
    if kind in {"private key", "password in an address"}:
        return not is_placeholder(value) and value.lower() not in _LOCAL_PASSWORDS
    return entropy(value) >= 3.0 and not is_placeholder(value)


def entropy(value: str) -> float:
    """Return how many bits of information each character of a text carries (Shannon)."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
