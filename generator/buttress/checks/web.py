"""Checks of what strangers and browsers can do: debugging, origins, headers, limits, identity."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.debug_toolbar import open_toolbars
from buttress.analysis.access.endpoints import endpoints
from buttress.analysis.access.exposure import debug_switches, foundations, wildcard_origins
from buttress.analysis.access.guards import knows_callers
from buttress.analysis.access.openings import has_effect, writes
from buttress.analysis.access.origin_headers import open_origin_headers
from buttress.analysis.access.protection import (
    limits_rates,
    sets_security_headers,
)
from buttress.analysis.access.public_forms import only_adds
from buttress.analysis.access.webhooks import is_webhook
from buttress.analysis.graphql.bounds import unbounded
from buttress.analysis.graphql.operations import operations
from buttress.analysis.graphql.serving import servings
from buttress.analysis.graphql.shape import is_wide_or_endless
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Framework, Role


@check(
    "SEC-DEBUG-ENABLED",
    "Debugging is on",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    standards=(
        "CWE-489",
        "OWASP A02:2025",
    ),
    peers=(
        "bandit:B201",
        "ruff:S201",
        "semgrep:python.flask.security.audit.debug-enabled.debug-enabled",
    ),
)
def debug_enabled(subject: Subject) -> Iterator[Finding]:
    """The app starts with debugging on, or does so unless a variable switches it off.

    Flask's debugger runs Python for whoever reaches it, and debug pages show code, settings and
    secrets (CWE-489, OWASP A02:2025). Settings of their own for development are fine.

    Bad::

        app.run(debug=True)

    Good::

        app.run(debug=settings.environment == "development")
    """
    # settings that only an environment variable names look like scripts
    modules = subject.modules(Role.APP)
    overridden = foundations(modules, subject.modules(Role.SCRIPT))
    for module, node, message in debug_switches(modules):
        if module.path not in overridden:
            yield subject.finding(module, node, message)
    for module, value in open_toolbars(modules):
        message = "The debug toolbar shows settings and statements to whoever asks for it."
        yield subject.finding(module, value, message)


@check(
    "SEC-CORS-WILDCARD",
    "Every website may call the app",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    standards=(
        "CWE-942",
        "OWASP A02:2025",
    ),
    peers=("semgrep:python.fastapi.security.wildcard-cors.wildcard-cors",),
)
def cors_wildcard(subject: Subject) -> Iterator[Finding]:
    """Cross-origin requests are allowed from everywhere, or are unless a variable says otherwise.

    A page that a user visits can then read what the app answers to that user; with credentials, as
    that user (CWE-942, OWASP A02:2025).

    Bad::

        app.add_middleware(CORSMiddleware, allow_origins=["*"])

    Good::

        app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    """
    modules = subject.modules(Role.APP)
    for module, node, message in wildcard_origins(modules):
        yield subject.finding(module, node, message)
    for module, node in open_origin_headers(modules):
        message = "Every website may call the app from its visitors' browsers."
        yield subject.finding(module, node, message)


@check(
    "SEC-NO-AUTH",
    "The app asks nobody who they are",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "CWE-306",
        "OWASP A01:2025",
        "OWASP API2:2023",
    ),
)
def no_auth(subject: Subject) -> Iterator[Finding]:
    """Routes change data, or do work that costs something, and no code finds out who is asking.

    Anybody who finds the address can write and delete, or use up a paid model (OWASP A01:2025, API2:2023). Only code counts
    that the entry point imports; one finding stands for all routes. An app whose one form adds something
    (a booking, a short link), and changes nothing that is there, needs no login.

    Bad::

        @app.delete("/orders/{id}")
        def delete(id: int):
            orders.delete(id)

    Good::

        @app.delete("/orders/{id}")
        def delete(id: int, user: User = Depends(current_user)):
            orders.delete(id, owner=user)
    """
    service = subject.service
    changing = [
        e
        for e in endpoints(subject.project, service)
        if e.changes_data or writes(subject.project, service, e)
    ]
    changing += [
        e
        for e in operations(subject.project, service, subject.wired())
        if writes(subject.project, service, e)
    ]
    if not changing:
        raise NotApplicable("no route changes data")
    if all(is_webhook(endpoint) for endpoint in changing):
        raise NotApplicable("only webhooks change data")
    if not knows_callers(subject.project, service, subject.wired()):
        if len(changing) == 1 and only_adds(subject.project, service, changing[0]):
            raise NotApplicable("one form adds something, and nothing that is there changes")
        is_change = any(has_effect(subject.project, service, e) for e in changing)
        what = "change data" if is_change else "do work for whoever asks"
        yield Finding(service.app.place, f"Routes {what}, and nothing asks who calls them.")


@check(
    "SEC-RATE-LIMIT",
    "Nothing limits how often the app is called",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "CWE-770",
        "OWASP A06:2025",
        "OWASP API4:2023",
    ),
)
def rate_limit(subject: Subject) -> Iterator[Finding]:
    """No limiter is attached to the app or its routes, and no proxy in the repository has one.

    Passwords can be guessed as fast as the server answers, and one client can use up all of it, or
    the budget of a language model (OWASP API4:2023).

    Bad::

        limiter = Limiter(key_func=get_remote_address)

    Good::

        @limiter.limit("5/minute")
        def login(request: Request): ...
    """
    if not subject.service.routes:
        raise NotApplicable("the app has no route")
    if not limits_rates(subject.project.tree, subject.wired()):
        yield Finding(subject.service.app.place, "Nothing limits how often the app is called.")


@check(
    "SEC-GRAPHQL-UNBOUNDED",
    "Nothing bounds what one GraphQL query asks for",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "CWE-770",
        "OWASP A06:2025",
        "OWASP API4:2023",
    ),
)
def graphql_unbounded(subject: Subject) -> Iterator[Finding]:
    """A schema is served, and nothing counts how deep a query goes, or how often it asks for the same.

    Lists in lists, and one field under a hundred aliases, make work for minutes out of a short text; a
    limit of requests does not see it. Limits of depth, cost, aliases or tokens count, in whatever
    form, and so does a list of the queries that are allowed. A schema of single values has
    nothing to bound.

    Bad::

        schema = strawberry.Schema(query=Query)

    Good::

        schema = strawberry.Schema(
            query=Query,
            extensions=[QueryDepthLimiter(max_depth=8), MaxAliasesLimiter(max_alias_count=15)],
        )
    """
    project, service, modules = subject.project, subject.service, subject.wired()
    if not servings(project, service, modules):
        raise NotApplicable("the app serves no GraphQL schema")
    if not is_wide_or_endless(project, service, modules):
        return
    for serving in unbounded(project, service, modules):
        message = "Queries may be as deep, and repeat a field as often, as clients like."
        yield subject.finding(serving.module, serving.call, message)
        return


@check(
    "SEC-SECURITY-HEADERS",
    "Security headers are not set",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "CWE-693",
        "OWASP A02:2025",
    ),
)
def security_headers(subject: Subject) -> Iterator[Finding]:
    """Neither the app nor a proxy in the repository tells browsers what not to do with its pages.

    ``X-Content-Type-Options``, ``X-Frame-Options``, ``Content-Security-Policy`` and
    ``Strict-Transport-Security`` stop whole classes of attack (OWASP A02:2025). Two of them count.

    Bad::

        app = Flask(__name__)

    Good::

        app = Flask(__name__)
        Talisman(app)
    """
    service = subject.service
    if not service.routes or service.framework is Framework.STREAMLIT:
        raise NotApplicable("the app has no route")
    if not sets_security_headers(subject.project.tree, subject.wired()):
        yield Finding(service.app.place, "No answer carries security headers.")
