"""Checks of sessions: what other sites, scripts and networks can do with the cookies."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.endpoints import endpoints
from buttress.analysis.access.guards import guards_of
from buttress.analysis.access.sessions import (
    asked_changes,
    cross_site_cookies,
    exempt_views,
    switched_off,
    unprotected_forms,
    uses_session,
    weak_cookies,
)
from buttress.analysis.django_settings import production_settings
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Framework

_CSRF = "django.middleware.csrf.CsrfViewMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@check(
    "SEC-CSRF",
    "Session cookies that other sites or scripts can use",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-352", "CWE-614", "CWE-1004", "OWASP A01:2025", "OWASP A02:2025"),
    peers=(
        "semgrep:python.django.security.audit.csrf-exempt.no-csrf-exempt",
        "semgrep:python.flask.security.audit.secure-set-cookie.secure-set-cookie",
        "semgrep:flask-wtf-csrf-disabled",
        "semgrep:django-no-csrf-token",
        "semgrep:django-secure-set-cookie",
    ),
)
def csrf(subject: Subject) -> Iterator[Finding]:
    """People are known by a cookie, and no token shows that a form is your own; or the cookie lacks flags.

    Any page that a user visits can then send forms in that user's name; where a GET changes something, an
    image is enough. ``HttpOnly`` keeps the cookie from
    scripts, ``Secure`` from plain HTTP. APIs that ask for a token in a header are fine.

    Bad::

        response.set_cookie("session", token)

    Good::

        csrf = CSRFProtect(app)
        response.set_cookie("session", token, httponly=True, secure=True, samesite="Lax")
    """
    modules = subject.wired()
    found = endpoints(subject.project, subject.service)
    for module, call, message in weak_cookies(modules):
        yield subject.finding(module, call, message)
    if subject.service.framework is Framework.DJANGO:
        yield from _django(subject)
    elif subject.service.framework is Framework.FLASK:
        yield from _flask(subject)
    for endpoint in asked_changes(subject.project, subject.service, modules, found):
        message = f"{endpoint.name} changes data on a GET, which a link of another site can send."
        yield subject.finding(endpoint.module, endpoint.node, message)
    for module, value in switched_off(modules, "SESSION_COOKIE_HTTPONLY"):
        yield subject.finding(module, value, "Scripts may read the cookie of a session.")
    for module, value in cross_site_cookies(modules):
        yield subject.finding(
            module,
            value,
            "Browsers send this cookie along from other sites, and no token is checked.",
        )


def _django(subject: Subject) -> Iterator[Finding]:
    project, service = subject.project, subject.service
    settings = production_settings(project, service)
    middleware = settings.middleware if settings is not None else None
    if settings is not None and middleware is not None:
        setting = settings.last("MIDDLEWARE")
        if setting is not None and _SESSIONS in middleware and _CSRF not in middleware:
            yield subject.finding(
                setting.module, setting.node, "CsrfViewMiddleware is not among the middleware."
            )
    for endpoint in exempt_views(project, service, endpoints(project, service)):
        message = f"{endpoint.name} acts for who is logged in, and takes forms of other sites."
        yield subject.finding(endpoint.module, endpoint.node, message)


def _flask(subject: Subject) -> Iterator[Finding]:
    project, service = subject.project, subject.service
    modules = subject.wired()
    for module, value in switched_off(modules):
        yield subject.finding(module, value, "The check of tokens in forms is switched off.")
    guards = guards_of(project, service, modules)
    form = unprotected_forms(modules, endpoints(project, service), guards)
    is_open = uses_session(modules) and not modules.having("SESSION_COOKIE_SECURE", "Talisman(")
    cookie = "the session cookie is also sent over plain HTTP (SESSION_COOKIE_SECURE)"
    if form is not None:
        rest = f"; {cookie}." if is_open else "."
        message = f"No token shows that forms such as that of {form.name} are the app's own{rest}"
        yield Finding(service.app.place, message, "", "forms")
    elif is_open:
        yield Finding(service.app.place, cookie[0].upper() + cookie[1:] + ".", "", "cookie")
