"""A log call to be written, and as it was written."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.logs.loggers import Family
from buttress.analysis.logs.messages import Message
from buttress.rewrites.log_levels import Severity
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_OPENED = lazy_pattern(r"[a-zA-Z]{0,2}(['\"])(?!\1\1)")


class Unwritable(Exception):  # noqa: N818 - a result, not an error
    """A line that cannot be turned into a log call; code, reason and what would unlock it."""

    def __init__(self, code: str, reason: str, unlock: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason, self.unlock = code, reason, unlock


@dataclass(frozen=True, slots=True)
class Line:
    """A log call to be written.

    Attributes:
        source: What stands before the method.
        family: How the logger takes its values.
        severity: The method, and what is passed as ``exc_info``.
        message: What it says.
        exceptions: The names of the exception at hand.
        fallback: The event where the message has no words of its own.
        leading: Arguments in front of the message, as written.
        kept: Keyword arguments that stay, by name and as written.
        quote: The quote character of the new text.
    """

    source: str
    family: Family
    severity: Severity
    message: Message
    exceptions: frozenset[str] = frozenset()
    fallback: str = ""
    leading: tuple[str, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    quote: str = '"'

    @property
    def exception_names(self) -> frozenset[str]:
        """The names whose text the traceback brings, if it comes with the line."""
        parameter = self.severity.exc_info
        return self.exceptions | {parameter} if parameter.isidentifier() else self.exceptions

    @property
    def keywords(self) -> list[str]:
        """The keyword arguments that are no fields of the message, as written."""
        kept = [f"{name}={source}" for name, source in self.kept]
        if self.severity.exc_info and all(name != "exc_info" for name, _ in self.kept):
            kept.append(f"exc_info={self.severity.exc_info}")
        return kept


@dataclass(frozen=True, slots=True)
class Written:
    """A log call as text.

    Attributes:
        text: The call.
        event: Its event or template, for the reviewer.
        fields: The names of the fields that were added.
        hidden: The names of secrets that are no longer shown.
        is_kept_whole: Whether the message stayed one expression.
    """

    text: str
    event: str
    fields: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    is_kept_whole: bool = False

    @property
    def remark(self) -> str:
        """What a reviewer is told about secrets; empty if there were none."""
        if not self.hidden:
            return ""
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(self.hidden))
        return f" The value of {names} is a secret and is not logged."


def quote_of(module: Module, call: ast.Call) -> str:
    """Return the quote character of the first text in a call; the file's own where there is none."""
    for argument in call.args:
        for part in ast.walk(argument):
            is_text = isinstance(part, ast.JoinedStr) or (
                isinstance(part, ast.Constant) and isinstance(part.value, str)
            )
            # inside of an f-string, the literal itself has no place of its own
            if is_text and (found := _OPENED.match(module.source(part))):
                return found.group(1)
    return module.quote


def quoted(text: str, quote: str) -> str:
    """Return text as a string literal."""
    if quote in text and {"'": '"', '"': "'"}[quote] not in text:
        quote = "'" if quote == '"' else '"'
    body = text.replace("\\", "\\\\").replace(quote, "\\" + quote)
    body = body.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f"{quote}{body}{quote}"
