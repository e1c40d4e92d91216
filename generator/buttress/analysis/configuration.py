"""Where the app reads its environment: every place, with its name, default and conversion."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern


class Known(Enum):
    """Whether a value is known: a literal, something the code computes, or not there at all."""

    LITERAL = "literal"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Default:
    """The value that is used where the variable is not set."""

    known: Known
    value: str | int | float | bool | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentRead:
    """One place that reads an environment variable.

    Attributes:
        module: The file.
        node: The expression that is the value: the read, or its conversion (``int(os.getenv(...))``).
        read: The read itself.
        name: The variable; ``None`` where it is computed.
        default: What stands for it where it is not set, from the call or from ``or``.
        fallback: The literal behind ``or``, if that is where the default comes from.
        conversion: ``int`` or ``float``, else ``None``.
        raises: Whether a missing variable raises (``os.environ["X"]``).
        function: The function that the read stands in; ``None`` for module level.
    """

    module: Module
    node: ast.expr
    read: ast.expr
    name: str | None
    default: Default
    fallback: ast.Constant | None
    conversion: Literal["int", "float"] | None
    raises: bool
    function: Function | None


ENVIRONMENT_WORDS = ("environ", "getenv")
"""One of these stands in each file that reads the environment."""

_GETTERS = frozenset({"os.getenv", "os.environ.get"})
_SETTINGS_MODULE = lazy_pattern(
    r"(?:^|/|_)(?:config|settings|configuration)(?:[/_.]|$)", re.IGNORECASE
)
_OF_THE_MACHINE = lazy_pattern(
    r"(?:PATH|HOME|USER|USERNAME|USERPROFILE|LOGNAME|SUDO_USER|PWD|SHELL|EDITOR|TERM|DISPLAY|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP"
    r"|HOSTNAME|COMPUTERNAME|APPDATA|LOCALAPPDATA|PROGRAMDATA|SYSTEMROOT|XDG_[A-Z_]+|PYTHON[A-Z]*|PYTEST_[A-Z_]+|CI|VIRTUAL_ENV"
    r"|WERKZEUG_RUN_MAIN)\Z"
)
SETTINGS_BASE = "BaseSettings"
"""What typed settings derive from."""

_SETTERS = frozenset({"os.environ.setdefault", "os.putenv", "os.environ.pop"})
_UPDATES = frozenset({"os.environ.update"})
_CONVERSIONS: dict[str, Literal["int", "float"]] = {
    "builtins.int": "int",
    "builtins.float": "float",
}


def environment_reads(module: Module) -> Iterator[EnvironmentRead]:
    """Yield all reads of environment variables in a module, in source order."""
    reads: list[tuple[ast.expr, ast.expr | None, list[ast.expr], bool]] = []
    for call in module.calls_to(_GETTERS):
        if call.args:
            rest = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "default")]
            reads.append((call, call.args[0], rest, False))
    reads += [
        (subscript, subscript.slice, [], True)
        for subscript in _items(module)
        if isinstance(subscript.ctx, ast.Load)
    ]
    for read, key, rest, raises in sorted(reads, key=lambda item: module.span(item[0])):
        name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
        fallback = _fallback(module, read)
        default = _default(rest[0]) if rest else Default(Known.ABSENT)
        if fallback is not None and default.known is Known.ABSENT:
            default = Default(Known.LITERAL, fallback.value)  # type: ignore[arg-type]
        node, conversion = _converted(module, read)
        yield EnvironmentRead(
            module, node, read, name, default, fallback, conversion, raises, module.function(read)
        )


def _items(module: Module) -> Iterator[ast.Subscript]:
    """Yield where an item of ``os.environ`` is read, set or deleted."""
    if "environ" in module.text:
        for subscript in module.nodes(ast.Subscript):
            if module.resolve(subscript.value) == "os.environ":
                yield subscript


def is_for_settings(path: str) -> bool:
    """Whether the path of a file says that it is about configuration."""
    return _SETTINGS_MODULE.search(path) is not None


def is_of_the_machine(name: str) -> bool:
    """Whether the machine, the shell or a tool sets a variable: it is no setting of the app."""
    return _OF_THE_MACHINE.match(name) is not None


def written_variables(modules: Iterable[Module]) -> set[str]:
    """Return the variables that the code itself sets, so that their value changes while it runs."""
    found: set[str] = set()
    for module in modules:
        for subscript in _items(module):
            if not isinstance(subscript.ctx, ast.Load):
                found |= _strings(subscript.slice)
        for call in module.calls_to(_SETTERS):
            if call.args:
                found |= _strings(call.args[0])
        for call in module.calls_to(_UPDATES):
            found |= {k.arg for k in call.keywords if k.arg}
            found |= {name for argument in call.args for name in _strings(argument)}
    return found


def mentioned_strings(modules: Iterable[Module]) -> set[str]:
    """Return all string literals of modules: the variables and values that tests depend on."""
    return {
        node.value
        for module in modules
        for node in module.nodes(ast.Constant)
        if isinstance(node.value, str)
    }


def compared_strings(modules: Iterable[Module]) -> set[str]:
    """Return the texts that values are compared with: ``key == "changeme"``, ``key in ("", "none")``."""
    return {
        part.value
        for module in modules
        for node in module.nodes(ast.Compare)
        for side in (node.left, *node.comparators)
        for part in (side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def reloads_modules(module: Module) -> bool:
    """Whether a test loads modules of the app again, so that they read the environment again."""
    return any(
        module.resolve(node) in {"importlib.reload", "sys.modules"}
        for node in module.nodes(ast.Attribute, ast.Name)
    )


def settings_classes(module: Module) -> list[ast.ClassDef]:
    """Return the classes that already read the environment with types (``BaseSettings``)."""
    if SETTINGS_BASE not in module.text:
        return []
    return [
        node
        for node in module.nodes(ast.ClassDef)
        if any((module.resolve(base) or "").endswith(f".{SETTINGS_BASE}") for base in node.bases)
    ]


def _strings(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def _default(node: ast.expr) -> Default:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _default(node.operand)
        if isinstance(inner.value, int | float):
            return Default(Known.LITERAL, -inner.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | type(None)):
        return Default(Known.LITERAL, node.value)
    return Default(Known.UNKNOWN)


def _fallback(module: Module, read: ast.expr) -> ast.Constant | None:
    above = module.parent(read)
    if (
        isinstance(above, ast.BoolOp)
        and isinstance(above.op, ast.Or)
        and len(above.values) == 2
        and above.values[0] is read
        and isinstance(above.values[1], ast.Constant)
        and isinstance(above.values[1].value, str)
    ):
        return above.values[1]
    return None


def _converted(module: Module, read: ast.expr) -> tuple[ast.expr, Literal["int", "float"] | None]:
    above = module.parent(read)
    if isinstance(above, ast.Call) and above.args == [read] and not above.keywords:
        conversion = _CONVERSIONS.get(module.resolve(above.func) or "")
        if conversion is not None:
            return above, conversion
    return read, None
