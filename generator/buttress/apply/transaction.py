"""Writing is a transaction: on any failure, or Ctrl-C, all files are as they were."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from buttress.errors import ChangedUnderneathError, UserError
from buttress.source import FileChange

_NEW = ".buttress-new"
_OLD = ".buttress-old"


@dataclass
class _Step:
    """One file on its way: what is prepared beside it, and what would bring it back."""

    change: FileChange
    target: Path
    new: Path | None = None
    old: Path | None = None
    done: bool = False


@dataclass
class _Progress:
    steps: list[_Step]
    created_folders: list[Path] = field(default_factory=list)


def check_writable(root: Path, changes: Sequence[FileChange]) -> None:
    """Make sure that every file is as it was read and may be written.

    Raises:
        ChangedUnderneathError: If a file is not what it was when it was read.
        UserError: If a file is read-only, or stands behind a link.
    """
    for change in changes:
        target = root / change.path
        _refuse_links(root, change.path)
        current = _bytes_of(target)
        if current != change.before:
            raise ChangedUnderneathError(
                f"{change.path} was changed while this ran. Nothing was written; run it again."
            )
        if current is not None and not target.stat().st_mode & stat.S_IWUSR:
            raise UserError(
                f"{change.path} is read-only. Make it writable (chmod u+w) or leave its recipe out;"
                " nothing was written."
            )


def write(root: Path, changes: Sequence[FileChange]) -> list[str]:
    """Write all changes, or none.

    Every file is prepared beside its target, then renamed into place. The original stays linked
    beside it until all are in place, so that going back needs no disk space.

    Args:
        root: The project.
        changes: What to write; ``before`` must be what stands there.

    Returns:
        The folders that were created, relative to ``root``, outermost first.

    Raises:
        ChangedUnderneathError: If a file is not what it was when it was read.
        UserError: If the disk is full or a file cannot be written; all files are as before.
        KeyboardInterrupt: After everything was put back.
    """
    check_writable(root, changes)
    progress = _Progress([_Step(change, root / change.path) for change in changes])
    with _held_signals() as interrupted:
        try:
            for step in progress.steps:
                _prepare(root, step, progress)
                _stop_if(interrupted)
            check_writable(root, changes)
            for step in progress.steps:
                _put(step)
                _stop_if(interrupted)
        except BaseException as problem:
            _put_back(progress)
            if isinstance(problem, OSError):
                raise UserError(
                    f"{problem.filename or root}: {problem.strerror}. Nothing was changed."
                ) from problem
            raise
        _clean_up(progress)
    return [folder.relative_to(root).as_posix() for folder in progress.created_folders]


def remove_folders(root: Path, folders: Sequence[str]) -> None:
    """Remove those of the folders that are empty, innermost first."""
    for folder in reversed(folders):
        with contextlib.suppress(OSError):
            (root / folder).rmdir()


def _refuse_links(root: Path, path: str) -> None:
    current = root
    for part in path.split("/"):
        current = current / part
        if current.is_symlink():
            raise UserError(
                f"{current.relative_to(root).as_posix()} is a link; nothing is written through links."
                " Leave the recipe out that changes it, or replace the link by the file."
            )


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError as problem:
        raise UserError(
            f"{path} is a folder where a file is to be written. Move it away and run again."
        ) from problem


def _prepare(root: Path, step: _Step, progress: _Progress) -> None:
    target, after = step.target, step.change.after
    if after is None:
        return
    missing = []
    folder = target.parent
    while not folder.exists() and folder != root:
        missing.append(folder)
        folder = folder.parent
    for folder in reversed(missing):
        folder.mkdir()
        progress.created_folders.append(folder)
    step.new = target.with_name(f".{target.name[:200]}{_NEW}")
    with step.new.open("xb") as handle:
        handle.write(after)
        handle.flush()
        os.fsync(handle.fileno())
    if step.change.before is not None:
        step.new.chmod(stat.S_IMODE(target.stat().st_mode))


def _put(step: _Step) -> None:
    if step.change.before is not None:
        step.old = step.target.with_name(f".{step.target.name[:200]}{_OLD}")
        try:
            os.link(step.target, step.old)
        except (OSError, NotImplementedError):
            # a file system without hard links: the target is away for the blink of an eye
            step.target.rename(step.old)
    step.done = True
    if step.new is not None:
        step.new.replace(step.target)
    else:
        step.target.unlink(missing_ok=True)


def _put_back(progress: _Progress) -> None:
    for step in reversed(progress.steps):
        if step.old is not None and step.old.exists():
            # renaming one link of a file over another one does nothing, by POSIX
            if step.target.exists() and step.old.samefile(step.target):
                step.old.unlink()
            else:
                step.old.replace(step.target)
        elif step.done and step.change.before is None:
            step.target.unlink(missing_ok=True)
        if step.new is not None:
            step.new.unlink(missing_ok=True)
    for folder in reversed(progress.created_folders):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _clean_up(progress: _Progress) -> None:
    for step in progress.steps:
        if step.old is not None:
            step.old.unlink(missing_ok=True)


@contextlib.contextmanager
def _held_signals() -> Iterator[list[int]]:
    """Note interrupts instead of raising them in the middle of a rename."""
    noted: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, _: FrameType | None) -> None:
        noted.append(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_if(interrupted: list[int]) -> None:
    if interrupted:
        raise KeyboardInterrupt


def clear_leftovers(root: Path, path: str) -> None:
    """Remove what a run that was killed left beside a file; an original that was away comes back."""
    target = root / path
    old = target.with_name(f".{target.name[:200]}{_OLD}")
    if old.exists() and not target.exists():
        old.replace(target)
    for suffix in (_OLD, _NEW):
        target.with_name(f".{target.name[:200]}{suffix}").unlink(missing_ok=True)
