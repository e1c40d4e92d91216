"""Where in a page a place is: read from its beginning up to there, as a browser would."""

from __future__ import annotations

import re
from enum import Enum

from buttress.source.patterns import lazy_pattern

_LONGEST = 200
_OPENING = lazy_pattern(r"<!--|<(/?)([a-zA-Z][^\s/>{]*)")
_IN_TAG = lazy_pattern(r"\s+|/?>|/|([^\s=>/\"'{}]+)(\s*=\s*)?|[^>]")
_QUOTED_END = {'"': lazy_pattern(r'"'), "'": lazy_pattern(r"'")}
_BARE_END = lazy_pattern(r"[\s>]")
_SCRIPT_STEP = lazy_pattern(r"</script|//|/\*|['\"`]", re.IGNORECASE)
_STRING_STEP = {
    "'": lazy_pattern(r"\\.|'|\n|</script", re.DOTALL | re.IGNORECASE),
    '"': lazy_pattern(r"\\.|\"|\n|</script", re.DOTALL | re.IGNORECASE),
    "`": lazy_pattern(r"\\.|`|</script", re.DOTALL | re.IGNORECASE),
    "//": lazy_pattern(r"\n|</script", re.IGNORECASE),
    "/*": lazy_pattern(r"\*/|</script", re.IGNORECASE),
}
_CODE = lazy_pattern(
    r"\A(?:|module|(?:text|application)/(?:x-)?(?:java|ecma|type)script|text/babel)\Z"
)
_HANDLER = lazy_pattern(r"on[a-z]+|x-(?!transition)\S+|@\S+|:\S+|v-\S+|hx-on\S*", re.IGNORECASE)
_ADDRESSES = {
    "href": None,
    "xlink:href": None,
    "action": None,
    "formaction": None,
    "src": frozenset(["script", "iframe", "frame", "embed"]),
    "data": frozenset(["object"]),
}
"""Attributes that a browser follows, ``javascript:`` and all, with the tags that they matter on."""


class Spot(Enum):
    """What a value is read as where it is printed."""

    TEXT = "text"
    CODE = "code"
    """In a script, outside of its strings, or in a text between backticks."""
    HANDLER = "handler"
    """In an attribute that holds code: what was escaped is read again before it runs."""
    BARE = "bare"
    """In an attribute without quotes, which a space ends."""
    ADDRESS = "address"
    """At the beginning of an address that is followed."""


class Markup:
    """Reads a page piece by piece; ``spot`` tells what stands next."""

    def __init__(self) -> None:
        self._state = "text"
        self._tag = ""
        self._attribute = ""
        self._value = ""
        self._type = ""
        self._inside = ""
        """In a script: what it is inside of, as it begins; empty for code."""

    def printed(self) -> Spot:
        """Return what a value is read as that is printed here, and go on behind it."""
        if self._state == "script":
            return Spot.CODE if self._inside in {"", "`"} else Spot.TEXT
        if self._state not in {"value", "bare", '"', "'"}:
            return Spot.TEXT
        is_first = not self._value.strip()
        is_quoted = self._state in {'"', "'"}
        self._state = self._state if is_quoted else "bare"
        if len(self._value) < _LONGEST:
            self._value += "x"
        if _HANDLER.fullmatch(self._attribute):
            return Spot.HANDLER
        if not is_quoted:
            return Spot.BARE
        return Spot.ADDRESS if is_first and self._is_followed() else Spot.TEXT

    def _is_followed(self) -> bool:
        name = self._attribute.lower()
        tags = _ADDRESSES.get(name, frozenset())
        return name in _ADDRESSES and (tags is None or self._tag in tags)

    def feed(self, text: str) -> None:
        """Read on."""
        at = 0
        while at < len(text):
            at = self._step(text, at)

    def _step(self, text: str, at: int) -> int:
        if self._state == "text":
            return self._text(text, at)
        if self._state == "script":
            return self._script(text, at)
        if self._state == "raw":
            end = re.compile(rf"</{re.escape(self._tag)}", re.IGNORECASE).search(text, at)
            if end is None:
                return len(text)
            self._state, self._tag = "tag", "/" + self._tag
            return end.end()
        if self._state == "comment":
            found = text.find("-->", at)
            self._state = "comment" if found < 0 else "text"
            return len(text) if found < 0 else found + 3
        if self._state == "value":
            return self._begin_value(text, at)
        if self._state == "tag":
            return self._in_tag(text, at)
        pattern = _BARE_END if self._state == "bare" else _QUOTED_END[self._state]
        return self._in_value(text, at, pattern)

    def _text(self, text: str, at: int) -> int:
        found = _OPENING.search(text, at)
        if found is None:
            return len(text)
        if found[2] is None:
            self._state = "comment"
        else:
            self._state, self._tag, self._type = "tag", found[1] + found[2].lower(), ""
        return found.end()

    def _in_tag(self, text: str, at: int) -> int:
        found = _IN_TAG.match(text, at)
        if found is None:
            return at + 1
        if found[0].endswith(">") and found[1] is None:
            self._close()
        elif found[1] is not None:
            self._attribute, self._value = found[1], ""
            self._state = "value" if found[2] else "tag"
        return found.end()

    def _close(self) -> None:
        self._state = "text"
        if self._tag == "script":
            self._state = "script" if _CODE.match(self._type.lower()) else "raw"
            self._inside = ""
        elif self._tag in {"style", "textarea", "title"}:
            self._state = "raw"

    def _begin_value(self, text: str, at: int) -> int:
        character = text[at]
        if character.isspace():
            return at + 1
        if character == ">":
            self._state = "tag"
            return at
        self._state = character if character in _QUOTED_END else "bare"
        return at + 1 if character in _QUOTED_END else at

    def _in_value(self, text: str, at: int, pattern: re.Pattern[str]) -> int:
        end = pattern.search(text, at)
        stop = len(text) if end is None else end.start()
        if len(self._value) < _LONGEST:
            self._value += text[at:stop]
        if end is None:
            return len(text)
        if self._attribute.lower() == "type":
            self._type = self._value.strip()
        is_bare, self._state = self._state == "bare", "tag"
        return stop if is_bare else end.end()

    def _script(self, text: str, at: int) -> int:
        pattern = _STRING_STEP[self._inside] if self._inside else _SCRIPT_STEP
        found = pattern.search(text, at)
        if found is None:
            return len(text)
        token = found[0]
        if token.lower() == "</script":
            self._state, self._tag, self._type = "tag", "/script", ""
        elif not self._inside:
            self._inside = token
        elif not token.startswith("\\"):
            self._inside = ""
        return found.end()
