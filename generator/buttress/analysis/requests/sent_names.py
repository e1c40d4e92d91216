"""What the names of a function hold of what a client sends, statement by statement."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from buttress.analysis.requests.schema_fields import POWERFUL, RIGHTS, Fields
from buttress.analysis.requests.sent import Scope, Sent, Shape
from buttress.project.literals import constant, literal_text, strings_in, written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_OWN = lazy_pattern(
    r"current_user|request\.user\b|\bg\.user\b|get_jwt_identity\(|\bsession(?:\.get\(|\[)\s*[\"'](?:user|uid|id)"
)
"""How code says who calls, in Flask and Django."""
_SWITCHED_ON = (True, "on", "true", "True", "1", "yes")


class Names(Scope):
    """The names of one function.

    Args:
        module: Its file.
        function: The function.
        fields_of: The fields of the class that an expression names.
        held: What its parameters hold.
        callers: Those of them that are who calls.
    """

    def __init__(
        self,
        module: Module,
        function: Function,
        fields_of: Callable[[Module, ast.expr], Fields | None],
        held: dict[str, Sent],
        callers: frozenset[str],
    ) -> None:
        super().__init__(module, fields_of, held)
        self.function = function
        self.callers = set(callers)
        self.loops: dict[str, Sent] = {}

    def bind(self, statement: ast.stmt) -> None:
        """Take note of what a statement gives names, or takes out of what they hold."""
        if isinstance(statement, ast.For | ast.AsyncFor):
            self._loop(statement)
        elif isinstance(statement, ast.AnnAssign):
            self._assign(statement.target, statement.value, statement)
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                self._assign(target, statement.value, statement)
        elif isinstance(statement, ast.Delete):
            for target in statement.targets:
                if isinstance(target, ast.Subscript):
                    self.take(target.value, literal_text(target.slice))

    def _assign(self, target: ast.expr, value: ast.expr | None, statement: ast.stmt) -> None:
        if isinstance(target, ast.Name):
            self._name(target.id, value, statement)
        elif isinstance(target, ast.Subscript) and literal_text(target.slice):
            self._item(target, value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, given in zip(target.elts, value.elts, strict=False):
                self._assign(one, given, statement)

    def _name(self, name: str, value: ast.expr | None, statement: ast.stmt) -> None:
        if self.is_caller(value):
            self.callers.add(name)
        found = self.sent(value)
        if found is None:
            found = self._unlocked(value, statement)
        if found is not None:
            self.held[name] = found
        elif self.module.parent(statement) is self.function:
            self.held.pop(name, None)  # deeper down it may still be what it was

    def _unlocked(self, value: ast.expr | None, statement: ast.stmt) -> Sent | None:
        """Return the field that lets a value be given (``if data["admin"]: admin = True``)."""
        is_power = isinstance(value, ast.Constant) and (
            value.value is True
            or (isinstance(value.value, str) and POWERFUL.match(value.value) is not None)
        )
        above = self.module.parent(statement)
        if not is_power or not isinstance(above, ast.If) or statement not in above.body:
            return None
        found = self.sent(above.test)
        return found if found and found.shape is Shape.VALUE and RIGHTS.match(found.key) else None

    def _item(self, target: ast.Subscript, value: ast.expr | None) -> None:
        name, key = written(target.value), literal_text(target.slice)
        held = self.held.get(name)
        found = self.sent(value)
        if found is not None and found.shape is Shape.VALUE:
            if held is None:
                held = Sent(Shape.MAPPING, frozenset())
            if held.shape is Shape.MAPPING and held.fields is not None:
                self.held[name] = replace(held, fields=held.fields | {key}, names=held.names | {key})  # fmt: skip
        elif held is not None:
            self.held[name] = replace(held.without(frozenset([key])), names=held.names | {key})  # fmt: skip

    def take(self, owner: ast.expr, key: str) -> None:
        """Take note of a field that is taken out (``data.pop("role")``)."""
        held = self.held.get(written(owner))
        if held is not None and key and held.shape in {Shape.MAPPING, Shape.OBJECT}:
            self.held[written(owner)] = held.without(frozenset([key]))

    def _loop(self, statement: ast.For | ast.AsyncFor) -> None:
        target = statement.target
        first = target.elts[0] if isinstance(target, ast.Tuple) and target.elts else target
        texts = frozenset(strings_in(statement.iter))
        if isinstance(statement.iter, ast.Name):
            texts = frozenset(strings_in(constant(self.module, statement.iter.id)))
        found = self.sent(statement.iter)
        keys = statement.iter
        if found is None and isinstance(keys, ast.Call) and called_name(keys) == "keys":
            assert isinstance(keys.func, ast.Attribute)  # noqa: S101 - for mypy
            found = self.sent(keys.func.value)
        if not isinstance(first, ast.Name):
            return
        if found is not None and found.shape is Shape.MAPPING:
            self.loops[first.id] = found
        elif texts and isinstance(target, ast.Name):
            self.loops[first.id] = Sent(Shape.MAPPING, texts)

    def checked(self, call: ast.Call) -> None:
        """Take note of what was handed to something that validates it."""
        for value in (*call.args, *(k.value for k in call.keywords)):
            held = self.held.get(written(value))
            if held is not None and held.shape is Shape.MAPPING:
                self.held[written(value)] = replace(held, is_checked=True)

    def keys_looked_at(
        self, node: ast.BinOp | ast.GeneratorExp | ast.ListComp | ast.SetComp
    ) -> None:
        """Take note of what may hold no other keys than those which code knows (``set(data) - KNOWN``)."""
        if isinstance(node, ast.BinOp):
            whole = node.left if isinstance(node.op, ast.Sub) else None
        else:
            loop = node.generators[0]
            tests = [*loop.ifs, node.elt]
            names = [written(test.left) for test in tests if isinstance(test, ast.Compare)]
            whole = loop.iter if written(loop.target) in names else None
        while isinstance(whole, ast.Call | ast.Attribute):
            inner = whole.args[0] if isinstance(whole, ast.Call) and whole.args else None
            outer = whole.func if isinstance(whole, ast.Call) else whole.value
            whole = inner if inner is not None else outer
        held = self.held.get(written(whole))
        if held is not None and held.shape is Shape.MAPPING:
            self.held[written(whole)] = replace(held, is_checked=True)

    def looked_at(self, test: ast.Compare) -> None:
        """Take note of a field that code compares, other than with a list that more rights are part of."""
        right = test.comparators[0]
        if isinstance(right, ast.Name):
            right = constant(self.module, right.id) or right
        is_list = isinstance(test.ops[0], ast.In | ast.NotIn)
        if is_list and any(map(POWERFUL.match, strings_in(right))):
            return
        if isinstance(right, ast.Constant) and (not right.value or right.value in _SWITCHED_ON):
            return
        for side in (test.left, *test.comparators):
            found = self.sent(side)
            if found is None or found.shape is not Shape.VALUE:
                continue
            self.held.pop(written(side), None)
            owner = side.func if isinstance(side, ast.Call) else side
            if isinstance(owner, ast.Attribute | ast.Subscript):
                self.take(owner.value, found.key)

    def is_caller(self, node: ast.expr | None) -> bool:
        """Whether an expression is who calls, or is looked up by who calls."""
        return node is not None and (
            written(node) in self.callers or _OWN.search(self.module.source(node)) is not None
        )
