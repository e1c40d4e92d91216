"""Name the nearest known word, for errors about a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean `x`?"`` for the known word that is closest, or nothing."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean `{found[0]}`?" if found else ""
