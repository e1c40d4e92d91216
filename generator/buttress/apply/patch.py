"""Unified diffs that plain ``git apply`` takes, byte for byte, and the hunks they are made of."""

from __future__ import annotations

import base64
import difflib
import hashlib
import re
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from buttress.source import FileChange

_CONTEXT = 3
_NO_NEWLINE = b"\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Hunk:
    """One run of changed lines with its context.

    Attributes:
        start: Index of its first line in the old file, from 0.
        old: The old lines, with their endings.
        new: The new lines, with their endings.
        new_start: Index of its first line in the new file, from 0.
        lines: The lines as a diff shows them, each with its sign in front.
    """

    start: int
    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    new_start: int
    lines: tuple[bytes, ...]

    @property
    def header(self) -> bytes:
        """The line that says where the hunk stands in both files."""
        old = _range(self.start, len(self.old))
        new = _range(self.new_start, len(self.new))
        return b"@@ -%s +%s @@\n" % (old, new)


def is_binary(change: FileChange) -> bool:
    """Whether a change can only be shown as "binary files differ" (UTF-16 counts, as in git)."""
    return any(b"\0" in data for data in (change.before, change.after) if data is not None)


def hunks(change: FileChange, context: int = _CONTEXT) -> list[Hunk]:
    """Return the hunks of a text change, in order."""
    old, new = _lines(change.before), _lines(change.after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    found = []
    for group in matcher.get_grouped_opcodes(context):
        lines: list[bytes] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += [b" " + line for line in old[i1:i2]]
                continue
            lines += [b"-" + line for line in old[i1:i2]]
            lines += [b"+" + line for line in new[j1:j2]]
        start, end, new_start, new_end = group[0][1], group[-1][2], group[0][3], group[-1][4]
        found.append(
            Hunk(
                start, tuple(old[start:end]), tuple(new[new_start:new_end]), new_start, tuple(lines)
            )
        )
    return found


def with_hunks(change: FileChange, chosen: Collection[int]) -> FileChange:
    """Return the change with only the hunks at the given indexes made.

    A created or deleted file is one hunk: chosen or not at all.
    """
    if change.before is None or change.after is None:
        return change if chosen else replace(change, after=change.before)
    old = _lines(change.before)
    pieces: list[bytes] = []
    position = 0
    for index, hunk in enumerate(hunks(change)):
        pieces += old[position : hunk.start]
        pieces += hunk.new if index in chosen else hunk.old
        position = hunk.start + len(hunk.old)
    pieces += old[position:]
    return replace(change, after=b"".join(pieces))


def file_diff(change: FileChange) -> bytes:
    """Return the change of one file in git's own format, text or binary."""
    if change.before == change.after:
        return b""
    old_name, new_name = _quoted("a/" + change.path), _quoted("b/" + change.path)
    head = b"diff --git %s %s\n" % (old_name, new_name)
    if change.kind == "create":
        head += b"new file mode 100644\n"
    elif change.kind == "delete":
        head += b"deleted file mode 100644\n"
    if is_binary(change):
        return head + _binary_patch(change)
    if not (change.before or change.after):
        return head
    head += b"--- %s\n" % (old_name if change.before is not None else b"/dev/null")
    head += b"+++ %s\n" % (new_name if change.after is not None else b"/dev/null")
    return head + b"".join(
        hunk.header + b"".join(_terminated(line) for line in hunk.lines) for hunk in hunks(change)
    )


def diff(changes: Iterable[FileChange]) -> bytes:
    """Return the changes of several files as one patch, in the order of their paths."""
    return b"".join(file_diff(change) for change in sorted(changes, key=lambda item: item.path))


def _lines(data: bytes | None) -> list[bytes]:
    """Split at line feeds alone, as git does: a carriage return is part of its line."""
    *whole, rest = (data or b"").split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _terminated(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n" + _NO_NEWLINE


def _range(start: int, length: int) -> bytes:
    if length == 1:
        return b"%d" % (start + 1)
    return b"%d,%d" % (start + 1 if length else start, length)


def _quoted(name: str) -> bytes:
    data = name.encode("utf-8", "surrogateescape")
    if not re.search(rb"[\x00-\x1f\x7f-\xff\"\\]", data):
        # a name with a space is unambiguous in git's header as long as both sides are equal
        return data
    escapes = {0x22: b'\\"', 0x5C: b"\\\\", 0x0A: b"\\n", 0x09: b"\\t", 0x0D: b"\\r"}
    body = b"".join(
        escapes.get(byte) or (bytes([byte]) if 0x20 <= byte < 0x7F else b"\\%03o" % byte)
        for byte in data
    )
    return b'"' + body + b'"'


def _binary_patch(change: FileChange) -> bytes:
    before, after = change.before or b"", change.after or b""
    old = _blob(before) if change.before is not None else "0" * 40
    new = _blob(after) if change.after is not None else "0" * 40
    mode = b" 100644" if change.kind == "modify" else b""
    index = b"index %s..%s%s\n" % (old.encode(), new.encode(), mode)
    return index + b"GIT binary patch\n" + _literal(after) + _literal(before)


def _blob(data: bytes) -> str:
    content = b"blob %d\0" % len(data) + data
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _literal(data: bytes) -> bytes:
    packed = zlib.compress(data)
    lines = [b"literal %d\n" % len(data)]
    for start in range(0, len(packed), 52):
        piece = packed[start : start + 52]
        size = len(piece)
        letter = chr(size + 64) if size <= 26 else chr(size + 70)
        lines.append(letter.encode() + base64.b85encode(piece, pad=True) + b"\n")
    return b"".join(lines) + b"\n"


def summary(changes: Sequence[FileChange]) -> tuple[int, int]:
    """Return how many lines the changes add and remove; binary files count as none."""
    added = removed = 0
    for change in changes:
        if is_binary(change):
            continue
        for hunk in hunks(change, context=0):
            added += sum(line.startswith(b"+") for line in hunk.lines)
            removed += sum(line.startswith(b"-") for line in hunk.lines)
    return added, removed
