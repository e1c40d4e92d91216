"""Regular expressions that are compiled when they are first used.

Hundreds of patterns stand at the top of modules. To compile them all takes as long as to inspect a
small project, which needs a third of them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, cast

_USED = frozenset(
    [
        "match",
        "search",
        "fullmatch",
        "finditer",
        "findall",
        "sub",
        "subn",
        "split",
        "pattern",
        "flags",
        "groups",
        "groupindex",
    ]
)


class _Later:
    """A pattern that nobody has used yet; from then on it answers as the compiled one does."""

    def __init__(self, text: str, flags: int) -> None:
        self._given = text, flags

    def __getattr__(self, name: str) -> Any:
        if name not in _USED:
            raise AttributeError(name)
        compiled = re.compile(*self._given)
        self.__dict__.update({used: getattr(compiled, used) for used in _USED})
        return self.__dict__[name]

    def __repr__(self) -> str:
        return f"lazy_pattern({self._given[0]!r})"


def lazy_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled when it is first used.

    Args:
        text: As for ``re.compile``; a mistake in it is raised at the first use.
        flags: As for ``re.compile``.
    """
    return cast("re.Pattern[str]", _Later(text, flags))


@cache
def in_lower_case(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Return what a pattern that ignores case matches in a text of lower-case letters."""

    def lower(match: re.Match[str]) -> str:
        return match.group() if match.group().startswith(("\\", "(?P")) else match.group().lower()

    return re.compile(_CAPITALS.sub(lower, pattern.pattern), pattern.flags & ~re.IGNORECASE)


_CAPITALS = lazy_pattern(r"\\.|\(\?P|[A-Z]", re.DOTALL)
