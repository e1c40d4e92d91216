"""A function while it is looked at: where it stands, what is known, and what it gives back."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Protocol

from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.sinks import Kind
from buttress.analysis.taint.sources import Sources
from buttress.analysis.taint.state import State
from buttress.analysis.taint.values import Value
from buttress.source import Module
from buttress.source.nodes import Function

Callee = Function | ast.Lambda


class Enough(Exception):  # noqa: N818 - a limit, not an error
    """A function is too large to be looked at to its end."""


class Arguments:
    """What a call is given.

    Attributes:
        positional: Values in order; those of ``*args`` are left out.
        named: Values by keyword.
        nodes: The expressions of the positional ones.
        named_nodes: The expressions of the named ones.
        more: What ``*args`` and ``**kwargs`` hold.
    """

    __slots__ = ("more", "named", "named_nodes", "nodes", "positional")

    def __init__(self) -> None:
        self.positional: list[Value] = []
        self.named: dict[str, Value] = {}
        self.nodes: list[ast.expr] = []
        self.named_nodes: dict[str, ast.expr] = {}
        self.more: list[Value] = []

    def all(self) -> list[Value]:
        """Return all values."""
        return [*self.positional, *self.named.values(), *self.more]

    def get(self, position: int, *names: str) -> tuple[ast.expr, Value] | None:
        """Return an argument by position, else by one of its names."""
        if 0 <= position < len(self.positional):
            return self.nodes[position], self.positional[position]
        for name in names:
            if name in self.named:
                return self.named_nodes[name], self.named[name]
        return None


class Engine(Protocol):
    """What a frame asks of what is around it."""

    sources: Sources
    steps: int

    def record(
        self,
        frame: Frame,
        kind: Kind,
        node: ast.expr,
        argument: ast.expr,
        value: Value,
        *,
        printed: Printed | None = None,
    ) -> None:
        """Take note that a value reaches a sink, in a template where ``printed`` is given."""

    def stored(
        self, frame: Frame, target: ast.expr | ast.Return, value: Value, source: ast.expr | None
    ) -> None:
        """Take note that a value gets a name, or is returned."""

    def call_own(
        self,
        frame: Frame,
        node: ast.Call,
        owner: Value | None,
        function: Value,
        arguments: Arguments,
    ) -> Value | None:
        """Return what a function of the project gives back; ``None`` where it is none of its own."""

    def global_value(self, frame: Frame, node: ast.Name) -> Value:
        """Return what a name stands for that the function does not bind."""

    def printed(self, template: str, near: str) -> tuple[Printed, ...]:
        """Return what a template prints where it may do harm."""

    def route_path(self, frame: Frame) -> Value:
        """Return the path that is asked for, as far as the routes of the function tell."""

    def field(self, owner: Value, attribute: str) -> Value | None:
        """Return a field of a model that a client fills in."""

    def form(self, frame: Frame, node: ast.Attribute, owner: Value) -> Value | None:
        """Return an attribute of a form that holds what a client sent."""

    def define(self, module: Module, node: Callee) -> Value:
        """Return a function that is defined inside another as a value."""


class Frame:
    """One function while it runs.

    Attributes:
        engine: What is around it.
        module: The file.
        function: The function; ``None`` for the top of a file.
        depth: How many calls it is away from where the analysis began.
        state: What is known at this place.
        returned: What it gives back.
        ends: The states in which it ends.
        breaks: The states at each ``break`` of the loop around this place.
        continues: The same for ``continue``.
        raising: The states inside a ``try`` that an exception may leave from.
        is_view: Whether what it returns is sent as HTML.
        ways: The nodes that may record something, where what it gives back matters to nobody;
            ``None`` where all matters.
        klass: The class that it is a method of, as the engine calls it.
        caller: The frame of the call that it was entered by, and that call.
    """

    __slots__ = (
        "breaks", "caller", "continues", "depth", "ends", "engine", "function", "is_view", "klass", "module",
        "raising", "returned", "state", "ways",
    )  # fmt: skip

    def __init__(
        self, engine: Engine, module: Module, function: Callee | None, depth: int, state: State
    ) -> None:
        self.engine = engine
        self.module = module
        self.function = function
        self.depth = depth
        self.state = state
        self.returned: list[Value] = []
        self.ends: list[State] = []
        self.breaks: list[State] = []
        self.continues: list[State] = []
        self.raising: list[State] | None = None
        self.is_view = False
        self.klass = ""
        self.caller: tuple[Frame, ast.Call] | None = None
        self.ways: Collection[ast.AST] | None = None
