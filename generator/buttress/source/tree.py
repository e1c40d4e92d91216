"""The tree: the files of a project at one moment, read lazily and never outside its root."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import cached_property
from pathlib import Path

from buttress.errors import ChangedUnderneathError
from buttress.source.git import git_listing
from buttress.source.keeping import Keeping
from buttress.source.listing import (
    Skipped,
    read_regular,
    regular_files,
    require_folder,
    walk,
)
from buttress.source.module import Module
from buttress.source.parsing import Problem
from buttress.source.stars import Stars
from buttress.source.text import NotTextError, Text, decode, decode_python
from buttress.source.words import Words


class _Index:
    """Paths by what is asked for most often."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.python = tuple(path for path in paths if is_python(path))
        self.by_name: dict[str, list[str]] = {}
        for path in paths:
            self.by_name.setdefault(path.rpartition("/")[2], []).append(path)


class Tree(Keeping):
    """Files by their path relative to the root, with ``/`` as separator.

    Reading is lazy and each file is read, decoded and parsed once.
    """

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], bytes],
        *,
        root: Path | None = None,
        tracked: frozenset[str] | None = None,
        skipped: Iterable[Skipped] = (),
    ) -> None:
        self.root = root
        self.tracked = tracked
        self._listed = frozenset(paths)
        self._read = read
        self._skipped = set(skipped)
        self._bytes: dict[str, bytes] = {}
        self._texts: dict[str, Text | None] = {}
        self._modules: dict[str, Module] = {}
        self._indexed: _Index | None = None
        self._problems: Mapping[str, Problem] | None = None

    @classmethod
    def of(cls, files: Mapping[str, str | bytes]) -> Tree:
        """Return a tree in memory, as tests and the parts of a larger tree need it."""
        data = {
            path: content if isinstance(content, bytes) else content.encode()
            for path, content in files.items()
        }
        return cls(data, data.__getitem__)

    @classmethod
    def open(cls, root: Path) -> Tree:
        """Return the tree below ``root``: what git would track, else a walk with the usual ignores.

        Raises:
            UserError: If ``root`` is no folder or cannot be read.
        """
        require_folder(root)
        root = root.resolve()
        listing = git_listing(root)
        if listing is None:
            names, tracked = walk(root), None
        else:
            names, tracked = listing
        paths, skipped = regular_files(root, names)

        base = os.fspath(root)

        def read(path: str) -> bytes:
            try:
                return read_regular(f"{base}/{path}")
            except OSError as problem:
                raise ChangedUnderneathError(
                    f"{path}: cannot be read any more ({problem.strerror}). Run the command again."
                ) from problem

        return cls(paths, read, root=root, tracked=tracked, skipped=skipped)

    def excluding(self, matches: Callable[[str], bool]) -> Tree:
        """Return this tree without the paths that match; they count as skipped (``excluded``)."""
        excluded = {path for path in self._listed if matches(path)}
        skipped = self._skipped | {Skipped(path, "excluded") for path in excluded}
        kept = self._listed - excluded
        return Tree(kept, self._read, root=self.root, tracked=self.tracked, skipped=skipped)

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths, sorted."""
        return self._sorted

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        return tuple(sorted(self._listed))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was passed over so far, sorted; binary files are known once they were asked for."""
        return tuple(sorted(self._skipped))

    @property
    def reads(self) -> Set[str]:
        """The paths whose bytes were asked for so far."""
        return self._bytes.keys()

    def __contains__(self, path: object) -> bool:
        return path in self._listed

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            KeyError: If the tree has no such path.
            ChangedUnderneathError: If the file cannot be read any more.
        """
        if path not in self:
            raise KeyError(path)
        if path not in self._bytes:
            self._bytes[path] = self._read(path)
        return self._bytes[path]

    def text(self, path: str) -> Text | None:
        """Return a file as text, or ``None`` where it is none (then it counts as skipped)."""
        if path not in self._texts:
            try:
                decoder = decode_python if is_python(path) else decode
                self._texts[path] = decoder(self.read(path))
            except NotTextError:
                self._texts[path] = None
                self._skipped.add(Skipped(path, "binary"))
        return self._texts[path]

    def module(self, path: str) -> Module:
        """Return a Python file, parsed; a file that does not parse has its ``problem`` set."""
        if path not in self._modules:
            text = self.text(path)
            self._modules[path] = Module(path, text, self._stars)
        return self._modules[path]

    @cached_property
    def _stars(self) -> Stars:
        return Stars(self.python_paths(), self.module)

    def python_paths(self) -> tuple[str, ...]:
        """Return the paths of all Python files, sorted."""
        return self._index().python

    def modules(self) -> Iterator[Module]:
        """Yield all Python files, parsed, in the order of their paths."""
        return (self.module(path) for path in self.python_paths())

    @cached_property
    def words(self) -> Words:
        """Which words stand in which Python files; none of these is parsed for it."""
        texts = {path: self.text(path) for path in self.python_paths()}
        return Words({path: text.content for path, text in texts.items() if text is not None})

    def problems(self) -> Mapping[str, Problem]:
        """Return why files do not parse, by path, in the order of the paths."""
        if self._problems is None:
            return {m.path: m.problem for m in self.modules() if m.problem is not None}
        return self._problems

    def recall(self, skipped: Iterable[Skipped], problems: Mapping[str, Problem]) -> None:
        """Take over what was found out about the same files before, to read and parse less."""
        self._skipped.update(skipped)
        self._problems = dict(problems)

    def named(self, *names: str) -> tuple[str, ...]:
        """Return the paths whose last part is one of ``names``, the shallowest first."""
        by_name = self._index().by_name
        found = [path for name in dict.fromkeys(names) for path in by_name.get(name, ())]
        return tuple(sorted(found, key=lambda path: (path.count("/"), path)))

    def _index(self) -> _Index:
        paths = self.paths
        if self._indexed is None or self._indexed.paths is not paths:
            self._indexed = _Index(paths)
        return self._indexed

    def below(self, folder: str) -> tuple[str, ...]:
        """Return the sorted paths inside ``folder`` (``""`` or ``"."`` is the root)."""
        prefix = "" if folder in {"", "."} else folder.rstrip("/") + "/"
        return tuple(path for path in self.paths if path.startswith(prefix))


def is_python(path: str) -> bool:
    """Whether a path names Python source."""
    return path.endswith((".py", ".pyw"))
