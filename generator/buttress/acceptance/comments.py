"""Comments in the files of a project: only real ones, never text inside a string.

Python is read by its own tokenizer; of other formats, the comment marks of the format are looked for
outside quotes.
"""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

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
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLOCKS = (("<!--", "-->"), ("{#", "#}"))
_QUOTES = re.compile(r'"""|\'\'\'|"|\'')


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment.

    Attributes:
        line: Where it stands.
        text: What it says, without its marks.
        first: First line of the statement that it belongs to: the one it stands in, or the next one.
        last: Last line of that statement.
        is_alone: Whether nothing else stands on its line.
    """

    line: int
    text: str
    first: int
    last: int
    is_alone: bool

    def covers(self, line: int) -> bool:
        """Whether what the comment says is meant for something on a line.

        At the end of a line that is this line; at the end of a statement's first or last line it is
        the statement. On a line of its own it is the next line, and the statement that starts there.
        """
        if line == self.line or (self.is_alone and line == self.line + 1):
            return True
        is_at_edge = self.is_alone or self.line in {self.first, self.last}
        return is_at_edge and self.first <= line <= self.last and not self._is_inside

    @property
    def _is_inside(self) -> bool:
        return self.is_alone and self.first <= self.line <= self.last


def comments(path: str, text: str) -> list[Comment]:
    """Return the comments of a file; none for a format that has no comments or is not known."""
    name = PurePosixPath(path)
    if is_python(path):
        return _python(text)
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


def _python(text: str) -> list[Comment]:
    """Return the comments of Python source; where it stops to make sense, those before that."""
    found: list[tuple[int, str, bool]] = []
    statements: list[tuple[int, int]] = []
    first = 0
    starts, decorates = True, False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                found.append((token.start[0], token.string.lstrip("#"), alone))
            elif token.type == tokenize.NEWLINE:
                # decorators belong to what they decorate
                if not decorates:
                    statements.append((first or token.start[0], token.start[0]))
                    first = 0
                starts = True
            elif token.type not in _BETWEEN and starts:
                first = first or token.start[0]
                starts, decorates = False, token.string == "@"
    except (tokenize.TokenError, SyntaxError):
        pass  # reported as a file that does not parse; what was read until there still counts
    ends = [end for _, end in statements]
    result = []
    for line, said, alone in found:
        index = bisect_left(ends, line)
        start, end = statements[index] if index < len(statements) else (line, line)
        result.append(Comment(line, said, start, end, is_alone=alone))
    return result


_BETWEEN = frozenset(
    [tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER]
)


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
