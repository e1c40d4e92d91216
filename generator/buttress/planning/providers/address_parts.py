"""Addresses in parts: ``DB_HOST``, ``DB_PORT`` and so on, where no variable holds a whole URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from buttress.source.patterns import lazy_pattern

_FAMILIES: Mapping[str, str] = MappingProxyType(
    {"postgresql": "DB|DATABASE|POSTGRES|POSTGRESQL|PG|SQL", "mysql": "DB|DATABASE|MYSQL|SQL"}
)
_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "host": "HOST|HOSTNAME|SERVER",
        "port": "PORT",
        "user": "USER|USERNAME",
        "password": "PASSWORD|PASS",
        "name": "NAME|DATABASE|DB",
    }
)
_QUOTED = lazy_pattern(r"[\"']([A-Z][A-Z_]{3,40})[\"']")
_FIELD = lazy_pattern(r"^[ \t]+([A-Za-z][A-Za-z_]{3,40})[ \t]*:[ \t]*(?:str|int|SecretStr)\b")


def database_parts(kind: str, texts: Iterable[str]) -> dict[str, str]:
    """Return the variables that hold the parts of a database's address: part by variable.

    Nothing is returned where the code does not read the host that way.

    Args:
        kind: ``postgresql`` or ``mysql``.
        texts: The code of the app.
    """
    names = _names(texts)
    for prefix in _FAMILIES[kind].split("|"):
        found = {
            name: part
            for part, words in _PARTS.items()
            for word in words.split("|")
            for name in (f"{prefix}_{word}", f"{prefix}{word}")
            if name in names
        }
        if {"host", "password"} <= set(found.values()):
            return found
    return {}


def _names(texts: Iterable[str]) -> set[str]:
    names: set[str] = set()
    for text in texts:
        names.update(_QUOTED.findall(text))
        if "BaseSettings" in text and "env_prefix" not in text:
            for line in text.split("\n"):
                if field := _FIELD.match(line):
                    names.add(field.group(1).upper())
    return names
