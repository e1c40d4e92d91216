"""What becomes of one log call."""

from __future__ import annotations

import ast
import re

from buttress.analysis.errors.app_handlers import error_handler_parameter
from buttress.analysis.errors.caught import (
    brings_traceback,
    handler_around,
    is_exception,
    mentions,
    names_of,
)
from buttress.analysis.logs.loggers import Family, LogCall
from buttress.analysis.logs.messages import Message
from buttress.analysis.logs.severity import speaks_of_failure
from buttress.analysis.logs.structlog_readiness import Obstacle, extra_fields
from buttress.rewrites.log_levels import Severity, is_only_traceback
from buttress.rewrites.log_line import Line, Unwritable, Written, quote_of
from buttress.rewrites.log_lines import write
from buttress.rewrites.log_messages import (
    is_only_a_value,
    logged_message,
    passes_message_on,
    refuse_comments,
)
from buttress.rewrites.log_planner import Planner
from buttress.rewrites.log_prints import event_for_error
from buttress.rewrites.log_targets import Target, unreachable_from
from buttress.rewrites.outcomes import Changed, Good, Outcome, Safety
from buttress.source import Edit, Module
from buttress.source.patterns import lazy_pattern

_ON_PURPOSE = lazy_pattern(
    r"\b(?:test(?:ing)?|debug|dev(?:elopment)?|mock(?:ed)?|demo|sandbox|simulat\w*)\b",
    re.IGNORECASE,
)
_MESSAGE_ELSEWHERE = Obstacle(
    "message-elsewhere",
    "the message is a value that is built somewhere else.",
    "Log a constant event and pass the value as a field.",
)


def outcome_of_call(planner: Planner, module: Module, log_call: LogCall) -> Outcome:
    """Return what becomes of a log call.

    Raises:
        Unwritable: If it is left alone although it is no event with fields.
    """
    call = log_call.call
    message = logged_message(module, log_call)
    severity = _severity(planner, module, log_call, message)
    is_report = is_only_traceback(module, message)
    first = planner.first_report(module, call) if is_report else None
    statement = module.parent(call)
    if first is not None and first is not call and isinstance(statement, ast.Expr):
        return planner.without_redundant(module, statement, first)
    if _is_constant(log_call, message) and _is_same(severity, log_call):
        return Good(module.path, call.lineno)
    removal = planner.without_secret(module, statement, message)
    if removal is not None:
        return removal
    target = planner.targets.for_call(module, log_call)
    if isinstance(target, Target) and target.source != log_call.logger.source:
        target = unreachable_from(module, call, target) or target
    if _is_constant(log_call, message) or isinstance(target, Obstacle):
        return _only_renamed(module, log_call, severity, target)
    shows_error = is_report or _shows_exception(module, call, message)
    if is_only_a_value(message) and not (shows_error and target.family is Family.STRUCTLOG):
        return _only_renamed(module, log_call, severity, _MESSAGE_ELSEWHERE)
    if target.family is Family.STRUCTLOG and passes_message_on(message):
        return _only_renamed(module, log_call, severity, _MESSAGE_ELSEWHERE)
    refuse_comments(module, call)
    line = Line(
        _source(module, log_call, target),
        target.family,
        severity,
        message,
        names_of(module, call),
        event_for_error(module, call) if shows_error else "",
        _leading(module, log_call),
        _kept_keywords(module, call),
        quote_of(module, call),
    )
    written = write(module, line)
    _refuse(module, call, message, written)
    return Changed(
        module.path,
        call.lineno,
        (Edit(*module.span(call), written.text), *target.edits),
        Safety.HARDENING if written.hidden else Safety.SAFE,
        _reason(written, severity, log_call),
        target.imports,
    )


def _is_constant(log_call: LogCall, message: Message) -> bool:
    has_extra = any(keyword.arg == "extra" for keyword in log_call.call.keywords)
    is_template = log_call.logger.family is Family.LOGURU
    return message.is_constant and (is_template or not has_extra)


def _shows_exception(module: Module, call: ast.Call, message: Message) -> bool:
    names = names_of(module, call)
    return any(is_exception(module, value.node, names) for value in message.values)


def _is_same(severity: Severity, log_call: LogCall) -> bool:
    return severity.method == log_call.method and not severity.exc_info


def _severity(planner: Planner, module: Module, log_call: LogCall, message: Message) -> Severity:
    """Return how a line is logged: an error in an ``except`` block brings its traceback."""
    call, method = log_call.call, log_call.method
    same = Severity(method, is_traced=brings_traceback(module, call))
    has_choice = any(keyword.arg == "exc_info" for keyword in call.keywords)
    is_loguru = log_call.logger.family is Family.LOGURU
    if method not in {"error", "critical", "fatal"} or same.is_traced or has_choice:
        return same
    if is_loguru and (method != "error" or not planner.shows_loguru_traces()):
        return same
    parameter = error_handler_parameter(module, call)
    if parameter and not is_loguru and mentions(module, call, frozenset([parameter])):
        return Severity(method, parameter)
    handler = handler_around(module, call)
    first = planner.first_report(module, call)
    if handler is None or (first is not None and first is not call):
        return same
    names = names_of(module, call)
    is_told = any(mentions(module, value.node, names) for value in message.values)
    if not is_told and not (handler.type is None and speaks_of_failure(message.text)):
        return same
    return Severity("exception") if method == "error" else Severity(method, "True")


def _only_renamed(
    module: Module, log_call: LogCall, severity: Severity, target: Target | Obstacle
) -> Outcome:
    """Leave the message as it is, but let the traceback come with an error."""
    call, function = log_call.call, log_call.call.func
    if severity.method == log_call.method or not isinstance(function, ast.Attribute):
        if isinstance(target, Target):
            return Good(module.path, call.lineno)
        raise Unwritable(target.code, target.reason, target.unlock)
    end = module.span(function)[1]
    return Changed(
        module.path,
        call.lineno,
        (Edit(end - len(function.attr), end, severity.method),),
        Safety.SAFE,
        "An error is logged without its traceback; exception() brings it along.",
    )


def _source(module: Module, log_call: LogCall, target: Target) -> str:
    function = log_call.call.func
    if log_call.is_derived and isinstance(function, ast.Attribute):
        return module.source(function.value)
    return target.source


def _leading(module: Module, log_call: LogCall) -> tuple[str, ...]:
    return (module.source(log_call.call.args[0]),) if log_call.method == "log" else ()


def _kept_keywords(module: Module, call: ast.Call) -> tuple[tuple[str, str], ...]:
    kept: list[tuple[str, str]] = []
    for keyword in call.keywords:
        if keyword.arg is None:
            raise Unwritable("unpacked", "it passes an unpacked mapping.", "Name the fields.")
        fields = extra_fields(keyword.value) if keyword.arg == "extra" else None
        if fields is not None:
            kept += [(name, module.source(value)) for name, value in fields]
        else:
            kept.append((keyword.arg, module.source(keyword.value)))
    return tuple(kept)


def _refuse(module: Module, call: ast.Call, message: Message, written: Written) -> None:
    function = module.function(call)
    words = f"{message.text} {function.name.replace('_', ' ') if function else ''}"
    if written.hidden and _ON_PURPOSE.search(words):
        raise Unwritable(
            "secret-on-purpose",
            f"the message shows `{written.hidden[0]}`, and says that it does so for testing.",
            "Remove the line, or let it depend on a setting that is off in production.",
        )
    if written.is_kept_whole:
        raise Unwritable(
            "side-effect",
            "a value of the message changes something when it is read.",
            "Put the value into a variable first.",
        )


def _reason(written: Written, severity: Severity, log_call: LogCall) -> str:
    text = "The text differs from line to line; the event is constant now."
    if written.fields:
        text = "Nobody can search by values inside a text; they are fields now."
    if severity.has_traceback and not _is_same(severity, log_call):
        text += " The error brings its traceback along."
    return text + written.remark
