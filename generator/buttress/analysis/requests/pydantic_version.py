"""Which Pydantic a service runs on, as far as its manifest, its lock file and its code tell."""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from buttress.project.model import Role, Service
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_LOCKED = lazy_pattern(r'name = "pydantic"\r?\nversion = "(\d+)\.')
_PIPENV = lazy_pattern(r'"pydantic":\s*\{[^}]*"version":\s*"==(\d+)\.')
_TWO = ("2.0", "2.5", "2.11", "2.99")
# pydantic_settings, which took BaseSettings over, is made for Pydantic 2
_ONLY_IN_ONE = lazy_pattern(
    r"^\s*(?:from\s+pydantic\s+import\s[^\n]*\bBaseSettings\b|(?:from|import)\s+pydantic\.(?:v1|env_settings)\b)",
    re.MULTILINE,
)


def pydantic_major(service: Service, tree: Tree) -> int:
    """Return 1 or 2; a service that does not say is taken to run on a current one."""
    manifest = service.manifest
    if manifest is not None:
        if manifest.lock is not None:
            text = tree.text(manifest.lock)
            for pattern in (_LOCKED, _PIPENV):
                found = pattern.search(text.content) if text is not None else None
                if found is not None:
                    return 1 if found.group(1) == "1" else 2
        declared = manifest.declares("pydantic")
        if declared is not None and declared.specifier:
            return 1 if _is_one(declared.specifier) else 2
        fastapi = manifest.declares("fastapi")
        sqlmodel = manifest.declares("sqlmodel")
        # the first releases that run on Pydantic 2
        if fastapi is not None and _is_below(fastapi.specifier, "0.100"):
            return 1
        if sqlmodel is not None and _is_below(sqlmodel.specifier, "0.0.14"):
            return 1
    for path in service.files(Role.APP):
        text = tree.text(path)
        if text is not None and "pydantic" in text.content and _ONLY_IN_ONE.search(text.content):
            return 1
    return 2


def _is_one(specifier: str) -> bool:
    specifiers = _specifiers(specifier)
    if specifiers is None:
        return False
    return not any(specifiers.contains(version) for version in _TWO) and not any(
        item.operator in {"==", "==="} and not item.version.startswith("1") for item in specifiers
    )


def _is_below(specifier: str, version: str) -> bool:
    specifiers = _specifiers(specifier)
    if specifiers is None:
        return False
    for item in specifiers:
        try:
            bound = Version(item.version.removesuffix(".*"))
        except InvalidVersion:
            continue
        if item.operator in {"==", "===", "~=", "<"} and bound < Version(version):
            return True
    return False


def _specifiers(text: str) -> SpecifierSet | None:
    """Read a specifier, Poetry's caret and tilde included."""
    parts = []
    for part in text.split(","):
        plain = part.strip()
        if plain[:1] == "^" or (plain[:1] == "~" and plain[:2] != "~="):
            release = re.match(r"\d+(\.\d+)?", plain[1:].strip())
            if release is None:
                return None
            numbers = release.group().split(".")
            keep = 2 if numbers[0] == "0" and len(numbers) > 1 else 1
            plain = "==" + ".".join(numbers[:keep]) + ".*"
        elif plain[:1].isdigit():
            plain = f"=={plain}"
        parts.append(plain)
    try:
        return SpecifierSet(",".join(parts))
    except InvalidSpecifier:
        return None
