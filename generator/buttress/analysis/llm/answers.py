"""What becomes of a model's answer: where its text goes, and whether its form is checked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.llm.calls import LanguageUse
from buttress.analysis.llm.values import Callee
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_DEEPEST = 3
_PARSERS = frozenset(
    {"json.loads", "ast.literal_eval", "orjson.loads", "ujson.loads", "yaml.safe_load", "json5.loads", "demjson3.decode", "json_repair.loads", "json_repair.repair_json"}
)  # fmt: skip
_STRUCTURED = frozenset(
    {"output_format", "response_model", "response_schema", "output_type", "text_format", "result_type", "json_schema", "output_schema", "responseSchema", "output_json", "guided_json"}
)  # fmt: skip
_VALIDATORS = frozenset(
    {
        "model_validate", "model_validate_json", "parse_obj", "parse_raw", "validate_python", "validate_json", "TypeAdapter", "validate",
        "from_dict", "is_valid", "load", "check_schema", "structure",
    }
)  # fmt: skip
_LOOKS = lazy_pattern(r"validat|normali[sz]e|coerce|check_(?:shape|fields|schema)", re.IGNORECASE)
_FORMS = frozenset({"dict", "list", "str", "int", "float"})
_CATCHES = frozenset({"ValueError", "JSONDecodeError", "Exception", "SyntaxError", "BaseException"})


class Answers:
    """The names that hold a model's answer, function by function.

    Args:
        use: The calls of models.
    """

    def __init__(self, use: LanguageUse) -> None:
        self.use = use
        self._holding: dict[tuple[Module, Function | None], frozenset[str]] = {}
        self._answering: dict[Function, bool] = {}

    def names(self, module: Module, function: Function | None) -> frozenset[str]:
        """Return the names of a function that hold an answer, or something taken from it."""
        if (function or module.tree) not in self.use.around:
            return frozenset()
        key = (module, function)
        if key not in self._holding:
            self._holding[key] = frozenset()
            self._holding[key] = self._find(module, function)
        return self._holding[key]

    def _find(self, module: Module, function: Function | None) -> frozenset[str]:
        held: set[str] = set()
        assignments = [
            (target, node.value)
            for node in module.nodes(ast.Assign)
            if module.function(node) is function
            for target in node.targets
        ]
        assignments += [
            (node.target, node.value)
            for node in module.nodes(ast.AnnAssign, ast.AugAssign, ast.NamedExpr)
            if node.value is not None and module.function(node) is function
        ]
        assignments += [
            (node.target, node.iter)
            for node in module.nodes(ast.For, ast.AsyncFor)
            if module.function(node) is function
        ]
        assignments += [
            (node.optional_vars, node.context_expr)
            for node in module.nodes(ast.withitem)
            if node.optional_vars is not None and module.function(node) is function
        ]
        changed = True
        while changed:
            changed = False
            for target, value in assignments:
                names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
                if not names <= held and self._holds(module, value, held, 0):
                    held |= names
                    changed = True
        return frozenset(held)

    def holds(self, module: Module, node: ast.expr) -> bool:
        """Whether an expression is an answer, or made of one."""
        return self._holds(module, node, set(self.names(module, module.function(node))), 0)

    def comes_from(self, module: Module, call: ast.Call) -> bool:
        """Whether a call asks a model, or runs a function of the project that returns its answer."""
        if self.use.asks(call):
            return True
        callee = self.use.values.callee(module, call)
        return callee is not None and self._answers(callee, 0)

    def _holds(self, module: Module, node: ast.expr, held: set[str], depth: int) -> bool:
        if isinstance(node, ast.Name):
            return node.id in held
        if isinstance(node, ast.Call):
            return self._call_holds(module, node, held, depth)
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Await | ast.Starred):
            return self._holds(module, node.value, held, depth)
        if isinstance(node, ast.BinOp):
            sides = (node.left, node.right)
            return any(self._holds(module, side, held, depth) for side in sides)
        if isinstance(node, ast.BoolOp | ast.Tuple):
            items = node.elts if isinstance(node, ast.Tuple) else node.values
            return any(self._holds(module, item, held, depth) for item in items)
        if isinstance(node, ast.IfExp):
            sides = (node.body, node.orelse)
            return any(self._holds(module, side, held, depth) for side in sides)
        if isinstance(node, ast.JoinedStr):
            return any(
                self._holds(module, part.value, held, depth)
                for part in node.values
                if isinstance(part, ast.FormattedValue)
            )
        return False

    def _call_holds(self, module: Module, node: ast.Call, held: set[str], depth: int) -> bool:
        if self.use.asks(node):
            return True
        function = node.func
        if isinstance(function, ast.Attribute) and self._holds(module, function.value, held, depth):
            return True  # text.strip(), response.json(), stream.get_final_text()
        target = module.resolve(function) or ""
        if target in {"re.search", "re.sub", "re.match", "re.findall", "builtins.str", "str"}:
            return any(self._holds(module, argument, held, depth) for argument in node.args)
        callee = self.use.values.callee(module, node)
        if callee is None or depth > _DEEPEST:
            return False
        if self._answers(callee, depth):
            return True
        # a function of the project that cleans what it is given
        is_given = any(self._holds(module, argument, held, depth) for argument in node.args)
        return is_given and _gives_text(callee)

    def _answers(self, callee: Callee, depth: int) -> bool:
        """Whether a function returns a model's answer."""
        if callee.node not in self.use.around:
            return False
        if callee.node not in self._answering:
            self._answering[callee.node] = False
            held = set(self.names(callee.module, callee.node))
            self._answering[callee.node] = any(
                node.value is not None
                and callee.module.function(node) is callee.node
                and self._holds(callee.module, node.value, held, depth + 1)
                for node in callee.module.nodes(ast.Return)
            )
        return self._answering[callee.node]


def _gives_text(callee: Callee) -> bool:
    """Whether a function gives back one of its parameters in another form, not parsed."""
    arguments = {item.arg for item in callee.node.args.args}
    for node in callee.module.nodes(ast.Return):
        if node.value is None or callee.module.function(node) is not callee.node:
            continue
        is_parsed = any(
            isinstance(part, ast.Call) and (callee.module.resolve(part.func) or "") in _PARSERS
            for part in ast.walk(node.value)
        )
        names = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        if not is_parsed and names & arguments:
            return True
    return False


def unvalidated(use: LanguageUse) -> Iterator[tuple[Module, ast.Call, bool]]:
    """Yield where an answer is parsed and used as it comes, and whether failing to parse is caught."""
    answers = Answers(use)
    seen: set[Function | None] = set()
    for module, call in use.modules.calls(*_PARSERS):
        if not call.args:
            continue
        if not (answers.holds(module, call.args[0]) or _is_handed_on(use, answers, module, call)):
            continue
        if _is_structured(use, module, call) or _is_validated(use, module, call):
            continue
        function = module.function(call)
        caught = _is_caught(module, call) or _is_caught_outside(use, module, function)
        is_careful = caught and not _is_read_hastily(module, call)
        if function not in seen and not is_careful:
            seen.add(function)
            yield module, call, caught


def _is_handed_on(use: LanguageUse, answers: Answers, module: Module, call: ast.Call) -> bool:
    """Whether the function is given an answer as the parameter that it parses."""
    function = module.function(call)
    if function is None:
        return False
    names = {part.id for part in ast.walk(call.args[0]) if isinstance(part, ast.Name)}
    arguments = {item.arg for item in function.args.args}
    sources = set(names)
    for _ in range(_DEEPEST):
        for name in list(sources):
            for value in use.values.bound(module, function, name):
                sources |= {part.id for part in ast.walk(value) if isinstance(part, ast.Name)}
    for name in sources & arguments - {"self", "cls"}:
        for given in use.values.given(Callee(module, function), name):
            if isinstance(given.node, ast.expr) and answers.holds(given.module, given.node):
                return True
    return False


def _is_structured(use: LanguageUse, module: Module, call: ast.Call) -> bool:
    """Whether the model was asked for a schema that its provider enforces."""
    function = module.function(call)
    asked = [item for item in use.calls if item.module is module and item.function is function]
    for item in asked or [item for item in use.calls if item.module is module]:
        if set(item.options) & _STRUCTURED:
            return True
        given = item.options.get("response_format") or item.options.get("text")
        if given is not None:
            for leaf in use.values.leaves(module, given):
                if "json_schema" in ast.unparse(leaf.node) or not isinstance(leaf.node, ast.Dict):
                    return True
    return "'strict': True" in ast.unparse(function) if function is not None else False


def _is_validated(use: LanguageUse, module: Module, call: ast.Call) -> bool:
    """Whether what was parsed is checked against a schema, here or where it is returned to."""
    function = module.function(call)
    if function is None:
        return _has_validator(use, module, None)
    if _has_validator(use, module, function):
        return True
    callers = use.values.callers(Callee(module, function))
    return any(
        (outer := other.function(caller)) is not None and _has_validator(use, other, outer)
        for other, caller in callers
    )


def _has_validator(use: LanguageUse, module: Module, function: Function | None) -> bool:
    """Whether a function looks at the form of something: by a schema, a model, a type or a key."""
    for call in module.nodes(ast.Call):
        if function is not None and function not in module.ancestors(call):
            continue
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in _VALIDATORS or _LOOKS.search(name):
            return True
        if name == "isinstance" and _names(call.args[-1]) & _FORMS:
            return True
        made = use.values.class_of(module, call.func) if call.keywords else None
        if made is not None and _takes_fields(call) and _is_model(made[0], made[1]):
            return True
    return False


def _names(node: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _takes_fields(call: ast.Call) -> bool:
    """Whether a model is made of what was read: ``Model(**data)``, ``Model(name=data["name"])``."""
    return any(
        keyword.arg is None
        or isinstance(keyword.value, ast.Subscript)
        or (isinstance(keyword.value, ast.Call) and "get" in ast.unparse(keyword.value.func))
        for keyword in call.keywords
    )


def _is_model(module: Module, made: ast.ClassDef) -> bool:
    bases = {(module.resolve(base) or ast.unparse(base)).rpartition(".")[2] for base in made.bases}
    return any(base.endswith(("Model", "Schema")) for base in bases) or not bases


def _is_caught(module: Module, call: ast.expr) -> bool:
    inner: ast.AST = call
    for above in module.ancestors(call):
        if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        if isinstance(above, ast.Try) and inner in above.body:
            for handler in above.handlers:
                names = {"Exception"} if handler.type is None else set(_last_names(handler.type))
                if names & _CATCHES:
                    return True
        inner = above
    return False


def _is_caught_outside(use: LanguageUse, module: Module, function: Function | None) -> bool:
    """Whether whatever runs a function catches what it raises, one or two calls further out."""
    if function is None:
        return False
    places: list[tuple[Module, ast.expr]] = list(use.values.callers(Callee(module, function)))
    if not isinstance(module.parent(function), ast.ClassDef):  # handed to a thread or a timer
        places += [
            (module, name)
            for name in module.nodes(ast.Name)
            if name.id == function.name and isinstance(module.parent(name), ast.Call)
            if function not in module.ancestors(name)
        ]
    further = [
        caller
        for other, place in places
        if (around := other.function(place)) is not None and around is not function
        for caller in use.values.callers(Callee(other, around))
    ]
    if not places:
        return False
    return all(_is_caught(other, place) for other, place in places) or (
        bool(further) and all(_is_caught(other, place) for other, place in further)
    )


def _last_names(node: ast.expr) -> Iterator[str]:
    for item in node.elts if isinstance(node, ast.Tuple) else [node]:
        yield ast.unparse(item).rpartition(".")[2]


def _is_read_hastily(module: Module, call: ast.Call) -> bool:
    """Whether fields of what was parsed are taken for granted, outside of what catches errors."""
    statement = module.statement(call)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    function = module.function(call)
    around = next((above for above in module.ancestors(call) if isinstance(above, ast.Try)), None)
    return any(
        isinstance(read.value, ast.Name)
        and read.value.id in names
        and isinstance(read.ctx, ast.Load)
        and isinstance(read.slice, ast.Constant)
        and isinstance(read.slice.value, str)
        and module.function(read) is function
        and (around is None or around not in module.ancestors(read))
        for read in module.nodes(ast.Subscript)
    )
