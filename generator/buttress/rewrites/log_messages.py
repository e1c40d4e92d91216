"""What a print or log call says, as far as that can be followed."""

from __future__ import annotations

import ast
import io
import tokenize

from buttress.analysis.logs.loggers import Family, LogCall
from buttress.analysis.logs.messages import Message, joined, message_of, percent_message
from buttress.analysis.logs.printing import Printed
from buttress.project.literals import last_name
from buttress.rewrites.events import event_of, is_table
from buttress.rewrites.log_line import Unwritable
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_MESSAGE_NAME = lazy_pattern(r"(?:.*_)?(?:msg|message)s?\Z")


def printed_message(module: Module, printed: Printed) -> Message:
    """Return what a call prints; nothing for ``traceback.print_exc()``.

    Raises:
        Unwritable: If it is no line of its own, or cannot be followed.
    """
    call = printed.call
    if printed.kind == "traceback":
        return Message(())
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        raise Unwritable(
            "unpacked", "it prints an unpacked sequence.", "Log the sequence as a field."
        )
    arguments = call.args[:1] if printed.kind == "pprint" else call.args
    messages = [message_of(module, argument) for argument in arguments]
    known = [message for message in messages if message is not None]
    separator = _constant_keyword(call, "sep", " ")
    if len(known) < len(messages) or separator is None:
        raise Unwritable(
            "unclear-format", "the message is formatted in a way that cannot be followed."
        )
    end = _constant_keyword(call, "end", "\n")
    if not end or end.strip("\r\n") or "\n" not in end:
        raise Unwritable(
            "partial-line", "it prints a part of a line.", "Log the line as one event."
        )
    refuse_comments(module, call)
    message = _without_blank_ends(joined(known, separator))
    if is_table(message):
        raise Unwritable("table", "it prints a row of a table.", "Log the values as fields.")
    return message


def _without_blank_ends(message: Message) -> Message:
    parts = list(message.parts)
    while len(parts) > 1 and isinstance(parts[0], str) and not parts[0].strip():
        parts.pop(0)
    while len(parts) > 1 and isinstance(parts[-1], str) and not parts[-1].strip():
        parts.pop()
    return Message(tuple(parts))


def logged_message(module: Module, log_call: LogCall) -> Message:
    """Return what a log call says.

    Raises:
        Unwritable: If that cannot be followed.
    """
    call = log_call.call
    arguments = call.args[1:] if log_call.method == "log" else call.args
    if not arguments or any(isinstance(argument, ast.Starred) for argument in call.args):
        raise Unwritable(
            "unclear-format", "the message is passed in a way that cannot be followed."
        )
    template, values = arguments[0], list(arguments[1:])
    text = template.value if isinstance(template, ast.Constant) else None
    if log_call.logger.family is Family.LOGURU and values:
        # loguru fills its templates by position, too; the text is constant
        return Message((str(text),))
    if not values:
        message = message_of(module, template)
    else:
        message = percent_message(module, text, values) if isinstance(text, str) else None
    if message is None:
        raise Unwritable(
            "unclear-format", "the message is formatted in a way that cannot be followed."
        )
    return message


def is_message_variable(message: Message) -> bool:
    """Whether a message is one variable whose name says that it holds a message."""
    if not is_only_a_value(message):
        return False
    node = message.values[0].node
    name = last_name(node)
    return bool(_MESSAGE_NAME.match(name))


def passes_message_on(message: Message) -> bool:
    """Whether a message has no words of its own beside a variable that holds a message."""
    values = [Message((value,)) for value in message.values]
    return any(map(is_message_variable, values)) and not event_of(message).has_words


def is_only_a_value(message: Message) -> bool:
    """Whether a message is one value, shown as it is."""
    if len(message.parts) != 1 or not message.values:
        return False
    return not message.values[0].spec and not message.values[0].conversion


def refuse_comments(module: Module, call: ast.Call) -> None:
    """Raise if a comment stands inside a call, which a new call would lose.

    Raises:
        Unwritable: If there is one.
    """
    source = module.source(call)
    if "#" not in source:
        return
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        tokens = []
    if not tokens or any(token.type == tokenize.COMMENT for token in tokens):
        raise Unwritable("comment-inside", "a comment stands inside the call.", "Move the comment.")


def _constant_keyword(call: ast.Call, name: str, default: str) -> str | None:
    for keyword in call.keywords:
        if keyword.arg is None:
            return None
        if keyword.arg == name:
            value = keyword.value.value if isinstance(keyword.value, ast.Constant) else 0
            return default if value is None else value if isinstance(value, str) else None
    return default
