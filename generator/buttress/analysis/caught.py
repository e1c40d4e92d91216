"""Where an exception is at hand: the ``except`` block around a place, and what shows its exception."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.vocabulary import vocabulary
from buttress.source import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
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
_EVERYTHING = frozenset(["builtins.Exception", "builtins.BaseException"])


def handler_around(module: Module, node: ast.AST) -> ast.ExceptHandler | None:
    """Return the ``except`` block that runs ``node`` as part of itself, if there is one."""
    for above in module.ancestors(node):
        if isinstance(above, ast.ExceptHandler):
            return above
        if isinstance(above, _FUNCTIONS):
            return None
    return None


def catches_only(module: Module, handler: ast.ExceptHandler, names: frozenset[str]) -> bool:
    """Whether all that an ``except`` clause names is among ``names``."""
    if handler.type is None:
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return all(module.resolve(kind) in names for kind in kinds)


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


def error_handler_parameter(module: Module, node: ast.AST) -> str | None:
    """Return the exception's name in a function that handles every error of an app.

    There the exception is a parameter, and not the one at hand for ``logger.exception``.
    """
    function = module.function(node)
    if function is None or not function.args.args:
        return None
    if any(_registers_everything(module, mark) for mark in function.decorator_list):
        return function.args.args[-1].arg
    return None


def _registers_everything(module: Module, mark: ast.expr) -> bool:
    if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.args):
        return False
    if mark.func.attr not in {"exception_handler", "errorhandler", "app_errorhandler"}:
        return False
    what = mark.args[0]
    is_500 = isinstance(what, ast.Constant) and what.value == 500
    return is_500 or module.resolve(what) in _EVERYTHING


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
    return passes_exception(call)


def passes_exception(call: ast.Call) -> bool:
    """Whether a call passes ``exc_info``, and not to leave it out."""
    return any(
        keyword.arg == "exc_info"
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )
