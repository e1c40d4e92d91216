"""What is sent to a model: the expressions of a call, taken apart into pieces of text with their role."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from buttress.analysis.llm.values import Callee, Value, Values
from buttress.source import Module

_DEEPEST = 9
_MOST = 60
_GIVEN = (
    "messages", "prompt", "input", "inputs", "system", "contents", "content", "message", "query", "question", "system_instruction",
    "instructions", "system_prompt", "system_message", "preamble", "history", "chat_history", "template", "prefix", "user_prompt",
)  # fmt: skip
_MADE = (
    "system_instruction", "instructions", "system_prompt", "system_message", "preamble", "prompt", "template", "prefix", "state_modifier",
)  # fmt: skip
_ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "tool": "tool",
}
_MESSAGES = {
    "SystemMessage": "system",
    "SystemMessagePromptTemplate": "system",
    "HumanMessage": "user",
    "HumanMessagePromptTemplate": "user",
    "UserMessage": "user",
    "AIMessage": "assistant",
    "AIMessagePromptTemplate": "assistant",
    "ToolMessage": "tool",
}
_SYSTEM_OPTIONS = frozenset(
    {"system", "system_instruction", "instructions", "system_prompt", "system_message", "preamble"}
)
_TEMPLATES = re.compile(r"(?:Prompt\w*|Template)(?:\.\w+)?\Z")
_WRAPPERS = frozenset({"strip", "lstrip", "rstrip", "dedent", "cleandoc", "str", "deepcopy", "copy", "list"})  # fmt: skip
_PARTS = frozenset({"content", "parts", "text", "prompt", "template", "page_content"})
_PLACEHOLDER = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what is sent.

    Attributes:
        module: The file.
        node: The expression, or the parameter, that it comes from.
        role: ``system``, ``user``, ``assistant``, ``tool``; empty for a plain prompt.
        is_template: Whether ``{name}`` in its text is filled in by a library.
    """

    module: Module
    node: ast.expr | ast.arg
    role: str = ""
    is_template: bool = False

    @property
    def text(self) -> str:
        """The text that is written here; what is put in later stands as a null character."""
        return "".join(_texts(self.node)) if isinstance(self.node, ast.expr) else ""

    @property
    def holes(self) -> list[ast.expr]:
        """The expressions that are put into the text, in the order of its null characters."""
        return list(_holes(self.node)) if isinstance(self.node, ast.expr) else []

    @property
    def placeholders(self) -> list[re.Match[str]]:
        """What a library puts into the text, by name."""
        return list(_PLACEHOLDER.finditer(self.text)) if self.is_template else []


def sent(
    values: Values,
    module: Module,
    call: ast.Call,
    how: str,
    options: Mapping[str, ast.expr],
    made: Iterable[Mapping[str, ast.expr]],
) -> Iterator[Value]:
    """Yield the expressions that a call sends, those of its client and its chain included."""
    for name in _GIVEN:
        if name in options:
            yield Value(module, options[name])
    if how != "http":
        yield from (Value(module, argument) for argument in call.args)
    for client_options in made:
        for name in _MADE:
            if name in client_options:
                yield Value(module, client_options[name])
    if isinstance(call.func, ast.Attribute):
        yield from _chained(values, module, call.func.value, 0)


def _chained(values: Values, module: Module, node: ast.expr, depth: int) -> Iterator[Value]:
    """Yield the templates of a chain: ``template | model``, ``LLMChain(prompt=template)``."""
    if depth > _DEEPEST:
        return
    for leaf in values.leaves(module, node):
        inner = leaf.node
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
            yield from _chained(values, leaf.module, inner.left, depth + 1)
            yield from _chained(values, leaf.module, inner.right, depth + 1)
        elif isinstance(inner, ast.Call):
            name = _called(inner)
            if _TEMPLATES.search(name):
                yield Value(leaf.module, inner)
                continue
            for keyword in inner.keywords:
                if keyword.arg in _MADE:
                    yield Value(leaf.module, keyword.value)
                elif keyword.arg in {"agent", "combine_docs_chain", "llm_chain"}:
                    yield from _chained(values, leaf.module, keyword.value, depth + 1)
            if (leaf.module.resolve(inner.func) or "").startswith(("langchain", "langgraph")):
                for argument in inner.args:
                    yield from _chained(values, leaf.module, argument, depth + 1)


def pieces(values: Values, prompts: Iterable[Value]) -> list[Piece]:
    """Return what expressions send, taken apart; each piece once."""
    found: dict[ast.AST, Piece] = {}
    for value in prompts:
        role = "system" if _is_system(value) else ""
        _take(values, value.module, value.node, role, False, found, set(), 0)
    return list(found.values())


def _is_system(value: Value) -> bool:
    above = value.module.parent(value.node)
    return isinstance(above, ast.keyword) and above.arg in _SYSTEM_OPTIONS


def _take(
    values: Values,
    module: Module,
    node: ast.expr | ast.arg,
    role: str,
    is_template: bool,
    found: dict[ast.AST, Piece],
    seen: set[tuple[ast.AST, str]],
    depth: int,
) -> None:
    if depth > _DEEPEST or len(found) >= _MOST or (node, role) in seen:
        return
    seen.add((node, role))
    if isinstance(node, ast.Name):
        for item in values.appended(module, module.function(node), node.id):
            _take(values, module, item, role, is_template, found, seen, depth + 1)
    for leaf in values.leaves(module, node):
        for inner, inner_role, template in _inside(leaf, role, is_template):
            if inner is leaf.node:
                piece = Piece(leaf.module, inner, inner_role, template)
                if isinstance(inner, ast.arg):
                    _take_given(values, piece, found, seen, depth)
                found.setdefault(inner, piece)
            else:
                _take(values, leaf.module, inner, inner_role, template, found, seen, depth + 1)


def _take_given(
    values: Values,
    piece: Piece,
    found: dict[ast.AST, Piece],
    seen: set[tuple[ast.AST, str]],
    depth: int,
) -> None:
    """Go on with what the callers of a function pass for a parameter."""
    function = piece.module.function(piece.node)
    if function is None or not isinstance(piece.node, ast.arg):
        return
    for given in values.given(Callee(piece.module, function), piece.node.arg):
        _take(
            values, given.module, given.node, piece.role, piece.is_template, found, seen, depth + 2
        )


def _inside(leaf: Value, role: str, is_template: bool) -> Iterator[tuple[ast.expr | ast.arg, str, bool]]:  # fmt: skip
    """Yield the parts of an expression; the expression itself where it is a piece of text."""
    node = leaf.node
    if isinstance(node, ast.List | ast.Set) or (
        isinstance(node, ast.Tuple) and not _is_role(node.elts[:1])
    ):
        for item in node.elts:
            yield item, role, is_template
    elif isinstance(node, ast.Tuple):
        yield node.elts[-1], _ROLES[_text(node.elts[0])], is_template
    elif isinstance(node, ast.Dict):
        yield from _of_dict(node, role, is_template)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield node.elt, role, is_template
    elif isinstance(node, ast.BinOp) and not _is_text(node):
        yield node.left, role, is_template
        yield node.right, role, is_template
    elif isinstance(node, ast.Call):
        yield from _of_call(node, role, is_template)
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value, role, is_template
    else:
        yield node, role, is_template


def _of_dict(node: ast.Dict, role: str, is_template: bool) -> Iterator[tuple[ast.expr, str, bool]]:
    entries = {
        _text(key): value
        for key, value in zip(node.keys, node.values, strict=True)
        if key is not None
    }
    given = _ROLES.get(_text(entries.get("role")), role)
    for name, value in entries.items():
        if name in _PARTS or name in _GIVEN:
            yield value, "system" if name in _SYSTEM_OPTIONS else given, is_template


def _of_call(node: ast.Call, role: str, is_template: bool) -> Iterator[tuple[ast.expr, str, bool]]:
    name = _called(node)
    first, _, last = name.rpartition(".")
    kind = _MESSAGES.get(last) or _MESSAGES.get(first.rpartition(".")[2])
    given = [keyword.value for keyword in node.keywords if keyword.arg in (*_PARTS, "messages")]
    if kind is not None:
        for value in (*node.args[:1], *given):
            yield value, kind, is_template or "Template" in name
    elif _TEMPLATES.search(name):
        for value in (*node.args[:1], *given):
            yield value, role, True
    elif last in {"Content", "Part", "from_text", "ChatMessage", "Message", "TextPart"}:
        roles = [_ROLES.get(_text(k.value), "") for k in node.keywords if k.arg == "role"]
        for value in (*node.args[:1], *given):
            yield value, (roles or [role])[0] or role, is_template
    elif last in _WRAPPERS and (node.args or isinstance(node.func, ast.Attribute)):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        is_module = owner is not None and isinstance(owner, ast.Name) and owner.id in {"textwrap", "inspect", "copy"}  # fmt: skip
        yield (node.args[0] if owner is None or is_module else owner), role, is_template
    else:
        yield node, role, is_template


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield node.value if isinstance(node.value, str) else ""
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from _texts(part) if isinstance(part, ast.Constant) else "\0"
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for side in (node.left, node.right):
            yield from _texts(side)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        yield re.sub(r"%[sdrf]", "\0", "".join(_texts(node.left)))
    elif isinstance(node, ast.Call) and _is_format(node):
        assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
        yield re.sub(r"(?<!\{)\{\w*\}(?!\})", "\0", "".join(_texts(node.func.value)))
    else:
        yield "\0"


def _holes(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield part.value
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _holes(node.left)
        yield from _holes(node.right)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        yield from node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    elif isinstance(node, ast.Call) and _is_format(node):
        yield from (*node.args, *(keyword.value for keyword in node.keywords))
    elif not isinstance(node, ast.Constant):
        yield node


def _is_format(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "format"


def _is_text(node: ast.BinOp) -> bool:
    """Whether an operator puts text together, not lists."""
    if isinstance(node.op, ast.Mod):
        return True
    if not isinstance(node.op, ast.Add):
        return False
    sides = [node.left, node.right]
    if any(isinstance(side, ast.List | ast.ListComp) for side in sides):
        return False
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        or (isinstance(side, ast.BinOp) and _is_text(side))
        for side in sides
    )


def _called(call: ast.Call) -> str:
    names: list[str] = []
    node: ast.expr = call.func
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        names.append(node.id)
    return ".".join(reversed(names))


def _is_role(nodes: list[ast.expr]) -> bool:
    return bool(nodes) and _text(nodes[0]) in _ROLES


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
