"""What a condition says about the values in it, once it held or did not."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TypeGuard

from buttress.analysis.taint.documents import DEMANDING, ONLY_TEXT, note_text
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.library import CHECKING_METHODS, TEXTS
from buttress.analysis.taint.matching import limited
from buttress.analysis.taint.sinks import ALL, Kind, bits
from buttress.analysis.taint.sources import PARAMETER
from buttress.analysis.taint.values import UNKNOWN, Value
from buttress.project.modules import called_name
from buttress.source.patterns import lazy_pattern

Evaluate = Callable[[Frame, ast.expr], Value]

_PREDICATE = lazy_pattern(
    r"(?:^|_)(?:is_?)?(?:safe|valid|allow|white|permit|trust|sanit|check|verif|has_allowed)", re.IGNORECASE
)  # fmt: skip
_REFUSAL = lazy_pattern(
    r"(?:^|_)(?:private|internal|unsafe|forbidden|blocked|denied|disallowed|malicious|dangerous|invalid|traversal)",
    re.IGNORECASE,
)
_PUBLIC = lazy_pattern(r"(?:^|_)(?:public|external|routable)_", re.IGNORECASE)
_DEMAND = lazy_pattern(r"_*(?:validate|ensure|assert|verify|check|require)_", re.IGNORECASE)
_OF_STATEMENTS = lazy_pattern(r"sql|query|statement|column|table|identifier", re.IGNORECASE)
_OF_FILES = lazy_pattern(r"file|ext", re.IGNORECASE)
_PLACES = bits(Kind.URL, Kind.REDIRECT, Kind.PATH, Kind.SESSION)
_WHOLE_METHODS = frozenset(["lower", "upper", "strip", "casefold", "lstrip", "rstrip", "decode", "resolve"])  # fmt: skip
_SAME = frozenset(
    ["builtins.str", "os.path.realpath", "os.path.abspath", "os.path.normpath", "builtins.type",
     "urllib.parse.urlparse", "urllib.parse.urlsplit", "pathlib.Path", "builtins.len"]
)  # fmt: skip
_LACKS: dict[str, int] = {
    "'": bits(Kind.XPATH, Kind.SQL),
    '"': bits(Kind.XPATH),
    "..": bits(Kind.PATH),
    "../": bits(Kind.PATH),
    "/": bits(Kind.PATH, Kind.URL, Kind.REDIRECT),
    "://": bits(Kind.URL, Kind.REDIRECT),
    "//": bits(Kind.URL, Kind.REDIRECT),
    "<": bits(Kind.HTML),
}
_URL_START = lazy_pattern(r"\w+://[^/]+/|/")
_OWN_START = lazy_pattern(r"\^?(?:/[\[\w(]|https?\??://\w)")
_TEXTS = (
    "builtins.str",
    "builtins.bytes",
    "builtins.list",
    "builtins.dict",
    "builtins.tuple",
    "builtins.object",
)
_HOLDING = lazy_pattern(r"\b(?:dict|list|Mapping|Sequence|object)\b")
_HOSTS = frozenset(["netloc", "hostname", "host"])
_MATCHES = frozenset(["match", "fullmatch"])
_PARSING = frozenset(
    ["builtins.int", "builtins.float", "uuid.UUID", "datetime.datetime.strptime", "datetime.date.fromisoformat",
     "decimal.Decimal", "bson.ObjectId", "bson.objectid.ObjectId"]
)  # fmt: skip
"""Functions that raise for any text that is not, as a whole, a number, a date or an identifier."""
_EQUALITIES = (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true, as far as it is known."""
    if value.const is UNKNOWN:
        return None
    return bool(value.const)


def narrow(frame: Frame, test: ast.expr, evaluate: Evaluate, *, holds: bool) -> None:
    """Take over into the state what is true where a condition holds, or does not."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        narrow(frame, test.operand, evaluate, holds=not holds)
    elif isinstance(test, ast.BoolOp):
        _several(frame, test, evaluate, holds=holds)
    elif isinstance(test, ast.Compare):
        if len(test.ops) == 1:
            _compared(frame, test, evaluate, holds=holds)
    elif isinstance(test, ast.Await):
        narrow(frame, test.value, evaluate, holds=holds)
    elif isinstance(test, ast.Call):
        _told(frame, test, evaluate)
        if holds:
            _called(frame, test, evaluate)
        else:
            _refused(frame, test, evaluate)
    elif isinstance(test, ast.NamedExpr):
        narrow(frame, test.value, evaluate, holds=holds)
        narrow(frame, test.target, evaluate, holds=holds)
    elif isinstance(test, ast.Name):
        _remembered(frame, test, evaluate, holds=holds)


def _remembered(frame: Frame, test: ast.Name, evaluate: Evaluate, *, holds: bool) -> None:
    """``found = PATTERN.fullmatch(name)``, then ``if not found``."""
    value = frame.state.names.get(test.id)
    if holds and value is not None and not value.taint and _is_match(value.node):
        _called(frame, value.node, evaluate)
    elif not holds:
        clear(frame, test)


def _is_match(node: ast.AST | None) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and called_name(node) in _MATCHES


def _several(frame: Frame, test: ast.BoolOp, evaluate: Evaluate, *, holds: bool) -> None:
    if isinstance(test.op, ast.And) is holds:
        for operand in test.values:
            narrow(frame, operand, evaluate, holds=holds)
        if not holds or len(test.values) < 2:
            return
        return
    # one of them is as the branch says: only what each of them says is known
    before, after = frame.state, None
    for operand in test.values:
        frame.state = before.copy()
        narrow(frame, operand, evaluate, holds=holds)
        after = frame.state if after is None else after.join(frame.state)
    frame.state = after if after is not None else before


def _compared(frame: Frame, test: ast.Compare, evaluate: Evaluate, *, holds: bool) -> None:
    left, op, right = test.left, test.ops[0], test.comparators[0]
    short = limited(test, holds=holds)
    if short is not None:
        _limit(frame, short, evaluate)
    if isinstance(op, ast.In | ast.NotIn):
        is_in = isinstance(op, ast.In) is holds
        if isinstance(left, ast.Constant) and isinstance(left.value, str):
            if not is_in:
                _lacks(frame, left.value, right, evaluate)
        elif is_in and all(
            taint.label == PARAMETER for taint in frame.state.held(evaluate(frame, right))
        ):
            mark(frame, left, ALL, evaluate)
    elif isinstance(right, ast.Constant) and right.value is None and isinstance(op, _EQUALITIES):
        is_there = isinstance(op, ast.IsNot | ast.NotEq) is holds
        if isinstance(left, ast.Name):
            _remembered(frame, left, evaluate, holds=is_there)
        elif is_there and _is_match(left):
            _called(frame, left, evaluate)
    elif isinstance(op, ast.Is | ast.Eq if holds else ast.IsNot | ast.NotEq):
        _equal(frame, left, right, evaluate)
        _equal(frame, right, left, evaluate)


def _limit(frame: Frame, place: ast.expr, evaluate: Evaluate) -> None:
    """Note that a value has a largest length; it stays what it is."""
    keys = {taint.key for taint in evaluate(frame, place).taint}
    for key in keys if len(keys) == 1 else ():
        frame.state.checked[key] = frame.state.checked.get(key, 0) | bits(Kind.SLOW)
    if isinstance(place, ast.Name) and place.id in frame.state.names:
        value = frame.state.names[place.id]
        frame.state.names[place.id] = value.safe_for(bits(Kind.SLOW), keys)


def _equal(frame: Frame, one: ast.expr, other: ast.expr, evaluate: Evaluate) -> None:
    if isinstance(other, ast.Constant) and other.value is None:
        clear(frame, one)
    elif not frame.state.held(evaluate(frame, other)):
        if isinstance(one, ast.Call):
            _compared_call(frame, one, evaluate)
        else:
            mark(frame, one, ALL, evaluate)


def _compared_call(frame: Frame, call: ast.Call, evaluate: Evaluate) -> None:
    """``commonpath([base, path]) == base`` and ``x.lower() == "asc"``."""
    if (frame.module.resolve(call.func) or "").endswith("commonpath"):
        for argument in call.args:
            for inner in ast.walk(argument):
                if isinstance(inner, ast.Name):
                    mark(frame, inner, bits(Kind.PATH), evaluate)
    else:
        mark(frame, call, ALL, evaluate)


def _lacks(frame: Frame, characters: str, place: ast.expr, evaluate: Evaluate) -> None:
    fit = _LACKS.get(characters, 0)
    if characters in {"'", '"'} and isinstance(place, ast.Subscript):
        # between its first and its last character: a literal, where both are quotes
        fit |= bits(Kind.CODE)
    if fit:
        mark(frame, place, fit, evaluate)


def _called(frame: Frame, call: ast.Call, evaluate: Evaluate) -> None:
    function, name = call.func, called_name(call)
    if name == "startswith" and isinstance(function, ast.Attribute) and call.args:
        _started(frame, function.value, call.args[0], evaluate)
    elif name in _MATCHES and call.args and _is_regex(frame, function):
        _matched(frame, call, name, evaluate)
    elif name == "isinstance" and len(call.args) == 2:
        if (frame.module.resolve(call.args[1]) or _TEXTS[0]) not in _TEXTS:
            mark(frame, call.args[0], ALL, evaluate)
        elif not _HOLDING.search(frame.module.source(call.args[1])):
            note_text(frame, evaluate(frame, call.args[0]))
    elif name in CHECKING_METHODS and isinstance(function, ast.Attribute):
        mark(frame, function.value, CHECKING_METHODS[name], evaluate)
    elif _PREDICATE.search(name):
        fit = ALL if not _OF_FILES.search(name) else ALL & ~bits(Kind.PATH)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        for argument in given:
            mark(frame, argument, fit if len(given) <= 3 else _PLACES, evaluate)
    elif _PUBLIC.search(name):
        for argument in call.args:
            mark(frame, argument, bits(Kind.URL, Kind.REDIRECT), evaluate)


def _told(frame: Frame, call: ast.Call, evaluate: Evaluate) -> None:
    """Take over what a question says of a value whatever the answer: ``name.isalnum()`` has only a text."""
    function, name = call.func, called_name(call)
    if isinstance(function, ast.Attribute) and name in ONLY_TEXT:
        note_text(frame, evaluate(frame, function.value))
    elif name in _MATCHES and call.args and frame.module.resolve(function) in DEMANDING:
        note_text(frame, evaluate(frame, call.args[-1]))


def _matched(frame: Frame, call: ast.Call, name: str, evaluate: Evaluate) -> None:
    """``PATTERN.match(name)`` and ``re.match(pattern, name)``."""
    if len(call.args) == 1:
        mark(frame, call.args[0], ALL, evaluate)
        return
    pattern = evaluate(frame, call.args[0])
    if _is_strict(pattern, name):
        mark(frame, call.args[1], ALL, evaluate)
    elif isinstance(pattern.const, str) and _OWN_START.match(pattern.const):
        mark(frame, call.args[1], _PLACES, evaluate)


def _refused(frame: Frame, call: ast.Call, evaluate: Evaluate) -> None:
    """``if is_private(url): raise``: what is left is none of these."""
    if _REFUSAL.search(called_name(call)):
        for argument in call.args:
            mark(frame, argument, _PLACES, evaluate)


def demand(frame: Frame, call: ast.Call, evaluate: Evaluate) -> None:
    """Take over what a call makes sure of that raises where it does not hold: ``validate_url(url)``."""
    function, name = call.func, called_name(call)
    if name == "relative_to" and isinstance(function, ast.Attribute):
        mark(frame, function.value, bits(Kind.PATH), evaluate)  # else it raises
    if isinstance(call.args[0], ast.Name) and frame.module.resolve(function) in _PARSING:
        mark(frame, call.args[0], TEXTS | bits(Kind.LOG), evaluate)  # else it raises
    if not _DEMAND.match(name):
        return
    fit = _PLACES | (bits(Kind.SQL) if _OF_STATEMENTS.search(name) else 0)
    if _OF_FILES.search(name):
        fit &= ~bits(Kind.PATH)
    mark(frame, call.args[0], fit, evaluate)


def _is_regex(frame: Frame, function: ast.expr) -> bool:
    return isinstance(function, ast.Attribute) or frame.module.resolve(function) is not None


def _is_strict(pattern: Value, method: str) -> bool:
    """Whether a pattern says what every character may be; what is not known is believed."""
    text = pattern.const
    if not isinstance(text, str):
        return True
    is_whole = method == "fullmatch" or text.endswith(("$", r"\Z"))
    without = re.sub(
        r"\[(?!\^)(?:\\.|[^\]\\])*\]", "[]", text
    )  # what stands in a class names itself
    return is_whole and not re.search(r"(?<!\\)\.[*+{?]|\[\^", without)


def _started(frame: Frame, place: ast.expr, start: ast.expr, evaluate: Evaluate) -> None:
    value = evaluate(frame, start)
    if frame.state.held(value):
        return
    if not isinstance(value.const, str) or _URL_START.match(value.const):
        mark(frame, place, _PLACES, evaluate)


def clear(frame: Frame, place: ast.expr) -> None:
    """Take a value for harmless that is one of those that the code names."""
    if isinstance(place, ast.Name) and place.id in frame.state.names:
        frame.state.names[place.id] = Value(node=place)


def mark(frame: Frame, place: ast.expr, fit: int, evaluate: Evaluate) -> None:
    """Note that the value at a place is fit for some kinds of sinks."""
    place, fit = _bare(frame, place, fit)
    value = evaluate(frame, place)
    if not value.taint:
        return
    if isinstance(place, ast.Name) and place.id in frame.state.names:
        frame.state.names[place.id] = value.safe_for(fit)
    keys = {taint.key for taint in value.taint}
    if len(keys) == 1 or fit & _PLACES == fit:
        for key in keys:
            frame.state.checked[key] = frame.state.checked.get(key, 0) | fit
        for name, other in frame.state.names.items():
            if other.taint and any(taint.key in keys for taint in other.taint):
                frame.state.names[name] = other.safe_for(fit, keys)


def _bare(frame: Frame, place: ast.expr, fit: int) -> tuple[ast.expr, int]:
    """Return the value itself, without what only changes its form."""
    for _ in range(6):
        if isinstance(place, ast.Call):
            function = place.func
            if isinstance(function, ast.Attribute) and function.attr in _WHOLE_METHODS:
                place = function.value
                continue
            if place.args and frame.module.resolve(function) in _SAME:
                place = place.args[0]
                continue
        elif isinstance(place, ast.Subscript) and isinstance(place.slice, ast.Slice):
            place = place.value
            continue
        elif isinstance(place, ast.Attribute) and place.attr in _HOSTS:
            return place, bits(Kind.URL, Kind.REDIRECT)
        elif isinstance(place, ast.NamedExpr):
            place = place.target
            continue
        break
    return place, fit
