"""Ask git about a repository without ever running a program that the repository names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run_git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """Run a reading git command without hooks, monitors or filters; ``None`` where git says no.

    A repository's own configuration may name programs (``core.fsmonitor``); none is started.
    """
    environment = _git_environment()
    if arguments[0] == "status":
        environment |= _filters_off(root)
    command = _git_command(root, *arguments)
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, check=False, env=environment
        )
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


def quiet_environment(root: Path) -> dict[str, str]:
    """Return the variables under which git starts no program that the repository itself names.

    Those are its hooks, monitors, filters and signing; for commands that write as well. What the
    user's own configuration names stays.
    """
    quiet = [
        ("core.hooksPath", os.devnull),
        ("core.fsmonitor", "false"),
        ("commit.gpgSign", "false"),
    ]
    return _configured([*quiet, *_filter_settings(root)])


def filtered_here(root: Path, paths: Sequence[str]) -> tuple[str, ...]:
    """Return which paths git would run through a filter that the repository itself defines.

    Where git does not say, that is all of them: a file that should be encoded must not be kept plain.
    """
    own = {name.removeprefix("filter.") for name in _own_filters(root)} if paths else set()
    if not own:
        return ()
    listed = b"\0".join(os.fsencode(path) for path in paths)
    out = run_git(root, "check-attr", "-z", "--stdin", "filter", stdin=listed)
    if out is None:
        return tuple(paths)
    words = [os.fsdecode(word) for word in out.split(b"\0")]
    return tuple(path for path, name in zip(words[::3], words[2::3], strict=False) if name in own)


def _filters_off(root: Path) -> dict[str, str]:
    """Return settings under which git starts no filter that the repository itself defines.

    To tell whether a file changed, git would run it through ``filter.<name>.clean``.
    """
    return _configured(_filter_settings(root))


def _filter_settings(root: Path) -> list[tuple[str, str]]:
    return [
        (f"{name}.{key}", value)
        for name in _own_filters(root)
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    ]


def _own_filters(root: Path) -> list[str]:
    """Return the sections of the filters that the repository's own configuration defines."""
    out = run_git(root, "config", "--includes", "--show-scope", "-z", "--get-regexp", "^filter[.]")
    words = (out or b"").split(b"\0")
    names = {
        os.fsdecode(entry.partition(b"\n")[0]).rpartition(".")[0]
        for scope, entry in zip(words[::2], words[1::2], strict=False)
        if scope in {b"local", b"worktree"}
    }
    return sorted(names)


def _configured(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the variables that add settings to those that the environment holds already."""
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    environment = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def git_listing(root: Path) -> tuple[list[str | None], frozenset[str]] | None:
    """Return the paths that git tracks or would track, and which of them it does.

    A name that is not valid UTF-8 stands there as ``None``; there is no result where git says no.
    """
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
