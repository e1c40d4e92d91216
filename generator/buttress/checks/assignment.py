"""Checks of what is stored: which fields of an object a client may set."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from buttress.analysis.access.endpoints import endpoints
from buttress.analysis.access.guards import guards_of
from buttress.analysis.requests.mass_assignment import assigned_fields
from buttress.analysis.requests.schema_fields import knows_powerful_roles
from buttress.analysis.requests.wide_forms import wide_forms
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check


@check(
    "SEC-MASS-ASSIGNMENT",
    "A client chooses which fields of a stored object are set",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-915", "OWASP A08:2025", "OWASP API3:2023"),
    peers=(
        "ruff:DJ006",
        "ruff:DJ007",
        "semgrep:python.django.security.injection.mass-assignment.mass-assignment",
    ),
)
def mass_assignment(subject: Subject) -> Iterator[Finding]:
    """All keys of a request become fields of what is stored, or a field among them that carries rights.

    Who registers adds ``is_admin`` to the form, who edits a profile its ``role``, and the app stores it. A
    schema, a form or a list that names the fields is fine, unless rights are among them and everybody may
    fill them in. What only some roles may call is not looked at.

    Bad::

        db.session.add(User(**request.json))

    Good::

        data = request.json
        db.session.add(User(email=data["email"], name=data["name"]))
    """
    project, service, modules = subject.project, subject.service, subject.wired()
    found, guards = endpoints(project, service), guards_of(project, service, modules)
    has_roles = partial(knows_powerful_roles, modules)
    places = [
        *assigned_fields(project, service, found, guards, has_roles),
        *wide_forms(project, service, modules, found, guards),
    ]
    for place in places:
        yield subject.finding(place.module, place.node, place.message)
