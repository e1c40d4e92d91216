"""Tokens that the app signs itself: when they expire, and whether anything takes them back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.project.literals import constant, literal_text, written
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ENCODERS = frozenset(["jwt.encode", "jose.jwt.encode", "jwt.api_jwt.encode"])
_LIMITED = lazy_pattern("expir|lifetime", re.IGNORECASE)
_MINUTES = {"SECONDS": 1 / 60, "MINUTES": 1, "HOURS": 60, "DAYS": 1440}
_LIFETIME = lazy_pattern(
    r"(?:ACCESS_?TOKEN|JWT(?!\w*REFRESH)|\bTOKEN)\w*_(?:EXPIR\w*|LIFETIME|TTL|VALID\w*)_(SECONDS|MINUTES|HOURS|DAYS)\Z|(?:ACCESS_?TOKEN|JWT)\w*_(SECONDS|MINUTES|HOURS|DAYS)\Z",
    re.IGNORECASE,
)
_SETTINGS = frozenset(["JWT_ACCESS_TOKEN_EXPIRES", "ACCESS_TOKEN_LIFETIME"])
_MOST = 7 * 1440
_DEEPEST = 20
_REFRESH = lazy_pattern(r"refresh|reset|verif|confirm|invit|activat|remember", re.IGNORECASE)


def endless_tokens(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the places that make tokens which never expire, or only after more than a week."""
    for module, call in modules.calls(*_ENCODERS):
        if not _expires(module, call, modules):
            yield module, call, "This token never expires."
        elif (days := _days(module, call)) is not None:
            yield module, call, f"This token is valid for {days:g} days."
    for module in modules.spelling(_LIMITED):
        yield from _long_lives(module)


def _expires(module: Module, call: ast.Call, modules: Modules) -> bool:
    """Whether ``exp`` is put into the payload: in the function, in a caller, or in a model."""
    function = module.function(call)
    around: ast.AST = function if function is not None else module.statement(call)
    payload = (
        call.args[0]
        if call.args
        else next((k.value for k in call.keywords if k.arg == "payload"), None)
    )
    if payload is None or any(k.arg is None for k in call.keywords):
        return True
    if _mentions(around):
        return True
    if isinstance(payload, ast.Name) and function is None:
        payload = constant(module, payload.id) or payload
    if isinstance(payload, ast.Dict) and all(key is not None for key in payload.keys):
        return _mentions(payload)
    if function is None:
        return True
    callers = list(_callers(function, modules))
    if any(_mentions(caller) for caller in callers):
        return True
    # where nobody is seen to call it, or a model makes the payload, it cannot be known
    is_known = _is_local_dict(function, payload) or (
        bool(callers) and _is_parameter(function, payload)
    )
    return not is_known


def _days(module: Module, call: ast.Call) -> float | None:
    """Return for how many days a token is valid, where the function itself says so, and more than a week."""
    function = module.function(call)
    if function is None or _REFRESH.search(module.source(function)):
        return None
    found = [
        minutes
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and (minutes := _delta(module, node)) is not None
    ]
    return found[0] / 1440 if len(found) == 1 and found[0] > _MOST else None


def _mentions(node: ast.AST) -> bool:
    for part in ast.walk(node):
        if (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and part.value in {"exp", "expires", "expire"}
        ):
            return True
        if isinstance(part, ast.keyword) and part.arg in {
            "exp",
            "expires_delta",
            "expires_in",
            "lifetime",
        }:
            return True
        if isinstance(part, ast.Attribute) and part.attr == "exp":
            return True
    return False


def _is_local_dict(function: Function, payload: ast.expr) -> bool:
    return isinstance(payload, ast.Name) and any(
        isinstance(node, ast.Assign)
        and any(written(t) == payload.id for t in node.targets)
        and isinstance(node.value, ast.Dict)
        and all(key is not None for key in node.value.keys)
        for node in ast.walk(function)
    )


def _is_parameter(function: Function, payload: ast.expr) -> bool:
    names = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)}
    copies = {
        written(target)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and any(written(part) in names for part in ast.walk(node.value))
        and called_name(node.value) in {"copy", "dict", "deepcopy"}
        for target in node.targets
    }
    return written(payload) in names | copies


def _callers(function: Function, modules: Modules) -> Iterator[ast.AST]:
    for module, call in modules.called(function.name):
        yield module.function(call) or module.statement(call)


def _long_lives(module: Module) -> Iterator[tuple[Module, ast.expr, str]]:
    for statement in module.nodes(ast.Assign, ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if statement.value is None:
            continue
        for target in targets:
            name = written(target).rpartition(".")[2] or _key(target)
            yield from _judged(module, name, statement.value)
    for mapping in module.nodes(ast.Dict):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in _SETTINGS:
                yield from _judged(module, str(key.value), value)


def _judged(module: Module, name: str, value: ast.expr) -> Iterator[tuple[Module, ast.expr, str]]:
    if len(name) > 80 or _REFRESH.search(name):
        return
    if name in _SETTINGS:
        if isinstance(value, ast.Constant) and value.value is False:
            yield module, value, "Access tokens never expire."
        elif (minutes := _delta(module, value)) is not None and minutes > _MOST:
            yield module, value, f"Access tokens are valid for {minutes / 1440:g} days."
        return
    found = _LIFETIME.search(name)
    if found is not None:
        number = _number(module, value)
        unit = (found[1] or found[2] or "").upper()
        if number is not None and number * _MINUTES[unit] > _MOST:
            days = number * _MINUTES[unit] / 1440
            yield module, value, f"Access tokens are valid for {days:g} days."


def _key(node: ast.expr) -> str:
    key = node.slice if isinstance(node, ast.Subscript) else None
    return literal_text(key)


def _delta(module: Module, node: ast.expr) -> float | None:
    """Return the minutes of a ``timedelta`` of plain numbers."""
    if not (isinstance(node, ast.Call) and called_name(node) == "timedelta") or node.args[1:]:
        return None
    total = 0.0
    parts = [("days", argument) for argument in node.args]
    parts += [(k.arg or "", k.value) for k in node.keywords]
    for unit, value in parts:
        number = _number(module, value)
        if number is None or unit.upper() not in {*_MINUTES, "WEEKS"}:
            return None
        total += number * (7 * 1440 if unit == "weeks" else _MINUTES[unit.upper()])
    return total


def _number(module: Module, node: ast.expr, depth: int = 0) -> float | None:
    """Return a number: a literal, a product of such, the default of a variable of the environment."""
    if depth > _DEEPEST:
        return None
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            return None
        if isinstance(node.value, int | float):
            return float(node.value)
        is_digits = isinstance(node.value, str) and node.value.isdecimal() and len(node.value) < 12
        return float(str(node.value)) if is_digits else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = _number(module, node.left, depth + 1), _number(module, node.right, depth + 1)
        return left * right if left is not None and right is not None else None
    if isinstance(node, ast.Call):
        if module.resolve(node.func) in {"builtins.int", "builtins.float"} and node.args:
            return _number(module, node.args[0], depth + 1)
        if module.resolve(node.func) in {"os.getenv", "os.environ.get"} and len(node.args) == 2:
            return _number(module, node.args[1], depth + 1)
        if called_name(node) == "Field" and node.args:
            return _number(module, node.args[0], depth + 1)
    return None
