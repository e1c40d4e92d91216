"""Which functions hold sinks that may be given something, or call what does: only those are worth looking at."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.regex.uses import HINTS, slow_matches
from buttress.analysis.taint.definitions import Definition, Definitions
from buttress.analysis.taint.documents import LIBRARIES, asks_with
from buttress.analysis.taint.documents import METHODS as QUERIES
from buttress.analysis.taint.harmless import Harmless, given_to
from buttress.analysis.taint.library import BUILTIN_METHODS
from buttress.analysis.taint.log_lines import METHODS as LOG_METHODS
from buttress.analysis.taint.log_lines import is_log_call
from buttress.analysis.taint.sinks import FUNCTIONS, METHODS, PATH_METHODS, RENDERERS, Sink
from buttress.analysis.taint.templates import Templates
from buttress.project.literals import is_self
from buttress.project.modules import called_name
from buttress.source import Module, Modules

_ROUNDS = 3
_MOST_DEFINITIONS = 5
_WRITTEN = ('.py"', ".py'", "templates")
"""A file that holds none of these writes no code and no template."""

_OWNERS = ("requests", "httpx", "aiohttp", "urllib3", "globals")
_PATHS = PATH_METHODS - {"replace", "rename", "stat"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)


def _of_clients() -> dict[str, set[Sink]]:
    """Return the sinks that are methods of an object of a library, by their last names."""
    found: dict[str, set[Sink]] = {}
    for dotted, sink in FUNCTIONS.items():
        owner, _, name = dotted.rpartition(".")
        if owner.endswith("()"):
            found.setdefault(name, set()).add(sink)
    return found


_OF_CLIENTS = _of_clients()
_PLAIN = tuple(dotted for dotted in FUNCTIONS if "(" not in dotted)
_NAMES = frozenset([*_OF_CLIENTS, *METHODS, *_PATHS, *RENDERERS, "save", "write"])


@dataclass(frozen=True, slots=True)
class Dangers:
    """Where something may happen.

    Attributes:
        functions: The functions, classes and tops of files that sinks can be reached from.
        ways: All nodes that are, or hold, a sink or a call that may lead to one.
    """

    functions: frozenset[ast.AST]
    ways: frozenset[ast.AST]


def dangers(modules: Modules, definitions: Definitions, templates: Templates) -> Dangers:
    """Return which functions of some files hold sinks, or call functions that do."""
    search = _Search(modules, definitions, templates)
    search.run()
    return Dangers(frozenset(search.functions), frozenset(search.ways))


class _Search:
    def __init__(self, modules: Modules, definitions: Definitions, templates: Templates) -> None:
        self.modules = modules
        self.definitions = definitions
        self.templates = templates
        self.harmless = Harmless()
        self.functions: set[ast.AST] = set()
        self.ways: set[ast.AST] = set()
        self.names: set[str] = set()
        self.classes: dict[str, set[str]] = {}
        """The classes whose methods are dangerous, by the names of these."""

    def run(self) -> None:
        for module, node in self._sinks():
            self._take(module, node)
        for module, node in self._queries():
            self._take(module, node)
        for module, node in self._log_lines():
            self._take(module, node, spreads=False)
        defined = Counter(
            function.name
            for module in self.modules
            for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        )
        done: set[str] = set()
        for _ in range(_ROUNDS):
            # a call of a name that many functions have says nothing
            fresh = [n for n in self.names - done if defined[n] <= _MOST_DEFINITIONS]
            done |= self.names
            for module, call in self.modules.called(*fresh):
                if self._may_run(module, call):
                    self._take(module, call)

    def _take(self, module: Module, node: ast.AST, *, spreads: bool = True) -> None:
        """Take note of a node; where it ``spreads``, what calls the function around it matters, too."""
        self.ways.add(node)
        below, is_inside = node, False
        for above in module.ancestors(node):
            if isinstance(above, _DEFINITIONS):
                if not isinstance(below, ast.stmt):
                    return  # a decorator, or a default, is worked out elsewhere
                is_inside = True
                self.functions.add(above)
                if above.name != "__init__" and spreads:
                    self.names.add(above.name)
                if spreads and isinstance(above, ast.ClassDef) and isinstance(below, _FUNCTIONS):
                    self.classes.setdefault(below.name, set()).add(above.name)
            self.ways.add(above)
            below = above
        if not is_inside:
            self.functions.add(module.tree)

    # -- calls ---------------------------------------------------------------------------------

    def _may_run(self, module: Module, call: ast.Call) -> bool:
        """Whether a call by a dangerous function's name is one of it, with something to give it.

        What is called with nothing of anybody else's can only read that itself: then it is looked
        at for itself.
        """
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or module.resolve(call.func) is not None:
            found = self.definitions.of(module, call.func)
            return (
                found is not None
                and found.node in self.functions
                and (self._sees(module, call, found) or self._is_given(module, call))
            )
        name = called_name(call)
        classes = self.classes.get(name)
        if classes is None:
            return False
        if is_self(owner):
            return True
        if name not in BUILTIN_METHODS and self._is_given(module, call):
            return True
        return module in self.modules.having(*classes)

    def _is_given(self, module: Module, call: ast.Call) -> bool:
        return not self.harmless.are(module, given_to(call))

    def _sees(self, module: Module, call: ast.Call, found: Definition) -> bool:
        """Whether a function is defined in the one that calls it, and sees its names."""
        around = module.function(call)
        return around is not None and found.module is module and module.function(found.node) is around  # fmt: skip

    # -- sinks ---------------------------------------------------------------------------------

    def _sinks(self) -> Iterator[tuple[Module, ast.AST]]:
        for module, call in self.modules.calls(*_PLAIN):
            sink = FUNCTIONS[module.resolve(call.func) or ""]
            may_write = called_name(call) == "open" and len(given_to(call)) > 1
            if may_write or self._takes_something(module, call, sink):
                yield module, call
        clients = self.modules.having(*_OWNERS)
        files = self.modules.having("files", "FILES", "Upload")
        code = self.modules.having(*_WRITTEN)
        for module, call in self.modules.called(*_NAMES):
            name = called_name(call)
            if (
                (name in RENDERERS and self._prints(module, call))
                or (name == "save" and module in files)
                or (name == "write" and module in code and self._is_given(module, call))
                or self._is_method(module, call, has_clients=module in clients)
            ):
                yield module, call
        for module in self.modules.having('.log"', ".log'"):
            for call in module.called("write"):
                if self._is_given(module, call):
                    yield module, call
        for module in self.modules.having(*HINTS):
            yield from ((module, call) for call in slow_matches(module))
        for module in self.modules.having("session["):
            for item in module.nodes(ast.Subscript):
                if isinstance(item.ctx, ast.Store) and "session" in ast.dump(item.value):
                    yield module, item

    def _queries(self) -> Iterator[tuple[Module, ast.AST]]:
        """Yield what asks a document database, where the app has one."""
        for module, call in (
            self.modules.called(*QUERIES) if self.modules.having(*LIBRARIES) else ()
        ):
            if not self.harmless.are(module, asks_with(call)):
                yield module, call

    def _log_lines(self) -> Iterator[tuple[Module, ast.AST]]:
        """Yield what writes a line to a log, where the function itself may be given something by a client."""
        for module, call in self.modules.called(*LOG_METHODS):
            function = module.function(call)
            if (
                function is not None
                and (function.decorator_list or "request" in module.source(function))
                and is_log_call(module, call)
                and self._is_given(module, call)
            ):
                yield module, call

    def _is_method(self, module: Module, call: ast.Call, *, has_clients: bool) -> bool:
        """Whether something is given to a sink that is known by its name alone."""
        if not isinstance(call.func, ast.Attribute):
            return False
        name, owner = call.func.attr, call.func.value
        method = METHODS.get(name)
        sinks = [] if method is None or self._is_other(module, method) else [method]
        if has_clients and name in _OF_CLIENTS and module.resolve(call.func) is None:
            sinks += _OF_CLIENTS[name]
        if any(self._takes_something(module, call, sink) for sink in sinks):
            return True
        asked = [owner, *(given_to(call) if name in {"glob", "rglob"} else ())]
        return name in _PATHS and not self.harmless.are(module, asked)

    def _is_other(self, module: Module, sink: Sink) -> bool:
        return sink.condition == "ldap" and "ldap" not in module.text

    def _takes_something(self, module: Module, call: ast.Call, sink: Sink) -> bool:
        plain = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
        taken = [plain[position] for position in sink.positions if position < len(plain)]
        taken += [keyword.value for keyword in call.keywords if keyword.arg in sink.keywords]
        return not self.harmless.are(module, taken, sink.kind)

    def _prints(self, module: Module, call: ast.Call) -> bool:
        """Whether a template may be filled in where what it is given may do harm."""
        given = [node.value for node in given_to(call) if isinstance(node, ast.Constant)]
        names = [value for value in given if isinstance(value, str)]
        return bool(self.templates) and (
            not names or any(self.templates.printed(name, module.path) for name in names)
        )
