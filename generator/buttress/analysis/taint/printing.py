"""What a template prints, where in the page, and what it names there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from buttress.analysis.taint.markup import Markup, Spot
from buttress.source.patterns import lazy_pattern

EACH = "*"
"""Stands in a path for what a loop sees."""

_SOMETHING = "?"
"""Stands at the beginning of a path for what cannot be told."""

Path = tuple[str | int, ...]

_CLOSING = {"{#": "#}", "{%": "%}", "{{": "}}"}
_OPENING = lazy_pattern(r"\{[#%{]")
_TAG = lazy_pattern(r"[-+]?\s*(\w+)(.*)", re.DOTALL)
_PART = (
    r"\.get\(\s*(?:'[^']*'|\"[^\"]*\")\s*(?:,[^()=]*)?\)|\.(?:items|values|all|keys)\(\)"
    r"|\.\w+(?!\w*\()|\[\s*(?:\d+|'[^']*'|\"[^\"]*\")\s*\]"
)
_PATH = lazy_pattern(rf"\s*([A-Za-z_]\w*)(?!\w*\()((?:{_PART})*)")
_EACH_PART = lazy_pattern(_PART)
_PART_NAME = lazy_pattern(r"'([^']*)'|\"([^\"]*)\"|(\w+)")
_WHOLE = lazy_pattern(r"\s*(?:\Z|\||or\s|if\s)")
_FILTER = lazy_pattern(r"\|\s*(\w+)")
_FOR = lazy_pattern(r"\s*([\w\s,()]+?)\s+in\s+(.*)", re.DOTALL)
_SET = lazy_pattern(r"\s*([\w\s,]+?)\s*=\s*(.*)", re.DOTALL)
_GIVEN = lazy_pattern(r"(\w+)\s*=\s*([^\s,]+)")
_AS = lazy_pattern(r"\s*(.+?)\s+as\s+(\w+)\s*\Z", re.DOTALL)
_NAMED = lazy_pattern(r"""\s*["']([^"']+)["'](.*)""", re.DOTALL)
_OFF = lazy_pattern(r"\s*(?:off|false)\b", re.IGNORECASE)
_ALL = frozenset(["items", "values", "all"])
_DEEPEST = 30
_LONGEST = 12
_MOST_NAMES = 200
_MOST_INCLUDED = 60
_KEPT_AS_IT_IS = frozenset(["raw", "verbatim", "comment"])
_SCOPES = {"for": "endfor", "with": "endwith", "macro": "endmacro", "call": "endcall"}
_MADE_TEXT = lazy_pattern(r"^(?:tojson|json_script|force_?escape|escape|e|escapejs|striptags|bleach|clean|sanitize\w*|linebreaks\w*|urlize)\Z")  # fmt: skip
_MADE_CODE = lazy_pattern(
    r"^(?:to_?json\w*|json\w*|escapejs\w*|int|float|length|count|wordcount|urlencode|slugify|date\w*|time\w*|natural\w*|strftime"
    r"|floatformat|filesizeformat|intcomma|pluralize|round|abs|sum|yesno|add|random_id|b64\w*|hash\w*|md5|unlocalize|localize"
    r"|currency\w*|money\w*|format_\w+|num\w*)\Z"
)
"""What the filters return holds no text of anybody's choice, or is written as a script needs it."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A value that a template prints where what it holds may do harm.

    Attributes:
        path: The file of the template.
        line: The line.
        names: What is printed: the name, and the attributes, keys and indexes behind it.
        spot: What it is read as there.
        is_raw: Whether it is printed as it is, without being escaped.
        is_whole: Whether ``names`` is all of the expression, and not only how it begins.
    """

    path: str
    line: int
    names: Path
    spot: Spot
    is_raw: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Included:
    """Another template that is filled in with the same values.

    Attributes:
        name: What it is called.
        known: What names stand for there; ``None`` for what cannot be told.
    """

    name: str
    known: dict[str, Path | None]


@dataclass(frozen=True, slots=True)
class Page:
    """One template.

    Attributes:
        printed: What it prints where it may do harm.
        included: The templates that are parts of it, or that it is a part of.
    """

    printed: tuple[Printed, ...]
    included: tuple[Included, ...]


def read_page(path: str, content: str) -> Page:
    """Read a template of Jinja or Django."""
    reader = _Reader(path, content)
    reader.run()
    return Page(tuple(reader.printed), tuple(reader.included))


def seen_from(printed: Printed, known: dict[str, Path | None]) -> Printed:
    """Return what an included template prints, as the one that includes it would name it."""
    first = str(printed.names[0])
    if first not in known:
        return printed
    target = known[first] or (_SOMETHING,)
    return replace(printed, names=(*target, *printed.names[1:]))


class _Reader:
    def __init__(self, path: str, content: str) -> None:
        self.path = path
        self.content = content
        self.printed: list[Printed] = []
        self.included: list[Included] = []
        self._known: dict[str, Path | None] = {}
        self._around: list[tuple[str, dict[str, Path | None]]] = []
        self._escapes = [True]
        self._markup = Markup()

    def run(self) -> None:
        at, line, kept = 0, 1, ""
        for kind, start, end in _tokens(self.content):
            between, inside = self.content[at:start], self.content[start + 2 : end - 2]
            line += between.count("\n")
            if kept != "comment":
                self._markup.feed(between)
            found = _TAG.match(inside) if kind == "{%" else None
            tag = found[1] if found is not None else ""
            if kept:
                kept = "" if tag == f"end{kept}" else kept
            elif tag in _KEPT_AS_IT_IS:
                kept = tag
            elif found is not None:
                self._take(tag, found[2])
            elif kind == "{{":
                self._print(inside.lstrip("-+"), line)
            line += inside.count("\n")
            at = end

    # -- tags ----------------------------------------------------------------------------------

    def _take(self, tag: str, rest: str) -> None:
        if tag in _SCOPES and len(self._around) < _DEEPEST:
            self._around.append((_SCOPES[tag], self._known))
            self._known = dict(self._known)
        if tag == "for":
            self._loop(rest)
        elif tag in {"with", "set"}:
            self._bind(rest)
        elif tag == "macro":
            for name in re.findall(r"\w+", rest.partition("(")[2]):
                self._name(name, None)
        elif tag in {"include", "extends"}:
            self._include(rest)
        elif tag == "autoescape":
            self._escapes.append(not _OFF.match(rest))
        elif tag == "endautoescape" and len(self._escapes) > 1:
            self._escapes.pop()
        elif self._around and tag == self._around[-1][0]:
            self._known = self._around.pop()[1]

    def _name(self, name: str, target: Path | None) -> None:
        if len(self._known) < _MOST_NAMES or name in self._known:
            is_long = target is not None and len(target) > _LONGEST
            self._known[name] = None if is_long else target

    def _loop(self, rest: str) -> None:
        found = _FOR.match(rest)
        if found is None:
            return
        names = re.findall(r"\w+", found[1])
        source = self._whole(found[2].partition(" if ")[0])
        each = (*source, EACH) if source is not None else None
        pairs = re.search(r"\.items\b", found[2]) is not None
        for number, name in enumerate(names):
            if len(names) == 1 or (pairs and number == 1):
                self._name(name, each)
            else:
                self._name(name, (*each, number) if each is not None and not pairs else None)

    def _bind(self, rest: str) -> None:
        renamed = _AS.match(rest)
        if renamed is not None:
            self._name(renamed[2], self._whole(renamed[1]))
            return
        found = _SET.match(rest)
        for name in re.findall(r"\w+", found[1]) if found else ():
            self._name(name, self._whole(found[2]) if found and "," not in found[1] else None)

    def _include(self, rest: str) -> None:
        found = _NAMED.match(rest)
        if found is None or len(self.included) >= _MOST_INCLUDED:
            return
        known = dict(self._known)
        for given in _GIVEN.finditer(found[2]):
            known[given[1]] = self._whole(given[2])
        self.included.append(Included(found[1], known))

    # -- expressions ---------------------------------------------------------------------------

    def _print(self, expression: str, line: int) -> None:
        spot = self._markup.printed()
        filters = _FILTER.findall(expression)
        is_raw = ("safe" in filters or not self._escapes[-1]) and not any(
            _MADE_TEXT.match(name) for name in filters
        )
        if not is_raw and (spot is Spot.TEXT or any(_MADE_CODE.match(name) for name in filters)):
            return
        names, is_whole = self._named(expression)
        if names is not None:
            self.printed.append(Printed(self.path, line, names, spot, is_raw, is_whole))

    def _whole(self, expression: str) -> Path | None:
        names, is_whole = self._named(expression)
        return names if is_whole else None

    def _named(self, expression: str) -> tuple[Path | None, bool]:
        found = _PATH.match(expression)
        if found is None or not found[1]:
            return None, False
        names: Path = (found[1], *_parts(found[2]))
        is_whole = _WHOLE.match(expression, found.end()) is not None
        if found[1] in self._known:
            target = self._known[found[1]]
            return (*(target or (_SOMETHING,)), *names[1:]), is_whole
        return names, is_whole


def _parts(text: str) -> Iterator[str | int]:
    for part in _EACH_PART.finditer(text):
        written = part[0].removeprefix(".get")
        found = _PART_NAME.search(written)
        word = next((group for group in found.groups() if group), "") if found else ""
        if not written.endswith("()") and word and word not in _ALL:
            yield int(word) if word.isdigit() else word


def _tokens(content: str) -> Iterator[tuple[str, int, int]]:
    """Yield what begins and ends like a part of a template, with where it stands."""
    missing: set[str] = set()
    at = 0
    while found := _OPENING.search(content, at):
        at = found.end()
        if found[0] in missing:
            continue
        end = content.find(_CLOSING[found[0]], at)
        if end < 0:
            missing.add(found[0])
            continue
        yield found[0], found.start(), end + 2
        at = end + 2
