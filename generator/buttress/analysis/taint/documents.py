"""Queries of document databases: a value of JSON that may be an object brings operators of its own.

``{"$ne": null}`` in the place of a password matches every document. Forms, addresses and headers hold
text; what is parsed from JSON holds whatever the client likes, until something has treated it as text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.parts import DATA
from buttress.analysis.taint.sinks import BIT, Kind
from buttress.analysis.taint.sources import CLIENT
from buttress.analysis.taint.state import State
from buttress.analysis.taint.values import Taint, Value
from buttress.project.modules import called_name
from buttress.source.patterns import lazy_pattern

LIBRARIES = ("pymongo", "PyMongo", "motor", "MongoClient", "beanie")
"""Words of which an app that asks such a database holds one."""

METHODS = (
    "find", "find_one", "count_documents", "delete_one", "delete_many", "update_one", "update_many",
    "replace_one", "find_one_and_update", "find_one_and_delete", "find_one_and_replace",
)  # fmt: skip
"""Methods whose first argument says which documents are meant."""

ONLY_TEXT = frozenset(dir(str)) - {"index", "count"} - frozenset(dir(object))
"""Methods that no object or list of JSON has: after one of them a value is known to be text."""

DEMANDING = frozenset(
    [f"re.{name}" for name in ("match", "fullmatch", "search", "findall", "sub", "split")]
    + ["werkzeug.security.generate_password_hash", "werkzeug.security.check_password_hash",
       "email_validator.validate_email", "bson.ObjectId", "bson.objectid.ObjectId", "uuid.UUID",
       "builtins.int", "builtins.float", "datetime.datetime.strptime", "datetime.datetime.fromisoformat"]
)  # fmt: skip
"""Functions that raise where they are given an object."""

_VALIDATING = frozenset(
    [
        "validate",
        "load",
        "is_valid",
        "iter_errors",
        "validate_python",
        "model_validate",
        "parse_obj",
    ]
)
_BODY = lazy_pattern(
    r"request\.(?:json|get_json|receive_json|data|get_data|body)\b|flask_rest\w+\."
)
_FREE = lazy_pattern(
    r"(?:typing\.)?(?:Optional\[)?(?:Any|(?:dict|Dict|Mapping)(?:\[\s*str\s*,\s*(?:typing\.)?(?:Any|object)\s*\])?)"
    r"\]?(?:\s*\|\s*None)?\Z"
)
_ANNOTATED = lazy_pattern(r"(?:typing\.)?Annotated\[\s*([^,]+(?:\[[^\]]*\])?),.*\]\Z", re.DOTALL)
_VALIDATED = lazy_pattern(r"valid|schema|expects_json|use_(?:kw)?args|arguments", re.IGNORECASE)
_JOINING = frozenset(["$or", "$and", "$nor"])
_DEEPEST = 4
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def asked(frame: Frame, node: ast.Call, arguments: Arguments) -> Iterator[tuple[ast.expr, Value]]:
    """Yield what a client puts into a query by a call, where it may be an object."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name not in METHODS or not frame.engine.sources.takes_requests:
        return
    found = arguments.get(0, "filter")
    if found is None or _is_validated(frame):
        return
    argument, value = found
    for item in _compared(frame.state, value, is_whole=name != "find"):
        free = [taint for taint in item.taint if _is_free(frame, taint)]
        if item.what == DATA and free:
            yield argument, Value(taint=frozenset(free), what=DATA, node=item.node or argument)
            return


def asks_with(call: ast.Call) -> list[ast.expr]:
    """Return the expressions of a call that a query is made of."""
    waiting = [*call.args[:1], *(k.value for k in call.keywords if k.arg == "filter")]
    found: list[ast.expr] = []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Dict):
            waiting += node.values
        elif isinstance(node, ast.List):
            waiting += node.elts
        else:
            found.append(node)
    return found


def _compared(state: State, value: Value, *, is_whole: bool, depth: int = 0) -> Iterator[Value]:
    """Yield the values that fields are compared with; a whole query, where one is given as it comes."""
    container = state.container(value)
    if container is None:
        if is_whole and not depth:
            yield value
        return
    if container.kind != "dict" or depth > _DEEPEST:
        return
    for key, item in container.items.items():
        inner = state.container(item)
        if not isinstance(key, str) or not key.startswith("$"):
            yield from () if inner is not None else (item,)
        elif key in _JOINING and inner is not None:
            for part in inner.everything():
                yield from _compared(state, part, is_whole=is_whole, depth=depth + 1)
    if container.rest is not None:
        yield container.rest


def _is_free(frame: Frame, taint: Taint) -> bool:
    """Whether a value may be anything that JSON can say."""
    if taint.label != CLIENT or taint.safe & BIT[Kind.QUERY]:
        return False
    if any(
        fit & BIT[Kind.QUERY] and taint.key.startswith(key)
        for key, fit in frame.state.checked.items()
    ):
        return False
    return bool(_BODY.match(taint.key)) or _is_free_parameter(frame, taint)


def _is_free_parameter(frame: Frame, taint: Taint) -> bool:
    """Whether a value is a part of a body that FastAPI takes as it comes: ``data: dict``."""
    name = re.match(r"\w+\[", taint.key)
    function = _entry(frame).function
    if (
        name is None
        or not isinstance(function, _FUNCTIONS)
        or taint.module is not _entry(frame).module
    ):
        return False
    for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs):
        if argument.arg == name.group()[:-1] and argument.annotation is not None:
            written = taint.module.source(argument.annotation)
            inner = _ANNOTATED.match(written)
            return bool(_FREE.match(inner.group(1) if inner else written))
    return False


def _entry(frame: Frame) -> Frame:
    """Return where the way to this place begins."""
    while frame.caller is not None:
        frame = frame.caller[0]
    return frame


def _is_validated(frame: Frame) -> bool:
    """Whether a decorator of the function that answers holds the body against a schema."""
    entry = _entry(frame)
    return isinstance(entry.function, _FUNCTIONS) and any(
        _VALIDATED.search(entry.module.source(mark)) for mark in entry.function.decorator_list
    )


def shown_as_text(value: Value) -> Value:
    """Return a value that turned out to be text."""
    taint = frozenset(t._replace(safe=t.safe | BIT[Kind.QUERY]) for t in value.taint)
    return Value(value.const, taint, value.parts, value.ref, value.what, value.node)


def treated_as_text(
    frame: Frame, node: ast.Call, owner: Value | None, what: str, given: list[Value]
) -> None:
    """Take note of values that a call shows to be no objects: it would have raised."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    shown = [owner] if owner is not None and name in ONLY_TEXT else []
    if what in DEMANDING or called_name(node) in _VALIDATING:
        shown += given
    for value in shown:
        note_text(frame, value)


def note_text(frame: Frame, value: Value) -> None:
    """Remember that a value is text, whatever becomes of it."""
    checked = frame.state.checked
    for taint in value.taint:
        if taint.label == CLIENT:
            checked[taint.key] = checked.get(taint.key, 0) | BIT[Kind.QUERY]
