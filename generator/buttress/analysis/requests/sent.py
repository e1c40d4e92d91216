"""What an expression holds of what a client sends: everything, the fields of a schema, or one of them.

Followed inside one function, in the order of its statements; a field that code sets itself, takes out
or lets through by a list is known as such.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from buttress.analysis.requests.schema_fields import Fields, Kind
from buttress.project.literals import constant, last_name, literal_text, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module

_REQUESTS = frozenset(["request", "req", "self.request"])
_ALL = frozenset(["json", "form", "values", "POST", "data", "args", "GET", "query_params"])
_READS = frozenset(["get_json", "json", "form"])
_SAME = frozenset(["copy", "to_dict", "dict", "model_dump", "deepcopy", "jsonable_encoder", "asdict"])  # fmt: skip
_PARSES = frozenset(["json.loads", "json.load", "orjson.loads", "ujson.loads", "simplejson.loads", "flask.json.loads"])  # fmt: skip
_OF_OBJECT = frozenset(["data", "cleaned_data", "validated_data"])
_OF_VALUE = frozenset(["strip", "lower", "upper", "title", "capitalize", "bool", "str", "int", "get_secret_value"])  # fmt: skip
_MAKES = frozenset(["model_validate", "parse_obj", "from_orm"])
_COLUMNS = ("columns", "__table__", "__dict__", "_meta", "model_fields", "__fields__", "dir(", "hasattr(")  # fmt: skip
"""What names all fields of an object, and so keeps none of them out."""
_DEEPEST = 40
"""How deep an expression is followed."""


class Shape(StrEnum):
    """``mapping``: by key; ``object``: by attribute; ``value``: of one field; ``key``: its name."""

    REQUEST = "request"
    MAPPING = "mapping"
    OBJECT = "object"
    VALUE = "value"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Sent:
    """What comes from a client.

    Attributes:
        shape: What it is.
        fields: The fields that it may have; ``None`` where the client chooses them.
        fixed: Fields that the code sets or takes out.
        key: The name of the field, of a value.
        is_checked: Whether anything has looked at it as a whole: a schema that is not read here.
        names: All keys, of a mapping that the code writes.
        schema: The class that it went through.
    """

    shape: Shape
    fields: frozenset[str] | None = None
    fixed: frozenset[str] = frozenset()
    key: str = ""
    is_checked: bool = False
    names: frozenset[str] = frozenset()
    schema: Fields | None = None

    @property
    def is_open(self) -> bool:
        """Whether the client chooses the fields."""
        return self.fields is None and not self.is_checked

    def without(self, names: frozenset[str]) -> Sent:
        """Return it without some fields."""
        return replace(self, fixed=self.fixed | names)

    def item(self, key: str) -> Sent | None:
        """Return one field of it."""
        if key in self.fixed or (self.fields is not None and key not in self.fields):
            return None
        return Sent(Shape.VALUE, key=key)


REQUEST = Sent(Shape.REQUEST)
ANYTHING = Sent(Shape.MAPPING)


def through(schema: Fields) -> Sent:
    """Return what an object of a schema holds."""
    return Sent(Shape.OBJECT, schema.free, schema=schema)


class Scope:
    """What the names of a function hold.

    Args:
        module: Its file.
        fields_of: The fields of the class that an expression names.
        held: What each name holds.
    """

    def __init__(
        self,
        module: Module,
        fields_of: Callable[[Module, ast.expr], Fields | None],
        held: dict[str, Sent],
    ) -> None:
        self.module = module
        self.fields_of = fields_of
        self.held = held
        self._depth = 0

    def sent(self, node: ast.expr | None) -> Sent | None:
        """Return what an expression holds of what a client sends; ``None`` for nothing."""
        if node is None or self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._sent(node)
        finally:
            self._depth -= 1

    def _sent(self, node: ast.expr) -> Sent | None:
        if isinstance(node, ast.Await | ast.NamedExpr):
            return self.sent(node.value)
        if isinstance(node, ast.BoolOp):
            found = (self.sent(value) for value in node.values)
            return next((value for value in found if value is not None), None)
        if isinstance(node, ast.IfExp):
            return self.sent(node.body) or self.sent(node.orelse) or self._switch(node.test)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._named(node)
        if isinstance(node, ast.Subscript):
            owner = self.sent(node.value)
            key = literal_text(node.slice)
            return owner.item(key) if key and owner and owner.shape is Shape.MAPPING else None
        if isinstance(node, ast.Compare):
            return self._switch(node)
        if isinstance(node, ast.Dict):
            return self._written(node)
        if isinstance(node, ast.DictComp):
            return self._filtered(node)
        return self._called(node) if isinstance(node, ast.Call) else None

    def _named(self, node: ast.Name | ast.Attribute) -> Sent | None:
        name = written(node)
        if name in self.held:
            return self.held[name]
        if last_name(node) in _REQUESTS and self.module.resolve(node) == "flask.request":
            return REQUEST
        if isinstance(node, ast.Name):
            return None
        if name in _REQUESTS and "." in name:
            return REQUEST
        owner = self.sent(node.value)
        if owner is None or owner.shape is Shape.REQUEST:
            is_read = owner is not None and node.attr in {*_ALL, "body"}
            return ANYTHING if is_read else None
        if owner.shape is Shape.OBJECT:
            if node.attr in _OF_OBJECT and node.attr not in (owner.schema or owner).names:
                return replace(owner, shape=Shape.MAPPING)
            return owner.item(node.attr)
        return owner if owner.shape is Shape.VALUE and node.attr in {"value", "data"} else None

    def _switch(self, node: ast.expr) -> Sent | None:
        """Return the field that a condition is about: ``"admin" in data``, ``data["admin"] == "on"``."""
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            found = self.sent(node) if not isinstance(node, ast.BoolOp | ast.UnaryOp) else None
            return found if found is not None and found.shape is Shape.VALUE else None
        left, right = node.left, node.comparators[0]
        if isinstance(node.ops[0], ast.In) and literal_text(left):
            owner = self.sent(right)
            return (
                owner.item(literal_text(left)) if owner and owner.shape is Shape.MAPPING else None
            )
        found = self.sent(left)
        is_switch = isinstance(node.ops[0], ast.Eq | ast.Is) and isinstance(right, ast.Constant)
        return found if is_switch and found is not None and found.shape is Shape.VALUE else None

    def _written(self, node: ast.Dict) -> Sent | None:
        fields: set[str] = set()
        names: set[str] = set()
        spread: Sent | None = None
        for key, value in zip(node.keys, node.values, strict=True):
            found = self.sent(value)
            if key is None:
                if found is not None and found.shape is Shape.MAPPING:
                    spread = found
                    names |= found.names
                continue
            text = literal_text(key)
            names.add(text)
            if found is not None and found.shape is Shape.VALUE:
                fields.add(text)
            elif spread is not None:
                spread = spread.without(frozenset([text]))
        if spread is not None:
            every = None if spread.fields is None else spread.fields | fields
            return replace(spread, fields=every, names=frozenset(names))
        return Sent(Shape.MAPPING, frozenset(fields), names=frozenset(names)) if fields else None

    def _filtered(self, node: ast.DictComp) -> Sent | None:
        """Return what ``{k: v for k, v in data.items() if k in ALLOWED}`` lets through."""
        loop = node.generators[0]
        source = self.sent(loop.iter)
        if source is None or source.shape is not Shape.MAPPING or len(node.generators) > 1:
            return None
        key = written(node.key)
        for test in loop.ifs:
            tests = test.values if isinstance(test, ast.BoolOp) else [test]
            for part in tests:
                source = self.kept(source, part, key)
        return source

    def kept(self, source: Sent, test: ast.expr, key: str, *, turned: bool = False) -> Sent:
        """Return what of a mapping is left where a condition about the name of a key holds.

        Args:
            source: The mapping.
            test: The condition.
            key: The name that stands for the key.
            turned: Whether the condition does not hold there (``if key == "id": continue``).
        """
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, turned = test.operand, not turned
        if isinstance(test, ast.Call):
            given = [written(argument) for argument in test.args]
            is_any = any(word in f"{called_name(test)}(" for word in _COLUMNS)
            return replace(source, is_checked=True) if key in given and not is_any else source
        if not isinstance(test, ast.Compare) or written(test.left) != key or len(test.ops) != 1:
            return source
        allows = isinstance(test.ops[0], ast.In | ast.Eq) != turned
        right = test.comparators[0]
        if isinstance(right, ast.Name):
            right = constant(self.module, right.id) or right
        texts = frozenset(strings_in(right))
        if not allows:
            return source.without(texts)
        if texts:
            return replace(source, fields=texts if source.fields is None else source.fields & texts)
        is_any = any(word in self.module.source(right) for word in _COLUMNS)
        return source if is_any else replace(source, is_checked=True)

    def _called(self, node: ast.Call) -> Sent | None:
        name = called_name(node)
        owner = self.sent(node.func.value) if isinstance(node.func, ast.Attribute) else None
        if owner is not None and owner.shape is Shape.REQUEST:
            return ANYTHING if name in _READS else None
        if owner is not None and owner.shape is Shape.MAPPING and name in {"get", "pop"}:
            return owner.item(literal_text(node.args[0])) if node.args else None
        if owner is not None and name in {"items", "copy", "to_dict", "dict", "model_dump"}:
            return self._dumped(node, owner)
        if owner is not None and owner.shape is Shape.VALUE and name in _OF_VALUE:
            return owner
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        given = [found for found in map(self.sent, values) if found is not None]
        is_json = (self.module.resolve(node.func) or "") in _PARSES
        if name in _OF_VALUE or name in _SAME or is_json:
            return given[0] if given else None
        made = node.func.value if isinstance(node.func, ast.Attribute) and name in _MAKES else node.func  # fmt: skip
        schema = self.fields_of(self.module, made) if isinstance(made, ast.Name | ast.Attribute) else None  # fmt: skip
        is_form = schema is not None and schema.kind is Kind.SCHEMA
        if schema is not None and (is_form or (name in _MAKES and given)) and (given or not values):
            made_of = given[0].fields if given else None
            fields = schema.free if made_of is None else schema.free & made_of
            return Sent(
                Shape.OBJECT, fields, given[0].fixed if given else frozenset(), schema=schema
            )
        return None

    def _dumped(self, node: ast.Call, owner: Sent) -> Sent:
        """Return what ``payload.model_dump(exclude={"role"})`` gives."""
        found = replace(owner, shape=Shape.MAPPING) if owner.shape is Shape.OBJECT else owner
        for keyword in node.keywords:
            texts = frozenset(strings_in(keyword.value))
            if keyword.arg == "exclude":
                found = found.without(texts)
            elif keyword.arg == "include" and texts:
                found = replace(
                    found, fields=texts if found.fields is None else found.fields & texts
                )
        return found
