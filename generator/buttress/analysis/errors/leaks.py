"""Text of errors on its way to clients."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.analysis.errors.app_handlers import REGISTERS, handles_every_error
from buttress.analysis.errors.caught import ErrorScope, inside, is_internal, only_reads_input
from buttress.analysis.errors.statuses import EXCEPTION_RESPONSES, status_of
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TEXT_CALLS = frozenset({"builtins.str", "builtins.repr", "builtins.format"})
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


def leaks(module: Module, service: Service) -> Iterator[Leak]:
    """Yield the places where text of an unexpected error is sent to a client, in source order.

    An error that the code names (``except ValueError``, an exception class of its own) is taken as
    written for the client and is not among them; errors of drivers and HTTP clients are.
    """
    handlers = service.handlers(module.path)
    for scope, name in _scopes(module):
        found: dict[ast.expr, tuple[list[ast.expr], ast.AST]] = {}
        for use in _uses(module, scope, name):
            text = _text_around(module, use)
            sink = _sink(module, handlers, text, scope) if text is not None else None
            if text is not None and sink is not None:
                found.setdefault(text, ([], sink))[0].append(use)
        for text, (uses, sink) in found.items():
            yield Leak(scope, text, tuple(uses), status_of(module, sink))


def _scopes(module: Module) -> Iterator[tuple[ErrorScope, str | None]]:
    for handler in module.nodes(ast.ExceptHandler):
        if is_internal(module, handler.type) and not only_reads_input(module, handler):
            yield handler, handler.name
    if not any(word in module.text for word in REGISTERS):
        return
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if handles_every_error(module, function):
            arguments = function.args.args
            if arguments:
                yield function, arguments[-1].arg


def _uses(module: Module, scope: ErrorScope, name: str | None) -> Iterator[ast.expr]:
    if name is None and "format_exc" not in module.text:
        return
    for node in inside(scope):
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


def _sink(
    module: Module, handlers: frozenset[str], text: ast.expr, scope: ErrorScope
) -> ast.AST | None:
    """Return what sends the text to a client: a response call, or the return of a route handler."""
    for above in module.ancestors(text):
        if above is scope:
            return None
        if isinstance(above, ast.Call):
            target = module.resolve(above.func)
            if target in EXCEPTION_RESPONSES or target in _RESPONSES:
                return above
            if not _builds_data(above):
                return None
        elif isinstance(above, ast.Return):
            function = module.function(above)
            is_handler = function is not None and module.symbol(function) in handlers
            return above if is_handler or function is scope else None
        elif isinstance(above, ast.Assign):
            used = _only_use(above, scope)
            return _sink(module, handlers, used, scope) if used is not None else None
        elif not isinstance(above, ast.Dict | ast.List | ast.Tuple | ast.keyword | ast.Starred):
            return None
    return None


def _only_use(statement: ast.Assign, scope: ErrorScope) -> ast.expr | None:
    """Return the one place that reads the name which is given a text, and nothing else."""
    target = statement.targets[0]
    if len(statement.targets) != 1 or not isinstance(target, ast.Name):
        return None
    names = [n for n in inside(scope) if isinstance(n, ast.Name) and n.id == target.id]
    read = [name for name in names if isinstance(name.ctx, ast.Load)]
    is_after = len(names) == 2 and len(read) == 1 and read[0].lineno > statement.lineno
    return read[0] if is_after else None


def _builds_data(call: ast.Call) -> bool:
    """Whether a call looks like the constructor of a response model (``ChatResponse(...)``)."""
    name = called_name(call)
    return name == "dict" or name[:1].isupper()
