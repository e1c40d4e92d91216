"""TOML as plain data, in time and memory that its length bounds."""

from __future__ import annotations

import tomllib
from typing import Any

from buttress.source.patterns import lazy_pattern

_KEY = r"(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
# each part of a dotted key costs the parser as much as all parts before it
_TOO_DEEP = lazy_pattern(rf"(?<![\w-]){_KEY}(?:[ \t]*\.[ \t]*{_KEY}){{100}}")


def read_toml_text(text: str) -> dict[str, Any]:
    """Return what a TOML document says.

    Raises:
        tomllib.TOMLDecodeError: If it is no valid TOML, or nested so deep that nobody wrote it by hand.
    """
    if text.count(".") > 100 and _TOO_DEEP.search(text):
        raise tomllib.TOMLDecodeError("a key has more than 100 parts")
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except RecursionError:
        raise tomllib.TOMLDecodeError("its values are nested too deeply") from None
