"""Event texts that a stranger writes, and moving them out of scripts into environment variables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from buttress.source.patterns import lazy_pattern

# Contexts whose text anyone can choose by opening an issue, a pull request or a branch.
_STRANGERS = lazy_pattern(
    r"github\.(?:head_ref|event\.(?:"
    r"(?:issue|discussion)\.(?:title|body)"
    r"|pull_request\.(?:title|body|head\.(?:ref|label)|head\.repo\.default_branch)"
    r"|(?:comment|review|review_comment)\.body"
    r"|pages\.\*?.*?page_name"
    r"|(?:head_commit|commits\S*?)\.(?:message|author\.(?:name|email))"
    r"|workflow_run\.(?:head_branch|head_commit\.message|display_title)"
    r"|workflow_run\.pull_requests\S*?\.head\.ref"
    r"))(?![\w.])"
)
_EXPRESSION = lazy_pattern(r"\$\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Injection:
    """An expression in a script that expands a stranger's text.

    Attributes:
        start: Where it starts in the script.
        end: Where it ends.
        expression: What stands between the braces.
        name: The variable that takes it.
        reads_as: What stands in its place; ``None`` where that cannot be told.
    """

    start: int
    end: int
    expression: str
    name: str
    reads_as: str | None


def injections(script: str) -> list[Injection]:
    """Return the expressions of a shell script that expand a stranger's text."""
    found = []
    has_heredoc = "<<" in script
    for match in _EXPRESSION.finditer(script):
        context = _STRANGERS.search(match.group(1))
        if context is None:
            continue
        name = variable_name(context.group())
        quote = _open_quote(script[: match.start()])
        reads_as = {"": f'"${{{name}}}"', '"': f"${{{name}}}"}.get(quote)
        expression = match.group(1).strip()
        if has_heredoc or "\n" in expression:
            reads_as = None
        found.append(Injection(match.start(), match.end(), expression, name, reads_as))
    return found


def variable_name(context: str) -> str:
    """Return the name of the variable for a context: ``PULL_REQUEST_TITLE``."""
    words = context.removeprefix("github.").removeprefix("event.")
    return re.sub(r"[^A-Z0-9]+", "_", words.upper()).strip("_")


def _open_quote(before: str) -> str:
    """Return the quote that is open at the end of a piece of shell."""
    quote, position = "", 0
    while position < len(before):
        character = before[position]
        if character == "\\" and quote != "'":
            position += 2
            continue
        if before.startswith("${{", position):
            end = before.find("}}", position)
            position = end + 2 if end != -1 else len(before)
            continue
        if not quote and character == "#" and (position == 0 or before[position - 1] in " \t\n;"):
            end = before.find("\n", position)
            position = end if end != -1 else len(before)
            continue
        if character in "\"'" and quote in ("", character):
            quote = "" if quote else character
        position += 1
    return quote
