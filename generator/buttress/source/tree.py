"""The tree: the files of a project at one moment, read lazily and never outside its root."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from buttress.errors import ChangedUnderneathError, UserError
from buttress.source.ignore_spec import ignore_spec
from buttress.source.module import Module, Problem
from buttress.source.text import NotTextError, Text, decode, decode_python

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

_STARS = re.compile(r"\*+")
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


class _Index:
    """Paths by what is asked for most often."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.python = tuple(path for path in paths if is_python(path))
        self.by_name: dict[str, list[str]] = {}
        for path in paths:
            self.by_name.setdefault(path.rpartition("/")[2], []).append(path)


class Tree:
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
        _require_folder(root)
        root = root.resolve()
        listing = _git_listing(root)
        if listing is None:
            names, tracked = _walk(root), None
        else:
            names, tracked = listing
        paths, skipped = _regular_files(root, names)

        base = os.fspath(root)

        def read(path: str) -> bytes:
            try:
                return _read_regular(f"{base}/{path}")
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
            self._modules[path] = Module(path, text)
        return self._modules[path]

    def python_paths(self) -> tuple[str, ...]:
        """Return the paths of all Python files, sorted."""
        return self._index().python

    def modules(self) -> Iterator[Module]:
        """Yield all Python files, parsed, in the order of their paths."""
        return (self.module(path) for path in self.python_paths())

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


def _require_folder(root: Path) -> None:
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


def _read_regular(path: str) -> bytes:
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


def is_python(path: str) -> bool:
    """Whether a path names Python source."""
    return path.endswith((".py", ".pyw"))


def run_git(root: Path, *arguments: str) -> bytes | None:
    """Run a reading git command without hooks, monitors or filters; ``None`` where git says no.

    A repository's own configuration may name programs (``core.fsmonitor``); none is started.
    """
    environment = _git_environment()
    if arguments[0] == "status":
        environment |= _filters_off(root)
    command = _git_command(root, *arguments)
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


def start_git(root: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a reading git command that is asked many times, as careful as ``run_git``.

    Raises:
        OSError: If git cannot be started.
    """
    return subprocess.Popen(
        _git_command(root, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_git_environment(),
    )


def _git_command(root: Path, *arguments: str) -> list[str]:
    command = ["git", "-C", os.fspath(root), "-c", "core.fsmonitor=false"]
    return [*command, "-c", "core.hooksPath=/dev/null", *arguments]


def _git_environment() -> dict[str, str]:
    hidden = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _filters_off(root: Path) -> dict[str, str]:
    """Return settings under which git starts no filter that the repository itself defines.

    To tell whether a file changed, git would run it through ``filter.<name>.clean``.
    """
    out = run_git(root, "config", "--includes", "--show-scope", "-z", "--get-regexp", "^filter[.]")
    words = (out or b"").split(b"\0")
    names = {
        os.fsdecode(entry.partition(b"\n")[0]).rpartition(".")[0]
        for scope, entry in zip(words[::2], words[1::2], strict=False)
        if scope in {b"local", b"worktree"}
    }
    settings = [
        (f"{name}.{key}", value)
        for name in sorted(names)
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    ]
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _git_listing(root: Path) -> tuple[list[str | None], frozenset[str]] | None:
    out = run_git(
        root, "ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--deduplicate"
    )
    if out is None:
        return None
    names: list[str | None] = []
    tracked: set[str] = set()
    for entry in out.split(b"\0"):
        if not entry:
            continue
        tag, _, raw = entry.partition(b" ")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            names.append(None)
            continue
        names.append(name)
        if tag != b"?":
            tracked.add(name)
    return names, frozenset(tracked)


def _walk(root: Path) -> list[str | None]:
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
        text = _read_regular(path).decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.splitlines()[:_MOST_PATTERNS]
    return [line for line in lines if len(_STARS.findall(line)) <= _MOST_STARS]


def is_foreign_folder(folder: Path) -> bool:
    """Whether a folder holds a virtual environment, a package store or a cache."""
    return folder.name in FOREIGN_FOLDERS or (folder / "pyvenv.cfg").is_file()


def _regular_files(root: Path, names: Iterable[str | None]) -> tuple[list[str], list[Skipped]]:
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
