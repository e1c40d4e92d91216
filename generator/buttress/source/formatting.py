"""Format changed lines with black, in the project's own configuration, and no line beside them."""

from __future__ import annotations

import ast
import tomllib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from buttress.source.module import Module
from buttress.source.patterns import lazy_pattern
from buttress.source.toml_reading import read_toml_text
from buttress.source.tree import Tree

if TYPE_CHECKING:
    from black.mode import Mode

_DEFAULT_LENGTH = 88
_LONGEST = 120
# How many empty lines may stand between two statements without black having a say in it.
_BLANKS = 2
# What no Python before 3.6 reads: black writes more trailing commas where it knows that.
_IS_MODERN = lazy_pattern(r"""\b[rR]?[fF][rR]?["']|\basync\s+def\b|:=""")


@dataclass(frozen=True, slots=True)
class Style:
    """How a project formats its Python.

    Attributes:
        line_length: Characters per line; ``None`` where nothing says so.
        normalize_quotes: Whether strings are written in double quotes.
        magic_trailing_comma: Whether a trailing comma splits a call over lines.
    """

    line_length: int | None = None
    normalize_quotes: bool = False
    magic_trailing_comma: bool = True


def style_for(tree: Tree, path: str) -> Style:
    """Read the style from the nearest ``pyproject.toml`` or ``ruff.toml`` above ``path``."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        prefix = folder + "/" if folder else ""
        for name in ("pyproject.toml", "ruff.toml", ".ruff.toml"):
            if prefix + name in tree:
                style = _style_in(tree, prefix + name)
                if style is not None:
                    return style
    return Style()


def _style_in(tree: Tree, path: str) -> Style | None:
    text = tree.text(path)
    try:
        data = read_toml_text(text.content) if text is not None else {}
    except tomllib.TOMLDecodeError:
        return None
    tools = data.get("tool", {}) if path.endswith("pyproject.toml") else {"ruff": data}
    black = tools.get("black")
    if isinstance(black, dict):
        return Style(
            _length(black.get("line-length")),
            not black.get("skip-string-normalization", False),
            not black.get("skip-magic-trailing-comma", False),
        )
    ruff = tools.get("ruff")
    if isinstance(ruff, dict):
        formats = ruff.get("format")
        quotes = isinstance(formats, dict) and formats.get("quote-style", "double") == "double"
        return Style(_length(ruff.get("line-length")), quotes)
    return None


def _length(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else _DEFAULT_LENGTH


def format_lines(
    text: str, lines: list[tuple[int, int]], style: Style, before: str | None = None
) -> str:
    """Return ``text`` with the given lines (from 1, both ends included) formatted by black.

    Where the style says no length, lines are as long as those of ``before``, else as all other lines.

    What black cannot format without harm is returned as it came: tabs, mixed line endings, and
    results whose meaning or untouched lines differ.
    """
    pairs = text.count("\r\n")
    mixed = "\r" in text and not pairs == text.count("\r") == text.count("\n")
    if not lines or mixed or "\t" in text:
        return text
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text
    whole = _lines(text)
    lines = _joined_over_blanks(whole, lines)
    longest = _longest_outside(whole, lines) if before is None else _longest(_lines(before))
    mode = _mode(text, style, longest)
    for first, last in reversed(_stretches(statements, lines, len(whole))):
        inside = [
            (max(low, first) - first + 1, min(high, last) - first + 1)
            for low, high in lines
            if low <= last and high >= first
        ]
        piece = "".join(whole[first - 1 : last])
        whole[first - 1 : last] = [_formatted(piece, inside, mode)]
    return "".join(whole)


def _joined_over_blanks(whole: list[str], lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges, as one where no more than a few empty lines stand between them.

    Two differences with only an empty line between them are told as one, which lies inside neither.
    """
    found: list[tuple[int, int]] = []
    for low, high in sorted(lines):
        between = whole[found[-1][1] : low - 1] if found else []
        if found and len(between) <= _BLANKS and not any(line.strip() for line in between):
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _longest_outside(whole: list[str], lines: list[tuple[int, int]]) -> int:
    new = {number for low, high in lines for number in range(low, high + 1)}
    return _longest([line for number, line in enumerate(whole, 1) if number not in new])


def _longest(lines: list[str]) -> int:
    return max((len(line.rstrip()) for line in lines), default=0)


def _stretches(
    statements: list[ast.stmt], lines: list[tuple[int, int]], count: int
) -> list[tuple[int, int]]:
    """Return which lines black has to see: the statements that hold given lines, and one on each side.

    It takes as long as there are lines, and looks no further than to the neighbours.
    """
    starts = [_first_line(statement) for statement in statements]
    ends = [statement.end_lineno or statement.lineno for statement in statements]
    found: list[tuple[int, int]] = []
    for low, high in sorted(lines):
        before = bisect_left(ends, low) - 1
        after = bisect_right(starts, high)
        first = starts[before] if before >= 0 else 1
        last = ends[after] if after < len(ends) else count
        if found and first <= found[-1][1] + 1:
            first, last = found[-1][0], max(found.pop()[1], last)
        found.append((first, last))
    return found


def _first_line(statement: ast.stmt) -> int:
    marks: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(mark.lineno for mark in marks)])


def _lines(text: str) -> list[str]:
    """Return the lines as Python counts them, with their ends."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _mode(text: str, style: Style, longest: int) -> Mode:
    """Return how black formats a part of ``text``, as if it saw the whole."""
    from black.mode import Mode, TargetVersion

    modern = {v for v in TargetVersion if v.value >= TargetVersion.PY36.value}
    return Mode(
        target_versions=modern if _IS_MODERN.search(text) else set(),
        line_length=style.line_length or min(max(_DEFAULT_LENGTH, longest), _LONGEST),
        string_normalization=style.normalize_quotes,
        magic_trailing_comma=style.magic_trailing_comma,
    )


def _formatted(text: str, lines: list[tuple[int, int]], mode: Mode) -> str:
    import black
    from black.parsing import InvalidInput
    from black.report import NothingChanged

    try:
        done = black.format_str(text, mode=mode, lines=lines)
    except (InvalidInput, NothingChanged, AssertionError):
        return text
    if "\r\n" in text:
        done = done.replace("\r\n", "\n").replace("\n", "\r\n")
    if not text.endswith(("\n", "\r")):
        done = done.rstrip("\r\n")
    done = _only_within(text, done, lines)
    return done if _same_meaning(text, done) else text


def _only_within(before: str, after: str, lines: list[tuple[int, int]]) -> str:
    """Return ``before`` with the differences to ``after`` that lie inside the given lines.

    Black strips trailing blanks and adds or removes empty lines elsewhere, too.
    """
    old, new = _lines(before), _lines(after)
    pieces: list[str] = []
    # blanks at the end of an untouched line must not make it one difference with the line above
    seen = [line.rstrip() for line in old], [line.rstrip() for line in new]
    for tag, first, last, start, end in SequenceMatcher(None, *seen).get_opcodes():
        wanted = any(low - 1 <= first and last <= high for low, high in lines)
        # a block of one line may be indented in the author's own way
        wanted = wanted and _indent(old[first:last]) == _indent(new[start:end])
        pieces += new[start:end] if tag != "equal" and wanted else old[first:last]
    return "".join(pieces)


def _indent(lines: list[str]) -> str:
    first = next((line for line in lines if line.strip()), "")
    return first[: len(first) - len(first.lstrip())]


def _same_meaning(before: str, after: str) -> bool:
    try:
        return before == after or ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:
        return False


def touched_lines(module: Module, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the line ranges that spans of new text stand on."""
    ranges = []
    for start, end in spans:
        if start < end:
            last = end - 1 if module.text[end - 1 : end] in {"\n", "\r"} else end
            ranges.append((module.line_at(start), module.line_at(max(start, last - 1))))
    return ranges
