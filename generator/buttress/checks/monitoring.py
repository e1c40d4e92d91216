"""Checks of what watches the app while it runs: health, metrics, errors, traces."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.telemetry import (
    ERROR_TRACKING,
    METRICS,
    TRACING,
    calls_any,
    has_health_route,
    has_metrics_route,
    includes_health_routes,
    mails_errors,
    starts_agent,
    traces_with_sentry,
)
from buttress.checks.model import Finding, Kind, NotApplicable, Pillar, Risk, Subject, check


@check(
    "OBS-NO-HEALTH",
    "Nothing answers whether the app is well",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
)
def no_health(subject: Subject) -> Iterator[Finding]:
    """No route tells a load balancer or a monitor whether the app can do its work.

    A process that hangs keeps getting requests, and users find out first. A route called ``/health``,
    ``/livez``, ``/ready`` or the like counts.

    Bad::

        @app.get("/")
        def index(): ...

    Good::

        @app.get("/readyz")
        def ready():
            database.execute("SELECT 1")
    """
    _routes(subject)
    routes = subject.service.routes
    if not has_health_route(routes) and not includes_health_routes(subject.wired()):
        yield Finding(subject.service.app.place, "No route answers whether the app is well.")


@check(
    "OBS-NO-METRICS",
    "Nothing counts requests, errors and time",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
)
def no_metrics(subject: Subject) -> Iterator[Finding]:
    """No metrics are given out: how many requests, how many errors, how long they take.

    Without them there is no alarm before users call, and no proof that a change made things better. A
    library that is declared and never called does not count.

    Bad::

        prometheus-client==0.23

    Good::

        app.mount("/metrics", make_asgi_app())
    """
    _routes(subject)
    service = subject.service
    if has_metrics_route(service.routes) or starts_agent(subject.project, service):
        return
    if not calls_any(subject.wired(), METRICS):
        yield Finding(service.app.place, "Nothing counts requests, errors and time.")


@check(
    "OBS-NO-ERROR-TRACKING",
    "Nobody is told of unexpected errors",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    standards=("OWASP A09:2025",),
)
def no_error_tracking(subject: Subject) -> Iterator[Finding]:
    """No service collects unexpected errors and tells somebody of a new one.

    They stand in a log that is read when somebody complains. A client of such a service has to be
    started in code that runs. Errors that are mailed count.

    Bad::

        sentry-sdk==2.46

    Good::

        sentry_sdk.init(dsn=settings.sentry_dsn, environment=settings.environment)
    """
    _routes(subject)
    if starts_agent(subject.project, subject.service):
        return
    modules = subject.wired()
    mailed = mails_errors(modules, subject.service.framework)
    if not mailed and not calls_any(modules, ERROR_TRACKING):
        yield Finding(subject.service.app.place, "Nobody is told of unexpected errors.")


@check(
    "OBS-NO-TRACING",
    "Requests cannot be followed across systems",
    pillar=Pillar.OBSERVABILITY,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
)
def no_tracing(subject: Subject) -> Iterator[Finding]:
    """No trace shows which system a request spent its time in.

    Once a request goes through a database, a queue and a model, the slow one is a guess. An app that
    calls nobody needs it least.

    Bad::

        opentelemetry-sdk==1.39

    Good::

        FastAPIInstrumentor.instrument_app(app)
    """
    _routes(subject)
    if (
        not starts_agent(subject.project, subject.service)
        and not calls_any(subject.wired(), TRACING)
        and not traces_with_sentry(subject.wired())
    ):
        yield Finding(subject.service.app.place, "No request is traced across systems.")


def _routes(subject: Subject) -> None:
    if not subject.service.routes:
        raise NotApplicable("the app has no route")
