"""Whether every request gets an ID: something that sets it is attached to the app."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.vocabulary import vocabulary
from buttress.analysis.wiring import Definition, Wiring
from buttress.project.literals import last_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_HEADER = lazy_pattern(
    r"(?:x-)?(?:request|correlation|trace|transaction)-?id|traceparent", re.IGNORECASE
)
_IN_A_WORD = lazy_pattern(
    "requestid|correlationid|traceid|transactionid|traceparent", re.IGNORECASE
)
_IN_TWO_WORDS = ("-id", "-ID", "-Id", "-iD")
_READY_MADE = vocabulary(
    "asgi_correlation_id.CorrelationIdMiddleware asgi_correlation_id.middleware.CorrelationIdMiddleware "
    "starlette_context.plugins.RequestIdPlugin starlette_context.plugins.CorrelationIdPlugin "
    "starlette_context.plugins.request_id.RequestIdPlugin "
    "starlette_context.plugins.correlation_id.CorrelationIdPlugin "
    "flask_log_request_id.RequestID flask_request_id_header.middleware.RequestID "
    "flask_request_id.RequestID fastapi_correlation.CorrelationMiddleware "
    "opentelemetry.instrumentation.fastapi.FastAPIInstrumentor "
    "opentelemetry.instrumentation.flask.FlaskInstrumentor "
    "opentelemetry.instrumentation.asgi.OpenTelemetryMiddleware "
    "opentelemetry.instrumentation.django.DjangoInstrumentor ddtrace.patch_all"
)
_DJANGO = vocabulary(
    "django_structlog.middlewares.RequestMiddleware django_guid.middleware.guid_middleware "
    "log_request_id.middleware.RequestIDMiddleware request_id.middleware.RequestIdMiddleware "
    "cid.middleware.CidMiddleware opentelemetry.instrumentation.django.middleware"
)
_HOOKS = frozenset(["middleware", "after_request", "before_request", "after_app_request"])
_ATTACHES = frozenset(
    ["add_middleware", "Middleware", "after_request", "before_request", "middleware"]
)
_BINDS = frozenset(["bind_contextvars", "contextualize", "bound_contextvars"])
_FIELD = lazy_pattern(r"(?:request|correlation|trace)_?id")
_ONLY_MENTIONED = frozenset(["allow_headers", "expose_headers", "headers_allow_list"])


def has_request_id(wiring: Wiring) -> bool:
    """Whether something that gives requests an ID is attached to the app.

    A header that is only allowed (CORS) or only read somewhere does not count.
    """
    modules = wiring.modules
    for module in modules.naming(*_READY_MADE):
        for node in module.nodes(ast.Name, ast.Attribute):
            if module.resolve(node) in _READY_MADE and wiring.runs(module, node):
                return True
    for module in modules.having("MIDDLEWARE"):
        if any(_is_django_middleware(module, text) for text in module.nodes(ast.Constant)):
            return True
    return any(
        _wiring_reaches(wiring, module, carrier)
        for spelled in (modules.having(*_IN_TWO_WORDS), modules.spelling(_IN_A_WORD))
        for module in spelled
        for carrier in _carriers(module)
    ) or any(_wiring_reaches(wiring, module, carrier) for module, carrier in _bound(modules))


def _is_django_middleware(module: Module, text: ast.Constant) -> bool:
    if text.value not in _DJANGO:
        return False
    return any(
        isinstance(above, ast.Assign)
        and any(getattr(target, "id", "") == "MIDDLEWARE" for target in above.targets)
        for above in module.ancestors(text)
    )


def _carriers(module: Module) -> Iterator[Definition]:
    """Yield the outermost functions and classes that put an ID into a response."""
    for text in module.nodes(ast.Constant):
        value = text.value.decode("latin-1") if isinstance(text.value, bytes) else text.value
        if not isinstance(value, str) or not _HEADER.fullmatch(value.strip()):
            continue
        if not _is_written(module, text):
            continue
        holders = [
            above
            for above in module.ancestors(text)
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        ]
        if holders:
            yield holders[-1]
        else:
            yield from _using_constant(module, text)


def _bound(modules: Modules) -> Iterator[tuple[Module, Definition]]:
    """Yield the outermost functions and classes that put an ID into all lines that follow."""
    for module, call in modules.called(*_BINDS):
        if any(_FIELD.fullmatch(keyword.arg or "") for keyword in call.keywords):
            holders = [
                above
                for above in module.ancestors(call)
                if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            ]
            if holders:
                yield module, holders[-1]


def _using_constant(module: Module, text: ast.Constant) -> Iterator[Definition]:
    """Yield what uses ``HEADER = "X-Request-ID"``."""
    statement = module.statement(text)
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return
    for node in module.nodes(ast.Name):
        if node.id == statement.targets[0].id and isinstance(node.ctx, ast.Load):
            holders = [
                above
                for above in module.ancestors(node)
                if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            ]
            if holders and _is_written(module, node):
                yield holders[-1]


def _is_written(module: Module, node: ast.expr) -> bool:
    """Whether a header's name stands where headers are set, not where one is read or allowed."""
    above = module.parent(node)
    if isinstance(above, ast.Subscript):
        return isinstance(above.ctx, ast.Store)
    if isinstance(above, ast.Call):
        function = above.func
        return isinstance(function, ast.Attribute) and function.attr in {
            "append",
            "add",
            "setdefault",
            "set",
        }
    if isinstance(above, ast.Compare):
        return False
    keyword = next((a for a in module.ancestors(node) if isinstance(a, ast.keyword)), None)
    if keyword is not None and keyword.arg in _ONLY_MENTIONED:
        return False
    return isinstance(above, ast.Tuple | ast.Dict | ast.Assign)


def _wiring_reaches(wiring: Wiring, module: Module, carrier: Definition) -> bool:
    """Whether a middleware, hook or the function that installs one is attached to the app."""
    if any(_is_hook(mark) for mark in carrier.decorator_list):
        return wiring.runs(module, carrier)
    return any(
        _attaches(wiring, place, use, carrier) and wiring.runs(place, use)
        for place, use in wiring.uses(module, carrier)
    )


def _is_hook(mark: ast.expr) -> bool:
    target = mark.func if isinstance(mark, ast.Call) else mark
    return isinstance(target, ast.Attribute) and target.attr in _HOOKS


def _attaches(wiring: Wiring, module: Module, use: ast.expr, carrier: Definition) -> bool:
    """Whether a use hands a middleware to the app, wraps the app in it, or hands the app to it."""
    above = module.parent(use)
    if isinstance(above, ast.keyword):
        above = module.parent(above)
    if not isinstance(above, ast.Call):
        return False
    if above.func is not use:
        # also `app.middleware("http")(with_id)`
        function = above.func.func if isinstance(above.func, ast.Call) else above.func
        return last_name(function) in _ATTACHES
    if isinstance(carrier, ast.ClassDef):
        # `app.wsgi_app = RequestLog(app.wsgi_app)`
        return bool(above.args)
    apps = {"app", "application", wiring.service.app.name}
    return any(isinstance(item, ast.Name) and item.id in apps for item in above.args)
