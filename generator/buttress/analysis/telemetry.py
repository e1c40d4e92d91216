"""What watches the app while it runs: health routes, metrics, error tracking, traces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.analysis.delivery.images import images
from buttress.project.documents import text_of
from buttress.project.model import Framework, Project, Route, Service
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_HEALTH = lazy_pattern(
    r"(?:health|healthz|healthcheck|health[-_]check|livez?|liveness|readyz?|readiness|ping|status|heartbeat|up)\Z",
    re.IGNORECASE,
)
_HEALTH_HANDLER = lazy_pattern(
    r"(?:get_)?(?:health(?:_?check)?|healthz|liveness|readiness)(?:_check|_probe)?\Z"
)
_HEALTH_URLS = frozenset({"health_check.urls", "django_alive.urls", "watchman.urls"})
_AGENTS = lazy_pattern(
    r"\b(?:ddtrace-run|newrelic-admin|opentelemetry-instrument|scout_apm|elastic-apm)\b"
)
METRICS = (
    "prometheus_client.make_asgi_app", "prometheus_client.make_wsgi_app", "prometheus_client.start_http_server",
    "prometheus_client.generate_latest", "prometheus_client.push_to_gateway", "prometheus_fastapi_instrumentator.",
    "starlette_exporter.", "starlette_prometheus.", "prometheus_flask_exporter.", "prometheus_async.", "statsd.",
    "datadog.initialize", "ddtrace.", "opentelemetry.sdk.metrics.", "logfire.instrument*", "newrelic.agent.",
    "elasticapm.", "azure.monitor.opentelemetry.", "aws_embedded_metrics.", "flask_monitoringdashboard.",
)  # fmt: skip
ERROR_TRACKING = (
    "sentry_sdk.init", "rollbar.init", "bugsnag.configure", "honeybadger.honeybadger.configure", "raven.",
    "raygun4py.", "airbrake.", "newrelic.agent.", "elasticapm.", "logfire.instrument*", "ddtrace.", "posthog.",
    "azure.monitor.opentelemetry.", "rollbar.contrib.", "bugsnag.flask.", "bugsnag.asgi.",
)  # fmt: skip
TRACING = (
    "opentelemetry.instrumentation.", "opentelemetry.sdk.trace.TracerProvider", "ddtrace.", "logfire.instrument*",
    "newrelic.agent.", "elasticapm.", "azure.monitor.opentelemetry.", "aws_xray_sdk.", "jaeger_client.",
    "google.cloud.trace*",
)  # fmt: skip


def has_health_route(routes: Iterable[Route]) -> bool:
    """Whether a route answers whether the app is well, as its path or its handler says.

    Django's views say nothing of methods.
    """
    return any(
        (not route.methods or "GET" in route.methods)
        and (
            _HEALTH.match(route.path.rstrip("/").rpartition("/")[2])
            or _HEALTH_HANDLER.match(route.handler.rpartition(".")[2])
        )
        for route in routes
    )


def includes_health_routes(modules: Iterable[Module]) -> bool:
    """Whether the routes of ``django-health-check`` or ``django-alive`` are included."""
    return any(
        node.value in _HEALTH_URLS
        for module in Modules.of(modules).having("urlpatterns")
        for node in module.nodes(ast.Constant)
    )


def has_metrics_route(routes: Iterable[Route]) -> bool:
    """Whether a route gives metrics out, as its path says."""
    return any(route.path.rstrip("/").endswith("/metrics") for route in routes)


def starts_agent(project: Project, service: Service) -> bool:
    """Whether an image or a platform starts the app below an agent that watches it."""
    for image in images(project, service):
        starts = (image.last("ENTRYPOINT"), image.last("CMD"))
        if any(start is not None and _AGENTS.search(" ".join(start.words)) for start in starts):
            return True
    return any(
        _AGENTS.search(text_of(project.tree, path)) for path in project.tree.named("Procfile")
    )


def calls_any(modules: Iterable[Module], names: tuple[str, ...]) -> bool:
    """Whether any module calls something of these libraries."""
    return next(Modules.of(modules).calls(*names), None) is not None


def traces_with_sentry(modules: Iterable[Module]) -> bool:
    """Whether Sentry is told to follow requests, not only to report errors."""
    return any(
        keyword.arg in {"enable_tracing", "traces_sample_rate", "traces_sampler"}
        and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for _, call in Modules.of(modules).calls("sentry_sdk.init")
        for keyword in call.keywords
    )


def mails_errors(modules: Iterable[Module], framework: Framework) -> bool:
    """Whether somebody gets a mail of an error: a handler of logging, or the ``ADMINS`` of Django."""
    files = Modules.of(modules)
    if next(files.calls("logging.handlers.SMTPHandler"), None) is not None:
        return True
    # Django mails them what goes wrong, unless it debugs
    if framework is Framework.DJANGO:
        for module in files.having("ADMINS"):
            for node in module.nodes(ast.Assign):
                is_named = any(getattr(target, "id", "") == "ADMINS" for target in node.targets)
                if is_named and not _is_empty(node.value):
                    return True
    return False


def _is_empty(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple) and not node.elts
