"""Lines of a log that are plain text, and what a client writes into them with its line breaks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.values import Taint, Value
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

LOG_FILE = "<log file>"
"""What a file of a log is that is open for writing."""

METHODS = ("print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log")
"""The last names of calls that write a line."""

_LOGGER = lazy_pattern(r"(?:^|_)log(?:ger|ging)?\Z", re.IGNORECASE)
_HOLE = lazy_pattern(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?([a-zA-Z%])")
_IN_ONE_LINE = lazy_pattern(
    r"request\.(?:headers|cookies|COOKIES|META|user_agent|referrer|url|full_path|query_string|get_full_path|files|FILES|stream)\b"
)
"""What no server takes with a line break in it."""
_TEXTS = frozenset(["request.receive_text", "request.iter_text", "request.path"])
_WHOLE = ("<model", "<given", "<fields")


def is_log_call(module: Module, call: ast.Call) -> bool:
    """Whether a call writes a line to the log, or prints it."""
    name = called_name(call)
    if name not in METHODS:
        return False
    if not isinstance(call.func, ast.Attribute):
        return name == "print" and module.resolve(call.func) == "builtins.print"
    owner = call.func.value
    last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return bool(_LOGGER.search(last))


def logged(
    frame: Frame, node: ast.Call, owner: Value | None, arguments: Arguments
) -> Iterator[tuple[ast.expr, Value]]:
    """Yield what a client writes into a line of a log by a call, with its line breaks."""
    if called_name(node) == "write" and owner is not None and owner.what == LOG_FILE:
        given = list(zip(arguments.nodes, arguments.positional, strict=True))
    elif is_log_call(frame.module, node):
        given = list(_given(node, arguments))
    else:
        return
    for argument, value in given:
        for piece in value.pieces():
            if isinstance(piece, Value) and piece.taint and not piece.what.startswith(_WHOLE):
                taint = frozenset(t for t in piece.taint if _breaks(t, piece))
                if taint:
                    yield argument, Value(taint=taint, parts=value.parts, node=piece.node)


def _given(node: ast.Call, arguments: Arguments) -> Iterator[tuple[ast.expr, Value]]:
    """Yield what stands in the line; what ``%r`` and ``%d`` show holds no line break."""
    pairs = list(zip(arguments.nodes, arguments.positional, strict=True))
    if called_name(node) == "print":
        yield from pairs
        return
    if called_name(node) == "log":
        pairs = pairs[1:]
    if not pairs:
        return
    yield pairs[0]
    template = pairs[0][1].const
    kinds = [k for k in _HOLE.findall(template) if k != "%"] if isinstance(template, str) else []
    for (argument, value), kind in zip(pairs[1:], kinds, strict=False):
        if kind == "s":
            yield argument, value


def _breaks(taint: Taint, piece: Value) -> bool:
    """Whether a text of a client may hold a line break: no header does, and no mapping as it is shown."""
    key = taint.key
    if _IN_ONE_LINE.match(key) or ".filename" in key or ".content_type" in key:
        return False
    is_leaf = "[" in key or "." in key.removeprefix("request.")
    return is_leaf or key in _TEXTS or ("request." not in key and piece.what != "<data>")


def in_one_line(value: Value) -> Value:
    """Return a value as ``repr`` shows it."""
    keys = {taint.key for taint in value.taint}
    return value.safe_for(bits(Kind.LOG), keys) if keys else value


def count_log_calls(modules: Modules) -> int:
    """Return how many calls write a line to the log, or print one."""
    return sum(is_log_call(*found) for found in modules.called(*METHODS))
