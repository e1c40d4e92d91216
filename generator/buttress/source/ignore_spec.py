"""Ignore files as git reads them: a line that is no pattern is passed over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def ignore_spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """Return what the lines of an ignore file match.

    The library refuses a file with one bad line (``!``, a backslash at the end); git does not.
    """
    from pathspec import GitIgnoreSpec

    listed = list(lines)
    try:
        return GitIgnoreSpec.from_lines(listed)
    except ValueError:
        return GitIgnoreSpec.from_lines(line for line in listed if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True
