"""The files below a folder: which of them are somebody's own, and how they are read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from buttress.errors import UserError
from buttress.source.ignore_spec import ignore_spec
from buttress.source.patterns import lazy_pattern

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_BYTES = 1024 * 1024
"""Larger files are passed over and counted: no one wrote them by hand."""

_OPEN = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)

_STARS = lazy_pattern(r"\*+")
_MOST_STARS = 4
_MOST_PATTERNS = 1000

FOREIGN_FOLDERS = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        ".tox",
        ".nox",
        ".venv",
        "venv",
        "virtualenv",
        "node_modules",
        "bower_components",
        "site-packages",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".terraform",
        ".eggs",
        "__pypackages__",
    ]
)
"""Folders that hold nobody's own code, even where somebody committed them."""


@dataclass(frozen=True, slots=True, order=True)
class Skipped:
    """A file or folder that was passed over.

    Attributes:
        path: Relative to the root, with ``/``.
        reason: ``foreign`` (an environment or a package store), ``large``, ``link``, ``binary``,
            ``special`` (no regular file), ``unreadable``, ``name`` (not valid UTF-8) or ``excluded``
            (by the configuration).
    """

    path: str
    reason: str


def require_folder(root: Path) -> None:
    """Refuse what is no folder, or one that this user may not list."""
    try:
        os.scandir(root).close()
    except FileNotFoundError:
        raise UserError(f"{root}: no such folder. Give the root folder of the project.") from None
    except NotADirectoryError:
        raise UserError(f"{root} is a file. Give the root folder of the project.") from None
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise UserError(f"{root}: this folder cannot be read ({why}).") from problem


def read_regular(path: str) -> bytes:
    """Read a file that was a regular one of bounded size when it was listed; never wait for it."""
    handle = os.open(path, _OPEN)
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_BYTES:
            raise OSError(errno.ESTALE, "it changed meanwhile")
        data = os.read(handle, MAX_BYTES + 1)
        while more := os.read(handle, MAX_BYTES + 1) if len(data) < info.st_size else b"":
            data += more
        return data
    finally:
        os.close(handle)


def walk(root: Path) -> list[str | None]:
    """Return the paths below a folder that no ``.gitignore`` in it excludes.

    A name that is not valid UTF-8 stands there as ``None``, a folder that was not entered ends in ``/``.
    """
    names: list[str | None] = []
    specs: dict[str, GitIgnoreSpec] = {}

    def ignored(name: str, *, folder: bool) -> bool:
        probe = name + "/" if folder else name
        base = name
        while base:
            base, _, _ = base.rpartition("/")
            spec = specs.get(base)
            if spec is not None and spec.match_file(probe[len(base) + 1 if base else 0 :]):
                return True
        return False

    for folder, folders, files in os.walk(root):
        base = Path(folder).relative_to(root).as_posix()
        base = "" if base == "." else base
        if ".gitignore" in files:
            lines = _ignore_lines(f"{folder}/.gitignore")
            specs[base] = ignore_spec(lines)
        prefix = base + "/" if base else ""
        folders[:] = sorted(
            name
            for name in folders
            if name not in {".git", ".hg", ".svn"} and not ignored(prefix + name, folder=True)
        )
        for name in list(folders):
            if (Path(folder) / name).is_symlink():
                folders.remove(name)
                names.append(prefix + name)
            elif _reason_to_pass_over(Path(folder) / name) is not None:
                folders.remove(name)
                names.append(prefix + name + "/")
        for name in files:
            try:
                name.encode("utf-8")
            except UnicodeEncodeError:
                names.append(None)
                continue
            if not ignored(prefix + name, folder=False):
                names.append(prefix + name)
    return names


def _ignore_lines(path: str) -> list[str]:
    """Return the patterns of an ignore file, but none that takes long to match."""
    try:
        text = read_regular(path).decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.splitlines()[:_MOST_PATTERNS]
    return [line for line in lines if len(_STARS.findall(line)) <= _MOST_STARS]


def is_foreign_folder(folder: Path) -> bool:
    """Whether a folder holds a virtual environment, a package store or a cache."""
    return folder.name in FOREIGN_FOLDERS or (folder / "pyvenv.cfg").is_file()


def regular_files(root: Path, names: Iterable[str | None]) -> tuple[list[str], list[Skipped]]:
    """Return which of the listed paths are files to read, and what was passed over with its reason."""
    paths: list[str] = []
    skipped: list[Skipped] = []
    folders = _Folders(root, skipped)
    base = os.fspath(root)
    for name in names:
        if name is None:
            skipped.append(Skipped("(a file)", "name"))
        elif _leads_out(name):
            skipped.append(Skipped(name, "link"))
        elif name.endswith("/"):
            # a nested repository, or a folder that the walk did not enter
            skipped.append(Skipped(name, _reason_to_pass_over(root / name) or "foreign"))
        elif not folders.are_passed_over(name):
            reason = _reason_to_skip(f"{base}/{name}")
            if reason is None:
                paths.append(name)
            elif reason != "gone":
                skipped.append(Skipped(name, reason))
    return paths, skipped


class _Folders:
    """Which folders are links or nobody's own code; each is named once in ``skipped``."""

    def __init__(self, root: Path, skipped: list[Skipped]) -> None:
        self._root = root
        self._skipped = skipped
        self._known: dict[str, bool] = {}

    def are_passed_over(self, name: str) -> bool:
        """Whether one of the folders above a file is."""
        folder, _, _ = name.rpartition("/")
        unknown = []
        while folder and folder not in self._known:
            unknown.append(folder)
            folder, _, _ = folder.rpartition("/")
        passed = self._known.get(folder, False)
        for folder in reversed(unknown):
            if not passed:
                reason = _reason_to_pass_over(self._root / folder)
                if reason is not None:
                    self._skipped.append(Skipped(folder + "/", reason))
                    passed = True
            self._known[folder] = passed
        return passed


def _leads_out(name: str) -> bool:
    """Whether a path, which only a forged index can list, is none inside the project."""
    return name.startswith("/") or not {"..", ".git"}.isdisjoint(name.lower().split("/"))


def _reason_to_pass_over(folder: Path) -> str | None:
    try:
        # git may still list what stands behind a link that was a folder before
        if folder.is_symlink():
            return "link"
        if not os.access(folder, os.R_OK | os.X_OK) and folder.exists():
            return "unreadable"
        return "foreign" if is_foreign_folder(folder) else None
    except PermissionError:
        return "unreadable"


def _reason_to_skip(path: str) -> str | None:
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        # deleted, but still in the index
        return "gone"
    except OSError:
        return "unreadable"
    if stat.S_ISLNK(info.st_mode):
        return "link"
    if not stat.S_ISREG(info.st_mode):
        return "special"
    if info.st_size > MAX_BYTES:
        return "large"
    return None if os.access(path, os.R_OK) else "unreadable"
