"""Run the checks on a service and give every finding its name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from buttress.checks.model import Check, Finding, Kind, NotApplicable, Subject, Unknown, checks
from buttress.project.model import Framework, Place, Project, Role, Service
from buttress.scorecard.model import Located, Result, Scorecard, Status
from buttress.scorecard.weighing import weigh

_REWRITTEN = frozenset([Framework.FASTAPI, Framework.FLASK])
RECIPE_FRAMEWORKS: Mapping[str, frozenset[Framework]] = {
    "ci": _REWRITTEN | {Framework.DJANGO},
    "container": _REWRITTEN | {Framework.DJANGO},
    "error-handling": _REWRITTEN,
    "input-models": _REWRITTEN,
    "settings-and-secrets": _REWRITTEN,
    "structured-logging": _REWRITTEN,
    "terraform": _REWRITTEN | {Framework.DJANGO},
}
"""Which services a recipe is for, as its manifest says: reading manifests takes longer than an inspection."""


def checks_for(
    service: Service, catalogue: Mapping[str, Check] | None = None
) -> Mapping[str, Check]:
    """Return the checks as they are for a service: a recipe that it cannot have is no way out.

    Args:
        service: The service to judge.
        catalogue: The checks; those of this installation by default.
    """
    known = checks() if catalogue is None else catalogue
    return {id_: _fitted(check, service.framework) for id_, check in known.items()}


def _fitted(check: Check, framework: Framework) -> Check:
    if check.recipe is None or framework in RECIPE_FRAMEWORKS.get(check.recipe, _REWRITTEN):
        return check
    return replace(check, recipe=None)


def inspect_service(
    project: Project,
    service: Service,
    catalogue: Mapping[str, Check] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Scorecard:
    """Run all checks on a service and weigh what they find.

    Args:
        project: The facts.
        service: The service to judge.
        catalogue: The checks; those of this installation by default.
        progress: Told the id of each check before it runs.
    """
    subject = Subject(project, service)
    beside = [Subject(project, item) for item in project.beside.get(service.root, ())]
    results = []
    for check in checks_for(service, catalogue).values():
        progress(check.id)
        more = _beside(check, beside) if check.kind is Kind.INSTANCE else []
        results.append(_run(check, subject, more))
    return weigh(project, service, results)


def _run(check: Check, subject: Subject, more: Iterable[Finding]) -> Result:
    status, reason = Status.PASS, ""
    found: list[Finding] = []
    try:
        found += check.function(subject)
    except NotApplicable as why:
        status, reason = Status.NOT_APPLICABLE, str(why)
    except Unknown as why:
        status, reason = Status.UNKNOWN, str(why)
    known = {finding.place for finding in found}
    found += [finding for finding in more if finding.place not in known]
    if not found:
        return Result(check, status, reason=reason)
    return Result(check, Status.FAIL, tuple(_located(check, subject, found)))


def _beside(check: Check, beside: Iterable[Subject]) -> list[Finding]:
    """Return the hazards in files that only an app beside the service runs; recipes do not edit those."""
    found: dict[Place, Finding] = {}
    for subject in beside:
        try:
            for finding in check.function(subject):
                path = finding.place.path
                role = subject.service.roles.get(path)
                if role is Role.APP and subject.project.roles[path] is not Role.APP:
                    found.setdefault(finding.place, replace(finding, by_hand=True))
        except (NotApplicable, Unknown):
            continue
    return list(found.values())


def _located(check: Check, subject: Subject, found: Iterable[Finding]) -> Iterator[Located]:
    seen: Counter[str] = Counter()
    for finding in sorted(found, key=lambda finding: finding.place):
        key = "\0".join((check.id, *_identity(check, subject, finding)))
        name = hashlib.sha256(f"{key}\0{seen[key]}".encode(errors="surrogatepass")).hexdigest()
        seen[key] += 1
        yield Located(
            check,
            finding.place,
            finding.message,
            name[:20],
            share=finding.share,
            by_hand=finding.by_hand,
        )


def _identity(check: Check, subject: Subject, finding: Finding) -> tuple[str, ...]:
    """Return what a finding is about: no line, and for a missing control no anchor either."""
    if check.kind is Kind.PRESENCE and not finding.symbol and not finding.evidence:
        # the anchor moves when the first manifest is written; the control is missed as before
        return (subject.service.root,)
    return (finding.place.path, finding.symbol, finding.evidence)
