"""State that only one process, or one disk, knows: changed module variables, files written by handlers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.function_bodies import calls_inside
from buttress.project.literals import is_self, last_name
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_MAKERS = frozenset(
    ["builtins.dict", "builtins.list", "builtins.set", "collections.defaultdict", "collections.OrderedDict", "collections.deque", "collections.Counter"]
)  # fmt: skip
_MAKER_NAMES = frozenset(name.rpartition(".")[2] for name in _MAKERS)
_CHANGES = frozenset(
    ["append", "add", "update", "pop", "setdefault", "extend", "insert", "remove", "clear", "popitem", "discard", "appendleft", "popleft"]
)  # fmt: skip
_STATEMENTS = (ast.Assign, ast.Delete, ast.AugAssign, ast.AnnAssign)
_HARMLESS = lazy_pattern(
    r"cache|memo|registry|lock|websocket|socket|connection|clients?\Z|pool|instances?\Z|handlers?|models?\Z|loaded|metrics|counter|stats|warned|seen_warnings"
    r"|plugins?|hooks?|_seen\Z|agents?\Z|chains?\Z|retrievers?|listeners|subscribers|templates|_times\Z|timestamps?\Z|tasks?\Z|running|buckets?|rate|limit|throttl|attempts?|queues?\Z",
    re.IGNORECASE,
)
"""Names of what each process may have for itself, or what is bound to it."""

_DEEPEST = 4
_LIMITS = lazy_pattern(r"rate_?limit|throttl", re.IGNORECASE)
_TEMPORARY = lazy_pattern(r"temp|tmp|cache|favicon|thumbnail", re.IGNORECASE)
_LOGS = lazy_pattern(r"log", re.IGNORECASE)
_OPENS = frozenset({"builtins.open", "aiofiles.open", "io.open"})
_WRITES = ("write_bytes", "write_text", "save")
_REMOVES = frozenset({"os.remove", "os.unlink", "shutil.rmtree"})


@dataclass(frozen=True, slots=True)
class State:
    """What a request leaves behind in one process or on one disk.

    Attributes:
        module: Where that happens.
        node: The statement or call.
        what: The name of the variable; empty for a file.
    """

    module: Module
    node: ast.expr | ast.stmt
    what: str = ""


def kept_by_process(service: Service, modules: Modules) -> Iterator[State]:
    """Yield each variable, and each place that writes a file, which requests change; the first place of each."""
    changes = _changes(service, modules)
    writing = _around([*modules.called(*_WRITES), *modules.calls(*_OPENS)])
    seen: set[tuple[str, str]] = set()
    for module, function in _reached(service, modules) if changes or writing else ():
        if _LIMITS.search(function.name):
            continue
        for change in sorted(changes.get(function, ()), key=_position):
            key = (change.owner, change.name)
            if key not in seen:
                seen.add(key)
                yield State(module, change.node, change.name)
        written = _written_file(module, function) if function in writing else None
        if written is not None:
            yield State(module, written)


def _around(places: Iterable[tuple[Module, ast.AST]]) -> frozenset[ast.AST]:
    """Return what stands around some places."""
    return frozenset(above for module, node in places for above in module.ancestors(node))


def _variables(module: Module) -> frozenset[str]:
    """Return the names that a module binds to an empty or filled container, at its top."""
    found = set()
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        is_container = isinstance(value, (ast.Dict, ast.List, ast.Set)) or (
            isinstance(value, ast.Call)
            and called_name(value) in _MAKER_NAMES
            and module.resolve(value.func) in _MAKERS
        )
        if is_container:
            found |= {
                t.id for t in targets if isinstance(t, ast.Name) and not _HARMLESS.search(t.id)
            }
    return frozenset(found)


def _reached(service: Service, modules: Modules) -> list[tuple[Module, Function]]:
    """Return the handlers of routes and the functions that they call, in the order of the files."""
    functions = _Functions(service, modules)
    edge = [
        (module, node)
        for module in modules
        for symbol in service.handlers(module.path)
        for node in functions.of(module).get(symbol, ())
    ]
    found: dict[ast.AST, tuple[Module, Function]] = {node: (module, node) for module, node in edge}
    for _ in range(_DEEPEST):
        following = []
        for module, node in edge:
            for owner, name in _called(service, module, node):
                target = functions.named(owner, name)
                if target is not None and target[1] not in found:
                    found[target[1]] = target
                    following.append(target)
        edge = following
    return sorted(found.values(), key=lambda item: (item[0].path, item[1].lineno))


class _Functions:
    """The functions of some modules by their dotted names; those of a module when one is asked for."""

    def __init__(self, service: Service, modules: Modules) -> None:
        self._by_dotted: dict[str, list[Module]] = {}
        self._by_symbol: dict[Module, dict[str, list[Function]]] = {}
        for module in modules:
            self._by_dotted.setdefault(service.dotted(module.path), []).append(module)

    def of(self, module: Module) -> dict[str, list[Function]]:
        """Return the functions of a module, each with the classes and functions around it."""
        found = self._by_symbol.get(module)
        if found is None:
            found = self._by_symbol[module] = {}
            for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
                found.setdefault(module.symbol(node), []).append(node)
        return found

    def named(self, owner: str, symbol: str) -> tuple[Module, Function] | None:
        """Return the function of a module, named by its dotted name."""
        for module in self._by_dotted.get(owner, ()):
            for node in self.of(module).get(symbol, ()):
                return module, node
        return None


def _called(service: Service, module: Module, node: Function) -> Iterator[tuple[str, str]]:
    own = service.dotted(module.path)
    for call in calls_inside(module, node):
        target = module.resolve(call.func)
        if target is None:
            if isinstance(call.func, ast.Name):
                yield own, call.func.id
            elif isinstance(call.func, ast.Attribute) and is_self(call.func.value):
                yield own, f"{module.symbol(node).rpartition('.')[0]}.{call.func.attr}"
            continue
        if target.startswith("."):
            target = _absolute(own, module, target)
        owner, _, name = target.rpartition(".")
        yield owner, name


def _absolute(own: str, module: Module, target: str) -> str:
    level = len(target) - len(target.lstrip("."))
    package = own if module.path.endswith("__init__.py") else own.rpartition(".")[0]
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    rest = target.lstrip(".")
    return f"{package}.{rest}" if package else rest


@dataclass(frozen=True, slots=True)
class _Change:
    """A statement or call that changes a variable of the module with the path ``owner``."""

    name: str
    owner: str
    node: ast.expr | ast.stmt


def _position(change: _Change) -> tuple[int, int]:
    return change.node.lineno, change.node.col_offset


def _changes(service: Service, modules: Modules) -> dict[ast.AST, list[_Change]]:
    """Return the changes of variables of modules by each function around them."""
    found: dict[ast.AST, list[_Change]] = {}
    for module, change in (*_of_containers(service, modules), *_of_globals(modules)):
        for above in module.ancestors(change.node):
            found.setdefault(above, []).append(change)
    return found


def _of_containers(service: Service, modules: Modules) -> Iterator[tuple[Module, _Change]]:
    variables = {module.path: names for module in modules if (names := _variables(module))}
    names = frozenset().union(*variables.values())
    for module in modules.naming(*names) if names else ():
        here = names | {b.local for b in module.imports if b.target.rpartition(".")[2] in names}
        for part in (*_of_items(module), *module.called(*_CHANGES)):
            for holder in _changed(part):
                if last_name(holder) not in here:
                    continue
                variable = _variable(module, holder, variables, service)
                if variable is not None and isinstance(part, (ast.expr, ast.stmt)):
                    yield module, _Change(variable[1], variable[0], part)


def _of_items(module: Module) -> Iterable[ast.AST]:
    """Return the statements that may set or remove an item of a container, each once."""
    items = (item for item in module.nodes(ast.Subscript) if item.ctx.__class__ is not ast.Load)
    above = (module.parent(item) for item in items)
    return dict.fromkeys(node for node in above if isinstance(node, _STATEMENTS))


def _of_globals(modules: Modules) -> Iterator[tuple[Module, _Change]]:
    """Yield where a function adds to a variable that it declares as global."""
    for module in modules.having("global"):
        declared: dict[str, set[ast.AST]] = {}
        for declaration in module.nodes(ast.Global):
            for name in declaration.names:
                declared.setdefault(name, set()).update(module.ancestors(declaration))
        for part in module.nodes(ast.AugAssign) if declared else ():
            name = part.target.id if isinstance(part.target, ast.Name) else ""
            function = module.function(part)
            if function in declared.get(name, ()) and not _HARMLESS.search(name):
                yield module, _Change(name, module.path, part)


def _changed(part: ast.AST) -> Iterator[ast.expr]:
    """Yield the containers that a statement or call changes: ``x[k] = v``, ``x.append(v)``, ``del x[k]``."""
    targets: list[ast.expr] = []
    if isinstance(part, (ast.Assign, ast.Delete)):
        targets = part.targets
    elif isinstance(part, (ast.AugAssign, ast.AnnAssign)):
        targets = [part.target]
    for target in targets:
        if isinstance(target, ast.Subscript):
            yield _root(target.value)
    function = part.func if isinstance(part, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.attr in _CHANGES:
        yield _root(function.value)


def _root(node: ast.expr) -> ast.expr:
    """Return what stands under ``sessions[user]["messages"]``."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def _variable(
    module: Module, node: ast.expr, variables: dict[str, frozenset[str]], service: Service
) -> tuple[str, str] | None:
    if isinstance(node, ast.Name) and module.resolve(node) is None:
        function = module.function(node)
        is_local = function is not None and module.binds(node.id, function)
        own = node.id in variables.get(module.path, ()) and not is_local
        return (module.path, node.id) if own else None
    target = module.resolve(node)
    if target is None or target.startswith("builtins."):
        return None
    if target.startswith("."):
        target = _absolute(service.dotted(module.path), module, target)
    owner, _, name = target.rpartition(".")
    for path, names in variables.items():
        if name in names and service.dotted(path) == owner:
            return path, name
    return None


def _written_file(module: Module, function: Function) -> ast.expr | None:
    """Return the first call of a function that leaves a file on the disk of this machine."""
    calls = calls_inside(module, function)
    if any(_removes(module, call) for call in calls):
        return None
    for call in sorted(calls, key=lambda item: (item.lineno, item.col_offset)):
        path = _path_written(module, call)
        if path is not None:
            text = f"{module.source(path)} {_value_of(module, function, path)}"
            if not _TEMPORARY.search(text) and not _LOGS.search(text):
                return call
    return None


def _removes(module: Module, call: ast.Call) -> bool:
    is_method = isinstance(call.func, ast.Attribute) and call.func.attr == "unlink"
    return is_method or module.resolve(call.func) in _REMOVES


def _path_written(module: Module, call: ast.Call) -> ast.expr | None:
    """Return the path that a call writes to, if it writes a file."""
    target = module.resolve(call.func)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if target in _OPENS and call.args:
        mode = call.args[1] if len(call.args) > 1 else None
        mode = next((k.value for k in call.keywords if k.arg == "mode"), mode)
        is_writing = isinstance(mode, ast.Constant) and str(mode.value)[:1] in {"w", "a", "x"}
        return call.args[0] if is_writing else None
    if not isinstance(call.func, ast.Attribute):
        return None
    if name in {"write_bytes", "write_text"}:
        return call.func.value
    owner = module.source(call.func.value)
    # a storage of Django, which may be anywhere, takes the content as well
    is_own = name == "save" and len(call.args) == 1
    if is_own and re.search(r"file|upload|image|photo|avatar|img|pic", owner, re.IGNORECASE):  # fmt: skip
        is_stream = isinstance(call.args[0], ast.Name) and re.search(r"buf|io|stream|out", call.args[0].id)  # fmt: skip
        return None if is_stream else call.args[0]
    return None


def _value_of(module: Module, function: Function, path: ast.expr) -> str:
    """Return what the names in a path were given in the same function."""
    names = {node.id for node in module.inside(path) if isinstance(node, ast.Name)}
    texts = []
    for node in module.inside(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id in names for t in node.targets
        ):
            texts.append(module.source(node.value))
        elif isinstance(node, ast.withitem) and getattr(node.optional_vars, "id", "") in names:
            texts.append(module.source(node.context_expr))
    return " ".join(texts)
