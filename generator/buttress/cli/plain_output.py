"""Output for terminals whose encoding has no bars and arrows, such as ASCII and code pages of Windows."""

from __future__ import annotations

import codecs

_NAME = "buttress.plain"
_PLAIN = {"█": "#", "░": ".", "·": "-", "•": "*", "→": ">", "…": ".", "✗": "x"}


def plain_signs() -> str:
    """Return the name of an error handler that writes signs of ours as ASCII, and what is left as ``?``."""
    codecs.register_error(_NAME, _plain)
    return _NAME


def _plain(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    said = problem.object[problem.start : problem.end]
    return "".join(_PLAIN.get(sign, "?") for sign in said), problem.end
