"""The score moves with every control, is capped by open risks, and nothing buys it."""

from collections.abc import Iterator

import pytest

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
)
from buttress.project.model import AppObject, Framework, Place, Project, Role, Route, Service
from buttress.scorecard import Scorecard, Status, Verdict, inspect_service
from buttress.source import Tree

TREE = Tree.of({"main.py": "app = 1\n" * 300})
APP = AppObject("app", Framework.FASTAPI, Place("main.py"), "main")
ROUTES = tuple(Route(("GET",), f"/{name}", name, Place("main.py")) for name in "abc")
SERVICE = Service(
    "", Framework.FASTAPI, (APP,), "", "", "", routes=ROUTES, roles={"main.py": Role.APP}
)


def check(
    id_: str,
    outcome: int | Exception,
    *,
    pillar: Pillar = Pillar.SECURITY,
    risk: Risk = Risk.MEDIUM,
    kind: Kind = Kind.PRESENCE,
    confidence: Confidence = Confidence.HIGH,
    recipe: str | None = None,
) -> Check:
    def function(subject: Subject) -> Iterator[Finding]:
        if isinstance(outcome, Exception):
            raise outcome
        yield from (Finding(Place("main.py", line), "here") for line in range(1, outcome + 1))

    return Check(id_, id_, pillar, risk, kind, confidence, recipe, function, "")


def judged(*found: Check, service: Service = SERVICE) -> Scorecard:
    project = Project(TREE, (service,), service.roles)
    return inspect_service(project, service, {item.id: item for item in found})


def pillar_score(card: Scorecard, pillar: Pillar) -> float | None:
    return next(item.score for item in card.pillars if item.pillar is pillar)


ALL = [check(pillar.name, 0, pillar=pillar) for pillar in Pillar]


def test_everything_in_place_is_ready() -> None:
    card = judged(*ALL)

    assert (card.total, card.verdict) == (100.0, Verdict.READY)


def test_a_missing_control_costs_its_weight() -> None:
    card = judged(check("A", 0, risk=Risk.HIGH), check("B", 1, risk=Risk.MEDIUM))

    assert pillar_score(card, Pillar.SECURITY) == pytest.approx(66.7)


@pytest.mark.parametrize("kind", [Kind.RATIO, Kind.INSTANCE])
@pytest.mark.parametrize("risk", [Risk.HIGH, Risk.MEDIUM, Risk.LOW])
def test_every_fix_moves_the_score(kind: Kind, risk: Risk) -> None:
    totals = [
        judged(*ALL, check("X", count, kind=kind, risk=risk)).pillars[1].score or 0.0
        for count in (9, 5, 2, 1, 0)
    ]

    assert totals == sorted(totals)
    assert len(set(totals)) == len(totals)


def test_an_open_critical_caps_pillar_and_total() -> None:
    card = judged(*ALL, check("X", 1, risk=Risk.CRITICAL, kind=Kind.INSTANCE))

    assert card.verdict is Verdict.NOT_READY
    assert card.total == 49.0
    assert pillar_score(card, Pillar.SECURITY) == 39.0


def test_an_open_high_caps_the_total() -> None:
    card = judged(*ALL, check("X", 1, risk=Risk.HIGH, kind=Kind.INSTANCE, pillar=Pillar.TESTING))

    assert (card.total, card.verdict) == (79.0, Verdict.AT_RISK)


def test_low_confidence_is_listed_and_costs_nothing() -> None:
    card = judged(
        *ALL, check("X", 3, risk=Risk.CRITICAL, confidence=Confidence.LOW, kind=Kind.INSTANCE)
    )

    assert card.total == 100.0
    assert len(card.findings) == 3


def test_what_does_not_apply_leaves_the_denominator() -> None:
    card = judged(*ALL, check("X", NotApplicable("no database"), risk=Risk.HIGH))

    assert card.total == 100.0
    (result,) = [result for result in card.results if result.check.id == "X"]
    assert (result.status, result.reason) == (Status.NOT_APPLICABLE, "no database")


def test_a_pillar_with_much_unknown_has_no_score() -> None:
    card = judged(*ALL, check("X", Unknown("a dynamic value"), risk=Risk.HIGH))

    assert pillar_score(card, Pillar.SECURITY) is None


def test_adding_a_finding_never_raises_the_score() -> None:
    base = [*ALL, check("X", 2, kind=Kind.RATIO)]

    assert (judged(*base, check("Y", 1)).total or 0) <= (judged(*base).total or 0)


def test_a_tiny_project_has_findings_but_no_total() -> None:
    tiny = Service("", Framework.FLASK, (APP,), "", "", "", roles={})

    card = judged(*ALL, check("X", 1), service=tiny)

    assert card.total is None
    assert len(card.findings) == 1


def test_findings_are_ranked_by_risk_across_pillars() -> None:
    card = judged(
        check("LOW", 1, risk=Risk.LOW),
        check("HIGH", 1, risk=Risk.HIGH, pillar=Pillar.TESTING),
        check("FIXABLE", 1, risk=Risk.HIGH, pillar=Pillar.CICD, recipe="ci"),
        check("CRITICAL", 1, risk=Risk.CRITICAL, pillar=Pillar.CICD),
    )

    assert [f.check.id for f in card.findings] == ["CRITICAL", "FIXABLE", "HIGH", "LOW"]
    assert card.recommended() == ("ci",)


def test_a_fingerprint_survives_moved_lines_and_tells_twins_apart() -> None:
    def at(*lines: int) -> Check:
        def function(subject: Subject) -> Iterator[Finding]:
            yield from (Finding(Place("m.py", n), "x", "f", "call()") for n in lines)

        return Check(
            "X", "X", Pillar.SECURITY, Risk.LOW, Kind.INSTANCE, Confidence.HIGH, None, function, ""
        )

    first = [finding.fingerprint for finding in judged(at(3, 9)).findings]
    moved = [finding.fingerprint for finding in judged(at(13, 19)).findings]

    assert first == moved
    assert len(set(first)) == 2
