"""Checks of what the app depends on: versions with known flaws, packages that are not what is meant."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.dependency_facts import advisories, pins, questionable, vulnerable
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


@check(
    "SEC-DEPS-VULNERABLE",
    "A dependency has known vulnerabilities",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    standards=("CWE-1395", "OWASP A06:2021", "OWASP A03:2025"),
)
def deps_vulnerable(subject: Subject) -> Iterator[Finding]:
    """A version that is pinned or locked has published advisories.

    What is known about it is known to everybody. Versions are compared with an extract of the PyPA advisory
    database that this installation carries, without any network; newer advisories are not in it, so a
    project without a match is *unknown*, never fine. ``pip-audit`` asks the current data.

    Bad::

        werkzeug==2.2.2

    Good::

        werkzeug==3.1.4
    """
    found = pins(subject.project.tree, subject.service.manifest)
    if not found:
        raise NotApplicable("no version is pinned or locked")
    date = advisories()["date"]
    hits = list(vulnerable(found))
    if not hits:
        raise Unknown(
            f"no pinned version matches the advisories up to {date}; ask pip-audit for newer"
        )
    for hit in hits:
        ids = ", ".join(hit.ids[:3]) + (f" and {len(hit.ids) - 3} more" if len(hit.ids) > 3 else "")
        rest = f", fixed in {hit.fixed}" if hit.fixed else ""
        what = "a known vulnerability" if len(hit.ids) == 1 else "known vulnerabilities"
        message = f"{hit.pin.name} {hit.pin.version} has {what}: {ids}{rest} (data of {date})."
        yield Finding(hit.pin.place, message, "", f"{hit.pin.name} {hit.pin.version}")


@check(
    "SEC-DEPS-ABANDONED",
    "A dependency is superseded, or another project than is meant",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    standards=("CWE-1104", "CWE-1357", "OWASP A03:2025", "OWASP LLM03:2025"),
)
def deps_abandoned(subject: Subject) -> Iterator[Finding]:
    """A package says of itself that it is deprecated or renamed, or its name is not the one that is meant.

    It gets no security fixes any more; and a name that looks right is how foreign code gets in. Only what a
    package's own page in the index says is taken for a fact, and names of Python's own modules.

    Bad::

        sklearn
        uuid

    Good::

        scikit-learn
    """
    manifest = subject.service.manifest
    if manifest is None or not manifest.dependencies:
        raise NotApplicable("no manifest declares dependencies")
    for item, message in questionable(manifest.dependencies, subject.wired()):
        yield Finding(item.place, message, "", item.name)
