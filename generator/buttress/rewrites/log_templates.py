"""Log calls whose text is a template: loguru names its values, the standard library counts them."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from buttress.analysis.errors.caught import is_exception
from buttress.analysis.logs.loggers import Family
from buttress.analysis.logs.messages import Message, Part, Value
from buttress.rewrites.events import event_of, tidied
from buttress.rewrites.fields import field_names
from buttress.rewrites.log_evaluation import prove_order
from buttress.rewrites.log_levels import Severity
from buttress.rewrites.log_line import Line, Unwritable, Written, quoted
from buttress.rewrites.log_values import ALIGNED, field_source
from buttress.source import Module

_REDACTED = "[redacted]"


def write_template(module: Module, line: Line, hidden: dict[int, str]) -> Written:
    """Return a log call whose text stays as it was, with the values passed beside it.

    Raises:
        Unwritable: If that cannot be done without a guess.
    """
    if line.severity.exc_info and line.family is Family.LOGURU:
        exc = line.severity.exc_info
        line = replace(
            line,
            source=f"{line.source}.opt(exception={exc})",
            severity=Severity(line.severity.method),
            message=_without_exception(module, line),
        )
    message = tidied(_redacted(_without_exception(module, line), line.message, hidden))
    if not any(isinstance(p, str) and any(c.isalnum() for c in p) for p in message.parts):
        heading = line.fallback or ", ".join(field_names(module, message.values, {}))
        message = Message((f"{heading}: " if message.parts else heading, *message.parts))
    values = message.values
    event_labels = event_of(message).labels
    names = field_names(module, values, event_labels, [name for name, _ in line.kept])
    text, arguments = "", []
    order = iter(names)
    for part in message.parts:
        if isinstance(part, str):
            text += part if not values else _escaped(part, line.family)
            continue
        name = next(order)
        placeholder, argument = _placeholder(module, line, part, name)
        text += placeholder
        arguments.append(argument)
    positional = arguments if line.family is Family.STDLIB else []
    named = arguments if line.family is Family.LOGURU else []
    pieces = [*line.leading, quoted(text, line.quote), *positional, *named, *line.keywords]
    result = f"{line.source}.{line.severity.method}({', '.join(pieces)})"
    prove_order(result, line, values)
    return Written(result, text, tuple(names), tuple(hidden.values()))


def _escaped(text: str, family: Family) -> str:
    if family is Family.LOGURU:
        return text.replace("{", "{{").replace("}", "}}")
    return text.replace("%", "%%")


def _placeholder(module: Module, line: Line, value: Value, name: str) -> tuple[str, str]:
    spec = value.spec
    if spec is None:
        raise Unwritable(
            "dynamic-format", "a value is formatted in a way that is only known at run time."
        )
    if line.family is Family.LOGURU:
        conversion = f"!{value.conversion}" if value.conversion else ""
        return f"{{{name}{conversion}{':' + spec if spec else ''}}}", f"{name}={value.source}"
    if spec == "" or ALIGNED.fullmatch(spec):
        return f"%{value.conversion or 's'}", _argument(value)
    if re.fullmatch(r"\.\d+[fge]", spec):
        return f"%{spec}", _argument(value)
    return "%s", field_source(module, value, frozenset())


def _argument(value: Value) -> str:
    bare = isinstance(value.node, ast.Tuple) and not value.source.startswith("(")
    return f"({value.source})" if bare else value.source


def _without_exception(module: Module, line: Line) -> Message:
    """Cut the exception off the end of the message, where its traceback comes with the line."""
    parts: list[Part] = list(line.message.parts)
    while line.severity.has_traceback and parts:
        last = parts[-1]
        if (isinstance(last, Value) and is_exception(module, last.node, line.exception_names)) or (
            isinstance(last, str) and not any(character.isalnum() for character in last)
        ):
            parts.pop()
        else:
            break
    if len(parts) < len(line.message.parts) and parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(" \t\r\n:;,-=>(")
    return Message(tuple(part for part in parts if part != ""))


def _redacted(message: Message, original: Message, hidden: dict[int, str]) -> Message:
    secrets = {id(original.values[position]) for position in hidden}
    return Message(tuple(_REDACTED if id(part) in secrets else part for part in message.parts))
