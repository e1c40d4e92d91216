"""What ``from module import *`` brings: the names that a file uses and does not bind itself."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator

from buttress.source.names import Names

_MOST_FILES = 40


class Stars:
    """Finds names behind star imports, in the files of a tree.

    Args:
        paths: The Python files.
        module: Gives one of them, parsed.
    """

    def __init__(self, paths: Iterable[str], module: Callable[[str], Names]) -> None:
        self._paths = frozenset(paths)
        self._module = module
        parts = {part.removesuffix(".py") for path in self._paths for part in path.split("/")}
        self._own = frozenset(parts)

    def target(self, path: str, importer: Names, name: str) -> str | None:
        """Return what a name stands for that a file uses and does not bind.

        A star import of the project's own brings what its file binds: names without a leading
        ``_``, or those in ``__all__``. What none of them brings comes from the one library that
        everything is imported from, if there is one.
        """
        found = self._found(path, importer, name, set())
        if found is not None:
            return found
        if name.startswith("_") or hasattr(builtins, name):
            return None
        others = [base for base, own in self._stars(path, importer) if own is None]
        return f"{others[0]}.{name}" if len(others) == 1 and others[0][:1] != "." else None

    def _found(self, path: str, importer: Names, name: str, seen: set[str]) -> str | None:
        for base, own in self._stars(path, importer):
            if own is None or own in seen or len(seen) >= _MOST_FILES:
                continue
            seen.add(own)
            module = self._module(own)
            if not _offers(module, name):
                continue
            if module.binds(name):
                target = module.top(name)
            else:
                target = self._found(own, module, name, seen)
                if target is None:
                    continue
            first = target.partition(".")[0] if target is not None else ""
            return target if first and first not in self._own else _joined(base, name)
        return None

    def _stars(self, path: str, module: Names) -> Iterator[tuple[str, str | None]]:
        """Yield the star imports of a file, the last first, with the file of the project that each names."""
        folder = path.rpartition("/")[0]
        for node in reversed(module.star_imports):
            base = "." * node.level + (node.module or "")
            yield base, self._file(folder, node)

    def _file(self, folder: str, node: ast.ImportFrom) -> str | None:
        inside = (node.module or "").replace(".", "/")
        folders = _upwards(folder)
        if node.level:
            folders = folders[node.level - 1 : node.level]
        for above in folders:
            file = "/".join(part for part in (above, inside) if part)
            for candidate in (f"{file}/__init__.py".lstrip("/"), f"{file}.py"):
                if candidate in self._paths:
                    return candidate
        return None


def _upwards(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]


def _joined(base: str, name: str) -> str:
    return f"{base}{name}" if base.endswith(".") else f"{base}.{name}"


def _offers(module: Names, name: str) -> bool:
    """Whether a star import of a file brings a name, if the file binds it."""
    listed = module.offered
    return name in listed if listed is not None else not name.startswith("_")
