"""The logger that new code in a module uses: the one that is there, or one that is defined for it."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.logs.loggers import METHODS
from buttress.source import Edit, Module
from buttress.source.imports import Import, after_imports, local_name

_MAKERS = frozenset(
    {
        "logging.getLogger",
        "structlog.get_logger",
        "structlog.getLogger",
        "structlog.stdlib.get_logger",
    }
)


@dataclass(frozen=True, slots=True)
class LoggerUse:
    """How new code logs.

    Attributes:
        name: The module-level name of the logger.
        edits: What defines the logger, if it is not there yet.
        imports: What that needs.
    """

    name: str
    edits: tuple[Edit, ...] = ()
    imports: tuple[Import, ...] = ()


def logger_in(module: Module) -> LoggerUse | None:
    """Return the logger of a module; ``None`` where the names for a new one are taken."""
    return _existing_logger(module) or new_logger(module)


def new_logger(module: Module, names: tuple[str, ...] = ("logger",)) -> LoggerUse | None:
    """Return a structlog logger to be defined behind the imports; ``None`` where names are taken.

    Args:
        module: The module that needs it.
        names: What it may be called, the best first.
    """
    structlog = local_name(module, Import("structlog"))
    name = next((name for name in names if not module.uses(name)), None)
    if structlog is None or name is None:
        return None
    return LoggerUse(
        name,
        edits=(_definition(module, structlog, name),),
        imports=(Import("structlog"),),
    )


def _existing_logger(module: Module) -> LoggerUse | None:
    """Return the logger that a module defines or imports at its top, if there is one."""
    for node in module.tree.body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        target, maker = node.targets[0], module.resolve(node.value.func)
        if isinstance(target, ast.Name) and maker in _MAKERS:
            return LoggerUse(target.id)
    for binding in module.imports:
        if binding.scope is not module.tree:
            continue
        if binding.target == "loguru.logger":
            return LoggerUse(binding.local)
        is_named_so = binding.target.rpartition(".")[2] in {"logger", "log"}
        if is_named_so and _logs(module, binding.local):
            return LoggerUse(binding.local)
    return None


def _logs(module: Module, name: str) -> bool:
    """Whether a module logs through a name: ``log`` may be the logarithm, or a function."""
    return any(
        node.attr in METHODS and isinstance(node.value, ast.Name) and node.value.id == name
        for node in module.nodes(ast.Attribute)
    )


def _definition(module: Module, structlog: str, name: str) -> Edit:
    at = after_imports(module)
    newline = module.newline
    rest = module.text[at:]
    blank_lines = (len(rest) - len(rest.lstrip("\r\n"))) // len(newline)
    before = newline if at and not module.text[:at].endswith(newline * 2) else ""
    wanted = 2 if rest.lstrip("\r\n").startswith(("def ", "class ", "async ", "@")) else 1
    after = newline * max(0, wanted - blank_lines) if rest.strip() else ""
    return Edit(at, at, f"{before}{name} = {structlog}.get_logger(__name__){newline}{after}")
