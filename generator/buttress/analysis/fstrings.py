"""The source of the expressions inside an f-string, which ``ast`` has no positions for before 3.12."""

from __future__ import annotations

import ast
import re

from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LITERAL = lazy_pattern(r"([rRbBfFuU]{0,2})('''|\"\"\"|'|\")")
_BETWEEN = lazy_pattern(r"(?:\s|\\\r?\n|#[^\r\n]*)*")
_OPENING, _CLOSING = "([{", ")]}"


def expression_sources(module: Module, node: ast.JoinedStr) -> list[str]:
    """Return the source of each interpolated expression, in order.

    What cannot be found in the text with certainty is printed from the tree instead.
    """
    values = [value.value for value in node.values if isinstance(value, ast.FormattedValue)]
    try:
        found = _scan(module.source(node))
    except (IndexError, ValueError):
        found = []
    if len(found) != len(values):
        return [ast.unparse(value) for value in values]
    return [
        text if _stands_for(text, value) else ast.unparse(value)
        for text, value in zip(found, values, strict=True)
    ]


def in_quotes_of(module: Module, source: str) -> str:
    """Return an expression with its strings in the file's own quotes, where that is the same.

    Inside an f-string the author may have had no choice.
    """
    other = "'" if module.quote == '"' else '"'
    if other not in source or module.quote in source or "\\" in source:
        return source
    swapped = source.replace(other, module.quote)
    return swapped if _stands_for(swapped, _parsed(source)) else source


def _parsed(source: str) -> ast.expr | None:
    try:
        return ast.parse(f"({source}\n)", mode="eval").body
    except SyntaxError:
        return None


def _stands_for(source: str, value: ast.expr | None) -> bool:
    parsed = _parsed(source)
    return parsed is not None and value is not None and ast.dump(parsed) == ast.dump(value)


def _scan(text: str) -> list[str]:
    """Return the expressions of all f-strings in a run of adjacent string literals."""
    found: list[str] = []
    position = _skip_between(text, 0)
    while position < len(text):
        literal = _LITERAL.match(text, position)
        if literal is None:
            return []
        prefix, quote = literal.groups()
        is_format = "f" in prefix.lower()
        position = _scan_body(text, literal.end(), quote, found if is_format else None)
        position = _skip_between(text, position)
    return found


def _skip_between(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position


def _scan_body(text: str, position: int, quote: str, found: list[str] | None) -> int:
    """Walk to the end of a string literal; collect its expressions if it is an f-string."""
    while not text.startswith(quote, position):
        character = text[position]
        if character == "\\":
            named = text.startswith("\\N{", position)
            position = (
                text.index("}", position) + 1 if named and found is not None else position + 2
            )
        elif found is not None and text[position : position + 2] in {"{{", "}}"}:
            position += 2
        elif found is not None and character == "{":
            position = _scan_field(text, position + 1, found)
        else:
            position += 1
    return position + len(quote)


def _scan_field(text: str, start: int, found: list[str]) -> int:
    """Read one replacement field; return the position behind its closing brace."""
    position, depth = start, 0
    while depth or text[position] not in "}:!" or text.startswith("!=", position):
        character = text[position]
        literal = _LITERAL.match(text, position)
        starts_word = position > start and (
            text[position - 1].isalnum() or text[position - 1] == "_"
        )
        if literal is not None and not (starts_word and literal.group(1)):
            position = _scan_body(text, literal.end(), literal.group(2), None)
            continue
        depth += (character in _OPENING) - (character in _CLOSING)
        position += 2 if text.startswith("!=", position) else 1
    expression = text[start:position]
    found.append(re.sub(r"(?<![=!<>])=\s*$", "", expression).strip())
    if text[position] == "!":
        position = min(_next(text, ":", position), _next(text, "}", position))
    nested = 0
    while nested or text[position] != "}":
        nested += (text[position] == "{") - (text[position] == "}")
        position += 1
    return position + 1


def _next(text: str, character: str, position: int) -> int:
    found = text.find(character, position)
    return found if found >= 0 else len(text)
