"""Folders inside a tree: relative to its root, ``""`` for the root itself, ``/`` between parts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from buttress.source import Tree


def folder_of(path: str) -> str:
    """Return the folder that a file stands in."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def join(folder: str, *parts: str) -> str:
    """Return a path below a folder."""
    return "/".join(filter(None, (folder, *parts)))


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and all above it, the root last."""
    while folder:
        yield folder
        folder = folder_of(folder)
    yield ""


def is_inside(path: str, folder: str) -> bool:
    """Whether a file or folder is the folder itself or stands below it."""
    return folder in {"", path} or path.startswith(folder + "/")


def below(path: str, folder: str) -> str:
    """Return a path relative to a folder that it stands in."""
    return path.removeprefix(folder + "/") if folder else path


def normalized(folder: str, relative: str) -> str | None:
    """Return ``relative`` as seen from ``folder``, or ``None`` where it leaves the tree."""
    path = posixpath.normpath(posixpath.join(folder, relative)) if relative else folder
    if path in {"", "."}:
        return ""
    return None if path.startswith(("..", "/")) else path


def depth(path: str) -> int:
    """Return how many folders a path has."""
    return path.count("/") + (path != "")


class Listing:
    """The files of a tree by their folder.

    Attributes:
        tree: The files.
        paths: All of them, sorted.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.paths = tree.paths
        self._by_folder: dict[str, list[str]] = {}
        for path in self.paths:
            self._by_folder.setdefault(folder_of(path), []).append(path)

    def in_folder(self, folder: str) -> tuple[str, ...]:
        """Return the files that stand in a folder itself, sorted."""
        return tuple(self._by_folder.get(folder, ()))
