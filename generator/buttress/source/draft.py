"""The draft: a tree with pending changes in memory. Nothing touches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from buttress.source.listing import Skipped
from buttress.source.module import Module
from buttress.source.text import Text
from buttress.source.tree import Tree

Kind = Literal["create", "modify", "delete"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after.

    Attributes:
        path: Relative to the root of the tree.
        before: The bytes as read; ``None`` for a file that is created.
        after: The bytes to be; ``None`` for a file that is deleted.
    """

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def kind(self) -> Kind:
        """Say what happens to the file."""
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "modify"


class Draft(Tree):
    """A tree on top of ``base``; writing what already stands there cancels a pending change.

    Args:
        base: The tree below, which may itself be a draft. It is never changed.
    """

    def __init__(self, base: Tree) -> None:
        super().__init__((), base.read, root=base.root, tracked=base.tracked)
        self.base = base
        self._pending: dict[str, bytes | None] = {}
        self._now: tuple[str, ...] | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths after the pending changes, sorted."""
        if self._now is None:
            gone = {path for path, data in self._pending.items() if data is None}
            kept = set(self.base.paths) - gone
            self._now = tuple(sorted(kept | (self._pending.keys() - gone)))
        return self._now

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What the base passed over."""
        return self.base.skipped

    def __contains__(self, path: object) -> bool:
        if path in self._pending:
            return self._pending[path] is not None
        return path in self.base

    def read(self, path: str) -> bytes:
        """Return the bytes of a file as they will be."""
        if path in self._pending:
            data = self._pending[path]
            if data is None:
                raise KeyError(path)
            return data
        return self.base.read(path)

    def text(self, path: str) -> Text | None:
        """Return a file as text as it will be."""
        return super().text(path) if path in self._pending else self.base.text(path)

    def module(self, path: str) -> Module:
        """Return a Python file as it will be; an unchanged one is parsed only once for all drafts."""
        return super().module(path) if path in self._pending else self.base.module(path)

    def write(self, path: str, data: bytes | str | Text) -> None:
        """Set the content of a file.

        Raises:
            ValueError: If the path leaves the root.
        """
        if path.startswith("/") or ".." in path.split("/") or "\\" in path or path in {"", "."}:
            raise ValueError(f"{path!r} is no path inside the project")
        if isinstance(data, (Text, str)):
            data = data.encode()
        self._set(path, data)

    def delete(self, path: str) -> None:
        """Remove a file.

        Raises:
            KeyError: If the draft has no such path.
        """
        if path not in self:
            raise KeyError(path)
        self._set(path, None)

    def _set(self, path: str, data: bytes | None) -> None:
        for cache in (self._texts, self._modules):
            cache.pop(path, None)
        self._now = None
        stands = self.base.read(path) if path in self.base else None
        if stands == data:
            self._pending.pop(path, None)
        else:
            self._pending[path] = data

    def changes(self) -> tuple[FileChange, ...]:
        """Return what differs from the base, in the order of the paths."""
        return tuple(
            FileChange(
                path,
                self.base.read(path) if path in self.base else None,
                data,
            )
            for path, data in sorted(self._pending.items())
        )
