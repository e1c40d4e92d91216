"""The templates of a project, and what each prints where it may do harm."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.once import once_for_tree
from buttress.analysis.taint.printing import Page, Path, Printed, read_page, seen_from
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_ENDINGS = (".html", ".htm", ".j2", ".jinja", ".jinja2")
_MAY_HARM = lazy_pattern(
    r"\bsafe\b|autoescape|<script|=\s*\{\{|\b(?:href|src|action|formaction|data)\s*=\s*[\"']\s*\{\{"
    r"|\b(?:on\w+|x-[\w.:-]+|v-[\w.:-]+)\s*=|[@:]\w[\w.:-]*\s*="
)
_PARTS = lazy_pattern(r"\{%[-+]?\s*(?:include|extends)\b")
_DEEPEST = 5
_MOST = 300
_MOST_PAGES = 60
_NONE = Page((), ())


class Templates:
    """The templates of a tree.

    Args:
        tree: The files.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_name: dict[str, list[str]] = {}
        self._pages: dict[str, Page] = {}
        self._printed: dict[str, tuple[Printed, ...]] = {}
        for path in tree.paths:
            if path.endswith(_ENDINGS):
                self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def __bool__(self) -> bool:
        return any(self.page(path).printed for path in self.paths)

    @property
    def paths(self) -> Iterator[str]:
        """The files that may be templates."""
        return (path for paths in self._by_name.values() for path in paths)

    def page(self, path: str) -> Page:
        """Return what a file prints by itself."""
        if path not in self._pages:
            text = self._tree.text(path)
            content = text.content if text is not None else ""
            is_worth_it = "{" in content and (_MAY_HARM.search(content) or _PARTS.search(content))
            self._pages[path] = read_page(path, content) if is_worth_it else _NONE
        return self._pages[path]

    def printed(self, name: str, near: str = "") -> tuple[Printed, ...]:
        """Return what a template prints where it may do harm, with its parts and what it is a part of.

        Args:
            name: What code calls it.
            near: The file of that code: of several templates the nearest is meant.
        """
        path = self.find(name, near)
        if path is None:
            return ()
        if path not in self._printed:
            found = list(self._with_parts(path, {}, [path], 0))
            self._printed[path] = tuple(dict.fromkeys(found[:_MOST]))
        return self._printed[path]

    def _with_parts(
        self, path: str, known: dict[str, Path | None], seen: list[str], depth: int
    ) -> Iterator[Printed]:
        page = self.page(path)
        for printed in page.printed:
            yield seen_from(printed, known)
        for part in page.included:
            inner = self.find(part.name, path)
            if inner is None or depth >= _DEEPEST or len(seen) > _MOST_PAGES:
                continue
            seen.append(inner)
            names = {name: _renamed(target, known) for name, target in part.known.items()}
            yield from self._with_parts(inner, {**known, **names}, seen, depth + 1)

    def find(self, name: str, near: str = "") -> str | None:
        """Return the file that a template is, by the name that code, or another one, calls it."""
        name = name.lstrip("./")
        candidates = self._by_name.get(name.rpartition("/")[2], [])
        fitting = [path for path in candidates if path == name or path.endswith("/" + name)]
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        return min(
            fitting,
            key=lambda path: (
                not _is_root(path, name),
                -_shared(path, near),
                path.count("/"),
                path,
            ),
        )


def _is_root(path: str, name: str) -> bool:
    """Whether what stands before the name is a folder of templates, and no folder inside one."""
    return path.removesuffix(name).rstrip("/").rpartition("/")[2] in {"templates", "template"}


def _renamed(target: Path | None, known: dict[str, Path | None]) -> Path | None:
    if target is None or target[0] not in known:
        return target
    above = known[str(target[0])]
    return None if above is None else (*above, *target[1:])


def _shared(path: str, other: str) -> int:
    """Return how many folders two files have in common from the root on."""
    count = 0
    for one, two in zip(path.split("/")[:-1], other.split("/")[:-1], strict=False):
        if one != two:
            break
        count += 1
    return count


@once_for_tree
def templates_of(tree: Tree) -> Templates:
    """Return the templates of a tree, read once."""
    return Templates(tree)
