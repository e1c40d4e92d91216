"""The functions that answer for every error of an app."""

from __future__ import annotations

import ast

from buttress.analysis.errors.caught import EVERYTHING
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function

INSTALL = "install_error_handlers"
"""What the wiring line of the recipe ``error-handling`` calls."""

REGISTERS = ("exception_handler", "errorhandler", "register_error_handler")
"""A file without any of these words registers no such function."""


def handles_everything(modules: Modules) -> bool:
    """Whether some module registers a handler for every error with an app."""
    return any(_handles_everything(module) for module in modules.having(*REGISTERS, INSTALL))


def _handles_everything(module: Module) -> bool:
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if handles_every_error(module, function):
            return True
    for call in module.nodes(ast.Call):
        name = called_name(call)
        adds = name in {"add_exception_handler", "register_error_handler"} and bool(call.args)
        if (adds and _is_everything(module, call.args[0])) or (name == INSTALL and call.args):
            return True
        for keyword in call.keywords:
            keys = keyword.value.keys if isinstance(keyword.value, ast.Dict) else []
            if keyword.arg == "exception_handlers" and any(
                key is not None and _is_everything(module, key) for key in keys
            ):
                return True
    return False


def handles_every_error(module: Module, function: Function) -> bool:
    """Whether a decorator of a function is ``exception_handler(Exception)`` or ``errorhandler(500)``."""
    return any(_catches_everything(module, mark) for mark in function.decorator_list)


def _catches_everything(module: Module, mark: ast.expr) -> bool:
    if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.args):
        return False
    if mark.func.attr not in {"exception_handler", "errorhandler", "app_errorhandler"}:
        return False
    return _is_everything(module, mark.args[0])


def _is_everything(module: Module, what: ast.expr) -> bool:
    is_500 = isinstance(what, ast.Constant) and what.value == 500
    return is_500 or module.resolve(what) in EVERYTHING


def error_handler_parameter(module: Module, node: ast.AST) -> str | None:
    """Return the exception's name in a function that handles every error of an app.

    There the exception is a parameter, and not the one at hand for ``logger.exception``.
    """
    function = module.function(node)
    if function is None or not function.args.args:
        return None
    return function.args.args[-1].arg if handles_every_error(module, function) else None
