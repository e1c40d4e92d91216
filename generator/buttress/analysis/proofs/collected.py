"""Which files pytest looks at when it is started without any."""

from __future__ import annotations

from collections.abc import Iterable

from buttress.project.documents import read_toml, table, text_of
from buttress.project.folders import is_inside
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_TESTPATHS = lazy_pattern(r"(?m)^testpaths[ \t]*=[ \t]*(.*(?:\n[ \t]+\S.*)*)")


def is_collected(tree: Tree, path: str) -> bool:
    """Whether a file is in one of the folders that the configuration above it names (``testpaths``).

    Where it names none, every file is.
    """
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        named = _named(tree, folder)
        if named:
            prefix = f"{folder}/" if folder else ""
            below = path.removeprefix(prefix)
            return any("*" in name or is_inside(below, name) for name in named)
    return True


def _named(tree: Tree, folder: str) -> list[str]:
    """Return what the configuration in a folder names, as it stands there."""
    prefix = f"{folder}/" if folder else ""
    for name in ("pytest.ini", "tox.ini", "setup.cfg"):
        found = _TESTPATHS.search(text_of(tree, prefix + name))
        if found:
            return _clean(found.group(1).split())
    options = table(read_toml(tree, f"{prefix}pyproject.toml"), "tool", "pytest", "ini_options")
    named = options.get("testpaths")
    if isinstance(named, str):
        return _clean(named.split())
    return _clean(map(str, named)) if isinstance(named, list) else []


def _clean(names: Iterable[str]) -> list[str]:
    return ["" if name == "." else name.removeprefix("./").rstrip("/") for name in names]
