"""What becomes of a candidate place: every place ends in exactly one of these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from buttress.source import Edit
from buttress.source.imports import Import


class Safety(StrEnum):
    """How much a change may alter what the program does.

    ``safe``: additive, or equal for every valid input. ``hardening``: differs only for hostile
    or invalid input. ``review``: behaviour changes on purpose.
    """

    SAFE = "safe"
    HARDENING = "hardening"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Changed:
    """A place that is rewritten.

    Attributes:
        path: The file, relative to the root of the tree.
        line: The line of the place, from 1, before the change.
        edits: What replaces what; they are applied together or not at all.
        safety: What the change may alter.
        reason: One sentence for the reviewer: what was wrong here, and why this change.
        imports: Names that the new text needs at the top of the module.
    """

    path: str
    line: int
    edits: tuple[Edit, ...]
    safety: Safety
    reason: str
    imports: tuple[Import, ...] = ()


@dataclass(frozen=True, slots=True)
class Good:
    """A place that is as it should be."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Abstained:
    """A place that is left alone on purpose; printed as the to-do list.

    Attributes:
        path: The file, relative to the root of the tree.
        line: The line of the place, from 1.
        code: A stable, short code (``side-effect``, ``unknown-driver``).
        reason: Why it was left alone, in one sentence.
        unlock: What a person could do so that the next run changes it; may be empty.
        rewrite: Which rewrite left it alone; the engine fills it in.
    """

    path: str
    line: int
    code: str
    reason: str
    unlock: str = ""
    rewrite: str = ""


Outcome = Changed | Good | Abstained
