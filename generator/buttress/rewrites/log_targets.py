"""Which logger new log calls go through, and the edits that bring it there."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.logs.loggers import Binding, Family, LogCall, Logger, Loggers
from buttress.analysis.logs.structlog_readiness import Obstacle, Readiness
from buttress.analysis.structure.import_time import runs_before
from buttress.rewrites.loggers import new_logger
from buttress.source import Edit, Module
from buttress.source.imports import Import, add_imports, after_imports, local_name

_NAMES = ("logger", "log")
_LOGURU = Import("loguru", "logger")
_STRUCTLOG = Import("structlog")


@dataclass(frozen=True, slots=True)
class Target:
    """A logger to log through.

    Attributes:
        source: What stands before the method.
        family: How its calls are written.
        defined_at: The offset from which on it is there when the module is imported.
        edits: What defines it, or makes it a structlog logger.
        imports: What these need.
    """

    source: str
    family: Family
    defined_at: int = 0
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import, ...] = ()


def unreachable_from(module: Module, node: ast.AST, target: Target) -> Obstacle | None:
    """Return why a logger that the top of the module binds cannot be used at a place.

    Args:
        module: The module.
        node: The place.
        target: The logger.
    """
    scope = module.scope(node)
    while scope is not module.tree:
        if module.binds(target.source, scope):
            return Obstacle(
                "name-taken",
                f"the function calls something else `{target.source}`.",
                "Rename it, then run again.",
            )
        scope = module.scope(scope)
    if runs_before(module, node, target.defined_at):
        return Obstacle(
            "before-logger",
            "it runs while the module is imported, before the logger is defined.",
            "Move the logger's definition further up, behind the imports.",
        )
    return None


class Targets:
    """Chooses loggers for the modules of one service.

    A module that has a logger keeps its name. A standard logger takes no fields, so it becomes
    one of structlog's where all that is done with it works there, too; else new calls are written
    for a standard logger.

    Args:
        loggers: The loggers of the service.
    """

    def __init__(self, loggers: Loggers) -> None:
        self.loggers = loggers
        self.readiness = Readiness(loggers)
        self._for_prints: dict[str, Target | Obstacle] = {}

    def for_prints(self, module: Module) -> Target | Obstacle:
        """Return the logger that takes the place of ``print`` in a module."""
        if module.path not in self._for_prints:
            self._for_prints[module.path] = self._main(module)
        return self._for_prints[module.path]

    def for_call(self, module: Module, log_call: LogCall) -> Target | Obstacle:
        """Return the logger through which a log call can pass fields."""
        logger = log_call.logger
        if logger.family is not Family.STDLIB:
            return Target(logger.source, logger.family)
        if logger.binding is Binding.OTHER:
            return Obstacle(
                "held-elsewhere",
                f"`{logger.source}` is a standard logger, which takes no fields, and not one that "
                "the module defines at its top.",
                "Define `logger = structlog.get_logger(__name__)` at the top and log through it.",
            )
        if logger.binding in {Binding.ROOT, Binding.FLASK}:
            return self._instead_of_shared(module, logger)
        return self._converted(module, logger)

    def _main(self, module: Module) -> Target | Obstacle:
        logger = self.loggers.at_top(module)
        if logger is None:
            return self._new(module)
        start = self._start_of(module, logger)
        if logger.family is not Family.STDLIB:
            return Target(logger.source, logger.family, start)
        converted = self._converted(module, logger)
        if isinstance(converted, Target) or converted.code == "shared-logger":
            return converted
        return Target(logger.source, Family.STDLIB, start)

    def _instead_of_shared(self, module: Module, shared: Logger) -> Target | Obstacle:
        """Return a logger of the module's own, in place of the root logger or the app's."""
        tests = self.readiness.reading_test(module)
        tests = tests or self.readiness.patching_test(module, shared.source)
        if tests is not None:
            return tests
        target = self.for_prints(module)
        if isinstance(target, Target) and target.family is Family.STDLIB:
            logger = self.loggers.at_top(module)
            obstacle = self.readiness.obstacle(logger) if logger else None
            return obstacle or Obstacle(
                "standard-logger", "the module logs through a standard logger."
            )
        return target

    def _converted(self, module: Module, logger: Logger) -> Target | Obstacle:
        obstacle = self.readiness.obstacle(logger)
        if obstacle is not None:
            return obstacle
        if logger.path != module.path or logger.maker is None:
            return Obstacle(
                "shared-logger",
                f"`{logger.source}` is defined in {logger.path} as a standard logger, which takes no "
                "fields.",
                f"Make it a structlog logger there: `{logger.name} = structlog.get_logger(__name__)`.",
            )
        structlog = local_name(module, _STRUCTLOG)
        start, end = module.span(logger.maker)
        if structlog is None:
            return Obstacle("name-taken", "the name structlog means something else in this file.")
        if any(edit.start > start for edit in add_imports(module, [_STRUCTLOG])):
            return Obstacle(
                "import-order",
                f"`{logger.name}` is made before the third-party imports of this file.",
                "Move it behind the imports.",
            )
        arguments = ", ".join(module.source(argument) for argument in logger.maker.args)
        edit = Edit(start, end, f"{structlog}.get_logger({arguments})")
        return Target(logger.source, Family.STRUCTLOG, end, (edit,), (_STRUCTLOG,))

    def _new(self, module: Module) -> Target | Obstacle:
        taken = Obstacle(
            "name-taken",
            "the names for a logger mean something else in this file.",
            "Define a logger here, or rename what is called `logger` and `log`.",
        )
        if self.loggers.uses_loguru:
            if local_name(module, _LOGURU) is None:
                return taken
            offsets = [edit.end for edit in add_imports(module, [_LOGURU])]
            return Target("logger", Family.LOGURU, max(offsets, default=0), (), (_LOGURU,))
        use = new_logger(module, _NAMES)
        if use is None:
            return taken
        return Target(use.name, Family.STRUCTLOG, after_imports(module), use.edits, use.imports)

    def _start_of(self, module: Module, logger: Logger) -> int:
        """Return the offset behind the statement that binds a logger's name."""
        if logger.binding is Binding.IMPORTED:
            nodes: list[ast.stmt] = [
                item.node for item in module.imports if item.local == logger.source
            ]
        else:
            nodes = [node for node in module.tree.body if _binds(node, logger.source)]
        return module.span(nodes[0])[1] if nodes else 0


def _binds(node: object, name: str) -> bool:
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    return any(getattr(target, "id", None) == name for target in targets)
