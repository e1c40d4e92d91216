"""What stands around the examples in the documentation of the checks, read from ``surroundings.md``.

An example shows a few lines. Here are the files that make a project of them: each heading of the second level names
the checks that share them, and ``@example`` on a line of its own is where the example goes, as deep as that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from buttress.reports.explained import Explained

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_SIDE = re.compile(r"^### (Bad|Good)$", re.MULTILINE)
_FILE = re.compile(r"^`([^`\n]+)`\n\n(`{3,})[^\n]*\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
_EXAMPLE = re.compile(r"^([ \t]*)@example$", re.MULTILINE)
_FAKES = {
    # what looks like a provider's key stands in no file of this repository
    "@openai-key@": "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0",
    "@functions@": "".join(
        f"def rule{n}(price):\n    total = price * {n}\n    return total\n\n\n" for n in range(100)
    ),
}

Files = Mapping[str, str]


@dataclass(frozen=True)
class Surroundings:
    """The files around the examples of a check.

    Attributes:
        bad: Those around the bad example, with ``@example`` in the place of it.
        good: Those around the good one.
    """

    bad: Files
    good: Files

    def filled(self, words: Explained) -> tuple[Files, Files]:
        """Return the projects with the bad and with the good example of a check."""
        bad = next(example.code for example in words.examples if not example.is_good)
        good = next(example.code for example in words.examples if example.is_good)
        return _filled(self.bad, bad), _filled(self.good, good)


def surroundings() -> dict[str, Surroundings]:
    """Return the surroundings by the id of the check."""
    found: dict[str, Surroundings] = {}
    text = Path(__file__).with_suffix(".md").read_text("utf-8")
    parts = _HEADING.split(text)
    for ids, body in zip(parts[1::2], parts[2::2], strict=True):
        shared, *sides = _SIDE.split(body)
        own = {side: _files(own) for side, own in zip(sides[::2], sides[1::2], strict=True)}
        both = _files(shared)
        around = Surroundings(both | own.get("Bad", {}), both | own.get("Good", {}))
        found |= dict.fromkeys(ids.split(", "), around)
    return found


def _files(body: str) -> dict[str, str]:
    return {path: text for path, _, text in _FILE.findall(body)}


def _filled(files: Files, code: str) -> Files:
    result = {}
    for path, text in files.items():
        filled = _EXAMPLE.sub(lambda line: indent(code, line[1]), text)
        for word, fake in _FAKES.items():
            filled = filled.replace(word, fake)
        result[path] = filled
    return result
