"""``.gitignore`` and ``.dockerignore``: what they cover, and appending what is missing."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from buttress.source.edit import Edit, apply_edits
from buttress.source.ignore_spec import ignore_spec
from buttress.source.text import Text


class Dialect(StrEnum):
    """Who reads the file: ``.env`` is ignored by git at any depth, by Docker at the top alone."""

    GIT = "git"
    DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line that is neither blank nor a comment: as written, without surrounding blanks."""

    text: str
    line: int

    @property
    def is_negated(self) -> bool:
        """Whether it takes files in again."""
        return self.text.startswith("!")


def patterns(text: str) -> tuple[Pattern, ...]:
    """Return the patterns of an ignore file in order."""
    return tuple(
        Pattern(line.strip(), number)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    )


def covers(text: str, path: str, dialect: Dialect = Dialect.GIT) -> bool:
    """Return whether a path is ignored.

    Args:
        text: The ignore file.
        path: Relative to the folder of the ignore file; a folder ends in ``/``.
        dialect: Who reads the file.
    """
    target = path + "x" if path.endswith("/") else path
    if dialect is Dialect.GIT:
        return ignore_spec(text.splitlines()).match_file(target)
    ignored = False
    for pattern in patterns(text):
        if _docker_regex(pattern.text.lstrip("!").strip()).match(target):
            ignored = not pattern.is_negated
    return ignored


def missing(text: str, lines: Iterable[str], dialect: Dialect = Dialect.GIT) -> tuple[str, ...]:
    """Return the lines that the file neither holds nor covers by another pattern.

    A line that the file takes in again on purpose (``!.env``) is not missing.
    """
    held = {_bare(pattern.text) for pattern in patterns(text)}
    return tuple(
        line
        for line in dict.fromkeys(lines)
        if _bare(line) not in held
        and f"!{_bare(line)}" not in held
        and not _is_covered(text, line, dialect)
    )


def add(text: str, lines: Sequence[str], heading: str, dialect: Dialect = Dialect.GIT) -> str:
    """Return the text with the missing lines appended under a comment of their own.

    Args:
        text: The ignore file with its own line endings; may be empty.
        lines: Patterns, in the order in which they should stand.
        heading: What the lines are for, without ``#``; a section with this heading is continued.
        dialect: Who reads the file.
    """
    new = missing(text, lines, dialect)
    while new:
        written = _append(text, new, heading)
        # a line that takes something in again may uncover another
        uncovered = missing(written, lines, dialect)
        if not uncovered:
            return written
        new = tuple(line for line in dict.fromkeys(lines) if line in {*new, *uncovered})
    return text


def _append(text: str, new: Sequence[str], heading: str) -> str:
    newline = Text(text).newline
    section = re.search(
        rf"^#[ \t]*{re.escape(heading)}[ \t]*\r?\n(?:[^\r\n]+(?:\r?\n|\Z))*", text, re.MULTILINE
    )
    if section:
        end = section.end()
        before = "" if text[end - 1] == "\n" else newline
        return apply_edits(text, [Edit(end, end, before + newline.join(new) + newline)])
    gap = "" if not text.strip() else (newline if text.endswith("\n") else newline * 2)
    if text.endswith(("\n\n", "\n\r\n")):
        gap = ""
    return f"{text}{gap}# {heading}{newline}{newline.join(new)}{newline}"


def _bare(line: str) -> str:
    negation = "!" if line.startswith("!") else ""
    return negation + line.removeprefix("!").strip("/")


def _is_covered(text: str, line: str, dialect: Dialect) -> bool:
    if line.startswith("!") or re.search(r"[\[\]?\\]", line):
        return False
    example = re.sub(r"\*+", "x7c1e", line.lstrip("/"))
    deep = dialect is Dialect.GIT and "/" not in line.rstrip("/")
    return covers(text, example, dialect) and (
        not deep or covers(text, f"x7c1e/{example}", dialect)
    )


def _docker_regex(pattern: str) -> re.Pattern[str]:
    """Translate a pattern as the image builder does: anchored at the top, parents count."""
    clean = posixpath.normpath("/" + pattern).lstrip("/")
    pieces: list[str] = []
    position = 0
    while position < len(clean):
        rest = clean[position:]
        if rest.startswith("**/"):
            pieces.append("(?:.*/)?")
            position += 3
        elif rest.startswith("**"):
            pieces.append(".*")
            position += 2
        elif rest[0] == "*":
            pieces.append("[^/]*")
            position += 1
        elif rest[0] == "?":
            pieces.append("[^/]")
            position += 1
        elif match := re.match(r"\[(\^?)([^\]]+)\]", rest):
            inside = match.group(2).replace("\\", "\\\\")
            pieces.append(f"[{match.group(1)}{inside}]")
            position += match.end()
        else:
            escaped = rest[0] == "\\" and len(rest) > 1
            pieces.append(re.escape(rest[1] if escaped else rest[0]))
            position += 2 if escaped else 1
    return re.compile("".join(pieces) + r"(?:/.*)?\Z")
