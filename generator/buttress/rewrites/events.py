"""The event that a message becomes: constant text in the author's words, the values taken out.

``f"[ERROR] Could not load {path} (attempt {n + 1}): {e}"`` becomes ``Could not load``, and what stood
beside each value (``attempt``) is kept as a hint for the name of its field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from buttress.analysis.logs.messages import Message, Part, Value
from buttress.analysis.logs.severity import marks_of, speaks_of_failure
from buttress.analysis.vocabulary import vocabulary
from buttress.source.patterns import lazy_pattern

LONGEST_EVENT = 160
_FIRST_MARK = 0xE000
_MARK = "[\ue000-\uf8ff]"
_ANSI = lazy_pattern(r"\x1b\[[0-9;]*m")
_RULE = lazy_pattern(r"([=\-*#_~+<>\u2500-\u257f])\1{2,}|(?<!\S)[=\-*#~]{2,}(?!\S)")
_KEPT_SIGNS = "\u00b0\u00a9\u00ae\u2116\u2122"
_UNIT = lazy_pattern(
    rf"(?<={_MARK})(?:%|(?:[smhdxB]|[kM]?[hH]z|\u00b0?C)(?!\w)"
    rf"|\s?(?:ms|us|\u00b5s|ns|secs?|mins?|hrs?|[kKMGT]i?[bB]|px)(?!\w))"
)
_GROUP = lazy_pattern(rf"[(\[{{]([^()\[\]{{}}]*{_MARK}[^()\[\]{{}}]*)[)\]}}]")
_LABELLED = lazy_pattern(rf"(?<!\S)([A-Za-z_]\w*)=['\"`]?({_MARK})['\"`]?")
_COLON = lazy_pattern(rf"(?<=\w)\s*:\s*(?=['\"`#]?{_MARK})")
_SEPARATOR = lazy_pattern(
    r"(\s*[;|]\s*|,\s+|(?<=[\w)'\"\ue000-\uf8ff])[.!?\u2026]+\s+|\s*\.{2,}\s*|\s*\u2026\s*|\s+[-\u2013\u2014]+>?\s+"
    r"|\s*(?:->|=>|\u2192|\u21d2|\u27a1)\s*|:\s+)"
)
_STOP_WORDS = vocabulary(
    "a about after an and are as at because been before but by for from had has have if in into over through is it its no not of on or per "
    "than that the then this to under until using via was were which while with within "
    "auf aus bei das der die ein eine f\u00fcr im ist mit nach und um von vom zu zum zur "
    "com da das de del des do dos du e el em en est et la le les na no nas nos o para par por pour y "
    "\u0432 \u0434\u043b\u044f \u0434\u043e \u0438 \u0438\u0437 \u043a \u043d\u0430 \u043e\u0442 \u043f\u043e \u0441 \u0443"
)
_PREPOSITIONS = vocabulary(
    "after at before by for from in into of on per to using via with within mit f\u00fcr von nach em para"
)
_PHRASAL = frozenset(
    ["logged", "log", "logging", "signed", "sign", "signing", "checked", "opted", "turned"]
)
_ARROWS = ("->", "=>", "\u2192", "\u21d2", "\u27a1")
_SHORT_CLAUSE = 3
_HEADING = lazy_pattern(r"#+(?![\w#])")
_TAG = lazy_pattern(r"(?<!\S)#\w[\w-]*")
_EDGE = " \t:;,.!?\u2026-\u2013\u2014=>|/\\#@&+*~^'\"`"


@dataclass(frozen=True, slots=True)
class Event:
    """What a message is called in the log.

    Attributes:
        text: Constant; empty where the message had no words of its own.
        labels: What the author wrote beside a value, by the position of the value.
        has_words: Whether words of the author are left beside the labels.
    """

    text: str
    labels: Mapping[int, str] = field(default_factory=dict)
    has_words: bool = True


def event_of(message: Message, errors: Collection[int] = ()) -> Event:
    """Return the event of a message: its words without values, decoration and level marks.

    Args:
        message: What is logged.
        errors: The positions of exceptions: no field is named after what stands in front of one.
    """
    positions = {id(value): index for index, value in enumerate(message.values)}
    text = "".join(
        part if isinstance(part, str) else chr(_FIRST_MARK + positions[id(part)])
        for part in message.parts
    )
    text = _without_marks(_plain(text))
    labels: dict[int, str] = {}
    text, clauses = _set_apart(text, labels)
    for clause in clauses:
        _label_last(clause, labels)
    words = _assembled(text, labels, {chr(_FIRST_MARK + position) for position in errors})
    if message.values and all(w.lower() in _STOP_WORDS for w in words.split()):
        words = ""
    named = ", ".join(label for _, label in sorted(labels.items()))
    return Event(words or named, labels, has_words=bool(words))


def tidied(message: Message) -> Message:
    """Return the message without decoration and level marks, its values where they were.

    For loggers that take a template instead of fields.
    """
    parts: list[Part] = []
    for position, part in enumerate(message.parts):
        if isinstance(part, Value):
            parts.append(part)
            continue
        text = re.sub(r"[\r\n]+", " ", _decorated_less(part))
        if position == 0:
            text = _without_marks(text.lstrip()).lstrip(" :-=>*#|")
        if position == len(message.parts) - 1:
            text = text.rstrip(" \t:;,-=>|")
        parts.append(re.sub(r"[ \t]{2,}", " ", text))
    return Message(tuple(part for part in parts if part != ""))


def is_decoration(message: Message) -> bool:
    """Whether a message is a rule, a blank line or signs, and says nothing."""
    return message.is_constant and not any(character.isalnum() for character in message.text)


def is_table(message: Message) -> bool:
    """Whether a message is a row of columns for human eyes."""
    aligned = [value for value in message.values if re.search(r"[<>^]|^\d+$", value.spec or "")]
    return len(aligned) >= 2


def _plain(text: str) -> str:
    lines = [line.strip() for line in re.split(r"[\r\n]+", _decorated_less(text))]
    kept = [line for line in lines if any(c.isalnum() or "\ue000" <= c <= "\uf8ff" for c in line)]
    whole = ""
    for line in kept:
        joint = " " if whole.endswith((":", ",", ".", "!", "?", ";")) else ". "
        whole = f"{whole}{joint}{line}" if whole else line
    return re.sub(r"\s+", " ", whole).strip()


def _decorated_less(text: str) -> str:
    text = _RULE.sub(" ", _ANSI.sub("", text))
    return "".join(character for character in text if not _is_sign(character))


def _is_sign(character: str) -> bool:
    if character in _KEPT_SIGNS or "\ue000" <= character <= "\uf8ff":
        return False
    joiner = character in "\u200d\u20e3\ufe0f\ufe0e" or "\U0001f3fb" <= character <= "\U0001f3ff"
    return joiner or unicodedata.category(character) in {"So", "Cs"}


def _without_marks(text: str) -> str:
    """Drop level and status marks in front, unless nothing else would be left."""
    rest = text[marks_of(text).length :]
    return rest if any(character.isalnum() for character in rest) else text


def _set_apart(text: str, labels: dict[int, str]) -> tuple[str, list[str]]:
    """Take groups in brackets and ``name=value`` pairs that hold values out of the text."""
    text = _UNIT.sub("", text)
    text = re.sub(
        rf"(['\"`\u00ab\u201c\u2018]+)({_MARK})(?:\.{{3}}|\u2026)?(['\"`\u00bb\u201d\u2019]+)",
        r"\2",
        text,
    )
    groups: list[str] = []

    def group(match: re.Match[str]) -> str:
        groups.append(match.group(1))
        return " "

    def labelled(match: re.Match[str]) -> str:
        labels[_index(match.group(2))] = match.group(1)
        # the pair stays where nothing else says what this is about
        return match.group(2)

    text = _LABELLED.sub(labelled, _GROUP.sub(group, text))
    found = [_LABELLED.sub(labelled, item) for item in groups]
    inner = [piece for item in found for piece in _SEPARATOR.split(item)[::2]]
    return _COLON.sub(": ", text), inner


def _index(mark: str) -> int:
    return ord(mark) - _FIRST_MARK


def _label_last(clause: str, labels: dict[int, str]) -> None:
    """Remember the words in front of each value of a clause."""
    words: list[str] = []
    for token in clause.split():
        marks = re.findall(_MARK, token)
        if not marks:
            # a path or the name of code is no word
            words.append("" if re.search(r"/|\w\.\w", token) else token.strip(_EDGE))
            continue
        glued = re.split(_MARK, token)[0].strip(_EDGE)
        if glued:
            words.append(glued)
        named = [word for word in words if word]
        while named and _names_nothing(named):
            named.pop(0)
        while named and named[-1].lower() in _STOP_WORDS:
            named.pop()
        if 1 <= len(named) <= _SHORT_CLAUSE and _index(marks[0]) not in labels:
            labels[_index(marks[0])] = " ".join(named)
        words = []


def _names_nothing(words: list[str]) -> bool:
    """Whether the first word of a label says what is done, not what the value is."""
    first = words[0].lower()
    return first in _STOP_WORDS or (len(words) > 1 and first.endswith(("ing", "ed")))


def _assembled(text: str, labels: dict[int, str], errors: Collection[str]) -> str:
    pieces = _split(text)
    result = ""
    for position in range(0, len(pieces), 2):
        clause = pieces[position]
        separator = pieces[position - 1].strip() if position else ""
        _label(pieces, position, labels)
        words = _cleaned(clause)
        if _leads_to_value(pieces, position):
            words = _without_stop_words(words)
        says_what_failed = _leads_to_error(pieces, position, errors) or speaks_of_failure(words)
        if (
            result
            and not (says_what_failed and _leads_to_value(pieces, position))
            and _only_names_a_value(pieces, position, words, result)
        ):
            continue
        if words:
            result += (_joint(separator) if result else "") + words
    return _trimmed(result)


def _split(text: str) -> list[str]:
    """Return the clauses with the separators between them; what stands in brackets is not parted."""
    pieces: list[str] = []
    for number, piece in enumerate(_SEPARATOR.split(text)):
        if number >= 2 and number % 2 == 0 and _is_open(pieces[-2]) and ")" in piece:
            separator = pieces.pop()
            pieces[-1] += separator + piece
        else:
            pieces.append(piece)
    return pieces


def _is_open(clause: str) -> bool:
    return clause.rfind("(") > clause.rfind(")")


def _label(pieces: list[str], position: int, labels: dict[int, str]) -> None:
    """Remember what stands in front of the values of one clause."""
    clause = pieces[position]
    if position and pieces[position - 1].strip() == ":" and _is_lone_value(clause):
        before = [word.strip(_EDGE) for word in pieces[position - 2].split()]
        named = [word for word in before if word and not re.search(_MARK, word)]
        if 1 <= len(named) <= _SHORT_CLAUSE:
            labels.setdefault(_index(re.findall(_MARK, clause)[0]), " ".join(named))
    else:
        _label_last(clause, labels)


def _is_lone_value(clause: str) -> bool:
    return bool(re.fullmatch(rf"\W*{_MARK}\W*", clause.strip()))


def _only_names_a_value(pieces: list[str], position: int, words: str, result: str) -> bool:
    """Whether a clause behind the first says no more than the field of its value will."""
    separator = pieces[position - 1].strip() if position else ""
    has_value = bool(re.search(_MARK, pieces[position]))
    if _TAG.search(words):
        return False  # somebody looks for it in the logs
    if separator == ":" and _is_heading(result):
        return False
    is_short = len(words.split()) <= _SHORT_CLAUSE
    if not has_value:
        is_deed = words.lower().rsplit(" ", maxsplit=1)[-1].endswith("ing")
        return is_short and not is_deed and _leads_to_value(pieces, position)
    if _surrounds_value(pieces[position]):
        return False
    if separator[:1] in {".", "!", "?", "\u2026"} and " " in words:
        return False
    is_deed = words.split(" ", maxsplit=1)[0].endswith("ing")
    return is_short and not (is_deed and separator[:1] in {".", "!", "?", "\u2026", ":"})


def _is_heading(text: str) -> bool:
    """Whether a text says only what the message behind it is about: ``auth:``, ``RAG DEBUG:``."""
    return len(text.split()) == 1 or text.isupper()


def _surrounds_value(clause: str) -> bool:
    """Whether words stand on both sides of the values, which no name of a field says."""
    tokens = clause.split()
    marked = [number for number, token in enumerate(tokens) if re.search(_MARK, token)]
    behind = [token.strip(_EDGE).lower() for token in tokens[marked[-1] + 1 :]]
    before = [token.strip(_EDGE).lower() for token in tokens[: marked[0]]]
    return all(any(w and w not in _STOP_WORDS for w in words) for words in (before, behind))


def _leads_to_error(pieces: list[str], position: int, errors: Collection[str]) -> bool:
    return position + 2 < len(pieces) and any(mark in pieces[position + 2] for mark in errors)


def _leads_to_value(pieces: list[str], position: int) -> bool:
    """Whether a clause is followed by a colon and a value."""
    followed = position + 1 < len(pieces) and pieces[position + 1].strip() == ":"
    return followed and bool(re.match(rf"\W*{_MARK}", pieces[position + 2].strip()))


def _joint(separator: str) -> str:
    """Return how two kept clauses are put together, as the author did."""
    if separator.startswith(("..", "\u2026")):
        return "... "
    if separator.endswith(_ARROWS):
        return " -> "
    mark = "." if separator[:1] in {".", "!"} else separator
    return {"": " ", ",": ", ", ";": "; ", ":": ": ", ".": ". ", "?": "? "}.get(mark, " - ")


def _cleaned(clause: str) -> str:
    """Return a clause without its values and what led to them."""
    if not re.search(_MARK, clause):
        return clause.strip()
    tokens = _up_to_value(clause.split())
    kept: list[str] = []
    for position, token in enumerate(tokens):
        if re.search(_MARK, token):
            following = tokens[position + 1].lower() if position + 1 < len(tokens) else ""
            while kept and kept[-1].lower() in _PREPOSITIONS and following in _STOP_WORDS:
                if kept.pop().lower() == "to" and kept and kept[-1].lower() == "up":
                    kept.pop()
            continue
        kept.append(token)
    text = " ".join(kept).strip()
    return _without_stop_words(text) if re.search(_MARK, tokens[-1]) else text


def _without_stop_words(text: str) -> str:
    """Drop what is left hanging at the end of a clause whose last word was a value."""
    words = text.split()
    while words and words[-1].strip(_EDGE).lower() in _STOP_WORDS and not _is_phrasal(words):
        words.pop()
    return " ".join(words) or text


def _up_to_value(tokens: list[str]) -> list[str]:
    """Cut a clause behind ``... to VALUE`` where next to nothing but more values follows."""
    first = next(i for i, token in enumerate(tokens) if re.search(_MARK, token))
    if first < 2 or tokens[first - 1].lower() not in _PREPOSITIONS:
        return tokens
    rest = [token for token in tokens[first:] if not re.search(_MARK, token)]
    telling = [word for word in rest if word.strip(_EDGE).lower() not in _STOP_WORDS]
    return tokens[: first + 1] if len(telling) <= 1 else tokens


def _is_phrasal(words: list[str]) -> bool:
    """Whether the last word belongs to the verb: ``logged in``."""
    return len(words) > 1 and words[-1].lower() in {"in", "on"} and words[-2].lower() in _PHRASAL


def _trimmed(text: str) -> str:
    text = re.sub(r"(?<!\w)\(\s*\)|\[\s*\]|\{\s*\}|''|\"\"|``", " ", text)
    text = re.sub(r"\s+([,;:.])(?=\s|$)", r"\1", re.sub(r"\s+", " ", text)).strip()
    before = None
    while before != text:
        before = text
        text = text.rstrip(_EDGE.replace("'", "").replace('"', "").replace("`", ""))
        text = _HEADING.sub("", text.lstrip(" \t:;,.!-\u2013\u2014=>|)]*~+"))
        text = re.sub(r"^\d+[.)]\s+(?=\w)", "", text)
    bracketed = re.fullmatch(r"[\[(]([^\[\]()]*)[\])]", text)
    text = bracketed.group(1) if bracketed else text
    return text if any(character.isalpha() for character in text) else ""
