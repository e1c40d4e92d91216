"""The level of a line that was printed, from the words of the message and the place it stands in."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.errors.app_handlers import error_handler_parameter
from buttress.analysis.errors.caught import (
    direct_calls,
    handler_around,
    is_for_missing_module,
    is_quiet,
    is_traceback,
    mentions,
    names_of,
)
from buttress.analysis.logs.messages import Message
from buttress.analysis.logs.severity import Level, level_of, marks_of, speaks_of_failure
from buttress.source import Module

_MILD = frozenset([Level.DEBUG, Level.INFO, Level.WARNING])


@dataclass(frozen=True, slots=True)
class Severity:
    """How a line is logged.

    Attributes:
        method: The logger's method.
        exc_info: What is passed as ``exc_info``; empty for nothing.
        is_traced: Whether the call passes ``exc_info`` already.
    """

    method: str
    exc_info: str = ""
    is_traced: bool = False

    @property
    def has_traceback(self) -> bool:
        """Whether the traceback comes with the line."""
        return self.method == "exception" or bool(self.exc_info) or self.is_traced


def severity_of_print(
    module: Module, call: ast.Call, message: Message, *, is_first_report: bool
) -> Severity:
    """Return how a printed message is logged.

    Args:
        module: The module.
        call: The call that prints.
        message: What it says.
        is_first_report: Whether no other line of the same ``except`` block brings the traceback.
    """
    words = level_of(message.text)
    handler = handler_around(module, call)
    if handler is not None:
        return _in_handler(module, handler, call, message, is_first_report=is_first_report)
    parameter = error_handler_parameter(module, call)
    if parameter is not None and mentions(module, call, frozenset([parameter])):
        return Severity("error", parameter)
    if words is not None:
        return Severity(words)
    if _goes_to_stderr(module, call):
        return Severity(Level.WARNING)
    return Severity(Level.DEBUG if _is_dump(message) else Level.INFO)


def _in_handler(
    module: Module,
    handler: ast.ExceptHandler,
    call: ast.Call,
    message: Message,
    *,
    is_first_report: bool,
) -> Severity:
    words = level_of(message.text)
    if is_quiet(module, handler):
        return Severity(words or Level.INFO)
    if is_for_missing_module(module, handler) and words is not Level.ERROR:
        return Severity(words or Level.WARNING)
    if reports(module, call, message):
        marks = marks_of(message.text)
        is_failure = speaks_of_failure(message.text[marks.length :])
        if marks.is_explicit and marks.level in _MILD and not is_failure:
            return Severity(marks.level)
        if marks.is_explicit and marks.level is Level.WARNING:
            return Severity(Level.WARNING)
        return Severity("exception" if is_first_report else Level.ERROR)
    return Severity(words or (Level.WARNING if is_first_report else Level.INFO))


def reports(module: Module, call: ast.Call, message: Message) -> bool:
    """Whether a line in an ``except`` block tells of its exception."""
    names = names_of(module, call)
    if not message.parts or speaks_of_failure(message.text):
        return True
    return any(mentions(module, value.node, names) for value in message.values)


def is_only_traceback(module: Module, message: Message) -> bool:
    """Whether a message is the traceback, with at most a heading."""
    if not message.parts:
        return True
    return len(message.values) == 1 and is_traceback(module, message.values[0].node)


def siblings(module: Module, call: ast.Call) -> list[ast.Call]:
    """Return the calls that stand as statements in the same ``except`` block, ``call`` included."""
    handler = handler_around(module, call)
    if handler is None or module.parent(module.statement(call)) is not handler:
        return []
    return list(direct_calls(handler))


def _goes_to_stderr(module: Module, call: ast.Call) -> bool:
    return any(
        keyword.arg in {"file", "stream"} and module.resolve(keyword.value) == "sys.stderr"
        for keyword in call.keywords
    )


def _is_dump(message: Message) -> bool:
    """Whether values are printed without a word about them."""
    if message.is_constant or any(character.isalpha() for character in message.text):
        return False
    return not all(is_choice(value.node) for value in message.values)


def is_choice(node: ast.expr) -> bool:
    """Whether an expression gives one of a few constant texts."""
    if isinstance(node, ast.IfExp):
        return is_choice(node.body) and is_choice(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
