"""The text of a TOML array: where its elements stand, and the edit that adds one in its form."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tomlkit

from buttress.source.edit import Edit
from buttress.source.patterns import lazy_pattern

_TOKEN = lazy_pattern(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|\#[^\r\n]*|[\[\]{},]',
    re.DOTALL,
)


@dataclass(frozen=True)
class Array:
    """The text of an array with the spans of its elements and of the comma after each."""

    text: str
    elements: tuple[tuple[int, int], ...]
    commas: tuple[int | None, ...]

    @classmethod
    def read(cls, text: str) -> Array:
        """Find the elements in the text of an array, from ``[`` to ``]``."""
        elements: list[tuple[int, int]] = []
        commas: list[int | None] = []
        depth, first, last = 0, None, 1
        for token in _TOKEN.finditer(text):
            mark = token.group()
            if mark.startswith("#"):
                continue
            if mark in "]}":
                depth -= 1
            if depth == 0 or (depth == 1 and mark == ","):
                if depth == 1 and first is not None:
                    elements.append((first, last))
                    commas.append(token.start())
                    first = None
                elif depth == 0 and mark == "]" and first is not None:
                    elements.append((first, last))
                    commas.append(None)
            else:
                first = token.start() if first is None else first
                last = token.end()
            if mark in "[{":
                depth += 1
        return cls(text, tuple(elements), tuple(commas))

    def insertion(self, position: int, item: str, newline: str) -> Edit:
        """Return the edit, with offsets into the array's text, that adds a string before a position."""
        literal = self._quoted(item)
        if not self.elements:
            return self._first(literal, newline)
        one_line = "\n" not in self.text
        if position < len(self.elements):
            start = self.elements[position][0]
            if one_line or not self._begins_line(start):
                return Edit(start, start, f"{literal}, ")
            return Edit(start, start, f"{literal},{newline}{self._indent(start)}")
        start, end = self.elements[-1]
        comma = self.commas[-1]
        if one_line or not self._begins_line(start):
            at = end if comma is None else comma + 1
            return Edit(at, at, f", {literal}" if comma is None else f" {literal},")
        line = f"{newline}{self._indent(start)}{literal}"
        if comma is not None:
            at = self._after_comments(comma + 1)
            return Edit(at, at, f"{line},")
        rest = self.text[end : self._after_comments(end)]
        return Edit(end, end + len(rest), f",{rest}{line}")

    def _first(self, literal: str, newline: str) -> Edit:
        inside = self.text[1:-1]
        if "\n" not in inside:
            return Edit(1, len(inside) + 1, literal)
        at = self._after_comments(1)
        comment = re.search(r"\n([ \t]+)#", inside)
        indent = comment.group(1) if comment else "    "
        return Edit(at, at, f"{newline}{indent}{literal},")

    def _quoted(self, item: str) -> str:
        single = [self.text[start] == "'" for start, _ in self.elements]
        if single and all(single) and "'" not in item:
            return f"'{item}'"
        return tomlkit.item(item).as_string()

    def _begins_line(self, offset: int) -> bool:
        before = self.text[:offset]
        return not before[before.rfind("\n") + 1 :].strip()

    def _indent(self, offset: int) -> str:
        return self.text[self.text.rfind("\n", 0, offset) + 1 : offset]

    def _after_comments(self, offset: int) -> int:
        """Return the end of the last comment that follows on this line or the lines below it."""
        end = offset
        for match in re.compile(r"[ \t]*(#[^\r\n]*)?(\r?\n|\Z|(?=\]))").finditer(self.text, offset):
            if match.group(1):
                end = match.end(1)
            if not match.group(2):
                break
        return end
