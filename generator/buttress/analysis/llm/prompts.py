"""What is sent to a model: the expressions of a call, taken apart into pieces of text with their role."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from buttress.analysis.llm.values import Callee, Value, Values
from buttress.project.literals import literal_text
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

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
_TEMPLATES = lazy_pattern(r"(?:Prompt\w*|Template)(?:\.\w+)?\Z")
_WRAPPERS = frozenset({"strip", "lstrip", "rstrip", "dedent", "cleandoc", "str", "deepcopy", "copy", "list"})  # fmt: skip
_PARTS = frozenset({"content", "parts", "text", "prompt", "template", "page_content"})
_FIELD = lazy_pattern(r"(?<!\{)\{(\w*)(?:![rs])?(?::[^{}]*)?\}(?!\})")
_PLACEHOLDER = lazy_pattern(r"(?<!\{)\{(\w+)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of what is sent.

    Attributes:
        module: The file.
        node: The expression, or the parameter, that it comes from.
        role: ``system``, ``user``, ``assistant``, ``tool``; empty for a plain prompt.
        is_template: Whether ``{name}`` in its text is filled in by a library.
        pattern: The text that ``format`` is called on, where it is written elsewhere.
    """

    module: Module
    node: ast.expr | ast.arg
    role: str = ""
    is_template: bool = False
    pattern: Value | None = None

    @property
    def text(self) -> str:
        """The text that is written here; what is put in later stands as a null character."""
        if self.pattern is not None:
            return _FIELD.sub("\0", literal_text(self.pattern.node))
        return "".join(_texts(self.node)) if isinstance(self.node, ast.expr) else ""

    @property
    def holes(self) -> list[ast.expr]:
        """The expressions that are put into the text, in the order of its null characters."""
        if self.pattern is not None and isinstance(self.node, ast.Call):
            return _filled(literal_text(self.pattern.node), self.node)
        return list(_holes(self.node)) if isinstance(self.node, ast.expr) else []

    @property
    def placeholders(self) -> list[re.Match[str]]:
        """What a library puts into the text, by name."""
        return list(_PLACEHOLDER.finditer(self.text)) if self.is_template else []


def sent(
    values: Values,
    module: Module,
    call: ast.Call,
    options: Mapping[str, ast.expr],
    *,
    made: Iterable[Mapping[str, ast.expr]],
    is_http: bool,
) -> Iterator[Value]:
    """Yield the expressions that a call sends, those of its client and its chain included."""
    for name in _GIVEN:
        if name in options:
            yield Value(module, options[name])
    if not is_http:
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
    taking = _Taking(values)
    for value in prompts:
        piece = Piece(value.module, value.node, "system" if _is_system(value) else "")
        taking.seen.clear()
        taking.take(piece, 0)
    return list(taking.found.values())


def _is_system(value: Value) -> bool:
    above = value.module.parent(value.node)
    return isinstance(above, ast.keyword) and above.arg in _SYSTEM_OPTIONS


class _Taking:
    """Takes what is sent apart, following names and parameters."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.found: dict[ast.AST, Piece] = {}
        self.seen: set[tuple[ast.AST, str]] = set()

    def take(self, piece: Piece, depth: int) -> None:
        module, node = piece.module, piece.node
        if depth > _DEEPEST or len(self.found) >= _MOST or (node, piece.role) in self.seen:
            return
        self.seen.add((node, piece.role))
        if isinstance(node, ast.Name):
            for item in self.values.appended(module, module.function(node), node.id):
                self.take(replace(piece, node=item), depth + 1)
        for leaf in self.values.leaves(module, node):
            pattern = self._pattern(leaf)
            whole = replace(piece, module=leaf.module, node=leaf.node, pattern=pattern)
            for inner in _inside(whole):
                if inner.node is not leaf.node:
                    self.take(inner, depth + 1)
                    continue
                if isinstance(inner.node, ast.arg):
                    self._take_given(inner, inner.node, depth)
                self.found.setdefault(inner.node, inner)

    def _pattern(self, leaf: Value) -> Value | None:
        """Return the text that ``format`` is called on, from wherever it is written."""
        node = leaf.node
        if not (isinstance(node, ast.Call) and _is_format(node)):
            return None
        assert isinstance(node.func, ast.Attribute)  # noqa: S101 - for mypy
        found = self.values.leaves(leaf.module, node.func.value)
        for item in found:
            if isinstance(item.node, ast.Call) and _TEMPLATES.search(_called(item.node)):
                given = [k.value for k in item.node.keywords if k.arg == "template"]
                for value in (*item.node.args[:1], *given):
                    found = [*found, *self.values.leaves(item.module, value)]
        return next((item for item in found if literal_text(item.node)), None)

    def _take_given(self, piece: Piece, argument: ast.arg, depth: int) -> None:
        """Go on with what the callers of a function pass for a parameter."""
        function = piece.module.function(argument)
        if function is None:
            return
        for given in self.values.given(Callee(piece.module, function), argument.arg):
            self.take(replace(piece, module=given.module, node=given.node), depth + 2)


def _inside(piece: Piece) -> Iterator[Piece]:
    """Yield the parts of an expression; the expression itself where it is a piece of text."""
    node = piece.node
    parts: list[ast.expr] = []
    if isinstance(node, ast.Tuple) and _is_role(node.elts[:1]):
        yield replace(piece, node=node.elts[-1], role=_ROLES[literal_text(node.elts[0])])
        return
    if isinstance(node, ast.Dict):
        yield from _of_dict(node, piece)
        return
    if isinstance(node, ast.Call):
        yield from _of_call(node, piece)
        return
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        parts = [node.elt]
    elif isinstance(node, ast.BinOp) and not _is_text(node):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        parts = [node.value]
    else:
        yield piece
    yield from (replace(piece, node=part) for part in parts)


def _of_dict(node: ast.Dict, piece: Piece) -> Iterator[Piece]:
    entries = {
        literal_text(key): value
        for key, value in zip(node.keys, node.values, strict=True)
        if key is not None
    }
    given = _ROLES.get(literal_text(entries.get("role")), piece.role)
    for name, value in entries.items():
        if name in _PARTS or name in _GIVEN:
            yield replace(piece, node=value, role="system" if name in _SYSTEM_OPTIONS else given)


def _of_call(node: ast.Call, piece: Piece) -> Iterator[Piece]:
    name = _called(node)
    first, _, last = name.rpartition(".")
    kind = _MESSAGES.get(last) or _MESSAGES.get(first.rpartition(".")[2])
    given = [keyword.value for keyword in node.keywords if keyword.arg in (*_PARTS, "messages")]
    values = [*node.args[:1], *given]
    if kind is not None:
        is_template = piece.is_template or "Template" in name
        yield from (
            replace(piece, node=value, role=kind, is_template=is_template) for value in values
        )
    elif _TEMPLATES.search(name):
        yield from (replace(piece, node=value, is_template=True) for value in values)
    elif last in {"Content", "Part", "from_text", "ChatMessage", "Message", "TextPart"}:
        roles = [_ROLES.get(literal_text(k.value), "") for k in node.keywords if k.arg == "role"]
        role = next(filter(None, roles), piece.role)
        yield from (replace(piece, node=value, role=role) for value in values)
    elif last in _WRAPPERS and (node.args or isinstance(node.func, ast.Attribute)):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        is_module = isinstance(owner, ast.Name) and owner.id in {"textwrap", "inspect", "copy"}
        inner = owner if owner is not None and not is_module else node.args[0]
        yield replace(piece, node=inner)
    else:
        yield piece


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


def _filled(pattern: str, call: ast.Call) -> list[ast.expr]:
    """Return what ``format`` puts into each field of a text, in the order of the fields."""
    named = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    found: list[ast.expr] = []
    for number, match in enumerate(_FIELD.finditer(pattern)):
        position = int(match[1]) if match[1].isdigit() else number
        value = named.get(match[1])
        if value is None and (not match[1] or match[1].isdigit()) and position < len(call.args):
            value = call.args[position]
        found.append(value if value is not None else ast.Constant(value=""))
    return found


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
    return bool(nodes) and literal_text(nodes[0]) in _ROLES
