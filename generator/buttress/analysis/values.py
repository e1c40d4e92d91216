"""Where a value comes from: written in the code, checked against a list, sent by a client, or unknown.

Unknown is never taken for either of the others.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from enum import IntEnum

from buttress.project.model import Service
from buttress.source import Module
from buttress.source.module import Function

_DEEPEST = 12
_SAFE_CALLS = frozenset(
    f"builtins.{name}"
    for name in ("int", "float", "len", "bool", "abs", "round", "ord", "hash", "range", "id")
) | {
    "uuid.UUID",
    "uuid.uuid4",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "time.time",
    "shlex.quote",
}
_SAFE_TYPES = re.compile(
    r"(?:typing\.)?(?:Optional\[)?(?:int|float|bool|UUID|uuid\.UUID|date|datetime|datetime\.date|Decimal|Literal\b.*"
    r"|UUID4|PositiveInt|conint.*)\]?(?:\s*\|\s*None)?\Z"
)
_REQUEST = re.compile(
    r"(?:flask\.)?request\.(?:args|form|values|json|data|cookies|headers|files|get_json|get_data|query_params|path_params"
    r"|body|url|full_path|GET|POST|COOKIES|view_args|query_string)\b"
)
_TEXT_METHODS = frozenset(
    ["strip", "lower", "upper", "lstrip", "rstrip", "title", "capitalize", "replace", "encode", "decode", "format", "removeprefix", "removesuffix", "get", "split", "json"]
)  # fmt: skip
_CHECKING_METHODS = frozenset(
    [
        "isdigit",
        "isnumeric",
        "isdecimal",
        "isalnum",
        "isalpha",
        "isidentifier",
        "fullmatch",
        "match",
    ]
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Origin(IntEnum):
    """How sure it is that a value is harmless, the worst last."""

    SAFE = 0
    UNKNOWN = 1
    PARAMETER = 2
    TAINTED = 3


@dataclass
class Values:
    """The values in one function, or at the top of a module.

    Args:
        module: The file.
        function: The function; ``None`` for the top of the module.
        service: Tells which functions answer routes.
    """

    module: Module
    function: Function | None
    service: Service
    _names: dict[str, Origin] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scope: ast.AST = self.function or self.module.tree
        nodes = list(ast.walk(scope)) if self.function else list(self.module.tree.body)
        self._assigned: dict[str, list[ast.expr | None]] = {}
        self._checked: set[str] = set()
        self._arguments: dict[str, ast.arg] = {}
        self._appended: dict[str, list[ast.expr]] = {}
        for node in nodes:
            self._take(node)
        if self.function is not None:
            arguments = self.function.args
            listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            self._arguments = {argument.arg: argument for argument in listed}
        self._is_handler = self.function is not None and self.module.symbol(
            self.function
        ) in self.service.handlers(self.module.path)

    def _take(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
            self._bind(node.target, node.value)
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            self._bind(node.target, node.iter)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._bind(node.optional_vars, None)
        elif isinstance(node, ast.Compare):
            if any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
                self._checked |= _names_in(node.left)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if node.func.attr in _CHECKING_METHODS:
                self._checked |= _names_in(owner)
                for argument in node.args:
                    self._checked |= _names_in(argument)
            if node.func.attr in {"append", "extend", "insert", "add"} and isinstance(
                owner, ast.Name
            ):
                self._appended.setdefault(owner.id, []).extend(node.args[-1:])

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self._assigned.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self._bind(item, None if isinstance(value, ast.Tuple) else value)

    def assigned(self, name: str) -> list[ast.expr | None]:
        """Return all values that the function gives a name; ``None`` for what is not known."""
        return self._assigned.get(name, [])

    def origin(self, node: ast.expr | None, depth: int = 0) -> Origin:
        """Return where a value comes from; of several possible origins the worst."""
        if node is None or depth > _DEEPEST:
            return Origin.UNKNOWN
        if isinstance(node, ast.Constant):
            return Origin.SAFE
        if isinstance(node, ast.Name):
            return self._name(node.id, depth)
        is_choice = isinstance(node, ast.BoolOp | ast.IfExp)
        if not is_choice and _REQUEST.match(self.module.source(node)):
            return self._request(node)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.Subscript):
            return self._item(node, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        parts = self._parts(node)
        return Origin.UNKNOWN if parts is None else self._worst(parts, depth)

    def _parts(self, node: ast.expr) -> list[ast.expr] | None:
        """Return the expressions that a value is made of; ``None`` where that is not known."""
        if isinstance(node, ast.JoinedStr):
            return [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        if isinstance(node, ast.BinOp):
            return [node.left, node.right]
        if isinstance(node, ast.IfExp):
            checked = set()
            if isinstance(node.test, ast.Compare) and any(
                isinstance(op, ast.In | ast.NotIn) for op in node.test.ops
            ):
                checked = _names_in(node.test.left)
            return [side for side in (node.body, node.orelse) if not _names_in(side) & checked]
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return node.elts
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
            return [node.elt]
        return [node.value] if isinstance(node, ast.FormattedValue | ast.Starred) else None

    def _item(self, node: ast.Subscript, depth: int) -> Origin:
        inner = self.origin(node.value, depth + 1)
        if isinstance(node.slice, ast.Slice):
            return inner
        # a key looked up in a mapping of the code is an allow-list
        return inner if inner in {Origin.SAFE, Origin.TAINTED} else Origin.UNKNOWN

    def _worst(self, nodes: list[ast.expr], depth: int) -> Origin:
        return max((self.origin(node, depth + 1) for node in nodes), default=Origin.SAFE)

    def _request(self, node: ast.expr) -> Origin:
        if isinstance(node, ast.Call):
            converts = any(k.arg == "type" and _is_number(k.value) for k in node.keywords)
            if converts:
                return Origin.SAFE
        return Origin.TAINTED

    def _name(self, name: str, depth: int) -> Origin:
        if name in self._checked:
            return Origin.SAFE
        if name in self._names:
            return self._names[name]
        self._names[name] = Origin.SAFE  # for a value that is made from itself
        found: Origin
        values = [*self._assigned.get(name, []), *self._appended.get(name, [])]
        if name in self._arguments:
            found = self._argument(self._arguments[name])
            if values:
                found = max(found, *(self.origin(value, depth + 1) for value in values))
                if not self._keeps(name):
                    found = max(self.origin(value, depth + 1) for value in values)
        elif values:
            found = max(self.origin(value, depth + 1) for value in values)
        else:
            found = self._global(name)
        self._names[name] = found
        return found

    def _keeps(self, name: str) -> bool:
        """Whether a parameter may keep its own value: it is not simply bound anew."""
        return any(
            value is None or name in _names_in(value) for value in self._assigned.get(name, [])
        ) or not self._assigned.get(name)

    def _argument(self, argument: ast.arg) -> Origin:
        annotation = self.module.source(argument.annotation) if argument.annotation else ""
        if _SAFE_TYPES.match(annotation):
            return Origin.SAFE
        if argument.arg in {"self", "cls"}:
            return Origin.UNKNOWN
        if self._is_handler:
            is_text = annotation in {"", "str", "Optional[str]", "str | None", "Optional[str] "}
            has_source = "Query(" in annotation or "Form(" in annotation or "Path(" in annotation
            if is_text and argument.arg not in {"request", "db", "session", "conn"}:
                return Origin.TAINTED
            return Origin.TAINTED if has_source and "str" in annotation else Origin.UNKNOWN
        is_text = annotation in {"", "str", "Optional[str]", "str | None", "Any", "any"}
        return Origin.PARAMETER if is_text else Origin.UNKNOWN

    def _global(self, name: str) -> Origin:
        if self.function is None:
            return Origin.SAFE if name.isupper() else Origin.UNKNOWN
        if name.isupper():
            return Origin.SAFE
        for statement in self.module.tree.body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                value = getattr(statement, "value", None)
                return Origin.SAFE if _is_literal(value) else Origin.UNKNOWN
        return Origin.UNKNOWN

    def _call(self, node: ast.Call, depth: int) -> Origin:
        target = self.module.resolve(node.func) or ""
        if target in _SAFE_CALLS:
            return Origin.SAFE
        if target in {
            "builtins.str",
            "builtins.repr",
            "builtins.list",
            "builtins.sorted",
            "builtins.tuple",
            "builtins.set",
            "builtins.zip",
            "builtins.enumerate",
        }:
            return self._worst(list(node.args), depth)
        if isinstance(node.func, ast.Attribute):
            owner, method = node.func.value, node.func.attr
            if method == "join" and node.args:
                return self._worst([owner, node.args[0]], depth)
            if method == "format":
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
                return self._worst([owner, *values], depth)
            if method in _TEXT_METHODS:
                return self.origin(owner, depth + 1)
            if method in {"keys", "items", "values"}:
                inner = self.origin(owner, depth + 1)
                return inner if inner in {Origin.SAFE, Origin.TAINTED} else Origin.UNKNOWN
        return Origin.UNKNOWN

    def _attribute(self, node: ast.Attribute) -> Origin:
        inner = node.value
        if node.attr.isupper():
            return Origin.SAFE
        if self._is_handler and isinstance(inner, ast.Name) and inner.id in self._arguments:
            annotation = self._arguments[inner.id].annotation
            declared = self._field_type(annotation, node.attr)
            if declared is not None:
                return Origin.SAFE if _SAFE_TYPES.match(declared) else Origin.TAINTED
        return Origin.UNKNOWN

    def _field_type(self, annotation: ast.expr | None, attribute: str) -> str | None:
        """Return the type of a field of a model that stands in the same file."""
        if not isinstance(annotation, ast.Name):
            return None
        for node in self.module.nodes(ast.ClassDef):
            for statement in node.body if node.name == annotation.id else ():
                target = statement.target if isinstance(statement, ast.AnnAssign) else None
                if isinstance(target, ast.Name) and target.id == attribute:
                    assert isinstance(statement, ast.AnnAssign)  # noqa: S101 - for mypy
                    written = self.module.source(statement.annotation)
                    is_text = written in {"str", "Optional[str]", "str | None"}
                    return written if is_text or _SAFE_TYPES.match(written) else None
        return None


def _names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"int", "float", "bool"}


def _is_literal(node: ast.AST | None) -> bool:
    allowed = (
        ast.Constant | ast.Tuple | ast.List | ast.Set | ast.Dict | ast.expr_context | ast.JoinedStr
        | ast.BinOp | ast.operator
    )  # fmt: skip
    return node is not None and all(isinstance(part, allowed) for part in ast.walk(node))
