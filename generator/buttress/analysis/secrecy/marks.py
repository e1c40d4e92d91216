"""What one of the shapes of secrets contains: to look for these marks costs far less than to match."""

from __future__ import annotations

import re

_BEGINNINGS = {
    "A": ("KIA", "SIA", "Iza"),
    "g": ("hp_", "ho_", "hu_", "hs_", "hr_", "ithub_pat_", "lpat-", "sk_"),
    "k_": ("live_", "test_"),
    **dict.fromkeys(("sk-", "hf_", "SG.", "xox", "tvly-", "PRIVATE KEY"), ("",)),
}
"""The marks but that of an address, by their first letters."""

_ADDRESS = "://"
_IN_LINES = tuple(
    re.compile(f"{re.escape(first)}(?:{'|'.join(map(re.escape, rests))})")
    for first, rests in _BEGINNINGS.items()
)
MARKS = (*(first + rest for first, rests in _BEGINNINGS.items() for rest in rests), _ADDRESS)
"""All marks."""

ANY_MARK = (*_IN_LINES, re.compile(_ADDRESS))
"""Patterns for all marks, few of them: one that begins with letters is found as fast as a text."""


def may_hold_secret(text: str) -> bool:
    """Whether a text contains what the shape of some secret begins with."""
    return any(mark.search(text) for mark in ANY_MARK)


def marked_lines(text: str) -> list[tuple[int, str]]:
    """Return the lines, with their numbers from 1, that may hold a secret other than in an address."""
    starts: set[int] = set()
    for marked in _IN_LINES:
        match = marked.search(text)
        while match is not None:
            starts.add(text.rfind("\n", 0, match.start()) + 1)
            end = text.find("\n", match.start())
            match = marked.search(text, end) if end >= 0 else None
    found = []
    number, counted = 1, 0
    for start in sorted(starts):
        number += text.count("\n", counted, start)
        counted = start
        end = text.find("\n", start)
        found.append((number, text[start:end] if end >= 0 else text[start:]))
    return found
