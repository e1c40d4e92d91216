"""Where an exception is at hand: the ``except`` block around a place, and what shows its exception."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.vocabulary import vocabulary
from buttress.source import Module
from buttress.source.nodes import Function

ErrorScope = ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef
"""An ``except`` block, or a function that handles errors of the app: where an exception has a name."""

EVERYTHING = frozenset(["builtins.Exception", "builtins.BaseException"])
"""What catches every error there is."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_NESTED = (*_FUNCTIONS, ast.ClassDef)
_TRACEBACKS = vocabulary(
    "traceback.format_exc traceback.format_exception traceback.format_exception_only "
    "traceback.format_tb traceback.print_exc sys.exc_info"
)
_TEXT_OF = frozenset(["builtins.str", "builtins.repr", "builtins.type"])
_QUIET = frozenset(
    [
        "builtins.KeyboardInterrupt",
        "builtins.SystemExit",
        "builtins.GeneratorExit",
        "builtins.StopIteration",
        "builtins.StopAsyncIteration",
        "asyncio.CancelledError",
        "starlette.websockets.WebSocketDisconnect",
        "fastapi.WebSocketDisconnect",
    ]
)
_MISSING = frozenset(["builtins.ImportError", "builtins.ModuleNotFoundError"])
_INTERNAL = (
    "sqlalchemy.", "sqlite3.", "psycopg", "psycopg2.", "pymysql.", "MySQLdb.", "asyncpg.", "aiosqlite.",
    "pymongo.", "redis.", "requests.", "httpx.", "aiohttp.", "urllib.", "openai.", "anthropic.",
    "google.", "botocore.", "boto3.", "smtplib.", "paramiko.", "subprocess.",
)  # fmt: skip
"""Their errors carry host names, statements, paths or keys."""

_READING = frozenset(
    ["json.loads", "model_validate", "model_validate_json", "parse_obj", "validate_python"]
)
_CUTTING = frozenset(["decode", "lower", "removeprefix", "replace", "split", "startswith", "strip"])

_LOG_METHODS = frozenset(
    ["exception", "error", "critical", "warning", "warn", "info", "debug", "log"]
)


def handler_around(module: Module, node: ast.AST) -> ast.ExceptHandler | None:
    """Return the ``except`` block that runs ``node`` as part of itself, if there is one."""
    for above in module.ancestors(node):
        if isinstance(above, ast.ExceptHandler):
            return above
        if isinstance(above, _FUNCTIONS):
            return None
    return None


def is_broad(module: Module, caught: ast.expr | None) -> bool:
    """Whether an ``except`` clause catches every error there is."""
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(module.resolve(kind) in EVERYTHING for kind in kinds)


def is_internal(module: Module, caught: ast.expr | None) -> bool:
    """Whether an ``except`` clause catches errors whose text tells about the inside of the app."""
    if is_broad(module, caught):
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any((module.resolve(kind) or "").startswith(_INTERNAL) for kind in kinds)


def catches_only(module: Module, handler: ast.ExceptHandler, names: frozenset[str]) -> bool:
    """Whether all that an ``except`` clause names is among ``names``."""
    if handler.type is None:
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return all(module.resolve(kind) in names for kind in kinds)


def only_reads_input(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a ``try`` does nothing but take apart what somebody sent: its errors are about that alone."""
    attempt = module.parent(handler)
    if not isinstance(attempt, ast.Try):
        return False
    names = {
        _name_of(module, node)
        for statement in attempt.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    }
    return bool(_READING & names) and names <= _READING | _CUTTING


def _name_of(module: Module, call: ast.Call) -> str:
    """Return the name of a method; of a function of a library the whole one, as ``jwt.decode`` is another."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    return name if name in _READING else module.resolve(call.func) or name


def is_quiet(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether the block handles the end of something, not an error."""
    return catches_only(module, handler, _QUIET)


def is_for_missing_module(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether the block handles a package that is not installed."""
    return catches_only(module, handler, _MISSING)


def names_of(module: Module, node: ast.AST) -> frozenset[str]:
    """Return the names that stand for a caught exception where ``node`` is."""
    names: set[str] = set()
    for above in module.ancestors(node):
        if isinstance(above, ast.ExceptHandler) and above.name:
            names.add(above.name)
        if isinstance(above, _FUNCTIONS):
            break
    return frozenset(names)


def is_traceback(module: Module, node: ast.expr) -> bool:
    """Whether an expression is the text of the traceback."""
    return any(
        isinstance(part, ast.Call) and module.resolve(part.func) in _TRACEBACKS
        for part in ast.walk(node)
    )


def is_exception(module: Module, node: ast.expr, names: frozenset[str]) -> bool:
    """Whether an expression says no more than the traceback: the exception, its text or its type."""
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Call) and module.resolve(node.func) in _TEXT_OF:
        return len(node.args) == 1 and is_exception(module, node.args[0], names)
    if isinstance(node, ast.Attribute) and node.attr in {"__name__", "__class__", "args"}:
        return is_exception(module, node.value, names)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
        return node.value.attr == "args" and is_exception(module, node.value, names)
    return is_traceback(module, node)


def mentions(module: Module, node: ast.AST, names: frozenset[str]) -> bool:
    """Whether an expression uses the caught exception in any way."""
    return any(
        (isinstance(part, ast.Name) and part.id in names)
        or (isinstance(part, ast.Call) and module.resolve(part.func) in _TRACEBACKS)
        for part in ast.walk(node)
    )


def inside(scope: ErrorScope) -> Iterator[ast.AST]:
    """Yield what runs when the block runs: nested functions and classes are left out."""
    stack: list[ast.AST] = list(reversed(scope.body))
    while stack:
        node = stack.pop()
        yield node
        children = [c for c in ast.iter_child_nodes(node) if not isinstance(c, _NESTED)]
        stack.extend(reversed(children))


def function_of(module: Module, scope: ErrorScope) -> Function | None:
    """Return the function that an error scope belongs to."""
    return (
        scope
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef))
        else module.function(scope)
    )


def direct_calls(handler: ast.ExceptHandler) -> Iterator[ast.Call]:
    """Yield the calls that stand as statements of their own in an ``except`` block."""
    for statement in handler.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield statement.value


def brings_traceback(module: Module, call: ast.Call) -> bool:
    """Whether a call logs the traceback of the exception at hand, or prints it."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "exception":
        return True
    if module.resolve(call.func) in {"traceback.print_exc", "sentry_sdk.capture_exception"}:
        return True
    return _passes_exception(call)


def _passes_exception(call: ast.Call) -> bool:
    """Whether a call passes ``exc_info``, and not to leave it out."""
    return any(
        keyword.arg == "exc_info"
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )


def is_reported(module: Module, scope: ErrorScope, name: str | None) -> bool:
    """Whether the block itself logs, prints or reports the error."""
    for node in inside(scope):
        if not isinstance(node, ast.Call):
            continue
        target = module.resolve(node.func) or ""
        if target in {"traceback.print_exc", "sentry_sdk.capture_exception"}:
            return True
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        mentions = any(
            isinstance(part, ast.Name) and part.id == name
            for argument in [*node.args, *(k.value for k in node.keywords)]
            for part in ast.walk(argument)
        )
        with_trace = method == "exception" or any(k.arg == "exc_info" for k in node.keywords)
        if method in _LOG_METHODS and _is_logger(node.func) and (with_trace or mentions):
            return True
        if target == "builtins.print" and mentions:
            return True
    return False


def _is_logger(function: ast.expr) -> bool:
    """Whether what a method is called on has a name that speaks of a log."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    parts = ast.walk(owner) if owner is not None else ()
    names = {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in parts
        if isinstance(part, ast.Name | ast.Attribute)
    }
    return any("log" in name.lower() for name in names)
