"""Templates that put a value into a page as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.once import once_for_tree
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_ENDINGS = (".html", ".htm", ".j2", ".jinja", ".jinja2")
_PRINTED = lazy_pattern(
    r"\{\{-?\s*([A-Za-z_]\w*)((?:[^{}]|\{[^{])*?)\|\s*safe\s*(?:\|[^{}]*)?-?\}\}"
)
_SAFE_ANYWAY = lazy_pattern(r"\|\s*(?:tojson|json_script|escape|e|escapejs|striptags|bleach|clean|sanitize\w*)\b")  # fmt: skip
_UNESCAPED_BLOCK = lazy_pattern(
    r"\{%-?\s*autoescape\s+(?:off|false)\s*-?%\}(.*?)\{%-?\s*endautoescape", re.DOTALL
)
_NAME = lazy_pattern(r"\{\{-?\s*([A-Za-z_]\w*)")


class Templates:
    """The templates of a tree.

    Args:
        tree: The files.
    """

    def __init__(self, tree: Tree) -> None:
        self._unescaped: dict[str, frozenset[str]] = {}
        for path in tree.paths:
            if path.endswith(_ENDINGS):
                text = tree.text(path)
                content = text.content if text is not None else ""
                if "safe" in content or "autoescape" in content:
                    names = frozenset(_names(content))
                    if names:
                        self._unescaped[path] = names

    def __bool__(self) -> bool:
        return bool(self._unescaped)

    def unescaped(self, name: str) -> frozenset[str]:
        """Return the names whose values a template does not escape, by the name that code calls it."""
        name = name.removeprefix("/")
        for path, names in self._unescaped.items():
            if path == name or path.endswith("/" + name):
                return names
        return frozenset()


def _names(content: str) -> Iterator[str]:
    for match in _PRINTED.finditer(content):
        if not _SAFE_ANYWAY.search(match.group(2)):
            yield match.group(1)
    for block in _UNESCAPED_BLOCK.finditer(content):
        yield from _NAME.findall(block.group(1))


@once_for_tree
def templates_of(tree: Tree) -> Templates:
    """Return the templates of a tree, read once."""
    return Templates(tree)
