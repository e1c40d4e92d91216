"""An inspection that is not done again while the files are the same.

Inspecting is a function of the list of files and of the bytes that it reads, so the same list and the same bytes in the files
that were read last time give the same result: no other file has to be looked at.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import buttress
from buttress.cache.encoding import UnknownShapeError, decode, encode
from buttress.cache.folder import Folder
from buttress.cache.sealed import seal, unseal
from buttress.checks.model import Check, Finding, Share, Subject, checks
from buttress.errors import ChangedUnderneathError
from buttress.project import inspect_project
from buttress.project.model import Place, Project, Service
from buttress.scorecard import (
    Located,
    Result,
    Scorecard,
    Status,
    inspect_service,
    weigh,
)
from buttress.source import Skipped, Tree
from buttress.source.parsing import Problem

_FORMAT = b"buttress inspection 1\n"
_MOST_READ = 200_000


class Inspection:
    """Facts and findings, from the cache where it has them.

    Args:
        folder: Where entries are kept; ``None`` keeps none.
    """

    def __init__(self, folder: Folder | None) -> None:
        self._folder = folder
        self._listing = b""
        self._name = ""
        self._cards: dict[str, Any] = {}

    def project(self, tree: Tree) -> Project:
        """Return what a tree is."""
        if self._folder is None or tree.root is None:
            return inspect_project(tree)
        self._name = hashlib.sha256(os.fsencode(tree.root)).hexdigest()[:32]
        self._listing = _listing(tree)
        try:
            return self._recall(tree) or inspect_project(tree)
        except UnknownShapeError:
            # written by another version that takes itself for this one
            return inspect_project(tree)

    def scorecard(
        self,
        project: Project,
        service: Service,
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Scorecard:
        """Return what the checks find in a service."""
        if service.root in self._cards:
            try:
                results = [_result(data) for data in self._cards[service.root]]
                return weigh(project, service, results)
            except (UnknownShapeError, KeyError, TypeError, ValueError):
                self._cards.clear()
        card = inspect_service(project, service, progress=progress)
        if self._folder is not None and project.tree.root is not None:
            self._cards[service.root] = [_plain(result) for result in card.results]
            self._keep(project, self._folder)
        return card

    def _recall(self, tree: Tree) -> Project | None:
        assert self._folder is not None  # noqa: S101 - the caller asked
        entry = self._folder.read(self._name)
        if entry is None or not entry.startswith(_FORMAT):
            return None
        head, _, sealed = entry[len(_FORMAT) :].partition(b"\n")
        paths = _named(tree.paths, head)
        key = None if paths is None else _key(self._listing, tree, paths)
        data = None if key is None else unseal(sealed, key)
        if data is None:
            return None
        held = json.loads(data)
        project: Project = decode(Project, held["project"], tree=tree)
        tree.recall(
            (Skipped(path, "binary") for path in held["binary"]),
            {path: Problem(*problem) for path, problem in held["problems"].items()},
        )
        self._cards = held["cards"]
        return project

    def _keep(self, project: Project, folder: Folder) -> None:
        tree = project.tree
        problems = tree.problems()
        data = {
            "project": encode(project, without=["tree"]),
            "binary": [item.path for item in tree.skipped if item.reason == "binary"],
            "problems": {path: encode(problem) for path, problem in problems.items()},
            "cards": self._cards,
        }
        place = {path: number for number, path in enumerate(tree.paths)}
        paths = sorted(tree.reads & place.keys())
        key = _key(self._listing, tree, paths) if len(paths) <= _MOST_READ else None
        if key is not None:
            head = ",".join(str(place[path]) for path in paths).encode()
            folder.write(self._name, _FORMAT + head + b"\n" + seal(json.dumps(data).encode(), key))


def _named(paths: tuple[str, ...], head: bytes) -> list[str] | None:
    try:
        return [paths[int(number)] for number in head.split(b",")] if head else []
    except (ValueError, IndexError):
        return None


def _key(listing: bytes, tree: Tree, paths: Iterable[str]) -> bytes | None:
    """Return the key that the files give; ``None`` where one cannot be read any more."""
    key = hashlib.blake2b(listing, digest_size=32)
    try:
        for path in paths:
            data = tree.read(path)
            key.update(len(data).to_bytes(8, "big"))
            key.update(data)
    except ChangedUnderneathError:
        return None
    return key.digest()


def _listing(tree: Tree) -> bytes:
    """Return what the list of files, what git tracks of it, and this version of the tool hash to."""
    digest = hashlib.blake2b(_tool(), digest_size=32)
    skipped = [(item.path, item.reason) for item in tree.skipped if item.reason != "binary"]
    tracked = None if tree.tracked is None else sorted(tree.tracked)
    digest.update(json.dumps([tree.paths, tracked, skipped]).encode())
    return digest.digest()


def _tool() -> bytes:
    """Return what changes whenever code that takes part in an inspection does."""
    digest = hashlib.blake2b(digest_size=32)
    root = os.fspath(Path(buttress.__file__).parent)
    seen = [buttress.__version__, sys.version]
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    info = entry.stat()
                    seen.append(f"{entry.path[len(root):]} {info.st_size} {info.st_mtime_ns}")
                elif entry.is_dir() and not entry.name.startswith(("_", ".")):
                    folders.append(entry.path)
    spec = find_spec("packaging")
    if spec is not None and spec.origin is not None:
        # an installer that changes a library changes this folder
        seen.append(str(Path(spec.origin).parents[1].stat().st_mtime_ns))
    digest.update("\n".join(sorted(seen)).encode("utf-8", "surrogateescape"))
    return digest.digest()


def _plain(result: Result) -> list[Any]:
    found = [
        [
            f.place.path,
            f.place.line,
            f.place.column,
            f.message,
            f.fingerprint,
            encode(f.share),
            f.by_hand,
        ]
        for f in result.findings
    ]
    # with all that reports say of a check, so that none has to be imported for them
    about = encode(result.check, without=["function"])
    return [about, result.status.value, result.reason, found]


def _result(data: list[Any]) -> Result:
    about, status, reason, found = data
    check: Check = decode(Check, about, function=partial(_run, about[0]))
    findings = tuple(
        Located(
            check,
            Place(path, line, column),
            message,
            fingerprint,
            share=None if share is None else decode(Share, share),
            by_hand=by_hand,
        )
        for path, line, column, message, fingerprint, share, by_hand in found
    )
    return Result(check, Status(status), findings, reason)


def _run(check: str, subject: Subject) -> Iterator[Finding]:
    """Run a check that was not imported so far."""
    return checks()[check].function(subject)
