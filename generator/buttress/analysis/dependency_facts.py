"""Facts about dependencies: versions with known advisories, and packages that are not what they seem.

Nothing is asked of the network: advisories are those of a dated extract of the PyPA advisory database
(``data/advisories.json``, CC-BY-4.0), and what packages say of themselves stands in ``data/superseded.json``.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from buttress.project.documents import line_of, read_json, text_of
from buttress.project.model import Dependency, Manifest, Place
from buttress.project.requirements import canonical
from buttress.source import Module, Tree
from buttress.source.patterns import lazy_pattern

_LOCKED = lazy_pattern(r'^name = "([^"\n]+)"\nversion = "([^"\n]+)"', re.MULTILINE)
_EXACT = lazy_pattern(r"={2,3}\s*([\w.!+-]+)\Z")
_DEVELOPMENT = lazy_pattern(r"dev|test|lint|doc|ci\b|type", re.IGNORECASE)
_DATA = Path(__file__).parent / "data"

_BACKPORTS = frozenset(["dataclasses", "typing", "contextvars", "enum"])
"""Modules of Python that older versions get from the index under the same name."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A package at the version that is installed.

    Attributes:
        name: Canonical (PEP 503).
        version: As written.
        place: Where it stands.
    """

    name: str
    version: str
    place: Place


@dataclass(frozen=True, slots=True)
class Vulnerable:
    """A pinned version with known advisories.

    Attributes:
        pin: The version.
        ids: Of the advisories, the newest first.
        fixed: The first version that none of the advisories is about, if there is one.
    """

    pin: Pin
    ids: tuple[str, ...]
    fixed: str | None


def _data(name: str) -> Mapping[str, Any]:
    text = (_DATA / name).read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


@cache
def advisories() -> Mapping[str, Any]:
    """Return the extract of the advisory database: its date, and the advisories by package."""
    return _data("advisories.json")


@cache
def superseded() -> Mapping[str, Mapping[str, str]]:
    """Return what packages say of themselves: what to use instead, by name."""
    found: Mapping[str, Mapping[str, str]] = _data("superseded.json")["packages"]
    return found


def pins(tree: Tree, manifest: Manifest | None) -> tuple[Pin, ...]:
    """Return the versions that are installed in production: those of the lock file, else exact ones."""
    if manifest is None:
        return ()
    if manifest.lock is not None:
        return tuple(_locked(tree, manifest.lock))
    found = []
    for item in manifest.dependencies:
        exact = _EXACT.match(item.specifier.strip())
        if exact is not None and not _DEVELOPMENT.search(item.group):
            found.append(Pin(item.name, exact[1], item.place))
    return tuple(found)


def _locked(tree: Tree, path: str) -> Iterator[Pin]:
    text = text_of(tree, path)
    if path.endswith("Pipfile.lock"):
        default = read_json(tree, path).get("default")
        for name, entry in default.items() if isinstance(default, dict) else ():
            version = entry.get("version") if isinstance(entry, dict) else None
            exact = _EXACT.match(version) if isinstance(version, str) else None
            if exact is not None:
                line = line_of(text, '"default"', f'"{name}"')
                yield Pin(canonical(name), exact[1], Place(path, line))
        return
    text = text.replace("\r\n", "\n")
    for found in _LOCKED.finditer(text):
        block = text[found.end() : text.find("[[package]]", found.end())]
        if 'category = "dev"' not in block:
            line = text.count("\n", 0, found.start()) + 1
            yield Pin(canonical(found[1]), found[2], Place(path, line))


def vulnerable(found: Iterable[Pin]) -> Iterator[Vulnerable]:
    """Yield the pinned versions that an advisory is about."""
    known = advisories()["advisories"]
    for pin in found:
        entries = known.get(pin.name, [])
        try:
            version = Version(pin.version)
        except InvalidVersion:
            continue
        hits = [entry for entry in entries if _is_affected(version, entry)]
        if hits:
            ids = tuple(entry[1] or entry[0] for entry in reversed(hits))
            yield Vulnerable(pin, ids, _first_fixed(version, entries))


def _is_affected(version: Version, entry: list[Any]) -> bool:
    _, _, ranges, listed = entry
    return any(_from(start) <= version < Version(end) for start, end in ranges) or any(
        _is_same(version, text) for text in listed
    )


def _from(start: str) -> Version:
    return Version("0.dev0" if start == "0" else start)


def _is_same(version: Version, text: str) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def _first_fixed(version: Version, entries: list[list[Any]]) -> str | None:
    ends = {end for entry in entries for _, end in entry[2]}
    later = sorted(found for found in map(Version, ends) if found > version)
    later.sort(key=lambda found: found.is_prerelease)
    return next(
        (str(end) for end in later if not any(_is_affected(end, entry) for entry in entries)), None
    )


def questionable(
    found: Iterable[Dependency], modules: Iterable[Module]
) -> Iterator[tuple[Dependency, str]]:
    """Yield the requirements that are superseded, or another project than the one that is meant.

    A name of Python's own library is never what is meant: what the index has under it is somebody
    else's. ``jwt`` is another project than PyJWT, and has no ``jwt.encode``.
    """
    modules = list(modules)
    seen: set[str] = set()
    for item in found:
        if item.name in seen:
            continue
        seen.add(item.name)
        entry = superseded().get(item.name)
        module_name = item.name.replace("-", "_")
        if entry is not None:
            yield item, f"{item.name} says of itself that it is {_said(entry)}: use {entry['instead']}."
        elif module_name in sys.stdlib_module_names - _BACKPORTS:
            yield item, f"{item.name} is a module of Python itself: nothing of that name is to be installed."
        elif item.name == "jwt" and any(_uses_pyjwt(module) for module in modules):
            yield item, "The code uses PyJWT; the package jwt is another project."


def _said(entry: Mapping[str, str]) -> str:
    text = entry["says"]
    return f"given up ({text})" if text.startswith("no ") else text


def _uses_pyjwt(module: Module) -> bool:
    if "jwt" not in module.text:
        return False
    return any(
        module.resolve(call.func) in {"jwt.encode", "jwt.decode"} for call in module.nodes(ast.Call)
    )
