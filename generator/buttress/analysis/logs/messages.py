"""A message as its author built it: literal text and the values in between, in order."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from buttress.analysis.fstrings import expression_sources, in_quotes_of
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LONGEST_RULE = 400
_PERCENT = lazy_pattern(
    r"%(?:\((?P<key>[^)]*)\))?(?P<spec>[#0\- +]*(?:\d+)?(?:\.\d+)?)[hlL]?(?P<kind>[diouxXeEfFgGcrsa%])"
)
_TEXT_KINDS = "sdiu"


@dataclass(frozen=True, slots=True)
class Value:
    """A value inside a message.

    Attributes:
        node: The expression.
        source: Its characters.
        conversion: ``r`` or ``a`` where the author asked for ``repr`` or ``ascii``.
        spec: How it is formatted (``.2f``); ``None`` if that is only known at run time.
    """

    node: ast.expr
    source: str
    conversion: str = ""
    spec: str | None = ""


Part = str | Value


@dataclass(frozen=True, slots=True)
class Message:
    """Text and values in the order in which they are written."""

    parts: tuple[Part, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """The values."""
        return tuple(part for part in self.parts if isinstance(part, Value))

    @property
    def text(self) -> str:
        """The literal text, with a blank for each value."""
        return "".join(part if isinstance(part, str) else " " for part in self.parts)

    @property
    def is_constant(self) -> bool:
        """Whether it always reads the same."""
        return not self.values


def joined(messages: Iterable[Message], separator: str) -> Message:
    """Return one message, as ``print`` puts its arguments together."""
    parts: list[Part] = []
    for position, message in enumerate(messages):
        if position:
            parts.append(separator)
        parts += message.parts
    return Message(_merged(parts))


def message_of(module: Module, node: ast.expr) -> Message | None:
    """Return what an expression says; ``None`` if it formats in a way that cannot be followed.

    Args:
        module: The module that ``node`` stands in.
        node: An argument of ``print`` or of a log call.
    """
    parts = _parts(module, node)
    return None if parts is None else Message(_merged(parts))


def percent_message(module: Module, template: str, arguments: list[ast.expr]) -> Message | None:
    """Return the message of a ``%`` template and its positional arguments.

    ``None`` if they do not fit together, which fails or prints an error when it is formatted.
    """
    parts: list[Part] = []
    rest = list(arguments)
    position = 0
    for match in re.finditer(r"%(.?)", template, re.DOTALL):
        if match.start() < position:
            continue
        found = _PERCENT.match(template, match.start())
        if found is None or found["key"] is not None:
            return None
        parts.append(template[position : match.start()])
        position = found.end()
        if found["kind"] == "%":
            parts.append("%")
        elif not rest:
            return None
        else:
            parts.append(_percent_value(module, rest.pop(0), found))
    parts.append(template[position:])
    return None if rest else Message(_merged(parts))


def value_of(module: Module, node: ast.expr) -> Value:
    """Return an expression as a value; ``str(x)`` says no more than ``x``."""
    if _is_plain_str_call(module, node):
        node = node.args[0]  # type: ignore[attr-defined]
    return Value(node, module.source(node))


def _is_plain_str_call(module: Module, node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and module.resolve(node.func) == "builtins.str"
        and len(node.args) == 1
        and not node.keywords
        and not isinstance(node.args[0], ast.Starred)
    )


def _parts(module: Module, node: ast.expr) -> list[Part] | None:
    folded = _folded(node)
    if folded is not None:
        return [folded]
    if isinstance(node, ast.JoinedStr):
        return _f_string(module, node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        template = _folded(node.left)
        if template is not None:
            return _percent(module, template, node.right)
        return None if isinstance(node.left, ast.JoinedStr) else [value_of(module, node)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _sum(module, node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        template = _folded(node.func.value) if node.func.attr == "format" else None
        if template is not None:
            return _format(module, template, node)
    return [value_of(module, node)]


def _folded(node: ast.expr) -> str | None:
    """Return the text of a constant expression: ``"-" * 40``, ``"a" + "b"``."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        text, count = _folded(node.left), node.right
        if text is None:
            text, count = _folded(node.right), node.left
        number = count.value if isinstance(count, ast.Constant) else None
        if (
            text is not None
            and isinstance(number, int)
            and 0 <= number * len(text) <= _LONGEST_RULE
        ):
            return text * number
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _folded(node.left), _folded(node.right)
        return left + right if left is not None and right is not None else None
    if isinstance(node, ast.JoinedStr) and all(isinstance(v, ast.Constant) for v in node.values):
        return "".join(str(value.value) for value in node.values)  # type: ignore[attr-defined]
    return None


def _f_string(module: Module, node: ast.JoinedStr) -> list[Part]:
    sources = iter(expression_sources(module, node))
    parts: list[Part] = []
    for item in node.values:
        if isinstance(item, ast.Constant):
            parts.append(str(item.value))
        elif isinstance(item, ast.FormattedValue):
            source = in_quotes_of(module, next(sources))
            folded = _folded(item.value)
            if folded is not None and item.format_spec is None:
                parts.append(folded)
                continue
            conversion = chr(item.conversion) if item.conversion in {ord("r"), ord("a")} else ""
            value = Value(item.value, source, conversion, _spec(item.format_spec))
            parts.append(_without_str(module, value))
    return parts


def _without_str(module: Module, value: Value) -> Value:
    if not _is_plain_str_call(module, value.node) or value.spec != "":
        return value
    inner = value.node.args[0]  # type: ignore[attr-defined]
    source = re.sub(r"\)\s*\Z", "", re.sub(r"\A\w+\s*\(", "", value.source)).strip().rstrip(",")
    return Value(inner, source, value.conversion)


def _spec(node: ast.expr | None) -> str | None:
    if node is None:
        return ""
    return _folded(node)


def _percent(module: Module, template: str, right: ast.expr) -> list[Part] | None:
    if isinstance(right, ast.Dict):
        return None
    arguments = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    if any(isinstance(item, ast.Starred) for item in arguments):
        return None
    message = percent_message(module, template, arguments)
    return None if message is None else list(message.parts)


def _percent_value(module: Module, node: ast.expr, found: re.Match[str]) -> Value:
    value = value_of(module, node)
    if found["kind"] in "ra":
        return Value(value.node, value.source, found["kind"], found["spec"])
    kind = "" if found["kind"] in _TEXT_KINDS else found["kind"]
    spec = found["spec"]
    if spec and not kind:
        # a width turns text around in `%`: it is aligned to the right there
        spec = spec.replace("-", "<") if "-" in spec else f">{spec}"
    return Value(value.node, value.source, "", spec + kind)


def _format(module: Module, template: str, call: ast.Call) -> list[Part] | None:
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return None
    by_name = {keyword.arg: keyword.value for keyword in call.keywords}
    used: list[ast.expr] = []
    parts: list[Part] = []
    try:
        fields = list(string.Formatter().parse(template))
    except ValueError:
        return None
    for text, name, spec, conversion in fields:
        parts.append(text)
        if name is None:
            continue
        index = len(used) if name == "" else int(name) if name.isdecimal() else None
        if index is not None:
            node = call.args[index] if index < len(call.args) else None
        else:
            node = by_name.get(name)
        if node is None or "{" in (spec or ""):
            return None
        used.append(node)
        value = value_of(module, node)
        parts.append(Value(value.node, value.source, (conversion or "").strip("s"), spec or ""))
    in_order = [*call.args, *(keyword.value for keyword in call.keywords)]
    return parts if used == in_order else None


def _sum(module: Module, node: ast.BinOp) -> list[Part] | None:
    items = _addends(node)
    found = [_parts(module, item) for item in items]
    is_text = any(
        parts is not None and any(isinstance(part, str) for part in parts) for parts in found
    )
    if not is_text:
        return [value_of(module, node)]
    parts: list[Part] = []
    for pieces in found:
        if pieces is None:
            return None
        parts += pieces
    return parts


def _addends(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _folded(node) is None:
        return [*_addends(node.left), *_addends(node.right)]
    return [node]


def _merged(parts: Iterable[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
