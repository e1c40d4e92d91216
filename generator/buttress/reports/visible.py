"""How text from a project is shown: nothing in it steers the reader's terminal, and no secret is whole."""

from __future__ import annotations

import json
import re
from typing import Any

from buttress.analysis.secrecy.masking import mask
from buttress.source.patterns import lazy_pattern

_STEERS = lazy_pattern(
    "[\x00-\x1f\x7f-\x9f"  # controls: escape sequences, line feeds, bells
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # unseen, or turn the reading direction
    "\U000e0000-\U000e007f"  # unseen letters
    "\ud800-\udfff]"  # half characters, which no encoding can write
)


def safe(text: str) -> str:
    """Return text that cannot steer a terminal or a page: what is not to be seen is shown as an escape.

    Every printer passes the names and texts of a project through this one function.
    """
    return _STEERS.sub(_escaped, text)


def shown(text: str) -> str:
    """Return a text of a report: secrets cut to their first characters, and ``safe``."""
    return safe(mask(text))


def json_text(data: Any) -> str:
    r"""Return data as JSON whose strings are exact, and which can be printed as it is.

    What steers a terminal stands as ``\u`` escapes, which mean the same to a parser.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return _STEERS.sub(_escaped_for_json, text) + "\n"


def _escaped_for_json(match: re.Match[str]) -> str:
    # strings hold no raw line feed: this one is of the layout
    return "\n" if match.group() == "\n" else json.dumps(match.group())[1:-1]


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
