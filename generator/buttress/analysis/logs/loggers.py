"""The loggers of a service: what each name that code logs through is, and where it was made."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from buttress.analysis.vocabulary import vocabulary
from buttress.project.model import Project, Role, Service
from buttress.project.modules import OwnModules, calls_of
from buttress.source import Module, Tree
from buttress.source.names import ImportBinding

METHODS = vocabulary("debug info warning warn error exception critical fatal log msg success trace")
_STDLIB_MAKERS = frozenset(["logging.getLogger", "logging.root"])
_ALL_STDLIB_MAKERS = _STDLIB_MAKERS | vocabulary(
    "celery.utils.log.get_task_logger celery.utils.log.get_logger multiprocessing.get_logger "
    "logging.LoggerAdapter absl.logging.get_absl_logger"
)
_STRUCTLOG_MAKERS = frozenset(
    [
        "structlog.get_logger",
        "structlog.getLogger",
        "structlog.stdlib.get_logger",
        "structlog.wrap_logger",
    ]
)
_RESERVED = frozenset(
    [
        # the arguments of structlog's own methods
        *("self", "event", "level", "method_name", "args", "kw"),
        # what processors, renderers and the standard library's bridge put there
        *(
            "exc_info",
            "exception",
            "stack",
            "stack_info",
            "stacklevel",
            "extra",
            "timestamp",
            "logger",
        ),
        *("logger_name", "positional_args", "request_id", "correlation_id", "trace_id", "span_id"),
    ]
)
_DERIVING = frozenset(["bind", "new", "opt", "patch", "unbind", "try_unbind", "getChild"])


class Family(StrEnum):
    """Where a logger comes from, and so how its calls are written."""

    STRUCTLOG = "structlog"
    LOGURU = "loguru"
    STDLIB = "logging"


class Binding(StrEnum):
    """How code reaches a logger."""

    MODULE = "module"
    IMPORTED = "imported"
    ROOT = "root"
    FLASK = "flask"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Logger:
    """A logger as the code of one module names it.

    Attributes:
        source: What stands before the method (``logger``, ``logging``, ``app.logger``).
        family: Where it comes from.
        binding: How the module reaches it.
        path: The file that makes it; empty where that is no file of the project.
        name: Its name in that file.
        maker: The call that makes it, if that stands at the top of ``path``.
    """

    source: str
    family: Family
    binding: Binding
    path: str = ""
    name: str = ""
    maker: ast.Call | None = None


@dataclass(frozen=True, slots=True)
class LogCall:
    """A call that logs.

    Attributes:
        call: The call.
        logger: Through what.
        method: ``info``, ``exception``, ...
        is_derived: Whether it stands on a chain (``logger.bind(...).info``).
    """

    call: ast.Call
    logger: Logger
    method: str
    is_derived: bool = False


class Loggers:
    """What the modules of one service log through.

    Args:
        tree: The files as they are now.
        project: The facts about them.
        service: The service.
        modules: The project's own modules, where they are known already.
    """

    def __init__(
        self, tree: Tree, project: Project, service: Service, modules: OwnModules | None = None
    ) -> None:
        self.tree = tree
        self.project = project
        self.service = service
        self.modules = modules if modules is not None else OwnModules(tree)
        self._made: dict[str, dict[str, Logger]] = {}
        self._bound: dict[tuple[str, str], Logger | None] = {}

    def at_top(self, module: Module) -> Logger | None:
        """Return the logger that a module has under a name of its own, the first defined."""
        made = next(iter(self._made_in(module).values()), None)
        return made or next(self._imported(module, module.imports), None)

    def calls(self, module: Module) -> Iterator[LogCall]:
        """Yield the log calls of a module in source order."""
        for call in calls_of(module, *METHODS):
            found = self.log_call(module, call)
            if found is not None:
                yield found

    def log_call(self, module: Module, call: ast.Call) -> LogCall | None:
        """Return what a call of one of ``METHODS`` logs through; ``None`` if that is no logger."""
        if not isinstance(call.func, ast.Attribute):
            return None
        found = self._receiver(module, call.func.value)
        return None if found is None else LogCall(call, found[0], call.func.attr, found[1])

    @cached_property
    def uses_loguru(self) -> bool:
        """Whether some module of the app logs through loguru."""
        return any(
            self.modules.bindings(path).get("logger") == "loguru.logger"
            for path in self.service.files(Role.APP)
            if self.modules.mentions(path, "loguru")
        )

    def _receiver(self, module: Module, node: ast.expr) -> tuple[Logger, bool] | None:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = module.resolve(node.func) or ""
            if target in _STDLIB_MAKERS or target in _STRUCTLOG_MAKERS:
                family = Family.STDLIB if target in _STDLIB_MAKERS else Family.STRUCTLOG
                return Logger(module.source(node), family, Binding.OTHER), False
            if node.func.attr in _DERIVING:
                inner = self._receiver(module, node.func.value)
                return None if inner is None else (inner[0], True)
            return None
        if isinstance(node, ast.Name):
            return self._named(module, node)
        if isinstance(node, ast.Attribute):
            found = self._attribute(module, node)
            return None if found is None else (found, False)
        return None

    def _named(self, module: Module, node: ast.Name) -> tuple[Logger, bool] | None:
        if not is_global(module, node):
            return None
        if module.resolve(node) == "logging":
            return Logger(node.id, Family.STDLIB, Binding.ROOT), False
        logger = self._bound_to(module, node.id)
        return None if logger is None else (logger, False)

    def _attribute(self, module: Module, node: ast.Attribute) -> Logger | None:
        source = module.source(node)
        if node.attr == "logger" and self._is_flask_app(module, node.value):
            return Logger(source, Family.STDLIB, Binding.FLASK)
        if node.attr in {"logger", "log", "_logger", "_log"}:
            family = self._assigned_family(module, node.attr)
            return None if family is None else Logger(source, family, Binding.OTHER)
        return None

    def _is_flask_app(self, module: Module, node: ast.expr) -> bool:
        if module.resolve(node) == "flask.current_app":
            return True
        if not isinstance(node, ast.Name):
            return False
        made = [
            statement
            for statement in module.nodes(ast.Assign)
            if isinstance(statement.value, ast.Call)
            and module.resolve(statement.value.func) == "flask.Flask"
            and any(isinstance(t, ast.Name) and t.id == node.id for t in statement.targets)
        ]
        if made:
            return True
        imported = self.modules.symbol(
            module.resolve(node) or "", module.path, self.service.import_root
        )
        return imported is not None and any(
            (app.place.path, app.name) == imported for app in self.service.apps
        )

    def _assigned_family(self, module: Module, attribute: str) -> Family | None:
        """Return what ``self.logger`` and its like are set to in this module."""
        self._made_in(module)
        for statement in module.nodes(ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Attribute) and target.attr == attribute:
                    return self._family(module, statement.value)
        return None

    def _bound_to(self, module: Module, name: str) -> Logger | None:
        """Return the logger that a module binds to a name at its top."""
        key = module.path, name
        if key not in self._bound:
            imports = (binding for binding in module.imports if binding.local == name)
            made = self._made_in(module).get(name)
            self._bound[key] = made or next(self._imported(module, imports), None)
        return self._bound[key]

    def _made_in(self, module: Module) -> dict[str, Logger]:
        if module.path in self._made:
            return self._made[module.path]
        # known at once, as far as it goes: a function of the module may return one of them
        found: dict[str, Logger] = self._made.setdefault(module.path, {})
        for statement in module.tree.body:
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
                continue
            value = statement.value
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            family = self._family(module, value)
            if family is not None and len(targets) == 1 and isinstance(targets[0], ast.Name):
                name = targets[0].id
                is_plain = isinstance(statement, ast.Assign)
                maker = value if is_plain and isinstance(value, ast.Call) else None
                if maker is not None and module.resolve(maker.func) not in _STDLIB_MAKERS:
                    maker = None
                found[name] = Logger(name, family, Binding.MODULE, module.path, name, maker)
        return found

    def _imported(self, module: Module, imports: Iterable[ImportBinding]) -> Iterator[Logger]:
        """Yield the loggers among what is imported at the top of a module."""
        for binding in imports:
            if binding.scope is module.tree:
                logger = self._brought(module, binding.local, binding.target)
                if logger is not None:
                    yield logger

    def _brought(self, module: Module, local: str, target: str) -> Logger | None:
        if target == "loguru.logger":
            return Logger(local, Family.LOGURU, Binding.IMPORTED)
        origin = self.modules.symbol(target, module.path, self.service.import_root)
        if origin is None or not origin[1] or "." in origin[1] or origin[0] == module.path:
            return None
        path, name = origin
        if not self.modules.mentions(path, "ogger", "structlog", "loguru"):
            return None
        there = self.tree.module(path)
        if self.modules.bindings(path).get(name) == "loguru.logger":
            return Logger(local, Family.LOGURU, Binding.IMPORTED, path, name)
        made = self._made_in(there).get(name)
        if made is None:
            return None
        return Logger(local, made.family, Binding.IMPORTED, path, name, made.maker)

    def _family(self, module: Module, value: ast.expr) -> Family | None:
        if isinstance(value, ast.Name) and module.resolve(value) == "loguru.logger":
            return Family.LOGURU
        if not isinstance(value, ast.Call):
            return None
        target = module.resolve(value.func) or ""
        if target in _ALL_STDLIB_MAKERS:
            return Family.STDLIB
        if target in _STRUCTLOG_MAKERS:
            return Family.STRUCTLOG
        if isinstance(value.func, ast.Attribute) and value.func.attr in _DERIVING:
            inner = value.func.value
            if isinstance(inner, ast.Name):
                made = self._made.get(module.path, {}).get(inner.id)
                return made.family if made else self._family(module, inner)
            return self._family(module, inner)
        return self._made_by_own_function(module, value)

    def _made_by_own_function(self, module: Module, call: ast.Call) -> Family | None:
        """Look into a function of the project that makes loggers (``setup_logger(__name__)``)."""
        origin = self.modules.defined_at(module, call.func, self.service.import_root)
        if origin is None or origin[0] not in self.modules:
            return None
        there = self.tree.module(origin[0])
        for function in there.nodes(ast.FunctionDef):
            if function.name == origin[1]:
                given = set(self._returned(there, function))
                if given & {Family.STDLIB, Family.STRUCTLOG}:
                    return Family.STDLIB if Family.STDLIB in given else Family.STRUCTLOG
                return None
        return None

    def _returned(self, module: Module, function: ast.FunctionDef) -> Iterator[Family]:
        """Yield what a function returns, as far as it makes it itself or the module's top does."""
        inside = module.inside(function)
        made = {
            target.id: node.value
            for node in inside
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Call)
        }
        for node in inside:
            value = node.value if isinstance(node, ast.Return) else None
            call = made.get(value.id) if isinstance(value, ast.Name) else value
            target = module.resolve(call.func) if isinstance(call, ast.Call) else None
            if target in _ALL_STDLIB_MAKERS:
                yield Family.STDLIB
            elif target in _STRUCTLOG_MAKERS:
                yield Family.STRUCTLOG
            elif call is None and isinstance(value, ast.Name):
                top = self._made_in(module).get(value.id)
                if top is not None:
                    yield top.family


def is_reserved(name: str) -> bool:
    """Whether a log field cannot be called ``name``: the word or the key is taken."""
    return name in _RESERVED or keyword.iskeyword(name)


def is_global(module: Module, node: ast.Name) -> bool:
    """Whether a name means what the top of the module binds, and nothing that a function binds."""
    scope = module.scope(node)
    while scope is not module.tree:
        if module.binds(node.id, scope):
            return False
        scope = module.scope(scope)
    return module.binds(node.id)
