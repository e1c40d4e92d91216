"""Cases of one check, written as files of a project with marks at the lines that matter.

``tests/checks/cases/<CHECK-ID>.md`` holds cases, one a heading of the second level. Under it stand the files of a small
project, each a line with its path in backquotes and a fenced block. In a file, ``# expect: ID`` ends a line where the check
has to find something, ``# ok: ID`` one where it must not (any comment sign will do: ``//``, ``<!--``). What cannot carry a
mark is said in the text under the heading: a line ``Expect: `path` `` or ``Expect: `path:line` `` for a finding,
``Status: not-applicable`` or ``Status: unknown`` for a check that has no say, ``Git: tracked`` where git tracks all files.
No file may hold what looks like a real provider's key: write ``@openai-key@``, and one is put in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_FILE = re.compile(r"^`([^`\n]+)`:?\n\n?(`{3,})[^\n]*\n(.*?)^\2$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(
    r"[ \t]*(?:#|//|--|<!--|\{#)[ \t]*(expect|ok): ([A-Z0-9-]+)[ \t]*(?:-->|#\})?[ \t]*$"
)
_EXPECTED = re.compile(r"^Expect: `([^`\n]+)`$", re.MULTILINE)
_STATUS = re.compile(r"^Status: ([a-z-]+)$", re.MULTILINE)
_TRACKED = re.compile(r"^Git: tracked$", re.MULTILINE)
_FAKES = {"@openai-key@": "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"}


@dataclass(frozen=True)
class Case:
    """A small project and what a check has to say of it.

    Attributes:
        check: The id of the check.
        title: What the case shows.
        files: Text by path, without the marks.
        expected: Places of findings, as ``path:line``; empty where all is fine.
        fine: Places that are marked as fine.
        status: What has to become of the check.
        is_tracked: Whether git tracks the files.
    """

    check: str
    title: str
    files: dict[str, str]
    expected: tuple[str, ...]
    fine: tuple[str, ...]
    status: str
    is_tracked: bool = False


def cases() -> Iterator[Case]:
    """Yield all cases of all checks."""
    for path in sorted(FOLDER.glob("*.md")):
        parts = _HEADING.split(path.read_text("utf-8"))
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            yield _case(path.stem, title, body)


def _case(check: str, title: str, body: str) -> Case:
    files: dict[str, str] = {}
    marked: dict[str, list[str]] = {"expect": [], "ok": []}
    for path, _, text in _FILE.findall(body):
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if mark := _MARK.search(line):
                if mark[2] != check:
                    raise ValueError(f"{check}, {title}: the mark names {mark[2]}")
                lines[number] = line[: mark.start()]
                marked[mark[1]].append(f"{path}:{number + 1}")
        files[path] = "\n".join(lines)
        for word, fake in _FAKES.items():
            files[path] = files[path].replace(word, fake)
    prose = _FILE.sub("", body)
    named = [place if ":" in place else f"{place}:1" for place in _EXPECTED.findall(prose)]
    expected = tuple(sorted([*marked["expect"], *named]))
    said = _STATUS.search(prose)
    status = said[1] if said else ("fail" if expected else "pass")
    is_tracked = bool(_TRACKED.search(prose))
    return Case(check, title, files, expected, tuple(marked["ok"]), status, is_tracked)
