"""The baseline: the findings that a team knows about; what is reported are the others.

The file holds names of findings (fingerprints), no code, no line and no message. It is a ratchet: what was
mended leaves it at the next update, and comes back only where somebody can see it.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from buttress.errors import UserError
from buttress.scorecard import CATALOGUE_VERSION, Located, Scorecard, weigh

SCHEMA_VERSION = 1
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A known finding.

    Attributes:
        service: Root of the service; ``.`` for the root of the project.
        path: The file, for readers: it does not decide.
        check: The check.
        fingerprint: The name of the finding.
    """

    service: str
    path: str
    check: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Update:
    """What an update changed.

    Attributes:
        kept: How many findings were known and are still there.
        added: Findings that are known from now on.
        removed: Findings that are gone.
    """

    kept: int
    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]


def read_baseline(path: Path) -> tuple[Entry, ...]:
    """Read a baseline.

    Raises:
        UserError: If there is none, or it is damaged.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise UserError(f"{path}: this is no file, so it is no baseline.")
        if about.st_size > _MOST_BYTES:
            raise UserError(f"{path}: this is too large for a baseline.")
        data = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{path}: there is no such baseline. Write it once with --update-baseline."
        ) from None
    except OSError as problem:
        raise UserError(f"{path}: the baseline cannot be read ({problem.strerror}).") from problem
    except (ValueError, RecursionError):
        raise UserError(_damaged(path, "it is no JSON")) from None
    return _entries(path, data)


def _entries(path: Path, data: Any) -> tuple[Entry, ...]:
    if not isinstance(data, dict) or not isinstance(data.get("findings"), list):
        raise UserError(_damaged(path, "it has no list of findings"))
    version = data.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UserError(_damaged(path, f"its schema_version is {version!r}, not {SCHEMA_VERSION}"))
    found = []
    for number, item in enumerate(data["findings"], 1):
        keys = ("service", "path", "check", "fingerprint")
        if not isinstance(item, dict) or not all(isinstance(item.get(key), str) for key in keys):
            raise UserError(_damaged(path, f"finding {number} is not complete"))
        found.append(Entry(*(str(item[key]) for key in keys)))
    return tuple(found)


def _damaged(path: Path, why: str) -> str:
    return (
        f"{path}: the baseline is damaged: {why}. Restore it, or delete it and write it with"
        " --update-baseline."
    )


def only_new(card: Scorecard, known: Iterable[Entry], name: str) -> Scorecard:
    """Return the scorecard with the findings of a baseline marked as known.

    Args:
        card: The scorecard.
        known: The entries of the baseline.
        name: What to call it.
    """
    root = card.service.root or "."
    fingerprints = {entry.fingerprint for entry in known if entry.service == root}
    return marked(card, lambda finding: finding.fingerprint not in fingerprints, name)


def marked(card: Scorecard, is_new: Callable[[Located], bool], name: str) -> Scorecard:
    """Return the scorecard with those findings marked as known that are not new.

    Args:
        card: The scorecard.
        is_new: Whether a finding is; those that were known before stay so.
        name: What "new" refers to.
    """
    results = [
        replace(
            result,
            findings=tuple(replace(f, is_new=f.is_new and is_new(f)) for f in result.findings),
        )
        for result in card.results
    ]
    names = ", ".join(filter(None, [card.compared_with, name]))
    return weigh(
        card.project,
        card.service,
        results,
        deselected=card.deselected,
        remarks=card.remarks,
        compared_with=names,
    )


def update_baseline(
    path: Path, card: Scorecard, known: Iterable[Entry], refused: Iterable[Located] = ()
) -> Update:
    """Write the open findings of a service as its baseline, in place of what was known of it.

    Args:
        path: The file.
        card: The scorecard; what was accepted is not part of a baseline, it has its own reasons.
        known: The entries until now; those of other services and of deselected checks are kept.
        refused: New findings that do not become known, because a gate stops them.

    Raises:
        UserError: If the file cannot be written.
    """
    before = set(known)
    root = card.service.root or "."
    stopped = {finding.fingerprint for finding in refused}
    now = {
        Entry(root, finding.place.path, finding.check.id, finding.fingerprint)
        for finding in card.everything
        if finding.is_open and finding.fingerprint not in stopped
    }
    deselected = {result.check.id for result in card.deselected}
    others = {entry for entry in before if entry.service != root or entry.check in deselected}
    names = {entry.fingerprint for entry in before}
    added = tuple(sorted(entry for entry in now if entry.fingerprint not in names))
    left = {entry.fingerprint for entry in now | others}
    removed = tuple(sorted(entry for entry in before if entry.fingerprint not in left))
    _write(path, sorted(now | others))
    return Update(len(now) - len(added), added, removed)


def _write(path: Path, entries: Iterable[Entry]) -> None:
    findings = [
        {
            "service": entry.service,
            "path": entry.path,
            "check": entry.check,
            "fingerprint": entry.fingerprint,
        }
        for entry in entries
    ]
    data = {
        "schema_version": SCHEMA_VERSION,
        "catalogue_version": CATALOGUE_VERSION,
        "findings": findings,
    }
    text = json.dumps(data, indent=2) + "\n"
    import tempfile  # only who writes a baseline needs it

    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as problem:
        raise UserError(
            f"{path}: the baseline cannot be written ({problem.strerror})."
        ) from problem
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        # a link is replaced and not followed: it may have been laid out to lead elsewhere
        Path(name).replace(path)
    except BaseException as problem:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        if isinstance(problem, OSError):
            raise UserError(
                f"{path}: the baseline cannot be written ({problem.strerror})."
            ) from problem
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
