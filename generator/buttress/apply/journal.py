"""The journal: what a run wrote, so that ``undo`` gives back every byte, in git or not.

It lies in the repository's git folder, or without git in the user's state folder, and is readable
by its owner alone. Content that git has already is referred to, not stored again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from buttress.apply import transaction
from buttress.errors import UserError
from buttress.source import FileChange
from buttress.source.git import run_git

SCHEMA_VERSION: Literal[1] = 1


class _Entry(BaseModel):
    """One file of a run: where its old content lies, and what both contents are."""

    model_config = ConfigDict(extra="forbid")

    path: str
    before: str | None
    after: str | None
    stored: str | None
    mode: int | None = None


class _Record(BaseModel):
    """One run."""

    model_config = ConfigDict(extra="forbid")

    schema_version: Literal[1]
    root: str
    at: str
    recipes: list[str]
    state: Literal["writing", "written"]
    entries: list[_Entry]
    folders: list[str] = []


@dataclass(frozen=True, slots=True)
class Undone:
    """What ``undo`` gave back."""

    paths: tuple[str, ...]
    recipes: tuple[str, ...]
    at: str


def apply_changes(root: Path, changes: Sequence[FileChange], recipes: Sequence[str]) -> None:
    """Write changes as one transaction that ``undo`` can take back.

    Raises:
        UserError: If nothing could be written; all files are as before.
    """
    recover(root)
    transaction.check_writable(root, changes)
    folder = _journal(root)
    try:
        run = _new_run(folder)
        entries = [_entry(root, run, change) for change in changes]
        record = _Record(
            schema_version=SCHEMA_VERSION,
            root=os.fspath(root),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            recipes=list(recipes),
            state="writing",
            entries=entries,
            folders=_missing_folders(root, changes),
        )
        _save(run, record)
    except OSError as problem:
        raise UserError(
            f"{problem.filename or folder}: {problem.strerror}. The journal for undo could not be"
            " written, so nothing was changed."
        ) from problem
    try:
        record.folders = transaction.write(root, changes)
    except BaseException:
        shutil.rmtree(run, ignore_errors=True)
        raise
    record.state = "written"
    _save(run, record)


def undo(root: Path) -> Undone:
    """Take back the last run.

    Raises:
        UserError: If there is none, the journal is damaged, or a file was changed since.
    """
    recovered = recover(root)
    if recovered is not None:
        return recovered
    runs = _runs(root)
    if not runs:
        raise UserError(f"{root}: nothing to undo, no run is recorded for this folder.")
    run = runs[-1]
    record = _load(run)
    changes = _reversed_changes(root, run, record)
    edited = [
        entry.path for entry in record.entries if _digest(_read(root, entry.path)) != entry.after
    ]
    if edited:
        raise UserError(
            f"{', '.join(edited[:5])}{' and more' if len(edited) > 5 else ''}: edited since the run of"
            f" {record.at}. Nothing was undone; put those edits away first (git stash, or a copy)."
        )
    transaction.write(root, changes)
    _restore_modes(root, record)
    transaction.remove_folders(root, record.folders)
    shutil.rmtree(run)
    return Undone(tuple(entry.path for entry in record.entries), tuple(record.recipes), record.at)


def recover(root: Path) -> Undone | None:
    """Put everything back that a run which was killed had begun to write."""
    runs = _runs(root)
    if not runs:
        return None
    record = _load(runs[-1])
    if record.state == "written":
        return None
    for entry in record.entries:
        transaction.clear_leftovers(root, entry.path)
        if _digest(_read(root, entry.path)) != entry.after:
            continue
        target = root / entry.path
        before = _content(root, runs[-1], entry)
        if before is None:
            target.unlink(missing_ok=True)
        else:
            transaction.write(root, [FileChange(entry.path, _read(root, entry.path), before)])
    _restore_modes(root, record)
    transaction.remove_folders(root, record.folders)
    shutil.rmtree(runs[-1])
    return Undone(tuple(entry.path for entry in record.entries), tuple(record.recipes), record.at)


def last_run(root: Path) -> tuple[tuple[FileChange, ...], tuple[str, ...]] | None:
    """Return the changes and recipes of the last run that stands, or ``None``."""
    runs = _runs(root)
    if not runs:
        return None
    record = _load(runs[-1])
    reverse = _reversed_changes(root, runs[-1], record)
    changes = tuple(FileChange(item.path, item.after, item.before) for item in reverse)
    return changes, tuple(record.recipes)


def _missing_folders(root: Path, changes: Sequence[FileChange]) -> list[str]:
    """Return the folders that the run is going to make, each after the one it stands in."""
    above = {parent for change in changes for parent in _parents(change.path)}
    return sorted((path for path in above if not (root / path).exists()), key=len)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: index + 1]) for index in range(len(parts))]


def _journal(root: Path) -> Path:
    out = run_git(root, "rev-parse", "--absolute-git-dir")
    if out is not None:
        prefix = run_git(root, "rev-parse", "--show-prefix") or b""
        name = hashlib.sha256(prefix.strip()).hexdigest()[:12]
        return Path(os.fsdecode(out.rstrip(b"\n"))) / "buttress" / name
    from platformdirs import user_state_path

    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
    return user_state_path("buttress") / "journal" / name


def _runs(root: Path) -> list[Path]:
    folder = _journal(root)
    if not folder.is_dir():
        return []
    return sorted(run for run in folder.iterdir() if run.is_dir() and run.name.isdigit())


def _new_run(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    numbers = [int(run.name) for run in folder.iterdir() if run.name.isdigit()]
    run = folder / f"{max(numbers, default=0) + 1:06d}"
    run.mkdir(mode=0o700)
    return run


def _entry(root: Path, run: Path, change: FileChange) -> _Entry:
    stored = mode = None
    if change.before is not None:
        mode = (root / change.path).stat().st_mode & 0o7777
        stored = _git_blob(root, change) or _store(run, change.before)
    return _Entry(
        path=change.path,
        before=_digest(change.before),
        after=_digest(change.after),
        stored=stored,
        mode=mode,
    )


def _git_blob(root: Path, change: FileChange) -> str | None:
    """Return the name under which git has exactly these bytes, if it does."""
    out = run_git(root, "ls-files", "-s", "-z", "--", change.path)
    if not out:
        return None
    name = out.split(b" ")[1].decode("ascii")
    return f"git:{name}" if run_git(root, "cat-file", "blob", name) == change.before else None


def _store(run: Path, data: bytes) -> str:
    name = hashlib.sha256(data).hexdigest()
    descriptor = os.open(run / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    return f"file:{name}"


def _save(run: Path, record: _Record) -> None:
    fresh = run / "record.json.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(record.model_dump_json(indent=1))
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(run / "record.json")


def _load(run: Path) -> _Record:
    path = run / "record.json"
    try:
        return _Record.model_validate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, ValidationError) as problem:
        raise UserError(
            f"{path}: the journal is damaged. Restore the files with git, then delete {run}."
        ) from problem


def _reversed_changes(root: Path, run: Path, record: _Record) -> list[FileChange]:
    return [
        FileChange(entry.path, _read(root, entry.path), _content(root, run, entry))
        for entry in record.entries
    ]


def _content(root: Path, run: Path, entry: _Entry) -> bytes | None:
    if entry.stored is None:
        return None
    kind, _, name = entry.stored.partition(":")
    data: bytes | None
    if kind == "git":
        data = run_git(root, "cat-file", "blob", name)
    else:
        stored = run / name
        data = stored.read_bytes() if name.isalnum() and stored.is_file() else None
    if data is None or _digest(data) != entry.before:
        raise UserError(
            f"{entry.path}: its old content is gone from the journal ({run}). Nothing was undone;"
            " restore the file with git."
        )
    return data


def _read(root: Path, path: str) -> bytes | None:
    try:
        return (root / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _restore_modes(root: Path, record: _Record) -> None:
    for entry in record.entries:
        if entry.mode is not None and (root / entry.path).exists():
            (root / entry.path).chmod(entry.mode)
