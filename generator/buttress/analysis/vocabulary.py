"""Sets of words, written as running text."""

from __future__ import annotations


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a text as a set; long lists of words read better in lines of prose."""
    return frozenset(text.split())
