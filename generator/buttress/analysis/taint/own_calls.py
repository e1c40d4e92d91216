"""What happens where one function of the project calls another, or makes an object of a class."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.taint import statements
from buttress.analysis.taint.binding import bind_call
from buttress.analysis.taint.danger import Dangers
from buttress.analysis.taint.definitions import Definition, Definitions
from buttress.analysis.taint.expressions import evaluate
from buttress.analysis.taint.frame import Arguments, Frame
from buttress.analysis.taint.library import BUILTIN_METHODS
from buttress.analysis.taint.parameters import is_handler
from buttress.analysis.taint.sources import REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import NOTHING, Value

_DEEPEST = 3
_SMALL = 8
_MOST_CLASSES = 3
_FOREIGN = ("<", "flask.", "sqlalchemy.")


class OwnCalls:
    """Enters functions of the project with the values that they are given.

    Args:
        definitions: What names stand for.
        dangers: Where something may happen; ``None`` where that may be anywhere.

    Attributes:
        stack: The functions that are being looked at, the outermost first.
    """

    def __init__(self, definitions: Definitions, dangers: Dangers | None) -> None:
        self._definitions = definitions
        self._dangers = dangers
        self._results: dict[tuple[object, ...], Value] = {}
        self.stack: list[ast.AST] = []

    def call(
        self,
        frame: Frame,
        node: ast.Call,
        owner: Value | None,
        function: Value,
        arguments: Arguments,
    ) -> Value | None:
        """Return what a function of the project gives back; ``None`` where it is none of its own."""
        candidates = list(self._candidates(frame, node, function, arguments))
        if not candidates:
            return None
        results = []
        for definition in candidates:
            if isinstance(definition.node, ast.ClassDef):
                results.append(self._construct(frame, node, definition, arguments))
            elif self._is_worth_it(frame, definition, owner, arguments):
                results.append(self._result_of(frame, node, definition, owner, arguments))
        return frame.state.join_all(results) if results else NOTHING

    def _candidates(
        self, frame: Frame, node: ast.Call, function: Value, arguments: Arguments
    ) -> Iterator[Definition]:
        found: Definition | None = None
        what = function.what
        if what.startswith("<def "):
            key, _, name = what.partition(">")
            found = self._definitions.remembered(f"{key}>")
            if name:  # a method, by way of its class
                found = self._definitions.method(found, name[1:]) if found is not None else None
        elif what.startswith("<obj "):
            key, _, name = what.removeprefix("<obj ").partition(">>")
            kept = self._definitions.remembered(key + ">")
            found = self._definitions.method(kept, name.lstrip(".")) if kept is not None else None
        elif what.startswith("<self>."):
            above = self._definitions.in_file(frame.module, frame.klass)
            name = what.removeprefix("<self>.")
            found = self._definitions.method(above, name) if above is not None else None
        elif what and "(" not in what and not what.startswith("<"):
            found = self._definitions.symbol(what, frame.module)
        elif isinstance(node.func, ast.Attribute):
            yield from self._by_method_name(frame, node.func.attr, what, arguments)
        if found is not None:
            yield found

    def _by_method_name(
        self, frame: Frame, name: str, what: str, arguments: Arguments
    ) -> Iterator[Definition]:
        """Yield the few methods that a call of an unknown object can mean, by their name."""
        is_given = any(frame.state.held(value) for value in arguments.all())
        if is_given and name not in BUILTIN_METHODS and not what.startswith(_FOREIGN):
            found = self._definitions.methods_named(name)
            if len(found) <= _MOST_CLASSES:
                yield from found

    def _is_worth_it(
        self, frame: Frame, definition: Definition, owner: Value | None, arguments: Arguments
    ) -> bool:
        if frame.depth >= _DEEPEST or any(node is definition.node for node in self.stack):
            return False
        if isinstance(definition.node, ast.Lambda | ast.ClassDef):
            return True
        may_harm = self._dangers is None or definition.node in self._dangers.functions
        values = [*arguments.all(), *(() if owner is None else (owner,))]
        for value in values:
            if value.what == REQUEST or (may_harm and value.ref) or frame.state.held(value):
                return True
        if is_handler(definition.module, definition.node, frozenset()):
            return False  # it is looked at for itself
        span = (definition.node.end_lineno or 0) - definition.node.lineno
        return span <= _SMALL or "request" in definition.module.source(definition.node)

    def _construct(
        self, frame: Frame, node: ast.Call, definition: Definition, arguments: Arguments
    ) -> Value:
        key = self._definitions.remember(definition)
        made = frame.state.new(Container("object", {}, None, key))
        instance = Value(ref=made.ref, what=f"<obj {key}>")
        method = self._definitions.method(definition, "__init__")
        if method is not None and self._is_worth_it(frame, method, instance, arguments):
            self._invoke(frame, node, method, instance, arguments)
        elif method is None:
            for name, value in arguments.named.items():
                frame.state.put(made, name, value)
        return instance

    def _result_of(
        self,
        frame: Frame,
        node: ast.Call,
        definition: Definition,
        owner: Value | None,
        arguments: Arguments,
    ) -> Value:
        """Return what a function gives back; worked out once where it is given nothing untrusted."""
        values = [
            *arguments.positional,
            *arguments.named.values(),
            *(() if owner is None else (owner,)),
        ]
        if arguments.more or any(value.ref or value.taint for value in values):
            return self._invoke(frame, node, definition, owner, arguments)
        given = tuple((repr(value.const), value.what) for value in values)
        key = (definition.node, given, tuple(arguments.named))
        found = self._results.get(key)
        if found is None:
            found = self._invoke(frame, node, definition, owner, arguments)
            if not found.ref:
                self._results[key] = found
        return found

    def _invoke(
        self,
        frame: Frame,
        call: ast.Call,
        definition: Definition,
        owner: Value | None,
        arguments: Arguments,
    ) -> Value:
        node = definition.node
        assert not isinstance(node, ast.ClassDef)  # noqa: S101 - for mypy
        is_inner = definition.module is frame.module and frame.module.function(node) is frame.function and definition.klass is None  # fmt: skip
        names = frame.state.names if is_inner and frame.function is not None else {}
        state = frame.state.inside(names)
        inside = Frame(frame.engine, definition.module, node, frame.depth + 1, state)
        inside.caller = (frame, call)
        if definition.klass is not None:
            inside.klass = definition.klass.name
        bind_call(inside, definition, owner, arguments)
        self.stack.append(node)
        if isinstance(node, ast.Lambda):
            inside.returned.append(evaluate(inside, node.body))
            inside.ends.append(inside.state)
        elif statements.run(inside, node.body):
            inside.ends.append(inside.state)
        self.stack.pop()
        if not inside.ends:
            return NOTHING  # it always raises
        end = inside.ends[0]
        for other in inside.ends[1:]:
            end.merge(other)
        frame.state.heap, frame.state.checked = end.heap, end.checked
        return frame.state.join_all(inside.returned) if inside.returned else Value(const=None)
