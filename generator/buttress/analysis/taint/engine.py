"""Which functions are looked at, how one calls another, and what comes of it all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from buttress.analysis.taint import statements
from buttress.analysis.taint.binding import bind_call
from buttress.analysis.taint.danger import dangerous
from buttress.analysis.taint.definitions import Definition, Definitions
from buttress.analysis.taint.expressions import evaluate, keyed
from buttress.analysis.taint.frame import Arguments, Callee, Enough, Frame
from buttress.analysis.taint.parameters import arguments_of, is_handler, of_function, of_handler
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import (
    PARAMETER,
    REQUEST,
    REQUESTS,
    SAFE_TYPES,
    TEXT_TYPES,
    Sources,
)
from buttress.analysis.taint.state import Container, State
from buttress.analysis.taint.templates import templates_of
from buttress.analysis.taint.values import NOTHING, Taint, Value, constant
from buttress.project.model import Project, Role, Route, Service
from buttress.source import Module, Tree
from buttress.source.module import Function

_STEPS = 20_000
_DEEPEST = 3
_SMALL = 8
_MOST_CLASSES = 3
_SQL = ("execute", "text(", ".raw(", "read_sql", "RawSQL", ".fetch", ".extra(")
_BUILTIN_METHODS = frozenset(
    name for kind in (str, bytes, list, dict, set) for name in dir(kind) if not name.startswith("_")
) | {"execute", "add", "commit", "save", "run", "send", "close", "read", "write", "filter", "all", "first", "query"}  # fmt: skip
_FOREIGN = ("<", "flask.", "sqlalchemy.")
_HTML_CLASS = re.compile(r"response_class\s*=\s*(?:\w+\.)?HTMLResponse")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A value from a source that reaches a sink.

    Attributes:
        kind: What becomes of it there.
        module: The file of the sink.
        node: The call that is the sink; the value itself where a view returns it.
        argument: The argument that it reaches the sink by.
        value: The expression in it that comes from the source.
        label: Of the source: ``client``, ``parameter``, or that of the sources that were given.
        source: Where the source is read, with its file.
        entry: The function that the way from there begins in; ``None`` for the top of a file.
    """

    kind: Kind
    module: Module
    node: ast.expr
    argument: ast.expr
    value: ast.AST
    label: str
    source: tuple[Module, ast.AST]
    entry: ast.AST | None = None


_DANGERS: WeakKeyDictionary[Tree, dict[tuple[str, str], frozenset[ast.AST]]] = WeakKeyDictionary()
_Known = WeakKeyDictionary[Sources, dict[tuple[str, str], tuple[Flow, ...]]]
_KNOWN: WeakKeyDictionary[Tree, _Known] = WeakKeyDictionary()


def flows(project: Project, service: Service, sources: Sources = REQUESTS) -> tuple[Flow, ...]:
    """Return all values from untrusted sources that reach sinks in a service's code.

    Each file is looked at once for each object that describes sources, whoever asks; keep that
    object at the top of a module. A sink is reported once, in the file that it stands in, also where
    the source is read in a function of another file that calls it.

    Args:
        project: The project.
        service: The service whose ``APP`` files are looked at.
        sources: What is untrusted; what clients send, by default.
    """
    known = _KNOWN.setdefault(project.tree, WeakKeyDictionary()).setdefault(sources, {})
    key = (service.root, service.app.target)
    if key not in known:
        known[key] = _Run(project, service, sources).flows()
    return known[key]


class _Run:
    """One run over a service."""

    def __init__(self, project: Project, service: Service, sources: Sources) -> None:
        self.project = project
        self.service = service
        self.sources = sources
        self.numbers = [0]
        self._definitions = Definitions(project, service)
        self.steps = 0
        self._results: dict[tuple[object, ...], Value] = {}
        self._found: dict[tuple[Kind, str, int, int], Flow] = {}
        self._globals: dict[tuple[str, Callee | None, str], Value] = {}
        self._stack: list[ast.AST] = []
        self._dangerous: frozenset[ast.AST] = frozenset()
        self._templates = templates_of(project.tree)
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for route in service.routes:
            self._routes.setdefault((route.place.path, route.place.line), []).append(route)

    # -- where it begins -----------------------------------------------------------------------

    def flows(self) -> tuple[Flow, ...]:
        """Look at all functions that may hold a source, and return what they let through."""
        tree = self.project.tree
        modules = [tree.module(path) for path in self.service.files(Role.APP)]
        modules = [module for module in modules if module.problem is None]
        candidates = [module for module in modules if self._may_matter(module)]
        if not candidates:
            return ()
        if self.sources.names is None:
            self._dangerous = self._known_dangers(modules)
        for module in candidates:
            for function in self._entries(module):
                self._begin(module, function)
        order = sorted(self._found.values(), key=lambda f: (f.module.path, f.node.lineno, f.node.col_offset))  # fmt: skip
        return tuple(order)

    def _known_dangers(self, modules: list[Module]) -> frozenset[ast.AST]:
        """Return the functions that sinks can be reached from, the same for all sources."""
        known = _DANGERS.setdefault(self.project.tree, {})
        key = (self.service.root, self.service.app.target)
        if key not in known:
            known[key] = dangerous(modules, prints=bool(self._templates))
        return known[key]

    def _may_matter(self, module: Module) -> bool:
        text = module.text
        if any(hint in text for hint in self.sources.hints):
            return True
        if not self.sources.takes_requests:
            return False
        hints = ("request", "self.kwargs", ".route(", *_SQL)
        return any(hint in text for hint in hints) or bool(self.service.handlers(module.path))

    def _entries(self, module: Module) -> Iterator[Function | None]:
        if not self.sources.takes_requests and any(
            hint in module.text for hint in self.sources.hints
        ):
            yield None
        handlers = self.service.handlers(module.path)
        hints = self.sources.hints
        if self.sources.takes_requests:
            hints = (*hints, "request", *_SQL)
        for function in module.nodes(*_FUNCTIONS):
            assert isinstance(function, _FUNCTIONS)  # noqa: S101 - for mypy
            is_view = self.sources.takes_requests and is_handler(module, function, handlers)
            is_view = is_view and self._sends_html(module, function, module.parent(function))
            if not is_view and self.sources.names is None and function not in self._dangerous:
                continue
            text = module.source(function)
            if self.sources.names is not None:
                if self.sources.names.search(text):
                    yield function
            elif (
                any(hint in text for hint in hints)
                or (self.sources.takes_requests and is_handler(module, function, handlers))
                or any(self.sources.parameter(module, function, a) for a in arguments_of(function))
            ):
                yield function

    def _begin(self, module: Module, function: Function | None) -> None:
        frame = Frame(self, module, function, 0, State())
        body = module.tree.body
        if function is not None:
            body = function.body
            self._bind_entry(frame, module, function)
        self.steps = _STEPS
        self._stack = [function] if function is not None else []
        # what was found up to its limit stands; the rest of such a function is not known
        with suppress(Enough, RecursionError):
            statements.run(frame, body)

    def _bind_entry(self, frame: Frame, module: Module, function: Function) -> None:
        above = module.parent(function)
        frame.klass = above.name if isinstance(above, ast.ClassDef) else ""
        routes = self._routes.get((module.path, function.lineno), [])
        handles = self.sources.takes_requests and is_handler(
            module, function, self.service.handlers(module.path)
        )
        names = frame.state.names
        for number, argument in enumerate(arguments_of(function)):
            if number == 0 and isinstance(above, ast.ClassDef) and argument.arg in {"self", "cls"}:
                names[argument.arg] = Value(what="<self>", node=argument)
            elif self.sources.parameter(module, function, argument):
                taint = Taint(self.sources.label, argument.arg, argument, module)
                names[argument.arg] = Value(taint=frozenset({taint}), what="<data>", node=argument)
            elif not self.sources.takes_requests:
                names[argument.arg] = NOTHING
            elif self._definitions.is_own_request(module, argument):
                names[argument.arg] = Value(what=REQUEST, node=argument)
            elif handles:
                value = of_handler(module, function, argument, routes)
                names[argument.arg] = self._of_model(module, argument, value)
            else:
                names[argument.arg] = of_function(module, function, argument)
        if handles and function.args.kwarg is not None:
            name = function.args.kwarg
            safe = bits(Kind.PATH, Kind.URL, Kind.REDIRECT)  # parts of the path hold no `/`
            taint = Taint("client", name.arg, name, module, safe)
            names[name.arg] = Value(taint=frozenset({taint}), what="<data>", node=name)
        frame.is_view = handles and self._sends_html(module, function, above)

    def _sends_html(self, module: Module, function: Function, above: ast.AST | None) -> bool:
        if isinstance(above, ast.ClassDef):
            return any("MethodView" in (module.resolve(base) or "") for base in above.bases)
        if any(_HTML_CLASS.search(module.source(d)) for d in function.decorator_list):
            return True
        return "flask" in module.text and "fastapi" not in module.text

    def _of_model(self, module: Module, argument: ast.arg, value: Value) -> Value:
        """Return a body that a class of the project describes, with its fields."""
        if not value.what.startswith("<given ") or argument.annotation is None:
            return value
        found = self._definitions.model_in(module, argument.annotation)
        if found is None:
            return NOTHING
        taint = Taint("client", argument.arg, argument, module)
        key = self._definitions.remember(found)
        return Value(taint=frozenset({taint}), what=f"<model {key}>", node=argument)

    # -- what frames ask -----------------------------------------------------------------------

    def record(
        self, frame: Frame, kind: Kind, node: ast.expr, argument: ast.expr, value: Value
    ) -> None:
        """Take note that a value reaches a sink."""
        key = (kind, frame.module.path, node.lineno, node.col_offset)
        taints = sorted(value.taint, key=lambda t: (t.label == PARAMETER, t.module.path, t.key))
        first = taints[0]
        old = self._found.get(key)
        if old is None or (old.label == PARAMETER and first.label != PARAMETER):
            at = value.node if value.node is not None else argument
            source = (first.module, first.node)
            entry = self._stack[0] if self._stack else None
            self._found[key] = Flow(
                kind, frame.module, node, argument, at, first.label, source, entry
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

    def unescaped(self, template: str) -> frozenset[str]:
        """Return the names whose values a template does not escape."""
        return self._templates.unescaped(template)

    def route_path(self, frame: Frame) -> Value:
        """Return the path that is asked for, as far as the routes of the function tell."""
        function = frame.function
        if frame.depth or not isinstance(function, _FUNCTIONS):
            return NOTHING
        routes = self._routes.get((frame.module.path, function.lineno), [])
        paths = {route.path for route in routes if route.is_complete}
        if len(paths) == 1 and not re.search(r"[<{(]", next(iter(paths))):
            return constant(next(iter(paths)))
        if any(re.search(r"<path:|:path}", path) for path in paths):
            taint = Taint("client", "request.path", function, frame.module)
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
        candidates = list(self._candidates(frame, node, function, arguments))
        if not candidates:
            return None
        results = []
        for definition in candidates:
            if isinstance(definition.node, ast.ClassDef):
                results.append(self._construct(frame, definition, arguments))
            elif self._is_worth_it(frame, definition, owner, arguments):
                results.append(self._result_of(frame, definition, owner, arguments))
        return frame.state.join_all(results) if results else NOTHING

    def _candidates(
        self, frame: Frame, node: ast.Call, function: Value, arguments: Arguments
    ) -> Iterator[Definition]:
        found: Definition | None = None
        what = function.what
        if what.startswith("<def "):
            found = self._definitions.remembered(what)
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
        if is_given and name not in _BUILTIN_METHODS and not what.startswith(_FOREIGN):
            found = self._definitions.methods_named(name)
            if len(found) <= _MOST_CLASSES:
                yield from found

    def _is_worth_it(
        self, frame: Frame, definition: Definition, owner: Value | None, arguments: Arguments
    ) -> bool:
        if frame.depth >= _DEEPEST or any(node is definition.node for node in self._stack):
            return False
        if isinstance(definition.node, ast.Lambda | ast.ClassDef):
            return True
        values = [*arguments.all(), *(() if owner is None else (owner,))]
        if definition.node not in self._dangerous and self.sources.names is None:
            # it can only pass something on
            values = [v for v in values if v.ref or v.taint or v.what == REQUEST]
            return any(v.what == REQUEST or frame.state.held(v) for v in values) or (
                (definition.node.end_lineno or 0) - definition.node.lineno <= _SMALL
            )
        if any(v.ref or v.what == REQUEST or frame.state.held(v) for v in values):
            return True
        if is_handler(definition.module, definition.node, frozenset()):
            return False  # it is looked at for itself
        span = (definition.node.end_lineno or 0) - definition.node.lineno
        return span <= _SMALL or "request" in definition.module.source(definition.node)

    def _construct(self, frame: Frame, definition: Definition, arguments: Arguments) -> Value:
        key = self._definitions.remember(definition)
        made = frame.state.new(self.numbers, Container("object", {}, None, key))
        instance = Value(ref=made.ref, what=f"<obj {key}>")
        method = self._definitions.method(definition, "__init__")
        if method is not None and self._is_worth_it(frame, method, instance, arguments):
            self._invoke(frame, method, instance, arguments)
        elif method is None:
            for name, value in arguments.named.items():
                frame.state.put(made, name, value)
        return instance

    def _result_of(
        self, frame: Frame, definition: Definition, owner: Value | None, arguments: Arguments
    ) -> Value:
        """Return what a function gives back; worked out once where it is given nothing untrusted."""
        values = [
            *arguments.positional,
            *arguments.named.values(),
            *(() if owner is None else (owner,)),
        ]
        if arguments.more or any(value.ref or value.taint for value in values):
            return self._invoke(frame, definition, owner, arguments)
        given = tuple((repr(value.const), value.what) for value in values)
        key = (definition.node, given, tuple(arguments.named))
        found = self._results.get(key)
        if found is None:
            found = self._invoke(frame, definition, owner, arguments)
            if not found.ref:
                self._results[key] = found
        return found

    def _invoke(
        self, frame: Frame, definition: Definition, owner: Value | None, arguments: Arguments
    ) -> Value:
        node = definition.node
        assert not isinstance(node, ast.ClassDef)  # noqa: S101 - for mypy
        is_inner = definition.module is frame.module and frame.module.function(node) is frame.function and definition.klass is None  # fmt: skip
        names = dict(frame.state.names) if is_inner and frame.function is not None else {}
        inside = Frame(
            self, definition.module, node, frame.depth + 1,
            State(names, dict(frame.state.heap), dict(frame.state.checked)),
        )  # fmt: skip
        if definition.klass is not None:
            inside.klass = definition.klass.name
        bind_call(inside, definition, owner, arguments)
        self._stack.append(node)
        if isinstance(node, ast.Lambda):
            inside.returned.append(evaluate(inside, node.body))
            inside.ends.append(inside.state)
        elif statements.run(inside, node.body):
            inside.ends.append(inside.state)
        self._stack.pop()
        if not inside.ends:
            return NOTHING  # it always raises
        end = inside.ends[0]
        for other in inside.ends[1:]:
            end = end.join(other)
        frame.state.heap, frame.state.checked = end.heap, end.checked
        return frame.state.join_all(inside.returned) if inside.returned else Value(const=None)
