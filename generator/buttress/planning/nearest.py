"""Name the nearest known word, for errors about a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean `x`?"`` for the known word that is closest, or nothing.

    A word that goes on as a known one begins is closer than one that has the same letters.
    """
    known = list(known)
    longer = [item for item in known if word and item.startswith(word)]
    found = get_close_matches(word, longer, n=1, cutoff=0) or get_close_matches(
        word, known, n=1, cutoff=0.5
    )
    return f" Did you mean `{found[0]}`?" if found else ""
