"""Requirement strings and requirements files, with the files that they include."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.project.documents import text_of
from buttress.project.folders import folder_of, name_of, normalized
from buttress.project.model import Dependency, Place
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_REQUIREMENT = lazy_pattern(
    r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*"
    r"(@\s*\S+|\(?\s*(?:[<>=!~^]=?=?[^;#(){}\[\]]*)?)"
)
_INCLUDE = lazy_pattern(r"(?:-r|--requirement)(?:\s+|=)(\S+)")
_DEVELOPMENT = lazy_pattern(
    r"(?:\A|[-_./])(dev|develop|development|test|tests|testing|lint|docs?|ci)\b"
)
_EGG = lazy_pattern(r"#egg=([\w.-]+)")
_DEEPEST = 8


def canonical(name: str) -> str:
    """Return a distribution's name in the form that all spellings share (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_requirement(text: str, place: Place, group: str = "") -> Dependency | None:
    """Read one requirement (PEP 508) as leniently as people write them."""
    match = _REQUIREMENT.match(text)
    if match is None:
        return None
    extras = tuple(sorted(part.strip() for part in (match[2] or "").split(",") if part.strip()))
    specifier = match[3].strip().strip("()").strip()
    return Dependency(canonical(match[1]), specifier, place, group, extras)


def group_of_file(path: str) -> str:
    """Return ``dev`` or the like for ``requirements-dev.txt``, nothing for what runs."""
    match = _DEVELOPMENT.search(name_of(path).removesuffix(".txt").lower())
    return match[1] if match else ""


def read_requirements(
    tree: Tree, path: str, group: str = "", depth: int = 0
) -> Iterator[Dependency]:
    """Yield what a requirements file asks for, ``-r`` includes among them."""
    if depth > _DEEPEST:
        return
    pending = ""
    for number, line in enumerate(text_of(tree, path).splitlines(), 1):
        text = pending + re.sub(r"(?:\A|\s)#.*", "", line).strip()
        if text.endswith("\\"):
            pending = text[:-1]
            continue
        pending = ""
        include = _INCLUDE.match(text)
        if include:
            inner = normalized(folder_of(path), include[1])
            if inner is not None and inner in tree and inner != path:
                yield from read_requirements(tree, inner, group, depth + 1)
            continue
        dependency = _line(text, Place(path, number), group)
        if dependency is not None:
            yield dependency


def _line(text: str, place: Place, group: str) -> Dependency | None:
    egg = _EGG.search(text)
    if egg:
        return Dependency(canonical(egg[1]), text.partition("#egg=")[0], place, group)
    if not text or text.startswith(("-", "/", "./", "../", "http:", "https:", "git+")):
        return None
    return read_requirement(text.partition(" --")[0], place, group)
