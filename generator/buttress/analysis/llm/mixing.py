"""Texts of others that are mixed into instructions: what people send, what was found, what was read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.llm.answers import Answers
from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.model import ModelCall
from buttress.analysis.llm.prompts import Piece, pieces
from buttress.analysis.llm.values import Callee, Value
from buttress.project.model import Service
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_DEEPEST = 6
_INSTRUCTS = lazy_pattern(
    r"\b(?:you are|you're|your (?:task|job|role|goal)|act as|act like|answer|respond|reply|return|output|generate|write|summari[sz]e|translate|extract"
    r"|classify|analy[sz]e|create|provide|do not|don't|must|rules?|instructions?|convert|based on|explain|rewrite|evaluate|suggest|identify|describe"
    r"|eres un\w*|genera|responde|devuelve|traduce|du bist|antworte|tu es un\w*|vous etes|reponds|voc[eê]|responda|sei un\w*|rispondi"
    r"|given the|using the|using only|determine|decide|act like|pretend|please|read the|find the|make a|list the|give me)\b",
    re.IGNORECASE,
)
_FOREIGN = lazy_pattern(
    r"(?:\A|_)(?<!sql_)(?<!few_shot_)(?<!example_)(?<!schema_)(?<!system_)(?:query|queries|question|questions|message|messages|msg|user_?input|user_?message|user_?prompt|user_?text|user_?query|user_?request|input"
    r"|input_text|text|raw_text|content|contents|context|document|documents|doc|docs|doc_text|chunk|chunks|transcript|transcription|article|resume"
    r"|cv|cv_text|resume_text|job_description|email|body|comment|comments|review|reviews|utterance|search_results|page|html|html_content|history"
    r"|conversation|chat_history|file_content|pdf_text|notes|prompt|instruction|instructions|feedback|symptoms|idea|story)\Z",
    re.IGNORECASE,
)
_SCREEN = lazy_pattern(
    r"saniti[sz]|escape|guard|screen|inject|neutral|redact|quote|moderat|validate", re.IGNORECASE
)
_SAFE_CALLS = frozenset({"len", "int", "float", "round", "sum", "min", "max", "bool", "range", "type", "isoformat", "strftime", "now", "today", "utcnow", "date"})  # fmt: skip
_PASSING = frozenset(
    ["str", "repr", "join", "format", "dumps", "strip", "list", "sorted", "set", "tuple", "dict", "reversed", "shorten", "dedent", "zip", "enumerate", "model_dump_json"]
)  # fmt: skip
_READS = lazy_pattern(
    r"search|retriev|invoke|extract_text|scrape|transcri|get_text|read_text|load_data|similar"
)
_SAFE_TYPES = lazy_pattern(
    r"(?:typing\.)?(?:Optional\[)?(?:int|float|bool|UUID|uuid\.UUID|date|datetime|Decimal|Literal\b.*|PositiveInt|\w*(?:Enum|Level|Type|Kind|Mode|Language|Tone|Style))\]?(?:\s*\|\s*None)?\Z"
)
_REQUEST = lazy_pattern(
    r"(?:flask\.)?(?:request|req)\.(?:args|form|values|json|data|get_json|get_data|query_params|body|GET|POST|cookies|headers)\b|st\.(?:text_input|text_area"
    r"|chat_input|file_uploader)\(|\binput\("
)
_OPENED = lazy_pattern(
    r"(?:<[\w -]+>|```\w*|\"\"\"|'''|-{3,}|={3,}|<<<+|\[[A-Z_ ]+\]|\*{3,}|~{3,}|«)\s*\Z"
)
_CLOSED = lazy_pattern(
    r"\s*(?:</[\w -]+>|```|\"\"\"|'''|-{3,}|={3,}|>>>+|\[/?[A-Z_ ]+\]|\*{3,}|~{3,}|»)"
)
_SHORT, _LONG, _BEGINNING = 12, 100, 200


@dataclass(frozen=True, slots=True)
class Mixed:
    """A text of instructions with something of others in it.

    Attributes:
        piece: The text.
        name: What is put in, as the code calls it.
        is_client: Whether a client sends it, as far as the code tells.
        is_system: Whether it becomes part of the system's instructions.
    """

    piece: Piece
    name: str
    is_client: bool
    is_system: bool


def mixed_prompts(use: LanguageUse, service: Service) -> Iterator[Mixed]:
    """Yield the texts that mix instructions and somebody else's words, each once."""
    answers = Answers(use)
    seen: set[ast.AST] = set()
    for call in use.calls:
        sent = pieces(use.values, call.prompts)
        has_rules = any(piece.role == "system" for piece in sent)
        for piece in sent:
            if piece.role == "user" and has_rules and not _begins_with_rules(piece):
                continue  # data with a word of what it is for, beside rules of their own
            if piece.role in {"assistant", "tool"} or piece.node in seen:
                continue
            found = list(_foreign(use, service, piece, _filled(answers, call)))
            if found:
                seen.add(piece.node)
                client = next((item for item in found if item[1]), found[0])
                yield Mixed(piece, client[0], client[1], piece.role == "system")


def _begins_with_rules(piece: Piece) -> bool:
    return bool(_INSTRUCTS.search(piece.text[:_BEGINNING]))


def _filled(answers: Answers, call: ModelCall) -> frozenset[str]:
    """Return the placeholders that a call fills with what a model answered before."""
    return frozenset(
        key.value
        for argument in call.node.args
        if isinstance(argument, ast.Dict)
        for key, value in zip(argument.keys, argument.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
        if answers.holds(call.module, value) or isinstance(value, ast.Constant)
    )


def _foreign(
    use: LanguageUse, service: Service, piece: Piece, own: frozenset[str]
) -> Iterator[tuple[str, bool]]:
    text = piece.text
    written = " ".join([text.replace("\0", ""), *_constants(use, piece)]).strip()
    is_foreign_tongue = len(written) > _LONG and not written.isascii()
    if len(written) < _SHORT or not (
        _INSTRUCTS.search(written) or piece.role == "system" or is_foreign_tongue
    ):
        return
    if isinstance(piece.node, ast.expr):
        holes = piece.holes
        places = [match.span() for match in re.finditer("\0", text)]
        for hole, (start, end) in zip(holes, places, strict=False):
            if not _is_fenced(text, start, end):
                origin = _Origin(use, service).of(piece.module, hole)
                if origin is not None:
                    yield ast.unparse(hole), origin
    for match in piece.placeholders:
        is_foreign = _FOREIGN.search(match[1]) and match[1] not in own
        if is_foreign and not _is_fenced(text, *match.span()):
            yield match[1], False


def _constants(use: LanguageUse, piece: Piece) -> Iterator[str]:
    """Yield the texts of constants that are put into a text."""
    for hole in piece.holes:
        if isinstance(hole, ast.Name | ast.Attribute):
            for leaf in use.values.leaves(piece.module, hole):
                if isinstance(leaf.node, ast.Constant) and isinstance(leaf.node.value, str):
                    yield leaf.node.value


def _is_fenced(text: str, start: int, end: int) -> bool:
    """Whether a hole in a text stands between marks that set it off."""
    before, after = text[:start], text[end:]
    return bool(_OPENED.search(before)) and bool(_CLOSED.match(after))


@dataclass
class _Origin:
    """Tells where a value comes from: ``True`` a client, ``False`` others, ``None`` harmless."""

    use: LanguageUse
    service: Service

    def of(self, module: Module, node: ast.expr, depth: int = 0) -> bool | None:
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Constant):
            return None
        written = ast.unparse(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call) and (
            _REQUEST.match(written)
        ):
            return True
        if isinstance(node, ast.Call):
            return self._call(module, node, depth)
        if isinstance(node, ast.Name):
            return self._name(module, node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(module, node)
        if isinstance(node, ast.Subscript):
            return self._item(module, node, depth)
        piece = Piece(module, node)
        if isinstance(node, ast.JoinedStr | ast.BinOp) and "\0" in piece.text:
            text = piece.text
            places = [match.span() for match in re.finditer("\0", text)]
            pairs = zip(piece.holes, places, strict=False)
            loose = [hole for hole, place in pairs if not _is_fenced(text, *place)]
            return _worst([self.of(module, hole, depth + 1) for hole in loose if hole is not node])
        return _worst([self.of(module, part, depth + 1) for part in _parts(node)])

    def _call(self, module: Module, node: ast.Call, depth: int) -> bool | None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name in _SAFE_CALLS or _SCREEN.search(name):
            return None
        if self.use.asks(node):
            return None
        callee = self.use.values.callee(module, node)
        if callee is not None:
            leaves = self.use.values.leaves(module, node)
            inner = [
                self.of(leaf.module, leaf.node, depth + 1)
                for leaf in leaves
                if isinstance(leaf.node, ast.expr) and leaf.node is not node
            ]
            return _worst(inner)
        owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        parts = [*owner, *node.args] if name in _PASSING else owner
        found = _worst([self.of(module, part, depth + 1) for part in parts])
        return False if found is None and _READS.search(name) else found

    def _name(self, module: Module, node: ast.Name, depth: int) -> bool | None:
        if node.id.isupper():
            return None
        found: list[bool | None] = []
        leaves = self.use.values.leaves(module, node)
        for leaf in leaves:
            if isinstance(leaf.node, ast.arg):
                found.append(self._parameter(leaf, depth))
            elif leaf.node is node:
                found.append(False if _FOREIGN.search(node.id) else None)
            else:
                found.append(self.of(leaf.module, leaf.node, depth + 1))
        added = self.use.values.appended(module, module.function(node), node.id)
        return _worst([*found, *(self.of(module, item, depth + 1) for item in added)])

    def _parameter(self, leaf: Value, depth: int) -> bool | None:
        argument = leaf.node
        function = leaf.module.function(argument)
        if not isinstance(argument, ast.arg) or function is None:
            return None
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        if _SAFE_TYPES.match(annotation) or argument.arg in {"self", "cls"}:
            return None
        if leaf.module.symbol(function) in self.service.handlers(leaf.module.path):
            is_text = annotation in {"", "str", "str | None", "Optional[str]"}
            has_source = re.search(r"\b(?:Query|Form|Body|Path)\(", annotation)
            return True if is_text or has_source else None
        given = [
            self.of(value.module, value.node, depth + 1)
            for value in self.use.values.given(Callee(leaf.module, function), argument.arg)
            if isinstance(value.node, ast.expr)
        ]
        worst = _worst(given)
        if worst is None and not given:
            return False if _FOREIGN.search(argument.arg) else None
        return worst

    def _attribute(self, module: Module, node: ast.Attribute) -> bool | None:
        if node.attr.isupper() or not _is_plain(node):
            return None
        leaves = self.use.values.leaves(module, node.value)
        for leaf in leaves:
            if not isinstance(leaf.node, ast.arg) or leaf.node.annotation is None:
                continue
            function = leaf.module.function(leaf.node)
            model = self.use.values.class_of(leaf.module, leaf.node.annotation)
            if function is None or model is None:
                continue
            declared = _field(model[1], node.attr)
            if declared is None:
                continue
            if _SAFE_TYPES.match(declared) or "Enum" in declared:
                return None
            is_handler = leaf.module.symbol(function) in self.service.handlers(leaf.module.path)
            return True if is_handler else (False if _FOREIGN.search(node.attr) else None)
        return False if _FOREIGN.search(node.attr) and not _is_settings(node) else None

    def _item(self, module: Module, node: ast.Subscript, depth: int) -> bool | None:
        owner = self.of(module, node.value, depth + 1)
        if isinstance(node.slice, ast.Slice) or owner is True:
            return owner
        key = node.slice.value if isinstance(node.slice, ast.Constant) else ""
        return False if isinstance(key, str) and _FOREIGN.search(key) else owner


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
        return [node.elt]
    if isinstance(node, ast.Dict):
        return node.values
    return [node.value] if isinstance(node, ast.Await | ast.Starred | ast.FormattedValue) else []


def _worst(found: list[bool | None]) -> bool | None:
    if True in found:
        return True
    return False if False in found else None


def _field(model: ast.ClassDef, name: str) -> str | None:
    for statement in model.body:
        target = statement.target if isinstance(statement, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == name:
            assert isinstance(statement, ast.AnnAssign)  # noqa: S101 - for mypy
            return ast.unparse(statement.annotation)
    return None


def _is_plain(node: ast.Attribute) -> bool:
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    return isinstance(inner, ast.Name)


def _is_settings(node: ast.Attribute) -> bool:
    return bool(
        re.match(r"(?:self\.)?_?(?:settings|config|cfg|conf|prompts?)\b", ast.unparse(node))
    )
