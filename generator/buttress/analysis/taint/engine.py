"""A run over a service: what is known while functions are looked at, and what comes of it."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from buttress.analysis.once import once_for_service
from buttress.analysis.taint import statements
from buttress.analysis.taint.danger import Dangers, dangers
from buttress.analysis.taint.definitions import Definition, Definitions
from buttress.analysis.taint.entries import Entries
from buttress.analysis.taint.expressions import evaluate
from buttress.analysis.taint.forms import of_form
from buttress.analysis.taint.frame import Arguments, Callee, Enough, Frame
from buttress.analysis.taint.own_calls import OwnCalls
from buttress.analysis.taint.parts import keyed
from buttress.analysis.taint.printing import Printed
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import (
    PARAMETER,
    REQUESTS,
    SAFE_TYPES,
    TEXT_TYPES,
    Sources,
)
from buttress.analysis.taint.state import State
from buttress.analysis.taint.templates import templates_of
from buttress.analysis.taint.values import NOTHING, Taint, Value, constant
from buttress.project.model import Project, Service
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_STEPS = 20_000
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A value from a source that reaches a sink.

    Attributes:
        kind: What becomes of it there.
        module: The file of the sink.
        node: The call that is the sink, or that hands a text to a function which only passes it on to
            one; the value itself where a view returns it.
        argument: The argument that it reaches the sink by.
        value: The expression in it that comes from the source.
        label: Of the source: ``client``, ``parameter``, or that of the sources that were given.
        source: Where the source is read, with its file.
        entry: The function that the way from there begins in; ``None`` for the top of a file.
        printed: The place in a template where it does harm although it is escaped.
    """

    kind: Kind
    module: Module
    node: ast.expr
    argument: ast.expr
    value: ast.AST
    label: str
    source: tuple[Module, ast.AST]
    entry: ast.AST | None = None
    printed: Printed | None = None


def _answers_any(function: Function) -> bool:
    """Whether a function answers addresses that no route has: what is wrong is said there."""
    calls = [d.func for d in function.decorator_list if isinstance(d, ast.Call)]
    return any(isinstance(f, ast.Attribute) and f.attr.endswith("errorhandler") for f in calls)


def flows(
    project: Project, service: Service, modules: Modules, sources: Sources = REQUESTS
) -> tuple[Flow, ...]:
    """Return all values from untrusted sources that reach sinks in a service's code.

    Each file is looked at once for each object that describes sources, whoever asks; keep that
    object at the top of a module. A sink is reported once, in the file that it stands in, also where
    the source is read in a function of another file that calls it; a text that a function only passes
    on is reported where it was put together.

    Args:
        project: The project.
        service: The service.
        modules: Its ``APP`` files, which are looked at.
        sources: What is untrusted; what clients send, by default.
    """
    known: dict[Sources, tuple[Flow, ...]] = _known(project, service)
    if sources not in known:
        known[sources] = _Run(_code(project, service, modules), sources).flows()
    return known[sources]


@once_for_service
def _known(_project: Project, _service: Service) -> dict[Sources, tuple[Flow, ...]]:
    return {}


class _Code:
    """What is the same for all sources: names, templates, and where something may happen."""

    def __init__(self, project: Project, service: Service, modules: Modules) -> None:
        self.service = service
        self.modules = modules
        self.definitions = Definitions(project, modules, service.import_root)
        self.templates = templates_of(project.tree)

    @cached_property
    def dangers(self) -> Dangers:
        """Where sinks can be reached from."""
        return dangers(self.modules, self.definitions, self.templates)


@once_for_service
def _code(project: Project, service: Service, modules: Modules) -> _Code:
    return _Code(project, service, modules)


class _Run:
    """One run over a service."""

    def __init__(self, code: _Code, sources: Sources) -> None:
        self.sources = sources
        self.steps = 0
        self._definitions = code.definitions
        self._templates = code.templates
        danger = code.dangers if sources.names is None else None
        self._entries = Entries(code.service, code.modules, sources, code.definitions, danger)
        self._calls = OwnCalls(code.definitions, danger)
        self._found: dict[tuple[object, ...], Flow] = {}
        self._globals: dict[tuple[str, Callee | None, str], Value] = {}

    def flows(self) -> tuple[Flow, ...]:
        """Look at all functions that may hold a source, and return what they let through."""
        for module, function in self._entries:
            self._begin(module, function)
        order = sorted(self._found.values(), key=lambda f: (f.module.path, f.node.lineno, f.node.col_offset))  # fmt: skip
        return tuple(order)

    def _begin(self, module: Module, function: Function | None) -> None:
        frame = Frame(self, module, function, 0, State())
        body = module.tree.body
        if function is not None:
            body = function.body
            self._entries.bind(frame, module, function)
        self.steps = _STEPS
        self._calls.stack = [function] if function is not None else []
        # what was found up to its limit stands; the rest of such a function is not known
        with suppress(Enough, RecursionError):
            statements.run(frame, body)

    # -- what frames ask -----------------------------------------------------------------------

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
        key: tuple[object, ...] = (kind, frame.module.path, node.lineno, node.col_offset)
        if printed is not None:
            key = (kind, printed)
        taints = sorted(value.taint, key=lambda t: (t.label == PARAMETER, t.module.path, t.key))
        first = taints[0]
        old = self._found.get(key)
        if old is None or (old.label == PARAMETER and first.label != PARAMETER):
            at = value.node if value.node is not None else argument
            source = (first.module, first.node)
            entry = self._calls.stack[0] if self._calls.stack else None
            self._found[key] = Flow(
                kind, frame.module, node, argument, at, first.label, source, entry, printed
            )

    def stored(
        self, frame: Frame, target: ast.expr | ast.Return, value: Value, source: ast.expr | None
    ) -> None:
        """Take note of a value that gets a name which makes it a secret."""
        names = self.sources.names
        if names is None or source is None:
            return
        label = self.sources.label
        taint = frozenset(t for t in frame.state.held(value) if t.label == label)
        is_prose = any(isinstance(piece, str) and " " in piece for piece in value.parts or ())
        if not taint or is_prose:
            return
        if isinstance(target, ast.Return):
            name = frame.function.name if isinstance(frame.function, _FUNCTIONS) else ""
        else:
            name = frame.module.source(target)
            if isinstance(target, ast.Subscript):
                key = evaluate(frame, target.slice)
                name += f" {key.const}" if isinstance(key.const, str) else ""
        if names.search(name):
            self.record(frame, Kind.SECRET, source, source, Value(taint=taint, node=source))

    def global_value(self, frame: Frame, node: ast.Name) -> Value:
        """Return what a name stands for that the function does not bind."""
        key = (frame.module.path, frame.function, node.id)
        found = self._globals.get(key)
        if found is None:
            found = self._globals[key] = self._definitions.value_of(frame.module, node)
        return found

    def printed(self, template: str, near: str) -> tuple[Printed, ...]:
        """Return what a template prints where it may do harm."""
        return self._templates.printed(template, near)

    def route_path(self, frame: Frame) -> Value:
        """Return the path that is asked for, as far as the routes of the function tell."""
        function = frame.function
        if frame.depth or not isinstance(function, _FUNCTIONS):
            return NOTHING
        routes = self._entries.routes(frame.module, function)
        paths = {route.path for route in routes if route.is_complete}
        if len(paths) == 1 and not re.search(r"[<{(]", next(iter(paths))):
            return constant(next(iter(paths)))
        if any(re.search(r"<path:|:path}", path) for path in paths) or _answers_any(function):
            safe = bits(Kind.URL, Kind.REDIRECT)  # it begins with a slash
            taint = Taint("client", "request.path", function, frame.module, safe)
            return Value(taint=frozenset({taint}))
        return NOTHING

    def field(self, owner: Value, attribute: str) -> Value | None:
        """Return a field of a model that a client fills in."""
        if not owner.what.startswith("<model "):
            return None
        entry = self._definitions.remembered(owner.what.removeprefix("<model ").removesuffix(">"))
        if entry is None or not isinstance(entry.node, ast.ClassDef):
            return None
        written = self._definitions.field_type(entry, attribute)
        if written is None:
            return None
        node = owner.node or entry.node
        if not written or SAFE_TYPES.match(written):
            return NOTHING
        if TEXT_TYPES.match(written):
            part = keyed(owner, f".{attribute}", node)
            is_data = re.search(r"dict|list|Dict|List|Any", written)
            return part if is_data else Value(taint=part.taint, node=node)
        return NOTHING

    def form(self, frame: Frame, node: ast.Attribute, owner: Value) -> Value | None:
        """Return an attribute of a form that holds what a client sent."""
        found = self._definitions.remembered(owner.what.removeprefix("<obj ").removesuffix(">"))
        return of_form(frame, node, found) if found is not None else None

    def define(self, module: Module, node: Callee) -> Value:
        """Return a function that is defined inside another as a value."""
        return Value(what=self._definitions.remember(Definition(module, node)), node=node)

    def call_own(
        self,
        frame: Frame,
        node: ast.Call,
        owner: Value | None,
        function: Value,
        arguments: Arguments,
    ) -> Value | None:
        """Return what a function of the project gives back; ``None`` where it is none of its own."""
        return self._calls.call(frame, node, owner, function, arguments)
