"""How the code treats errors: exception text that reaches a client, and errors that nobody hears of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function

ErrorScope = ast.ExceptHandler | ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_CLOSING = frozenset(
    ["close", "aclose", "disconnect", "kill", "quit", "shutdown", "stop", "terminate"]
)
_ALL = frozenset({"builtins.Exception", "builtins.BaseException"})
_INTERNAL = (
    "sqlalchemy.", "sqlite3.", "psycopg", "psycopg2.", "pymysql.", "MySQLdb.", "asyncpg.", "aiosqlite.",
    "pymongo.", "redis.", "requests.", "httpx.", "aiohttp.", "urllib.", "openai.", "anthropic.",
    "google.", "botocore.", "boto3.", "smtplib.", "paramiko.", "subprocess.",
)  # fmt: skip
"""Their errors carry host names, statements, paths or keys."""

_PRINTS = frozenset(
    {"builtins.print", "pprint.pprint", "traceback.print_exc", "traceback.print_exception"}
)

INSTALL = "install_error_handlers"
"""What the wiring line of the recipe ``error-handling`` calls."""

_REGISTERS = ("exception_handler", "errorhandler", "register_error_handler")

_TEXT_CALLS = frozenset({"builtins.str", "builtins.repr", "builtins.format"})
_EXCEPTION_RESPONSES = frozenset(
    {
        "fastapi.HTTPException",
        "fastapi.exceptions.HTTPException",
        "starlette.exceptions.HTTPException",
        "starlette.exceptions.WebSocketException",
        "flask.abort",
        "werkzeug.exceptions.abort",
    }
)
_RESPONSES = frozenset(
    {
        "flask.jsonify",
        "flask.flash",
        "flask.make_response",
        "flask.Response",
        "flask.render_template",
        "flask.render_template_string",
        *(
            f"{package}.responses.{name}"
            for package in ("fastapi", "starlette")
            for name in (
                "JSONResponse", "ORJSONResponse", "UJSONResponse", "Response", "PlainTextResponse",
                "HTMLResponse",
            )
        ),
        "fastapi.Response",
        "django.http.JsonResponse",
        "django.http.HttpResponse",
    }
)  # fmt: skip
_TEXT_ATTRIBUTES = frozenset({"args", "message", "orig", "detail"})
_LOG_METHODS = frozenset(
    ["exception", "error", "critical", "warning", "warn", "info", "debug", "log"]
)


@dataclass(frozen=True, slots=True)
class Leak:
    """Exception text on its way to a client.

    Attributes:
        scope: The ``except`` block or error handler in which the exception has its name.
        text: The largest expression that builds the text.
        uses: The expressions inside ``text`` that stand for the exception.
        status: The HTTP status it is sent with, where that is a literal.
    """

    scope: ErrorScope
    text: ast.expr
    uses: tuple[ast.expr, ...]
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Swallowed:
    """An error that is caught and of which nobody hears.

    Attributes:
        handler: The ``except`` block.
        is_bare: Whether it catches even ``KeyboardInterrupt`` and ``SystemExit``.
        is_silent: Whether its body does nothing at all.
        is_printed: Whether its body prints something and does nothing else.
    """

    handler: ast.ExceptHandler
    is_bare: bool
    is_silent: bool
    is_printed: bool = False


@dataclass(frozen=True)
class _Sinks:
    module: Module
    handlers: frozenset[str]


def leaks(module: Module, service: Service) -> Iterator[Leak]:
    """Yield the places where text of an unexpected error is sent to a client, in source order.

    An error that the code names (``except ValueError``, an exception class of its own) is taken as
    written for the client and is not among them; errors of drivers and HTTP clients are.
    """
    sinks = _Sinks(module, service.handlers(module.path))
    for scope, name in _scopes(module):
        found: dict[ast.expr, tuple[list[ast.expr], ast.AST]] = {}
        for use in _uses(module, scope, name):
            text = _text_around(module, use)
            sink = _sink(sinks, text, scope) if text is not None else None
            if text is not None and sink is not None:
                found.setdefault(text, ([], sink))[0].append(use)
        for text, (uses, sink) in found.items():
            yield Leak(scope, text, tuple(uses), status_of(module, sink))


def swallowed(module: Module) -> Iterator[Swallowed]:
    """Yield the ``except`` blocks that hide errors: bare ones, and broad ones that print at most."""
    for handler in module.nodes(ast.ExceptHandler):
        is_bare = handler.type is None
        is_silent = all(_does_nothing(statement) for statement in handler.body)
        if is_bare and not _raises_again(handler):
            yield Swallowed(handler, is_bare=True, is_silent=is_silent)
        elif is_silent and not is_bare and is_broad(module, handler.type):
            if _only_closes(module.parent(handler)):
                continue
            yield Swallowed(handler, is_bare=False, is_silent=True)
        elif (
            not is_bare
            and is_broad(module, handler.type)
            and _only_prints(module, handler.body)
            and not _only_closes(module.parent(handler))
        ):
            yield Swallowed(handler, is_bare=False, is_silent=False, is_printed=True)


def _only_closes(attempt: ast.AST | None) -> bool:
    """Whether a ``try`` does nothing but give back what is not needed any more, such as a socket."""
    return isinstance(attempt, ast.Try) and all(
        isinstance(statement, ast.Expr)
        and isinstance(call := getattr(statement.value, "value", statement.value), ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _CLOSING
        for statement in attempt.body
    )


def handles_everything(modules: Modules) -> bool:
    """Whether some module registers a handler for every error with an app."""
    return any(_handles_everything(module) for module in modules.having(*_REGISTERS, INSTALL))


def _handles_everything(module: Module) -> bool:
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if any(_catches_everything(module, mark) for mark in function.decorator_list):
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


def is_broad(module: Module, caught: ast.expr | None) -> bool:
    """Whether an ``except`` clause catches every error there is."""
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(module.resolve(kind) in _ALL for kind in kinds)


def is_internal(module: Module, caught: ast.expr | None) -> bool:
    """Whether an ``except`` clause catches errors whose text tells about the inside of the app."""
    if is_broad(module, caught):
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any((module.resolve(kind) or "").startswith(_INTERNAL) for kind in kinds)


def is_reported(module: Module, scope: ErrorScope, name: str | None) -> bool:
    """Whether the block itself logs, prints or reports the error."""
    for node in _inside(scope):
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
    owner = function.value if isinstance(function, ast.Attribute) else None
    names = {part.id for part in ast.walk(owner) if isinstance(part, ast.Name)} if owner else set()
    names |= (
        {part.attr for part in ast.walk(owner) if isinstance(part, ast.Attribute)}
        if owner
        else set()
    )
    return any("log" in name.lower() for name in names)


def _scopes(module: Module) -> Iterator[tuple[ErrorScope, str | None]]:
    for handler in module.nodes(ast.ExceptHandler):
        if is_internal(module, handler.type):
            yield handler, handler.name
    if not any(word in module.text for word in _REGISTERS):
        return
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if any(_catches_everything(module, mark) for mark in function.decorator_list):
            arguments = function.args.args
            if arguments:
                yield function, arguments[-1].arg


def _catches_everything(module: Module, mark: ast.expr) -> bool:
    """Whether a decorator is ``exception_handler(Exception)`` or ``errorhandler(500)``."""
    if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.args):
        return False
    if mark.func.attr not in {"exception_handler", "errorhandler", "app_errorhandler"}:
        return False
    return _is_everything(module, mark.args[0])


def _is_everything(module: Module, what: ast.expr) -> bool:
    is_500 = isinstance(what, ast.Constant) and what.value == 500
    return is_500 or module.resolve(what) in _ALL


def _inside(scope: ErrorScope) -> Iterator[ast.AST]:
    """Yield what runs when the block runs: nested functions and classes are left out."""
    stack: list[ast.AST] = list(reversed(scope.body))
    while stack:
        node = stack.pop()
        yield node
        children = [c for c in ast.iter_child_nodes(node) if not isinstance(c, _NESTED)]
        stack.extend(reversed(children))


_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def _uses(module: Module, scope: ErrorScope, name: str | None) -> Iterator[ast.expr]:
    if name is None and "format_exc" not in module.text:
        return
    for node in _inside(scope):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            # `except A as e: try: ... except B as e:` gives the name another meaning inside
            if _innermost(module, node, name) is scope:
                yield node
        elif isinstance(node, ast.Call) and module.resolve(node.func) == "traceback.format_exc":
            yield node


def _innermost(module: Module, node: ast.AST, name: str | None) -> ast.AST | None:
    for above in module.ancestors(node):
        if isinstance(above, ast.ExceptHandler) and above.name == name:
            return above
        if isinstance(above, _FUNCTIONS):
            return above
    return None


def _text_around(module: Module, use: ast.expr) -> ast.expr | None:
    """Return the largest expression around a use that only builds text; ``None`` if it is no text."""
    node: ast.expr = use
    is_text = isinstance(use, ast.Call)
    while True:
        above = module.parent(node)
        if isinstance(above, ast.FormattedValue):
            joined = module.parent(above)
            if not isinstance(joined, ast.JoinedStr):
                return None
            node, is_text = joined, True
        elif isinstance(above, ast.expr) and _builds_text(module, above, node, is_text=is_text):
            node, is_text = above, True
        elif isinstance(above, ast.Attribute) and above.attr in _TEXT_ATTRIBUTES:
            node = above
        else:
            return node if is_text or isinstance(node, ast.Attribute) else None


def _builds_text(module: Module, above: ast.expr, node: ast.expr, *, is_text: bool) -> bool:
    """Whether ``above`` makes text of the text or exception ``node``, and nothing else."""
    if isinstance(above, ast.Call):
        return module.resolve(above.func) in _TEXT_CALLS or _formats(above, node)
    if isinstance(above, ast.BinOp):
        return isinstance(above.op, ast.Mod) or (is_text and isinstance(above.op, ast.Add))
    if isinstance(above, ast.Tuple):
        return _is_percent(module.parent(above))
    return isinstance(above, ast.Subscript) and above.value is node and not is_text


def _is_percent(node: ast.AST | None) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)


def _formats(call: ast.Call, argument: ast.expr) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "format"
        and isinstance(call.func.value, ast.Constant)
        and argument in [*call.args, *(keyword.value for keyword in call.keywords)]
    )


def _sink(sinks: _Sinks, text: ast.expr, scope: ErrorScope) -> ast.AST | None:
    """Return what sends the text to a client: a response call, or the return of a route handler."""
    module = sinks.module
    for above in module.ancestors(text):
        if above is scope:
            return None
        if isinstance(above, ast.Call):
            target = module.resolve(above.func)
            if target in _EXCEPTION_RESPONSES or target in _RESPONSES:
                return above
            if not _builds_data(above):
                return None
        elif isinstance(above, ast.Return):
            function = module.function(above)
            is_handler = function is not None and module.symbol(function) in sinks.handlers
            return above if is_handler or function is scope else None
        elif not isinstance(above, ast.Dict | ast.List | ast.Tuple | ast.keyword | ast.Starred):
            return None
    return None


def _builds_data(call: ast.Call) -> bool:
    """Whether a call looks like the constructor of a response model (``ChatResponse(...)``)."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "dict" or name[:1].isupper()


def status_of(module: Module, sink: ast.AST) -> int | None:
    """Return the HTTP status that a sink answers with, where it is a literal."""
    if isinstance(sink, ast.Call):
        target = module.resolve(sink.func) or ""
        for keyword in sink.keywords:
            if keyword.arg in {"status_code", "status"}:
                return _status(keyword.value)
        first = target in _EXCEPTION_RESPONSES
        position = 0 if first else 1
        if len(sink.args) > position and target not in {"flask.jsonify", "flask.flash"}:
            return _status(sink.args[position])
        above = module.parent(sink)
        if isinstance(above, ast.Tuple) and len(above.elts) > 1 and above.elts[0] is sink:
            return _status(above.elts[1])
    if isinstance(sink, ast.Return) and isinstance(sink.value, ast.Tuple):
        return _status(sink.value.elts[1]) if len(sink.value.elts) > 1 else None
    return None


def _status(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Attribute) and node.attr.startswith("HTTP_"):
        number = node.attr.split("_")[1]
        return int(number) if number.isdigit() else None
    return None


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue)


def _only_prints(module: Module, body: list[ast.stmt]) -> bool:
    return all(
        _does_nothing(statement)
        or (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Call)
            and module.resolve(statement.value.func) in _PRINTS
        )
        for statement in body
    )


def _raises_again(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) and node.exc is None for node in _inside(handler))


def function_of(module: Module, scope: ErrorScope) -> Function | None:
    """Return the function that an error scope belongs to."""
    return scope if isinstance(scope, _FUNCTIONS) else module.function(scope)
