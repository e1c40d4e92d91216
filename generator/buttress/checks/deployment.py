"""Checks of settings that production needs."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.protection import proxy_sets_hsts
from buttress.analysis.django_settings import (
    missing_protections,
    open_hosts,
    production_settings,
)
from buttress.checks.model import (
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    Unknown,
    check,
)
from buttress.project.model import Framework


@check(
    "SEC-DJANGO-DEPLOY",
    "Django's settings for production are missing or open",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
    standards=("CWE-614", "CWE-319", "CWE-644", "OWASP A02:2025"),
)
def django_deploy(subject: Subject) -> Iterator[Finding]:
    """Production runs without what ``manage.py check --deploy`` asks for, or answers every host name.

    Cookies then travel over plain HTTP, browsers may be talked out of HTTPS, and links in mails are built
    from a name that the sender of a request chose. Settings for development are passed over; a value that
    is read from the environment counts as set.

    Bad::

        ALLOWED_HOSTS = ["*"]

    Good::

        ALLOWED_HOSTS = ["app.example.com"]
        SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
        SECURE_HSTS_SECONDS = 31_536_000
    """
    if subject.service.framework is not Framework.DJANGO:
        raise NotApplicable("the app is not a Django project")
    settings = production_settings(subject.project, subject.service)
    if settings is None:
        raise Unknown("the settings of production are not found")
    hosts = list(open_hosts(settings))
    if not (settings.is_known or hosts):
        raise Unknown("the settings are written by code that is not run")
    for module, value, message in hosts:
        yield subject.finding(module, value, message)
    hsts = proxy_sets_hsts(subject.project.tree)
    missing = missing_protections(settings, proxy_has_hsts=hsts) if settings.is_known else ()
    if missing:
        place = settings.last("MIDDLEWARE") or settings.values["INSTALLED_APPS"][0]
        names = ", ".join(missing)
        yield subject.finding(place.module, place.node, f"Production runs without {names}.")
