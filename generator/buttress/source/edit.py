"""Edits: replace the characters of one text from ``start`` to ``end``, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Replace the characters from ``start`` up to ``end`` (offsets into the text) by ``text``.

    ``start == end`` inserts; an empty ``text`` deletes.
    """

    start: int
    end: int
    text: str

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"an edit from {self.start} to {self.end} has no place in a text")

    def overlaps(self, other: Edit) -> bool:
        """Whether both edits claim a character, or one inserts inside what the other replaces."""
        if self.start == self.end and other.start == other.end:
            return False
        return self.start < other.end and other.start < self.end


class OverlappingEditsError(ValueError):
    """Two edits claim the same characters, so neither order gives what both meant."""


def compose(edits: Iterable[Edit]) -> list[Edit]:
    """Merge identical edits and return the rest in the order in which they stand in the text.

    Insertions at one place keep the order in which they were given.

    Raises:
        OverlappingEditsError: If two different edits overlap.
    """
    unique = list(dict.fromkeys(edits))
    unique.sort(key=lambda edit: (edit.start, edit.end))
    for before, after in itertools.pairwise(unique):
        if before.overlaps(after):
            raise OverlappingEditsError(f"{before} and {after}")
    return unique


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` after all ``edits``, whose offsets are those of ``text`` itself.

    Raises:
        OverlappingEditsError: If two different edits overlap.
    """
    pieces: list[str] = []
    position = 0
    for edit in compose(edits):
        pieces += (text[position : edit.start], edit.text)
        position = edit.end
    pieces.append(text[position:])
    return "".join(pieces)


def new_spans(edits: Sequence[Edit]) -> list[tuple[int, int]]:
    """Return where the new text of each composed edit stands after all of them were applied."""
    spans: list[tuple[int, int]] = []
    shift = 0
    for edit in compose(edits):
        start = edit.start + shift
        spans.append((start, start + len(edit.text)))
        shift += len(edit.text) - (edit.end - edit.start)
    return spans
