"""Results become a score: by risk, per pillar and in total.

Controls that must exist earn credit; hazards that must not exist shrink their pillar by a factor. An
open critical or high finding caps the score, and the verdict, not the number, is the headline.
The model and its constants are explained in ``docs/explanation/scoring.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from buttress.checks.model import Check, Confidence, Kind, Pillar, Risk
from buttress.project.model import Project, Role, Service
from buttress.scorecard.model import (
    PillarScore,
    Remark,
    Result,
    Scorecard,
    Status,
    Verdict,
    is_scored,
)

_WEIGHT = {Risk.CRITICAL: 10.0, Risk.HIGH: 6.0, Risk.MEDIUM: 3.0, Risk.LOW: 1.0}
_TRUST = {Confidence.HIGH: 1.0, Confidence.MEDIUM: 0.8, Confidence.LOW: 0.0}
_RATIO_BASE = {Risk.CRITICAL: 0.0, Risk.HIGH: 0.25, Risk.MEDIUM: 0.5, Risk.LOW: 0.7}
_HAZARD = {Risk.CRITICAL: 0.5, Risk.HIGH: 0.2, Risk.MEDIUM: 0.06, Risk.LOW: 0.015}
_LINES = 1000
_PILLAR_WEIGHT = {pillar: 25.0 if pillar is Pillar.SECURITY else 15.0 for pillar in Pillar}
_CRITICAL_PILLAR_CAP, _CRITICAL_CAP, _HIGH_CAP = 39.0, 49.0, 79.0
_NOT_READY, _WEAK, _STRONG = 40.0, 40.0, 60.0
_CONFIDENCE_ORDER = list(Confidence)
_MANY_UNKNOWN = 0.25
_FEW_ROUTES, _FEW_LINES = 3, 200
_FINE = frozenset([Status.PASS, Status.ACCEPTED, Status.ATTESTED])
_KNOWN = _FINE | {Status.FAIL}


def weigh(
    project: Project,
    service: Service,
    results: Iterable[Result],
    *,
    deselected: Iterable[Result] = (),
    remarks: Iterable[Remark] = (),
    compared_with: str = "",
) -> Scorecard:
    """Return the scorecard of results.

    Args:
        project: The facts.
        service: The service that the results are about.
        results: One for every selected check.
        deselected: Those of the other checks; they count in the strict score alone.
        remarks: What is wrong with the acceptances themselves.
        compared_with: What "new" means: the baseline or the revision.
    """
    results, deselected = tuple(results), tuple(deselected)
    strict_results = sorted(
        (_strictly(result) for result in (*results, *deselected)), key=lambda r: r.check.id
    )
    size = _size(project, service)
    pillars = tuple(
        replace(_pillar(pillar, results, size), strict=_pillar(pillar, strict_results, size).score)
        for pillar in Pillar
    )
    total = _total([pillar.score for pillar in pillars], results)
    strict = _total([pillar.strict for pillar in pillars], strict_results)
    verdict = _verdict(total, pillars, results)
    if _is_tiny(project, service):
        total = strict = None
    return Scorecard(
        total,
        strict,
        verdict,
        pillars,
        results,
        project,
        service,
        deselected=deselected,
        remarks=tuple(remarks),
        compared_with=compared_with,
    )


def _strictly(result: Result) -> Result:
    """Return a result as if nothing of it had been accepted."""
    if result.status not in {Status.ACCEPTED, Status.ATTESTED}:
        findings = tuple(replace(finding, acceptance=None) for finding in result.findings)
        return replace(result, findings=findings)
    if not result.findings:
        # attested where nothing could be decided: strictly, it still cannot
        return replace(result, status=Status.UNKNOWN)
    findings = tuple(replace(finding, acceptance=None) for finding in result.findings)
    return replace(result, status=Status.FAIL, findings=findings)


def _pillar(pillar: Pillar, results: Iterable[Result], size: float) -> PillarScore:
    mine = [r for r in results if r.check.pillar is pillar and is_scored(r.check)]
    known = [result for result in mine if result.status in _KNOWN]
    undecided = [result for result in mine if result.status is Status.UNKNOWN]
    unknown = sum(_weight(result.check) for result in undecided)
    weight = sum(_weight(result.check) for result in known)
    failed = sum(result.status is Status.FAIL for result in known)
    score: float | None = None
    if weight and unknown <= _MANY_UNKNOWN * (weight + unknown):
        score = round(_credit(known, size) * math.exp(-_hazard(known, size)) * 100, 1)
        if any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in known):
            score = min(score, _CRITICAL_PILLAR_CAP)
    return PillarScore(pillar, score, failed, len(known) - failed, len(undecided))


def _weight(check: Check) -> float:
    return _WEIGHT[check.risk] * _TRUST[check.confidence]


def _spread(result: Result, size: float) -> float:
    """Return how widely a check fails: 1 for one place in a thousand lines, growing ever slower.

    What is critical is as bad in a large app as in a small one.
    """
    share = 1.0 if result.check.risk is Risk.CRITICAL else size
    return math.log2(1 + len(result.open) / share)


def _credit(known: Iterable[Result], size: float) -> float:
    """Return the share of controls that exist, from 0 to 1; 1 where none is asked for."""
    earned = asked = 0.0
    for result in known:
        check = result.check
        if check.kind is Kind.INSTANCE:
            continue
        asked += _weight(check)
        if result.status in _FINE:
            earned += _weight(check)
        elif check.kind is Kind.RATIO:
            earned += _weight(check) * _RATIO_BASE[check.risk] ** _spread(result, size)
    return earned / asked if asked else 1.0


def _hazard(known: Iterable[Result], size: float) -> float:
    return sum(
        _HAZARD[result.check.risk]
        * _TRUST[result.check.confidence]
        * math.sqrt(_spread(result, size))
        for result in known
        if result.check.kind is Kind.INSTANCE and result.open
    )


def _is_open(result: Result, risk: Risk, least: Confidence) -> bool:
    sure = _CONFIDENCE_ORDER.index(result.check.confidence) <= _CONFIDENCE_ORDER.index(least)
    return result.status is Status.FAIL and result.check.risk is risk and sure


def _total(scores: Iterable[float | None], results: Sequence[Result]) -> float | None:
    weighed = [
        (_PILLAR_WEIGHT[pillar], score)
        for pillar, score in zip(Pillar, scores, strict=True)
        if score is not None
    ]
    if not weighed:
        return None
    total = sum(weight * score for weight, score in weighed) / sum(w for w, _ in weighed)
    if any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in results):
        total = min(total, _CRITICAL_CAP)
    if any(_is_open(result, Risk.HIGH, Confidence.HIGH) for result in results):
        total = min(total, _HIGH_CAP)
    return round(total, 1)


def _verdict(
    total: float | None, pillars: Iterable[PillarScore], results: Sequence[Result]
) -> Verdict:
    scores = [pillar.score for pillar in pillars if pillar.score is not None]
    critical = any(_is_open(result, Risk.CRITICAL, Confidence.MEDIUM) for result in results)
    if critical or total is None or total < _NOT_READY:
        return Verdict.NOT_READY
    if any(_is_open(r, Risk.HIGH, Confidence.MEDIUM) for r in results) or min(scores) < _WEAK:
        return Verdict.AT_RISK
    return Verdict.READY if min(scores) >= _STRONG else Verdict.FOLLOW_UPS


def why(card: Scorecard) -> str:
    """Return what keeps the verdict from being better, as a clause; empty where nothing does, or no score is given."""
    for risk in (Risk.CRITICAL, Risk.HIGH):
        failing = sum(_is_open(result, risk, Confidence.MEDIUM) for result in card.results)
        if risk is Risk.HIGH and card.verdict is Verdict.NOT_READY:
            return "" if card.total is None else f"the score is below {_NOT_READY:.0f}"
        if failing:
            return f"{failing} {'check' if failing == 1 else 'checks'} of {risk.value} risk " + (
                "fails" if failing == 1 else "fail"
            )
    least = _WEAK if card.verdict is Verdict.AT_RISK else _STRONG
    weak = [
        item.pillar.value for item in card.pillars if item.score is not None and item.score < least
    ]
    return (
        f"{', '.join(weak)} {'is' if len(weak) == 1 else 'are'} below {least:.0f}" if weak else ""
    )


def _size(project: Project, service: Service) -> float:
    """Return the thousands of lines that the running app reaches, at least one."""
    reached = service.reachable | {service.app.place.path}
    return max(1.0, _lines(project, set(service.files(Role.APP)) & reached) / _LINES)


def _lines(project: Project, paths: Iterable[str]) -> int:
    return sum(project.tree.read(path).count(b"\n") + 1 for path in paths)


def _is_tiny(project: Project, service: Service) -> bool:
    if len(service.routes) >= _FEW_ROUTES:
        return False
    return _lines(project, service.files(Role.APP)) < _FEW_LINES
