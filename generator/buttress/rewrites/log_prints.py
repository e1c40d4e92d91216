"""What becomes of one call that prints."""

from __future__ import annotations

import ast

from buttress.analysis.errors.caught import handler_around, is_exception, names_of
from buttress.analysis.logs.loggers import Family
from buttress.analysis.logs.messages import Message
from buttress.analysis.logs.printing import Printed
from buttress.analysis.logs.structlog_readiness import Obstacle
from buttress.rewrites.events import is_decoration
from buttress.rewrites.log_levels import Severity, is_only_traceback, severity_of_print
from buttress.rewrites.log_line import Line, Unwritable, Written, quote_of
from buttress.rewrites.log_lines import write
from buttress.rewrites.log_messages import is_message_variable, printed_message
from buttress.rewrites.log_planner import Planner
from buttress.rewrites.log_targets import Target, unreachable_from
from buttress.rewrites.outcomes import Changed, Outcome, Safety
from buttress.source import Edit, Module


def outcome_of_print(planner: Planner, module: Module, printed: Printed) -> Outcome:
    """Return what becomes of a call that prints diagnostics.

    Raises:
        Unwritable: If it is left alone.
    """
    call = printed.call
    statement = module.parent(call)
    if not isinstance(statement, ast.Expr):
        raise Unwritable(
            "used-as-value",
            "what print() returns is part of an expression.",
            "Make it a statement.",
        )
    message = printed_message(module, printed)
    reader = planner.readers.of(module)
    if reader:
        raise Unwritable(
            "tests-read-output",
            f"{reader} looks at what this module prints.",
            "Let the test look at something else, then run again.",
        )
    if is_decoration(message) and printed.kind == "print":
        return planner.without(module, statement, "A rule or a blank line says nothing in a log.")
    first = planner.first_report(module, call)
    is_first = first is None or first is call
    if is_only_traceback(module, message) and first is not None and not is_first:
        return planner.without_redundant(module, statement, first)
    removal = planner.without_secret(module, statement, message)
    if removal is not None:
        return removal
    target = _target(planner, module, call)
    severity = severity_of_print(module, call, message, is_first_report=is_first)
    severity = _as_loguru_takes_it(planner, module, message, target, severity)
    if is_message_variable(message) and not _shows_exception(module, call, message):
        return _message_as_it_is(module, call, message, target, severity)
    fallback = ""
    if not message.parts or _shows_exception(module, call, message):
        fallback = event_for_error(module, call)
    exceptions = names_of(module, call)
    quote = quote_of(module, call)
    line = Line(target.source, target.family, severity, message, exceptions, fallback, quote=quote)
    written = write(module, line)
    return Changed(
        module.path,
        call.lineno,
        (Edit(*module.span(call), written.text), *target.edits),
        Safety.HARDENING if written.hidden else Safety.SAFE,
        _reason(written, severity),
        target.imports,
    )


def event_for_error(module: Module, call: ast.Call) -> str:
    """Return an event for a line that shows an exception and has no words of its own."""
    function = module.function(call)
    return f"Error in {function.name}" if function is not None else "Unexpected error"


def _target(planner: Planner, module: Module, call: ast.Call) -> Target:
    target = planner.targets.for_prints(module)
    if isinstance(target, Obstacle):
        raise Unwritable(target.code, target.reason, target.unlock)
    obstacle = unreachable_from(module, call, target)
    if obstacle is not None:
        raise Unwritable(obstacle.code, obstacle.reason, obstacle.unlock)
    return target


def _as_loguru_takes_it(
    planner: Planner, module: Module, message: Message, target: Target, severity: Severity
) -> Severity:
    """Leave out tracebacks that loguru would fill with the values of variables."""
    is_plain = target.family is not Family.LOGURU or severity.method != "exception"
    if is_plain or planner.shows_loguru_traces():
        return severity
    if is_only_traceback(module, message):
        raise Unwritable(
            "loguru-diagnose",
            "loguru would add the values of variables to the traceback.",
            "Pass diagnose=False to logger.add(), then run again.",
        )
    return Severity("error")


def _shows_exception(module: Module, call: ast.Call, message: Message) -> bool:
    names = names_of(module, call)
    return handler_around(module, call) is not None and any(
        is_exception(module, value.node, names) for value in message.values
    )


def _message_as_it_is(
    module: Module, call: ast.Call, message: Message, target: Target, severity: Severity
) -> Outcome:
    """Log a variable that holds a message as the message."""
    source = message.values[0].source
    method = "info" if severity.method == "debug" else severity.method
    if source.lower().startswith("err") and method == "info":
        method = "error"
    return Changed(
        module.path,
        call.lineno,
        (Edit(*module.span(call), f"{target.source}.{method}({source})"), *target.edits),
        Safety.SAFE,
        "A printed line has no level, no time and no request ID; the message is logged now.",
        target.imports,
    )


def _reason(written: Written, severity: Severity) -> str:
    text = "A printed line has no level, no time and no request ID; it is a log event now"
    if written.fields:
        text += ", its values are fields"
    if severity.has_traceback:
        text += ", and it brings the traceback"
    return f"{text}.{written.remark}"
