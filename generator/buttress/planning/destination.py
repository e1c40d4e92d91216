"""What already stands where a recipe wants to write: listed, ignored by git, or only on the disk."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from buttress.source import Tree
from buttress.source.ignore_spec import ignore_spec

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def stands(tree: Tree, path: str) -> bool:
    """Whether a file, folder or link stands at ``path``, or a file where it needs a folder.

    Files that the tree leaves out (ignored by git, too large, links) count: nothing may write over
    them. So does a name that differs in capitals alone: many disks take it for the same file.
    """
    wanted = path.lower()
    if any(
        known == wanted or known.startswith(wanted + "/") for known in map(str.lower, tree.paths)
    ):
        return True
    parents = [parent.as_posix() for parent in PurePosixPath(path).parents][:-1]
    if any(parent in tree for parent in parents):
        return True
    if tree.root is None:
        return False
    root = os.fspath(tree.root)
    return os.path.lexists(os.path.join(root, path)) or any(  # noqa: PTH118 - lexists has no twin
        os.path.lexists(folder := os.path.join(root, parent))  # noqa: PTH118
        and (os.path.islink(folder) or not os.path.isdir(folder))  # noqa: PTH112, PTH114
        for parent in parents
    )


class Ignored:
    """The patterns of all ``.gitignore`` files of a tree."""

    def __init__(self, tree: Tree) -> None:
        self._specs = list(_specs(tree))

    def __contains__(self, path: object) -> bool:
        """Whether git would leave out a file that is made at ``path``."""
        if not isinstance(path, str):
            return False
        for folder, spec in self._specs:
            if folder == "" or path.startswith(folder + "/"):
                inside = posixpath.relpath(path, folder or ".")
                if spec.match_file(inside):
                    return True
        return False


def _specs(tree: Tree) -> Iterable[tuple[str, GitIgnoreSpec]]:
    for path in tree.named(".gitignore"):
        text = tree.text(path)
        if text is not None:
            yield path.rpartition("/")[0], ignore_spec(text.content.splitlines())
