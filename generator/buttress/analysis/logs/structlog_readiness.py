"""Whether a standard logger can become a structlog logger: everything done with it must work there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from buttress.analysis.logs.loggers import Logger, Loggers, is_global, is_reserved
from buttress.analysis.logs.messages import percent_message
from buttress.analysis.logs.output_readers import LOGGED, OutputReaders
from buttress.analysis.vocabulary import vocabulary
from buttress.project.model import Role
from buttress.source import Module
from buttress.source.imports import Import, local_name

_METHODS = vocabulary("debug info warning warn error exception critical fatal log")
_LEVELS = vocabulary(
    "logging.DEBUG logging.INFO logging.WARNING logging.WARN logging.ERROR logging.CRITICAL"
)
_KEYWORDS = frozenset(["exc_info", "stack_info"])


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a logger stays as it is.

    Attributes:
        code: For reports.
        reason: One sentence.
        unlock: What a person could do about it.
    """

    code: str
    reason: str
    unlock: str = ""


class Readiness:
    """Decides about the standard loggers of one service, each once.

    Args:
        loggers: The loggers of the service.
    """

    def __init__(self, loggers: Loggers) -> None:
        self.loggers = loggers
        self._decided: dict[tuple[str, str], Obstacle | None] = {}
        root = loggers.service.import_root
        self._readers = OutputReaders(LOGGED, loggers.project, loggers.modules, root)

    def obstacle(self, logger: Logger) -> Obstacle | None:
        """Return what keeps a standard logger from becoming one of structlog's; ``None`` if nothing."""
        if self.loggers.uses_loguru:
            return Obstacle(
                "loguru",
                "the app logs through loguru, and a standard logger takes no fields.",
                "Use loguru's logger here, too.",
            )
        if not logger.path:
            return None
        key = logger.path, logger.name
        if key not in self._decided:
            self._decided[key] = self._obstacle(logger)
        return self._decided[key]

    def reading_test(self, module: Module) -> Obstacle | None:
        """Return an obstacle if a test looks at what a module logs."""
        path = self._readers.of(module)
        if not path:
            return None
        return Obstacle(
            "tests-read-logs",
            f"{path} reads what the standard library's loggers record.",
            "Let the test look at events (structlog.testing.capture_logs), then run again.",
        )

    def patching_test(self, module: Module, source: str) -> Obstacle | None:
        """Return an obstacle if a test puts something in the place of what a module logs through.

        Args:
            module: A module of the app.
            source: What stands before the method (``current_app.logger``, ``logging``).
        """
        name = source.partition(".")[0]
        dotted = re.escape(self.loggers.service.dotted(module.path))
        last = dotted.rpartition("\\.")[2] or dotted
        patched = re.compile(
            rf"[\"'](?:[\w.]*\.)?{dotted}\.{name}\b|\(\s*[\w.]*\b{last}\s*,\s*[\"']{name}[\"']",
            re.ASCII,
        )
        for path, text in self._patching:
            if patched.search(text):
                return Obstacle(
                    "tests-patch-logger",
                    f"{path} puts a stand-in in the place of `{name}` of this module.",
                    "Let the test look at events (structlog.testing.capture_logs), then run again.",
                )
        return None

    @cached_property
    def _patching(self) -> list[tuple[str, str]]:
        """The tests that put stand-ins in the place of names, with their text."""
        texts = [
            (path, self.loggers.tree.text(path))
            for path, role in sorted(self.loggers.project.roles.items())
            if role is Role.TEST
        ]
        return [
            (path, text.content)
            for path, text in texts
            if text is not None and ("patch" in text.content or "setattr" in text.content)
        ]

    def _obstacle(self, logger: Logger) -> Obstacle | None:
        there = self.loggers.tree.module(logger.path)
        if logger.maker is None:
            return Obstacle(
                "made-elsewhere",
                f"`{logger.name}` of {logger.path} is not made by a plain logging.getLogger() call.",
                "Make it with structlog.get_logger(), then run again.",
            )
        if self.loggers.service.roles.get(logger.path) is not Role.APP:
            return Obstacle(
                "made-elsewhere",
                f"`{logger.name}` is made in {logger.path}, which is no app module.",
            )
        if local_name(there, Import("structlog")) is None:
            return Obstacle(
                "name-taken", f"the name structlog means something else in {logger.path}."
            )
        if _stored(there, logger.name) != 1:
            return Obstacle("other-use", f"`{logger.name}` is set more than once in {logger.path}.")
        for module, local in self._users(logger):
            found = _unfit_use(module, local) or self.reading_test(module)
            if found is not None:
                return found
        return self._named_in_tests(logger)

    def _users(self, logger: Logger) -> Iterator[tuple[Module, str]]:
        """Yield the modules that reach the logger, with the name it has there."""
        modules, tree = self.loggers.modules, self.loggers.tree
        root = self.loggers.service.import_root
        yield tree.module(logger.path), logger.name
        for path in modules.having(logger.name):
            if path == logger.path:
                continue
            for local, target in modules.bindings(path).items():
                if modules.symbol(target, path, root) == (logger.path, logger.name):
                    yield tree.module(path), local

    def _named_in_tests(self, logger: Logger) -> Obstacle | None:
        modules, tree = self.loggers.modules, self.loggers.tree
        root = self.loggers.service.import_root
        dotted = f"{self.loggers.service.dotted(logger.path)}.{logger.name}"
        for path in modules.having(f".{logger.name}"):
            if path == logger.path:
                continue
            module = tree.module(path)
            names = [
                node
                for node in module.nodes(ast.Attribute)
                if node.attr == logger.name
                and modules.symbol(module.resolve(node) or "", path, root)
                == (logger.path, logger.name)
            ]
            text = tree.text(path)
            if names or (text is not None and dotted in text.content):
                return Obstacle(
                    "other-use",
                    f"{path} reaches into {logger.path} for `{logger.name}`.",
                )
        return None


def _stored(module: Module, name: str) -> int:
    return sum(
        node.id == name and not isinstance(node.ctx, ast.Load) for node in module.nodes(ast.Name)
    )


def _unfit_use(module: Module, name: str) -> Obstacle | None:
    for node in module.nodes(ast.Name):
        if node.id != name or not isinstance(node.ctx, ast.Load) or not is_global(module, node):
            continue
        attribute = module.parent(node)
        call = module.parent(attribute) if isinstance(attribute, ast.Attribute) else None
        if not (isinstance(call, ast.Call) and call.func is attribute):
            return Obstacle(
                "other-use",
                f"{module.path}:{node.lineno} uses `{name}` for more than to log.",
                "Use it for log calls alone, then run again.",
            )
        method = attribute.attr if isinstance(attribute, ast.Attribute) else ""
        if method not in _METHODS or not _fits(module, call, method):
            return Obstacle(
                "other-use",
                f"{module.path}:{node.lineno} calls `{name}.{method}` in a way that structlog "
                "does not know.",
                "Leave its level and handlers to the logging configuration, then run again.",
            )
    return None


def _fits(module: Module, call: ast.Call, method: str) -> bool:
    """Whether a call to a standard logger does the same on a structlog logger."""
    arguments = call.args
    if method == "log":
        if not arguments or module.resolve(arguments[0]) not in _LEVELS:
            return False
        arguments = arguments[1:]
    if not arguments or any(isinstance(argument, ast.Starred) for argument in arguments):
        return False
    if not all(keyword.arg in _KEYWORDS or _is_extra(keyword) for keyword in call.keywords):
        return False
    if len(arguments) == 1:
        return True
    template = arguments[0]
    if not (isinstance(template, ast.Constant) and isinstance(template.value, str)):
        return False
    return percent_message(module, template.value, arguments[1:]) is not None


def _is_extra(keyword: ast.keyword) -> bool:
    return keyword.arg == "extra" and extra_fields(keyword.value) is not None


def extra_fields(node: ast.expr) -> list[tuple[str, ast.expr]] | None:
    """Return the fields of ``extra={...}``; ``None`` if they are not written out with plain names."""
    if not isinstance(node, ast.Dict):
        return None
    found: list[tuple[str, ast.expr]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        name = key.value if isinstance(key, ast.Constant) else None
        if not isinstance(name, str) or not name.isidentifier() or is_reserved(name):
            return None
        found.append((name, value))
    return found
