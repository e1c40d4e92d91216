"""f-strings of Python 3.12 and newer (PEP 701), read by older Pythons.

There, an expression inside an f-string may use the quotes of the f-string itself, and backslashes. What
is parsed here is a text of the same length with other quotes, so that every position holds.
"""

from __future__ import annotations

import ast

from buttress.source.patterns import lazy_pattern

_START = lazy_pattern(r"#[^\n]*|(?<!\w)([rRbBuUfF]{0,2})('''|\"\"\"|'|\")")
_WORD = lazy_pattern(r"\w+")
_QUOTES = frozenset("'\"")
_PAD = "\x7f"
_ESCAPES = {"'": "\x01", '"': "\x02", "n": "\x03", "\\": "\x04", "t": "\x05", "r": "\x06"}
_PLAIN = {"'": "\x0e", '"': "\x0f"}
_MEANT = {"\x01": "'", "\x02": '"', "\x03": "\n", "\x04": "\\", "\x05": "\t", "\x06": "\r"}
_MEANT |= {"\x0e": "'", "\x0f": '"', _PAD: ""}
"""Marks for what may not stand inside an expression of an f-string before Python 3.12."""

_MARKS = lazy_pattern("[" + "".join(_MEANT) + "]")


class _Unclear(Exception):  # noqa: N818 - a result, not an error
    """The text is not what this understands."""


def parse_nested_quotes(text: str) -> ast.Module | None:
    """Return the syntax tree of a text whose f-strings are written for Python 3.12 and newer.

    ``None`` if that is not what keeps it from being parsed, or if an f-string needs more than two
    kinds of quotes.
    """
    plain = _with_plain_quotes(text)
    if plain is None or plain == text:
        return None
    try:
        tree = ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = _MARKS.sub(lambda mark: _MEANT[mark[0]], node.value)
    return tree


def _with_plain_quotes(text: str) -> str | None:
    """Return ``text`` with other quotes inside the expressions of f-strings, of the same length."""
    if _MARKS.search(text) is not None:
        return None
    reader = _Reader(text)
    at = 0
    try:
        while (found := _START.search(text, at)) is not None:
            at = found.end()
            if found[2]:
                at = reader.string(at, found[1], found[2], frozenset())
    except (_Unclear, IndexError, RecursionError):
        return None
    return "".join(reader.written)


class _Reader:
    """Walks over strings, and writes those inside expressions of f-strings anew.

    Args:
        text: The text of a module.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.written = list(text)

    def string(self, start: int, prefix: str, quote: str, taken: frozenset[str]) -> int:
        """Return where a string ends.

        Args:
            start: The first character behind the opening quotes.
            prefix: The letters in front of them.
            quote: The quotes.
            taken: The quotes of the f-strings around it.
        """
        own = quote[0]
        if own in taken:
            free = _QUOTES - taken
            if not free:
                raise _Unclear
            own = next(iter(free))
            self._write(start - len(quote), own * len(quote))
        at = start
        # three quotes leave single ones of their kind to the expressions
        inner = taken | {own} if len(quote) == 1 else taken
        while not self.text.startswith(quote, at):
            char = self.text[at]
            if char == "\\":
                if taken:
                    self._mark_escape(at)
                at += 2
            elif char == "\n" and len(quote) == 1:
                raise _Unclear
            elif char == "{" and "f" in prefix.lower():
                doubled = self.text[at + 1] == "{"
                at = at + 2 if doubled else self._expression(at + 1, inner, quote)
            else:
                if taken and char in inner:
                    self.written[at] = _PLAIN[char]
                at += 1
        if own != quote[0]:
            self._write(at, own * len(quote))
        return at + len(quote)

    def _expression(self, start: int, taken: frozenset[str], quote: str) -> int:
        """Return what follows the brace that ends an expression inside an f-string."""
        at, depth = start, 0
        while True:
            char = self.text[at]
            if char in "#\\" or (char == "\n" and len(quote) == 1):
                raise _Unclear
            if char in _QUOTES:
                at = self._nested(at, "", taken)
            elif word := _WORD.match(self.text, at):
                at = word.end()
                if self.text[at] in _QUOTES:
                    at = self._nested(at, word[0], taken)
            elif char == "}" and depth == 0:
                return at + 1
            elif char == ":" and depth == 0:
                return self._format(at + 1, taken, quote)
            else:
                depth += (char in "([{") - (char in ")]}")
                at += 1

    def _nested(self, at: int, prefix: str, taken: frozenset[str]) -> int:
        quote = self.text[at] * (3 if self.text.startswith(self.text[at] * 3, at) else 1)
        return self.string(at + len(quote), prefix, quote, taken)

    def _format(self, start: int, taken: frozenset[str], quote: str) -> int:
        """Return what follows the brace that ends a format, which may hold expressions itself."""
        at = start
        while self.text[at] != "}":
            if self.text.startswith(quote, at):
                raise _Unclear
            at = self._expression(at + 1, taken, quote) if self.text[at] == "{" else at + 1
        return at + 1

    def _mark_escape(self, at: int) -> None:
        """Write a backslash and what it escapes as a mark."""
        mark = _ESCAPES.get(self.text[at + 1])
        if mark is None:
            raise _Unclear
        self.written[at], self.written[at + 1] = mark, _PAD

    def _write(self, at: int, quotes: str) -> None:
        self.written[at : at + len(quotes)] = quotes
