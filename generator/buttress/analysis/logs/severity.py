"""How severe a message is by its own words, and the marks that its author put in front of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from buttress.source.patterns import lazy_pattern


class Level(StrEnum):
    """Levels that every logging library has."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


_NAMES = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "dbg": Level.DEBUG,
    "info": Level.INFO,
    "note": Level.INFO,
    "warning": Level.WARNING,
    "warn": Level.WARNING,
    "error": Level.ERROR,
    "err": Level.ERROR,
    "critical": Level.CRITICAL,
    "fatal": Level.CRITICAL,
}
_WORD = "|".join(_NAMES)
_LEVEL_MARK = lazy_pattern(
    rf"\W*?(?:[\[(<]\s*(?P<bracket>{_WORD})\s*[\])>]\s*[:|\-]?\s*"
    rf"|(?P<colon>{_WORD})\s*:+\s*"
    rf"|(?P<capitals>{_WORD.upper()})(?=\s)\s*[-|]?\s*)",
    re.IGNORECASE,
)
_STATUS_MARK = lazy_pattern(
    r"\s*(?:[\[(]\s*(?:ok|okay|done|success|skip|skipped|start|end|\.+|[+*>=i]|(?P<bad>fail(?:ed|ure)?|[xX])"
    r"|(?P<doubt>!)|-|\d+\s*/\s*\d+)\s*[\])])\s*[:|\-]?\s*",
    re.IGNORECASE,
)
_BAD_SIGNS = lazy_pattern(
    "[\u274c\u2717\u2718\u2716\U0001f6a8\U0001f4a5\u26d4\U0001f6d1\U0001f534]"
)
_DOUBTFUL_SIGNS = lazy_pattern("[\u26a0\u2757\u2755\U0001f7e0\U0001f7e1]")

_HARMLESS = lazy_pattern(
    r"\b(?:no|without|zero|0|any)\s+(?:\w+\s+)?(?:errors?|failures?|exceptions?)\b"
    r"|\b(?:error|exception)[-_ ]?(?:handlers?|handling|pages?|codes?|count|rate|tracking|reporting)\b"
    r"|\bon[-_ ]error\b|\bno longer\b|\bnot failed\b",
    re.IGNORECASE,
)
_BAD = lazy_pattern(
    r"\b(?:error|errors (?:occurred|while|during|in)|fail(?:ed|s|ure|ures)?|exception|traceback|crash(?:ed)?|could ?n[o']t|cannot|can't"
    r"|unable to|unexpected|fehler|fehlgeschlagen|konnte nicht|erreur|\u00e9chec|impossible|falha|falhou"
    r"|erro|fallo|fall\u00f3|errore)\b|\u043e\u0448\u0438\u0431\u043a|\u043d\u0435 \u0443\u0434\u0430\u043b\u043e\u0441\u044c",
    re.IGNORECASE,
)
_DOUBTFUL = lazy_pattern(
    r"\b(?:warnings?|not found|missing|invalid|rejected|denied|unauthori[sz]ed|forbidden|time[ds]? ?out"
    r"|retry(?:ing)?|retries|deprecated|skipping|fall(?:ing)? ?back|fallback|not set|not configured"
    r"|not defined|not available|unavailable|disabled|quota|too many|exceeded|ignor(?:ed|ing)|corrupt(?:ed)?"
    r"|no (?:\w+ ){1,2}(?:found|available)|unknown|insecure|no such|does ?n[o']t exist|warnung|ung\u00fcltig|aviso|aten\u00e7\u00e3o|attention)\b"
    r"|\u043f\u0440\u0435\u0434\u0443\u043f\u0440\u0435\u0436\u0434\u0435\u043d",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands in front of a message.

    Attributes:
        level: What a word or sign in front says.
        is_explicit: Whether a word says so (``ERROR:``, ``[warn]``), and not only a sign.
        length: How many characters of the text the marks take.
    """

    level: Level | None
    is_explicit: bool
    length: int


def marks_of(text: str) -> Marks:
    """Return the marks in front of a text: level words in brackets or before a colon, signs, status."""
    signs = _sign_level(text)
    position = 0
    level: Level | None = None
    while True:
        rest = text[position:]
        match = _LEVEL_MARK.match(rest)
        if match is not None and (match["capitals"] is None or match["capitals"].isupper()):
            word = match["bracket"] or match["colon"] or match["capitals"]
            level = level or _NAMES[word.lower()]
            position += match.end()
            continue
        status = _STATUS_MARK.match(rest)
        if status is None:
            return Marks(level or signs, level is not None, position)
        if signs is None:
            signs = Level.ERROR if status["bad"] else Level.WARNING if status["doubt"] else None
        position += status.end()


def _sign_level(text: str) -> Level | None:
    head = text.lstrip()[:3]
    if _BAD_SIGNS.search(head):
        return Level.ERROR
    return Level.WARNING if _DOUBTFUL_SIGNS.search(head) else None


def level_of(text: str) -> Level | None:
    """Return what the words of a message say about its level; ``None`` if they say nothing.

    A word in front (``WARNING:``) decides; a sign in front decides where the words are silent.
    """
    marks = marks_of(text)
    if marks.is_explicit:
        return marks.level
    plain = _HARMLESS.sub(" ", text)
    if _BAD.search(plain):
        return Level.ERROR
    if _DOUBTFUL.search(plain):
        return Level.WARNING
    return marks.level


def speaks_of_failure(text: str) -> bool:
    """Whether the words of a message say that something went wrong."""
    return bool(_BAD.search(_HARMLESS.sub(" ", text)))


def is_only_level(text: str) -> bool:
    """Whether a text is nothing but the name of a level."""
    return text.strip(" :.!").lower() in {*_NAMES, "exception"}
