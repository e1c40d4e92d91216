"""What a check's docstring says, in parts that each report lays out in its own way."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

from buttress.checks.model import Check
from buttress.source.patterns import lazy_pattern

_EXAMPLE = lazy_pattern(r"^(Bad|Good)::\n", re.MULTILINE)
_WEAKNESS = lazy_pattern(r"\bCWE-\d+\b")


@dataclass(frozen=True, slots=True)
class Example:
    """A few lines of code, and whether they are how it should be."""

    is_good: bool
    code: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A check in words.

    Attributes:
        summary: What is wrong, as one sentence.
        why: What follows from it; paragraphs, with code between backquotes.
        examples: Bad and good ones, in the order of the docstring.
        standards: What the check rests on, by name; those that only its text names come last.
    """

    summary: str
    why: tuple[str, ...]
    examples: tuple[Example, ...]
    standards: tuple[str, ...]


@cache
def explained(check: Check) -> Explained:
    """Return what a check's docstring says."""
    summary, _, rest = check.documentation.partition("\n\n")
    prose, *parts = _EXAMPLE.split(dedent(rest))
    named = dict.fromkeys([*check.standards, *_WEAKNESS.findall(check.documentation)])
    return Explained(
        _flowed(summary),
        tuple(_flowed(item) for item in re.split(r"\n\s*\n", prose) if item.strip()),
        tuple(
            Example(name == "Good", dedent(code).strip("\n"))
            for name, code in zip(parts[::2], parts[1::2], strict=True)
        ),
        tuple(named),
    )


def _flowed(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")
