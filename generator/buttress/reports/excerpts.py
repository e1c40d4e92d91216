"""A few lines of code around a place, with every secret masked: also those of the lines beside it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from buttress.analysis.secrecy.hardcoded import hardcoded_secrets
from buttress.analysis.secrecy.masking import mask
from buttress.analysis.secrecy.secrets import entropy, is_placeholder, is_secret_variable
from buttress.analysis.secrecy.used_keys import used_keys, value_of
from buttress.project.model import Place
from buttress.reports.visible import safe
from buttress.source import Module, Modules, Tree
from buttress.source.patterns import lazy_pattern
from buttress.source.tree import is_python

_AROUND = 2
_WIDEST = 240
_LARGEST = 300_000
_CODE = frozenset([".py", ".pyw", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".html", ".tf"])
_LINE_END = lazy_pattern(r"\r\n|\r|\n")
_KEY_BLOCK = lazy_pattern(
    r"(-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----)(.*?)(-----END|\Z)", re.DOTALL
)
_ASSIGNS = (
    r"(?<![\w.-])(?P<head>(?P<name>[A-Za-z_][\w.-]*)[\"']?\]?\)?"
    r"\s*(?::\s*[\w.\[\], |]{1,60}?=|==?|!=|:=?|=>|,|\bor\b)\s*[bBrRfFuU]{0,2})"
)
_TRIPLE = lazy_pattern(
    _ASSIGNS + r"(?P<quote>\"{3}|'{3})(?P<value>(?:(?!(?P=quote))[\s\S])+)(?P=quote)"
)
_QUOTED = lazy_pattern(
    _ASSIGNS + r"(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\n\\]|\\.)+)(?P=quote)"
)
_PAIR = lazy_pattern(
    r"(?P<head>\bname\b[\"']?[ \t]*[:=][ \t]*[\"']?(?P<name>[\w.-]+)[\"']?[\s,]*?[\"']?\bvalue\b[\"']?[ \t]*[:=][ \t]*)"
    r"(?P<value>[^\s][^\n]*)"
)
_ROW = lazy_pattern(r"[^\r\n]+")
_BARE = lazy_pattern(
    r"(?<![\w.$-])(?P<name>[A-Za-z_][\w.-]*)(?:[ \t]*:[ \t]+|[ \t]*=[ \t]*)(?=[^\s\"'#])"
)
_TOKEN = lazy_pattern(r"(?<![\w@+/-])(?<!sha256:)[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = lazy_pattern(r"[0-9a-fA-F]{32,}$")
_PLAIN_VALUES = frozenset(["read", "write", "none", "true", "false", "null", "inherit"])
_HIDDEN = "****"
_KEPT = 4
_LEAST_ENTROPY = 3.8


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an excerpt.

    Attributes:
        number: From 1.
        text: As it stands in the file, but for secrets and what steers a page; tabs as four blanks.
        is_meant: Whether it is the line of the finding.
    """

    number: int
    text: str
    is_meant: bool


class Excerpts:
    """Cuts excerpts out of the files of a tree; each file is masked as a whole, once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lines: dict[str, tuple[str, ...]] = {}

    def around(self, place: Place) -> tuple[Line, ...]:
        """Return the lines around a place, without blank ones at the edges.

        None where the file is no text or too large to show.
        """
        lines = self._masked(place.path)
        if place.line > len(lines):
            return ()
        first = max(1, place.line - _AROUND)
        last = min(len(lines), place.line + _AROUND)
        while first < place.line and not lines[first - 1].strip():
            first += 1
        while last > place.line and not lines[last - 1].strip():
            last -= 1
        return tuple(
            Line(number, _fit(lines[number - 1]), number == place.line)
            for number in range(first, last + 1)
        )

    def _masked(self, path: str) -> tuple[str, ...]:
        if path not in self._lines:
            text = self._tree.text(path) if path in self._tree else None
            if text is None or len(text.content) > _LARGEST:
                self._lines[path] = ()
            else:
                self._lines[path] = tuple(_LINE_END.split(self._without_secrets(path)))
        return self._lines[path]

    def _without_secrets(self, path: str) -> str:
        text = self._tree.text(path)
        assert text is not None  # noqa: S101 - the caller asked
        content = text.content
        if is_python(path) and self._tree.module(path).problem is None:
            module = self._tree.module(path)
            secrets = [secret.node for secret in hardcoded_secrets(module)]
            spans = {module.span(node) for node in (*secrets, *self._used_in(module))}
            for start, end in sorted(spans, reverse=True):
                content = content[:start] + _hidden(content[start:end]) + content[end:]
        return masked(content, is_code=PurePosixPath(path).suffix in _CODE)

    @cached_property
    def _used(self) -> frozenset[str]:
        """The keys and passwords of the project that are known only by what they are used for."""
        parsed = (module for module in self._tree.modules() if module.problem is None)
        keys = used_keys(Modules(parsed, self._tree.words))
        return frozenset(value_of(module, key.node) for module, key in keys)

    def _used_in(self, module: Module) -> list[ast.Constant]:
        return [
            node
            for node in module.nodes(ast.Constant)
            if value_of(module, node) in self._used
            and not isinstance(module.parent(node), ast.JoinedStr)
        ]


def masked(text: str, *, is_code: bool) -> str:
    """Return a text of as many lines in which no secret is whole.

    Wider than what is reported as a secret: what merely looks like one is hidden, too.

    Args:
        text: All of a file, for a secret may run over several lines.
        is_code: Whether the file is code, where only what stands in quotes is a value.
    """
    text = _KEY_BLOCK.sub(lambda found: found[1] + _hidden(found[2]) + found[3], text)
    text = _QUOTED.sub(_cut_quoted, _TRIPLE.sub(_cut_quoted, mask(text)))
    text = _PAIR.sub(_cut_pair, text)
    if not is_code:
        text = _ROW.sub(_cut_row, text)
    return _TOKEN.sub(_cut_token, text)


def _hidden(secret: str) -> str:
    """Return stars in place of a secret, over as many lines."""
    return _HIDDEN + "".join(_LINE_END.findall(secret))


def _cut_quoted(match: re.Match[str]) -> str:
    if not _is_secret(match["name"], match["value"]):
        return match.group()
    return match["head"] + match["quote"] + _hidden(match["value"]) + match["quote"]


def _cut_pair(match: re.Match[str]) -> str:
    return match["head"] + _HIDDEN if _is_secret(match["name"], match["value"]) else match.group()


def _cut_row(match: re.Match[str]) -> str:
    """Cut a line behind the first name of a secret that is given a value without quotes."""
    row = match.group()
    for found in _BARE.finditer(row):
        if _is_secret(found["name"], row[found.end() : found.end() + _WIDEST]):
            return row[: found.end()] + _HIDDEN
    return row


def _is_secret(name: str, value: str) -> bool:
    if not is_secret_variable(name):
        return False
    value = value[:_WIDEST].strip()
    return value.lower() not in _PLAIN_VALUES and not is_placeholder(value)


def _cut_token(match: re.Match[str]) -> str:
    token = match.group()
    if _HEX.match(token):
        return token[:_KEPT] + _HIDDEN
    kinds = [any(map(kind, token)) for kind in (str.isdigit, str.isupper, str.islower)]
    return token[:_KEPT] + _HIDDEN if all(kinds) and entropy(token) > _LEAST_ENTROPY else token


def _fit(line: str) -> str:
    line = safe(line.expandtabs(4).rstrip())
    return line if len(line) <= _WIDEST else line[:_WIDEST] + " …"
