"""Types of fields, as far as the code proves them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.classes import Classes, Kind
from buttress.project.literals import last_name
from buttress.source import Module

_STRING_METHODS = frozenset(name for name in dir(str) if name[0] != "_" and not hasattr(list, name))
_OBJECT_METHODS = frozenset(["get", "items", "keys", "values", "setdefault"])
_TEXT_ARGUMENTS = {
    "datetime.datetime.fromisoformat": 0,
    "datetime.date.fromisoformat": 0,
    "datetime.time.fromisoformat": 0,
    "datetime.datetime.strptime": 0,
    "uuid.UUID": 0,
    "json.loads": 0,
    "base64.b64decode": 0,
    "werkzeug.security.generate_password_hash": 0,
    "werkzeug.security.check_password_hash": 1,
}
"""Functions that raise for every JSON value that is no text, and the argument this is about."""

_COLUMNS = {
    "String": "str",
    "Text": "str",
    "Unicode": "str",
    "UnicodeText": "str",
    "VARCHAR": "str",
    "Integer": "int",
    "BigInteger": "int",
    "SmallInteger": "int",
    "Float": "float",
    "Boolean": "bool",
}
_PLAIN = {f"builtins.{name}": name for name in ("str", "int", "float", "bool")}
_CONTAINERS = {
    "builtins.list": "list",
    "typing.List": "list",
    "builtins.dict": "dict",
    "typing.Dict": "dict",
}
_HOOKS = frozenset(["validator", "root_validator", "field_validator", "model_validator"])


@dataclass(frozen=True, slots=True)
class Type:
    """What a field accepts.

    Attributes:
        name: ``any``, ``str``, ``int``, ``float``, ``bool``, ``number`` (what ``int()`` takes),
            ``list`` or ``dict``.
        items: What a list holds, or the values of a dict.
        is_nullable: Whether ``None`` is accepted, too.
    """

    name: str
    items: Type | None = None
    is_nullable: bool = False

    @property
    def converts(self) -> bool:
        """Whether a value that is accepted may come out as another one (``"5"`` as ``5``)."""
        if self.items is not None:
            return self.items.converts
        return self.name in {"int", "float", "bool", "number"}

    def accepts(self, value: ast.expr | None) -> bool:
        """Whether a default fits; no default stands for ``None``."""
        if self.name == "any":
            return True
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return self.is_nullable
        if isinstance(value, ast.List):
            return self.name == "list" and (not value.elts or self.items is None)
        if isinstance(value, ast.Dict):
            return self.name == "dict" and not value.keys
        constant = value.operand if isinstance(value, ast.UnaryOp) else value
        if not isinstance(constant, ast.Constant):
            return False
        kinds = {"str": (str,), "int": (int,), "bool": (bool,)}
        wanted = kinds.get(self.name, (int, float) if self.name in {"float", "number"} else ())
        is_bool = isinstance(constant.value, bool)
        return isinstance(constant.value, wanted) and is_bool == (self.name == "bool")


ANY = Type("any", is_nullable=True)
TEXT = Type("str")
NUMBER = Type("number")
FLOAT = Type("float")
OBJECT = Type("dict", ANY)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one use of a value says about its type.

    Attributes:
        type: What the use accepts.
        is_proof: Whether the use fails for every value that the type refuses.
    """

    type: Type
    is_proof: bool


class Evidences:
    """Reads the evidence of uses.

    Args:
        classes: What names stand for.
    """

    def __init__(self, classes: Classes) -> None:
        self._classes = classes

    def of(self, module: Module, value: ast.expr) -> Evidence | None:
        """Return what the use of a value around it says; ``None`` where it says nothing."""
        above = module.parent(value)
        if isinstance(above, ast.Attribute):
            return _method(module, above)
        if isinstance(above, ast.Subscript) and above.value is value:
            is_key = isinstance(above.slice, ast.Constant) and isinstance(above.slice.value, str)
            return Evidence(OBJECT, is_proof=True) if is_key else None
        if isinstance(above, ast.Call) and value in above.args:
            return _argument(module, above, above.args.index(value))
        if isinstance(above, ast.keyword) and above.arg is not None:
            call = module.parent(above)
            return (
                self._constructor(module, call, above.arg) if isinstance(call, ast.Call) else None
            )
        if isinstance(above, ast.For) and above.iter is value:
            return Evidence(Type("list", ANY), is_proof=False)
        return None

    def _constructor(self, module: Module, call: ast.Call, field: str) -> Evidence | None:
        definition = self._classes.definition(module, call.func)
        if definition is None or not isinstance(definition.node, ast.ClassDef):
            return None
        kind = self._classes.kind(definition)
        if kind is Kind.PYDANTIC and _is_plain_model(definition.module, definition.node):
            found = _model_field(definition.module, definition.node, field)
        elif kind is Kind.MAPPED:
            columns = (_column(statement, field) for statement in definition.node.body)
            found = next((column for column in columns if column is not None), None)
        else:
            return None
        return None if found is None else Evidence(found, is_proof=kind is Kind.PYDANTIC)


def nullable(found: Type) -> Type:
    """Return the type that accepts ``None``, too."""
    return Type(found.name, found.items, is_nullable=True)


def _annotated(module: Module, node: ast.expr) -> Type | None:
    """Return the type that an annotation says, if it is built of plain types only."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _nullable(module, [node.left, node.right])
    target = module.resolve(node)
    if target in _PLAIN:
        return Type(_PLAIN[target])
    if target in _CONTAINERS:
        return Type(_CONTAINERS[target], ANY)
    if target == "typing.Any":
        return ANY
    if not isinstance(node, ast.Subscript):
        return None
    outer = module.resolve(node.value) or ""
    if outer == "typing.Optional":
        inner = _annotated(module, node.slice)
        return None if inner is None else nullable(inner)
    if outer == "typing.Union" and isinstance(node.slice, ast.Tuple):
        return _nullable(module, node.slice.elts)
    if _CONTAINERS.get(outer) == "list":
        inner = _annotated(module, node.slice)
        return None if inner is None else Type("list", inner)
    if _CONTAINERS.get(outer) == "dict" and isinstance(node.slice, ast.Tuple):
        key, value = node.slice.elts[0], _annotated(module, node.slice.elts[-1])
        is_text = module.resolve(key) == "builtins.str"
        return None if value is None or not is_text else Type("dict", value)
    return None


def _nullable(module: Module, parts: list[ast.expr]) -> Type | None:
    real = [p for p in parts if not (isinstance(p, ast.Constant) and p.value is None)]
    if len(real) != 1 or len(parts) != 2:
        return None
    inner = _annotated(module, real[0])
    return None if inner is None else nullable(inner)


def _method(module: Module, above: ast.Attribute) -> Evidence | None:
    call = module.parent(above)
    if not isinstance(call, ast.Call) or call.func is not above:
        return None
    if above.attr in _STRING_METHODS:
        return Evidence(TEXT, is_proof=True)
    return Evidence(OBJECT, is_proof=True) if above.attr in _OBJECT_METHODS else None


def _argument(module: Module, call: ast.Call, position: int) -> Evidence | None:
    target = module.resolve(call.func) or ""
    if target in {"builtins.int", "builtins.float"} and len(call.args) == 1 and not call.keywords:
        return Evidence(NUMBER if target == "builtins.int" else FLOAT, is_proof=True)
    if _TEXT_ARGUMENTS.get(target) == position:
        return Evidence(TEXT, is_proof=True)
    return None


def _is_plain_model(module: Module, node: ast.ClassDef) -> bool:
    """Whether a model validates exactly what its annotations say: no hook, no configuration."""
    if len(node.bases) != 1 or not (module.resolve(node.bases[0]) or "").startswith("pydantic."):
        return False
    for statement in node.body:
        if isinstance(statement, ast.ClassDef):
            return False
        if isinstance(statement, ast.Assign) and _is_name(statement.targets[0], "model_config"):
            options = statement.value.keywords if isinstance(statement.value, ast.Call) else None
            if options is None or any(option.arg != "extra" for option in options):
                return False
        if isinstance(statement, ast.FunctionDef) and _is_hook(statement):
            return False
    return True


def _is_hook(node: ast.FunctionDef) -> bool:
    hooked = any(_called(mark) in _HOOKS for mark in node.decorator_list)
    return hooked or node.name in {"__init__", "__new__"}


def _model_field(module: Module, node: ast.ClassDef, field: str) -> Type | None:
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and _is_name(statement.target, field):
            has_alias = _has_alias(statement.value)
            return None if has_alias else _annotated(module, statement.annotation)
    return None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _called(mark: ast.expr) -> str:
    return last_name(mark.func if isinstance(mark, ast.Call) else mark)


def _has_alias(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg in {"alias", "validation_alias", "alias_priority"} for keyword in value.keywords
    )


def _column(statement: ast.stmt, field: str) -> Type | None:
    """Return the type of a mapped column: ``title = db.Column(db.String(200))``."""
    if not (isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None):
        return None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    if not (isinstance(target, ast.Name) and target.id == field):
        return None
    call = statement.value
    if not isinstance(call, ast.Call) or _called(call) not in {"Column", "mapped_column"}:
        return None
    for argument in call.args:
        name = _COLUMNS.get(_called(argument))
        if name is not None:
            return Type(name, is_nullable=True)
    return None
