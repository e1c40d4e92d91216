"""The scorecard: findings and passes, weighed by risk, per pillar and in total.

Controls that must exist earn credit; hazards that must not exist shrink their pillar by a factor. An
open critical or high finding caps the score, and the verdict, not the number, is the headline.
The model and its constants are explained in ``docs/explanation/scoring.md``.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from buttress.checks.model import (
    Check,
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    Unknown,
    checks,
)
from buttress.project.model import Place, Project, Role, Service
from buttress.source import Skipped

CATALOGUE_VERSION = "2026.11"

_WEIGHT = {Risk.CRITICAL: 10.0, Risk.HIGH: 6.0, Risk.MEDIUM: 3.0, Risk.LOW: 1.0}
_TRUST = {Confidence.HIGH: 1.0, Confidence.MEDIUM: 0.8, Confidence.LOW: 0.0}
_RATIO_BASE = {Risk.CRITICAL: 0.0, Risk.HIGH: 0.25, Risk.MEDIUM: 0.5, Risk.LOW: 0.7}
_HAZARD = {Risk.CRITICAL: 0.7, Risk.HIGH: 0.25, Risk.MEDIUM: 0.08, Risk.LOW: 0.02}
_PILLAR_WEIGHT = {pillar: 25.0 if pillar is Pillar.SECURITY else 15.0 for pillar in Pillar}
_CRITICAL_PILLAR_CAP, _CRITICAL_CAP, _HIGH_CAP = 39.0, 49.0, 79.0
_RISK_ORDER = list(Risk)
_CONFIDENCE_ORDER = list(Confidence)
_MANY_UNKNOWN = 0.25
_FEW_ROUTES, _FEW_LINES = 3, 200


class Status(StrEnum):
    """What became of a check."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """The headline."""

    NOT_READY = "not ready"
    AT_RISK = "at risk"
    FOLLOW_UPS = "ready with follow-ups"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with the check it belongs to and an identity that survives moved lines.

    Attributes:
        check: The check that failed.
        place: Where.
        message: One sentence.
        fingerprint: Hash of check, path, symbol, normalised code and ordinal; no line number.
    """

    check: Check
    place: Place
    message: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Result:
    """One check with its outcome.

    Attributes:
        check: The check.
        status: What became of it.
        findings: Where it fails.
        reason: Why it does not apply or cannot be told.
    """

    check: Check
    status: Status
    findings: tuple[Located, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PillarScore:
    """A pillar from 0 to 100; ``None`` when nothing applies or too much is unknown."""

    pillar: Pillar
    score: float | None
    failed: int
    passed: int


@dataclass(frozen=True)
class Scorecard:
    """What inspection found out about one service.

    Attributes:
        total: From 0 to 100; ``None`` for a project too small to judge.
        strict: The total with everything that was accepted counted as failing.
        verdict: The headline.
        pillars: In the order of ``Pillar``.
        results: One for every check, by id.
        project: What was inspected.
        service: The service that was judged.
    """

    total: float | None
    strict: float | None
    verdict: Verdict
    pillars: tuple[PillarScore, ...]
    results: tuple[Result, ...]
    project: Project
    service: Service
    catalogue_version: str = CATALOGUE_VERSION

    @property
    def findings(self) -> tuple[Located, ...]:
        """All findings, those that matter most first, whatever their pillar."""
        found = [finding for result in self.results for finding in result.findings]
        return tuple(sorted(found, key=_rank))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that were passed over."""
        return self.project.tree.skipped

    def recommended(self) -> tuple[str, ...]:
        """Return the recipes that findings point to, the highest risk first."""
        scored = [f for f in self.findings if f.check.recipe]
        return tuple(dict.fromkeys(f.check.recipe for f in scored if f.check.recipe))


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
    results = []
    for check in (catalogue if catalogue is not None else checks()).values():
        progress(check.id)
        results.append(_run(check, subject))
    pillars = tuple(_pillar(pillar, results) for pillar in Pillar)
    total = _total(pillars, results)
    verdict = _verdict(total, pillars, results)
    if _is_tiny(project, service):
        total = None
    return Scorecard(total, total, verdict, pillars, tuple(results), project, service)


def _run(check: Check, subject: Subject) -> Result:
    try:
        found = list(check.function(subject))
    except NotApplicable as reason:
        return Result(check, Status.NOT_APPLICABLE, reason=str(reason))
    except Unknown as reason:
        return Result(check, Status.UNKNOWN, reason=str(reason))
    if not found:
        return Result(check, Status.PASS)
    return Result(check, Status.FAIL, tuple(_located(check, found)))


def _located(check: Check, found: Iterable[Finding]) -> Iterable[Located]:
    seen: Counter[str] = Counter()
    ordered = sorted(found, key=lambda finding: finding.place)
    for finding in ordered:
        key = "\0".join((check.id, finding.place.path, finding.symbol, finding.evidence))
        name = hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:20]
        seen[key] += 1
        yield Located(check, finding.place, finding.message, name)


def _rank(finding: Located) -> tuple[int, int, bool, str, Place]:
    check = finding.check
    return (
        _RISK_ORDER.index(check.risk),
        _CONFIDENCE_ORDER.index(check.confidence),
        check.recipe is None,
        check.id,
        finding.place,
    )


def _pillar(pillar: Pillar, results: Iterable[Result]) -> PillarScore:
    mine = [result for result in results if result.check.pillar is pillar]
    known = [result for result in mine if result.status in {Status.PASS, Status.FAIL}]
    unknown = sum(_weight(r.check) for r in mine if r.status is Status.UNKNOWN)
    weight = sum(_weight(result.check) for result in known)
    failed = sum(result.status is Status.FAIL for result in known)
    score: float | None = None
    if weight and unknown <= _MANY_UNKNOWN * (weight + unknown):
        score = round(_credit(known) * math.exp(-_hazard(known)) * 100, 1)
        if any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in known):
            score = min(score, _CRITICAL_PILLAR_CAP)
    return PillarScore(pillar, score, failed, len(known) - failed)


def _weight(check: Check) -> float:
    return _WEIGHT[check.risk] * _TRUST[check.confidence]


def _credit(known: Iterable[Result]) -> float:
    """Return the share of controls that exist, from 0 to 1; 1 where none is asked for."""
    earned = asked = 0.0
    for result in known:
        check = result.check
        if check.kind is Kind.INSTANCE:
            continue
        asked += _weight(check)
        if result.status is Status.PASS:
            earned += _weight(check)
        elif check.kind is Kind.RATIO:
            share = _RATIO_BASE[check.risk] / (1 + math.log2(len(result.findings)))
            earned += _weight(check) * share
    return earned / asked if asked else 1.0


def _hazard(known: Iterable[Result]) -> float:
    return sum(
        _HAZARD[result.check.risk]
        * _TRUST[result.check.confidence]
        * math.sqrt(1 + math.log2(len(result.findings)))
        for result in known
        if result.check.kind is Kind.INSTANCE and result.findings
    )


def _is_open(result: Result, risk: Risk, least: Confidence) -> bool:
    sure = _CONFIDENCE_ORDER.index(result.check.confidence) <= _CONFIDENCE_ORDER.index(least)
    return result.status is Status.FAIL and result.check.risk is risk and sure


def _total(pillars: Iterable[PillarScore], results: Iterable[Result]) -> float | None:
    known = [pillar for pillar in pillars if pillar.score is not None]
    if not known:
        return None
    weight = sum(_PILLAR_WEIGHT[pillar.pillar] for pillar in known)
    total = sum(_PILLAR_WEIGHT[p.pillar] * (p.score or 0.0) for p in known) / weight
    if any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in results):
        total = min(total, _CRITICAL_CAP)
    if any(_is_open(result, Risk.HIGH, Confidence.HIGH) for result in results):
        total = min(total, _HIGH_CAP)
    return round(total, 1)


def _verdict(
    total: float | None, pillars: Iterable[PillarScore], results: Iterable[Result]
) -> Verdict:
    results = list(results)
    scores = [pillar.score for pillar in pillars if pillar.score is not None]
    critical = any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in results)
    if critical or total is None or total < 50:
        return Verdict.NOT_READY
    if any(_is_open(r, Risk.HIGH, Confidence.MEDIUM) for r in results) or min(scores) < 40:
        return Verdict.AT_RISK
    return Verdict.READY if min(scores) >= 60 else Verdict.FOLLOW_UPS


def _is_tiny(project: Project, service: Service) -> bool:
    if len(service.routes) >= _FEW_ROUTES:
        return False
    paths = service.files(Role.APP)
    lines = sum(len(project.tree.module(path).line_starts) for path in paths)
    return lines < _FEW_LINES
