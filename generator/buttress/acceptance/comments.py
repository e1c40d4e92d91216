"""Comments in the files of a project: only real ones, never text inside a string.

Python is read by its own tokenizer; of other formats, the comment marks of the format are looked for
outside quotes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from buttress.acceptance.comment import Comment
from buttress.acceptance.python_comments import python_comments
from buttress.source.patterns import lazy_pattern
from buttress.source.tree import is_python

_HASH = frozenset(
    [
        ".yml",
        ".yaml",
        ".toml",
        ".txt",
        ".in",
        ".cfg",
        ".ini",
        ".conf",
        ".env",
        ".sh",
        ".tf",
        ".tfvars",
        ".hcl",
        ".properties",
        ".mk",
    ]
)
_HASH_NAMES = (
    "Pipfile",
    "Procfile",
    "Makefile",
    ".gitignore",
    ".dockerignore",
    ".env",
    "CODEOWNERS",
)
_SLASHES = frozenset([".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".tf", ".hcl", ".scss"])
_MARKUP = frozenset([".html", ".htm", ".jinja", ".jinja2", ".j2", ".xml", ".svg", ".md", ".vue"])
_LINE_END = lazy_pattern(r"\r\n|\r|\n")
_BLOCKS = (("<!--", "-->"), ("{#", "#}"))
_QUOTES = lazy_pattern(r'"""|\'\'\'|"|\'')


def comments(path: str, text: str) -> list[Comment]:
    """Return the comments of a file; none for a format that has no comments or is not known."""
    name = PurePosixPath(path)
    if is_python(path):
        return python_comments(text)
    if name.suffix in _MARKUP:
        return sorted(_markup(text), key=lambda comment: comment.line)
    if _is_dockerfile(name.name):
        return _stacked(
            Comment(number, line.strip().lstrip("#"), number + 1, number + 1, is_alone=True)
            for number, line in enumerate(_LINE_END.split(text), 1)
            if line.lstrip().startswith("#")
        )
    marks = []
    if name.suffix in _HASH or name.name.startswith(_HASH_NAMES):
        marks.append("#")
    if name.suffix in _SLASHES:
        marks.append("//")
    return _stacked(_lines(text, marks)) if marks else []


def _is_dockerfile(name: str) -> bool:
    return name.lower().startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


def _lines(text: str, marks: list[str]) -> Iterator[Comment]:
    """Yield comments that go to the end of a line, outside quotes; strings may span lines."""
    within = ""
    for number, line in enumerate(_LINE_END.split(text), 1):
        position, within = _start(line, marks, within)
        if position >= 0:
            alone = not line[:position].strip()
            said = line[position:].lstrip("#/")
            target = number + 1 if alone else number
            yield Comment(number, said, target, target, is_alone=alone)


def _start(line: str, marks: list[str], within: str) -> tuple[int, str]:
    """Return where a comment starts on a line, or -1, and the string that goes on behind it."""
    index = 0
    while index < len(line):
        if within:
            end = line.find(within, index)
            if end < 0:
                # an ordinary string ends with its line, or it was an apostrophe
                return -1, within if len(within) == 3 else ""
            index, within = end + len(within), ""
            continue
        if any(line.startswith(mark, index) for mark in marks) and (
            index == 0 or line[index - 1].isspace()
        ):
            return index, ""
        quote = _QUOTES.match(line, index)
        if quote is None:
            index += 1
            continue
        # an apostrophe inside a word opens nothing
        opens = index == 0 or not line[index - 1].isalnum()
        is_closed = line.find(quote.group(), quote.end()) >= 0
        if len(quote.group()) == 3 or (opens and is_closed):
            within = quote.group()
        index = quote.end()
    return -1, within


def _markup(text: str) -> Iterator[Comment]:
    lines = [0, *(match.end() for match in _LINE_END.finditer(text))]
    for opening, closing in _BLOCKS:
        start = text.find(opening)
        while start >= 0:
            end = text.find(closing, start + len(opening))
            if end < 0:
                break
            said, end = text[start + len(opening) : end], end + len(closing)
            number = bisect_right(lines, end - 1)
            before = text[lines[bisect_right(lines, start) - 1] : start]
            behind = text[end : lines[number] if number < len(lines) else len(text)]
            alone = not (before + behind).strip()
            target = number + 1 if alone else number
            yield Comment(number, said, target, target, is_alone=alone)
            start = text.find(opening, end)


def _stacked(found: Iterator[Comment]) -> list[Comment]:
    """Let comments on lines of their own, one below the other, all mean the line behind them."""
    listed = list(found)
    for index in range(len(listed) - 2, -1, -1):
        this, following = listed[index], listed[index + 1]
        if this.is_alone and following.is_alone and following.line == this.line + 1:
            listed[index] = replace(this, first=following.first, last=following.last)
    return listed
