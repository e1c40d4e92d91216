"""``.env`` and ``.env.example``: names are read, values never leave this module."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from buttress.source.patterns import lazy_pattern
from buttress.source.text import Text

_LINE = lazy_pattern(
    r"""
    ^[ \t]*(?P<commented>\#[ \t]?)?(?:export[ \t]+)?
    (?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*
    (?P<value>'(?:\\'|[^'])*'|"(?:\\.|[^"\\])*"|[^\r\n]*)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Variable:
    """One assignment, without its value.

    Attributes:
        name: As written.
        line: From 1.
        has_value: Whether anything stands behind the equals sign.
        is_commented: Whether the line is switched off by ``#``: documented, not set.
    """

    name: str
    line: int
    has_value: bool
    is_commented: bool = False


@dataclass(frozen=True, slots=True)
class NewVariable:
    """A name to append.

    Attributes:
        name: As it is read from the environment.
        comment: What it is for, on a line of its own; may be empty.
        example: A value that is safe to publish, such as a port. Never that of a secret.
        is_optional: Whether the app has a default of its own: the line is switched off then, because
            an empty value is not the same as none.
    """

    name: str
    comment: str = ""
    example: str = ""
    is_optional: bool = False


def variables(text: str) -> tuple[Variable, ...]:
    """Return all assignments in order, those that are commented out as well."""
    found: list[Variable] = []
    position = 0
    while match := _LINE.search(text, position):
        value = match.group("value")
        commented = match.group("commented") is not None
        if commented and "\n" in value:
            value = value.split("\n", 1)[0]
        found.append(
            Variable(
                match.group("name"),
                text.count("\n", 0, match.start("name")) + 1,
                bool(re.sub(r"(^|\s)#.*", "", value).strip("'\" \t\r")),
                commented,
            )
        )
        position = match.start("value") + len(value)
    return tuple(found)


def names(text: str, *, commented: bool = False) -> tuple[str, ...]:
    """Return the names that are set, each once, in order.

    Args:
        text: The file.
        commented: Whether names whose line is commented out count, too.
    """
    return tuple(dict.fromkeys(v.name for v in variables(text) if commented or not v.is_commented))


def append(text: str, new: Iterable[NewVariable], heading: str = "") -> str:
    """Return the text with the names appended that it neither sets nor mentions as a comment.

    Args:
        text: The file with its own line endings; may be empty.
        new: In the order in which they should stand.
        heading: A comment above them, without ``#``; may be empty.
    """
    held = set(names(text, commented=True))
    wanted = {variable.name: variable for variable in new if variable.name not in held}
    if not wanted:
        return text
    newline = Text(text).newline
    lines = [f"# {heading}"] if heading and f"# {heading}" not in text.splitlines() else []
    for variable in wanted.values():
        lines += [f"# {variable.comment}"] if variable.comment else []
        switch = "# " if variable.is_optional else ""
        lines.append(f"{switch}{variable.name}={variable.example}")
    before = text if not text or text.endswith("\n") else text + newline
    gap = newline if before.strip() and lines[0].startswith("#") else ""
    if before.endswith(("\n\n", "\n\r\n")):
        gap = ""
    return f"{before}{gap}{newline.join(lines)}{newline}"
