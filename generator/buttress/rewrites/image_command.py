"""The command of an image: read, freed of development switches, written in the exec form."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from buttress.source.patterns import lazy_pattern

SERVERS = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "granian", "waitress-serve", "daphne", "streamlit"}
)
_BUILTINS = frozenset(
    {"exec", "cd", "source", ".", "export", "set", "eval", "ulimit", "trap", "if"}
)
_SHELL = lazy_pattern(r"[$&|;<>*?~(){}`!#\n\\\[\]]")
_CHAIN_ONLY = lazy_pattern(r"[|;<>*?~()`!#\n\\\[\]]|(?<!&)&(?!&)")


@dataclass(frozen=True, slots=True)
class Command:
    """What a container runs.

    Attributes:
        words: The words, as far as they are known without a shell; empty if they are not.
        exec_form: How it reads as a JSON list; ``None`` where that cannot be told.
        needs_shell: Whether the exec form goes through ``sh -c``.
    """

    words: tuple[str, ...]
    exec_form: tuple[str, ...] | None
    needs_shell: bool = False

    @property
    def program(self) -> str:
        """The server behind ``python -m`` and paths; the first word where there is none."""
        words = [word.rpartition("/")[2] for word in self.words]
        if words[:1] and re.fullmatch(r"python[0-9.]*", words[0]):
            return words[2] if words[1:2] == ["-m"] and len(words) > 2 else "python"
        return words[0] if words else ""

    @property
    def port(self) -> int | None:
        """The port that its options bind to."""
        return bound_port(self.words)


def from_shell(command: str) -> Command:
    """Read a command in the shell form."""
    if not _SHELL.search(command):
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            return Command((), None)
        if not words or words[0] in _BUILTINS or "=" in words[0]:
            return Command((), None)
        return Command(words, words)
    if _CHAIN_ONLY.search(command):
        return Command((), None)
    parts = [part.strip() for part in command.split("&&")]
    firsts = [part.split()[0] if part else "" for part in parts]
    if any(not first or "=" in first or first in _BUILTINS for first in firsts):
        return Command((), None)
    parts[-1] = f"exec {parts[-1]}"
    line = (
        re.sub(r"\s+", " ", " && ".join(parts)) if "'" not in command and '"' not in command else ""
    )
    words = tuple(parts[-1].split()[1:])
    return Command(words, ("sh", "-c", line) if line else None, needs_shell=True)


def without_reload(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a server's command without the switches that restart it on changes."""
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("--reload-dir", "--reload-include", "--reload-exclude", "--reload-delay"):
            skip = True
        elif not re.match(r"--reload(?:-\w+=|\Z)", word):
            kept.append(word)
    return tuple(kept)


def bound_port(words: Sequence[str]) -> int | None:
    """Return the port that the options of a server name."""
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in ("--port", "-p", "-b", "--bind", "--server.port"):
            text = following
        elif match := re.match(r"(?:--port|--bind|-b|--server\.port)=?(.+)", word):
            text = match.group(1)
        else:
            continue
        port = re.search(r"(?:^|:)(\d{2,5})$", text)
        if port:
            return int(port.group(1))
    return None


def json_form(words: Sequence[str]) -> str:
    """Return the exec form as text."""
    return json.dumps(list(words), ensure_ascii=False)
