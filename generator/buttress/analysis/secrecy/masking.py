"""Text with its secrets cut short, so that it can be shown."""

from __future__ import annotations

import re

from buttress.analysis.secrecy.marks import may_hold_secret
from buttress.analysis.secrecy.secrets import (
    KEY_PART,
    PROSE,
    SHAPES,
    is_app_password,
    is_placeholder,
    is_secret_name,
    signs,
)
from buttress.source.patterns import lazy_pattern

_ANY_SHAPE = lazy_pattern("|".join(f"(?:{shape})" for shape in SHAPES.values()))
_KEPT = 4
_KEY_MARK = " PRIVATE KEY-----"
_KEY_BODY = lazy_pattern(
    r"(-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----)((?:(?!-----END)[A-Za-z0-9+/=\s\\\"'(),-]){0,20000})"
)
_KEY_LINE = lazy_pattern(
    r"^([-+ ]?[ \t]*[\"']?)[A-Za-z0-9+/]{40,}={0,2}((?:\\n)?[\"',)]*)$", re.MULTILINE
)
_ASSIGNED = lazy_pattern(
    r"(?P<head>(?P<name>[A-Za-z_][\w-]*)[\"']?\]?\)?\s*(?:==?|!=|:|,|\bor\b)\s*(?:[a-zA-Z_.]+\([^()\n]*?,\s*)?[bBrRuU]{0,2})"
    r"(?P<quote>[\"'])(?P<value>[^\"'\n]{3,})(?P=quote)"
)


def mask(text: str) -> str:
    """Return text in which every secret is cut to its first characters.

    Values are found by their shape, and as string literals behind a name that says secret.
    """
    if _KEY_MARK in text:
        text = _KEY_BODY.sub(lambda key: key[1] + KEY_PART.sub("****", key[2]), text)
        # a piece of a diff may begin in the middle of a key
        text = _KEY_LINE.sub(r"\1****\2", text)
    if may_hold_secret(text):
        text = _ANY_SHAPE.sub(_cut, text)
    return _ASSIGNED.sub(_cut_assigned, text) if '"' in text or "'" in text else text


def _cut(match: re.Match[str]) -> str:
    value = match.groupdict().get("value")
    if value:
        return match.group().replace(value, "****")
    whole = match.group()
    return whole if whole.startswith("-----") else whole[:_KEPT] + "****"


def _cut_assigned(match: re.Match[str]) -> str:
    name, value = match["name"], match["value"]
    if not is_secret_name(name) or is_placeholder(value):
        return match.group()
    # an app may sign with a sentence, and passwords of apps are issued with spaces
    if PROSE.search(value) and not signs(name) and not is_app_password(name, value):
        return match.group()
    quote = match["quote"]
    return f"{match['head']}{quote}****{quote}"
