"""The text of a log call: an event with fields, or a template for loggers that take one."""

from __future__ import annotations

from buttress.analysis.errors.caught import is_exception
from buttress.analysis.logs.loggers import Family
from buttress.analysis.logs.messages import Value
from buttress.analysis.logs.severity import is_only_level
from buttress.rewrites.events import LONGEST_EVENT, event_of
from buttress.rewrites.fields import field_names
from buttress.rewrites.log_evaluation import calls_in, changes_state, prove_order, secrets_of
from buttress.rewrites.log_levels import is_choice
from buttress.rewrites.log_line import Line, Unwritable, Written, quoted
from buttress.rewrites.log_templates import write_template
from buttress.rewrites.log_values import field_source
from buttress.source import Module


def write(module: Module, line: Line) -> Written:
    """Return a log call that says what ``line.message`` says.

    Raises:
        Unwritable: If that cannot be done without a guess.
    """
    hidden = secrets_of(module, line.message)
    if any(changes_state(value.node) for value in line.message.values):
        return _whole(line, hidden)
    if line.family is Family.STRUCTLOG:
        return _event(module, line, hidden)
    return write_template(module, line, hidden)


def _event(module: Module, line: Line, hidden: dict[int, str]) -> Written:
    message = line.message
    errors = [
        position
        for position, value in enumerate(message.values)
        if is_exception(module, value.node, line.exceptions)
    ]
    event = event_of(message, errors)
    shown = {
        position: value
        for position, value in enumerate(message.values)
        if position not in hidden and not _is_told(module, line, value)
    }
    is_told = len(shown) + len(hidden) < len(message.values)
    says_nothing = is_only_level(event.text) and is_told
    text = (line.fallback if says_nothing else "") or event.text or line.fallback
    if not text and len(shown) == len(message.parts) == 1 and is_choice(message.values[0].node):
        return _whole(line, hidden)
    names = field_names(
        module,
        shown.values(),
        {index: event.labels.get(position, "") for index, position in enumerate(shown)},
        [name for name, _ in line.kept],
    )
    text = text or ", ".join(names) or message.text.strip()
    if len(text) > LONGEST_EVENT:
        raise Unwritable(
            "long-text",
            f"the message has {len(text)} characters of text, too many for the name of an event.",
            "Log a short event and put the rest into a field.",
        )
    fields: dict[str, str] = {}
    for name, value in zip(names, shown.values(), strict=True):
        source = field_source(module, value, line.exceptions)
        if source in fields.values() and not calls_in(value.node):
            continue
        fields[name] = source
    arguments = [*line.leading, quoted(text, line.quote)]
    arguments += [f"{name}={source}" for name, source in fields.items()]
    # behind the fields, because they were evaluated behind the message
    arguments += line.keywords
    result = f"{line.source}.{line.severity.method}({', '.join(arguments)})"
    prove_order(result, line, [message.values[i] for i in shown])
    return Written(result, text, tuple(fields), tuple(hidden.values()))


def _is_told(module: Module, line: Line, value: Value) -> bool:
    """Whether the traceback that comes with the line says what the value would say."""
    return line.severity.has_traceback and is_exception(module, value.node, line.exception_names)


def _whole(line: Line, hidden: dict[int, str]) -> Written:
    """Keep the message as one expression: its values do more than to be shown."""
    if hidden:
        raise Unwritable(
            "secret-in-call",
            f"the message shows `{next(iter(hidden.values()))}` and cannot be taken apart.",
            "Leave the secret out of the message.",
        )
    pieces: list[str] = []
    for part in line.message.parts:
        if isinstance(part, str):
            pieces.append(_literal(part))
        else:
            pieces.append(_replacement(part))
    if len(line.message.parts) == 1 and isinstance(line.message.parts[0], Value):
        source = line.message.parts[0].source
    else:
        body = "".join(pieces)
        quote = line.quote
        if quote in body or "\n" in body or "\\" in body:
            raise Unwritable(
                "side-effect",
                "a value of the message changes something when it is read, and the message cannot be "
                "kept as one f-string.",
                "Put the value into a variable first.",
            )
        source = f"f{quote}{body}{quote}"
    arguments = [*line.leading, source, *line.keywords]
    text = f"{line.source}.{line.severity.method}({', '.join(arguments)})"
    return Written(text, line.message.text.strip(), is_kept_whole=True)


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _replacement(value: Value) -> str:
    if value.spec is None:
        raise Unwritable("dynamic-format", "a value is formatted in a way only known at run time.")
    conversion = f"!{value.conversion}" if value.conversion else ""
    return f"{{{value.source}{conversion}{':' + value.spec if value.spec else ''}}}"
