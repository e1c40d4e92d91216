"""The score moves with every control, is capped by open risks, and nothing buys it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.checks.model import (
    Check,
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Share,
    Subject,
    Unknown,
)
from buttress.planning import location
from buttress.planning.catalogue import load_catalogue
from buttress.project.model import AppObject, Framework, Place, Project, Role, Route, Service
from buttress.scorecard import (
    RECIPE_FRAMEWORKS,
    Acceptance,
    AcceptedBy,
    Scorecard,
    Status,
    Verdict,
    inspect_service,
    weigh,
    why,
)
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


@pytest.mark.parametrize(
    ("found", "verdict", "reason"),
    [
        ([], Verdict.READY, ""),
        (
            [check("A", 3, risk=Risk.CRITICAL), check("B", 1, risk=Risk.CRITICAL)],
            Verdict.NOT_READY,
            "2 checks of critical risk fail",
        ),
        (
            [
                check(f"{pillar.name}-2", 1, pillar=pillar, risk=Risk.HIGH, kind=Kind.PRESENCE)
                for pillar in Pillar
            ],
            Verdict.NOT_READY,
            "the score is below 40",
        ),
        ([check("A", 1, risk=Risk.HIGH)], Verdict.AT_RISK, "1 check of high risk fails"),
        (
            [check("A", 1), check("B", 1, risk=Risk.HIGH, confidence=Confidence.LOW)],
            Verdict.FOLLOW_UPS,
            "Security is below 60",
        ),
    ],
)
def test_a_verdict_says_what_keeps_it_from_being_better(
    found: list[Check], verdict: Verdict, reason: str
) -> None:
    card = judged(*ALL, *found)

    assert (card.verdict, why(card)) == (verdict, reason)


def test_a_project_without_a_score_gives_no_reason() -> None:
    tiny = Service("", Framework.FLASK, (APP,), "", "", "", roles={})

    assert why(judged(*ALL, service=tiny)) == ""


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


def test_what_is_accepted_is_fine_in_the_total_and_fails_in_the_strict_one() -> None:
    open_ = judged(*ALL, check("X", 2, risk=Risk.HIGH))
    (result,) = [item for item in open_.results if item.check.id == "X"]
    acceptance = Acceptance(AcceptedBy.INLINE, "known")
    accepted = tuple(replace(finding, acceptance=acceptance) for finding in result.findings)
    others = [item for item in open_.results if item.check.id != "X"]

    done = replace(result, status=Status.ACCEPTED, findings=accepted)
    card = weigh(open_.project, open_.service, [*others, done])

    assert (card.total, card.strict, card.verdict) == (100.0, open_.total, Verdict.READY)
    assert (card.open, len(card.accepted)) == ((), 2)
    assert [p.strict for p in card.pillars] == [p.score for p in open_.pillars]


def untested(names: str, of: int = 9) -> Check:
    """Return a check that finds a place for each letter, all of them of one cause."""

    def function(subject: Subject) -> Iterator[Finding]:
        for line, name in enumerate(names, 1):
            share = Share(f"GET /{name}", of, "No test calls", "routes")
            yield Finding(Place("main.py", line), f"No test calls {name}.", name, "", share)

    return replace(check("X", 0, kind=Kind.RATIO), function=function)


def test_places_that_are_mended_together_are_one_finding() -> None:
    (finding,) = judged(untested("abcde")).open

    assert finding.message == "No test calls 5 of 9 routes: GET /a, GET /b, GET /c and 2 more."
    assert [place.line for place in finding.places] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("names", "of", "message"),
    [
        ("a", 1, "No test calls a."),
        ("a", 9, "No test calls 1 of 9 routes: GET /a."),
        ("abc", 3, "No test calls any of the 3 routes: GET /a, GET /b, GET /c."),
    ],
)
def test_one_finding_says_how_many_of_how_many(names: str, of: int, message: str) -> None:
    (finding,) = judged(untested(names, of)).open

    assert finding.message == message


def test_each_place_of_a_finding_still_moves_the_score() -> None:
    totals = [judged(*ALL, untested(names)).total for names in ("abc", "ab", "a", "")]

    assert totals == sorted(set(totals), key=lambda total: total or 0.0)


def test_a_finding_stays_the_same_while_its_places_become_fewer() -> None:
    (before,), (after,) = judged(untested("abc")).open, judged(untested("bc")).open

    assert before.fingerprint == after.fingerprint


def test_a_place_that_is_accepted_leaves_the_finding_that_it_was_a_part_of() -> None:
    open_ = judged(untested("abc"))
    (result,) = open_.results
    first, *others = result.findings
    fine = replace(first, acceptance=Acceptance(AcceptedBy.INLINE, "a redirect"))

    card = weigh(open_.project, open_.service, [replace(result, findings=(fine, *others))])

    assert [finding.message for finding in card.open] == [
        "No test calls 2 of 9 routes: GET /b, GET /c."
    ]
    assert [finding.message for finding in card.accepted] == ["No test calls a."]


def test_places_that_are_accepted_do_not_count_among_those_that_are_open() -> None:
    one = judged(*ALL, check("X", 1, kind=Kind.RATIO))
    three = judged(*ALL, check("X", 3, kind=Kind.RATIO))
    (result,) = [item for item in three.results if item.check.id == "X"]
    first, *rest = result.findings
    partly = [replace(item, acceptance=Acceptance(AcceptedBy.NOSEC)) for item in rest]
    others = [item for item in three.results if item.check.id != "X"]

    card = weigh(
        three.project, three.service, [*others, replace(result, findings=(first, *partly))]
    )

    assert (card.total, card.strict) == (one.total, three.total)


@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from(Pillar),
            st.sampled_from(Risk),
            st.sampled_from(Kind),
            st.sampled_from(Confidence),
            st.integers(0, 6),
            st.integers(0, 6),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_accepting_never_lowers_the_total_and_never_moves_the_strict_one(
    drawn: list[tuple[Pillar, Risk, Kind, Confidence, int, int]],
) -> None:
    found = [
        check(f"C{i}", count, pillar=pillar, risk=risk, kind=kind, confidence=confidence)
        for i, (pillar, risk, kind, confidence, count, _) in enumerate(drawn)
    ]
    before = judged(*found)
    accepted = {f"C{i}": item[-1] for i, item in enumerate(drawn)}
    results = []
    for result in before.results:
        findings = tuple(
            replace(f, acceptance=Acceptance(AcceptedBy.NOQA)) if i < accepted[f.check.id] else f
            for i, f in enumerate(result.findings)
        )
        done = bool(findings) and not any(f.is_open for f in findings)
        status = Status.ACCEPTED if done else result.status
        results.append(replace(result, findings=findings, status=status))

    after = weigh(before.project, before.service, reversed(results))

    assert after.strict == before.total
    assert (after.total is None) == (before.total is None)
    assert (after.total or 0) >= (before.total or 0)
    assert 0 <= (after.total or 0) <= 100


def test_checks_that_are_left_out_count_in_the_strict_score_alone() -> None:
    whole = judged(*ALL, check("X", 1, risk=Risk.HIGH))
    chosen = [item for item in whole.results if item.check.id != "X"]
    left = [item for item in whole.results if item.check.id == "X"]

    card = weigh(whole.project, whole.service, chosen, deselected=left)

    assert (card.total, card.strict) == (100.0, whole.total)
    assert card.findings == ()


def test_what_is_attested_where_nothing_can_be_told_is_strictly_unknown() -> None:
    whole = judged(*ALL, check("X", Unknown("not readable"), risk=Risk.LOW))
    results = [
        replace(item, status=Status.ATTESTED) if item.check.id == "X" else item
        for item in whole.results
    ]

    card = weigh(whole.project, whole.service, results)

    assert card.pillars[1].passed == whole.pillars[1].passed + 1
    assert card.strict == whole.total


@pytest.mark.parametrize("kind", [Kind.RATIO, Kind.INSTANCE])
def test_the_same_places_weigh_less_in_a_larger_app(kind: Kind) -> None:
    def score(lines: int, risk: Risk) -> float:
        tree = Tree.of({"main.py": "app = 1\n" * lines})
        project = Project(tree, (SERVICE,), SERVICE.roles)
        found = check("X", 5, kind=kind, risk=risk)
        card = inspect_service(project, SERVICE, {"A": check("A", 0), "X": found})
        return pillar_score(card, Pillar.SECURITY) or 0.0

    assert score(300, Risk.HIGH) == score(900, Risk.HIGH)
    assert score(900, Risk.HIGH) < score(5_000, Risk.HIGH) < score(50_000, Risk.HIGH) < 100
    assert score(300, Risk.CRITICAL) == score(50_000, Risk.CRITICAL)


def test_what_has_low_confidence_is_to_review_and_in_no_tally() -> None:
    card = judged(*ALL, check("X", 1, confidence=Confidence.LOW))

    assert [finding.check.id for finding in card.to_review] == ["X"]
    assert card.open == ()
    assert (card.pillars[1].passed, card.pillars[1].failed) == (1, 0)


def test_a_missing_control_keeps_its_name_when_its_anchor_moves() -> None:
    def at(place: Place) -> Check:
        def function(subject: Subject) -> Iterator[Finding]:
            yield Finding(place, "missing")

        return replace(check("X", 0), function=function)

    first, second = judged(at(Place("main.py", 3))), judged(at(Place("pyproject.toml")))

    assert first.findings[0].fingerprint == second.findings[0].fingerprint


def test_an_app_beside_the_deployed_one_is_asked_for_hazards_alone() -> None:
    def everywhere(subject: Subject) -> Iterator[Finding]:
        yield from (
            Finding(Place(path), "here") for path in sorted(subject.service.files(Role.APP))
        )

    def found(kind: Kind) -> list[tuple[str, str | None]]:
        asked = check("X", 0, kind=kind, recipe="structured-logging")
        card = inspect_service(project, SERVICE, {"X": replace(asked, function=everywhere)})
        return [(finding.place.path, finding.recipe) for finding in card.findings]

    own = replace(APP, place=Place("second.py"), module="second")
    roles = {"main.py": Role.APP, "second.py": Role.APP}
    beside = replace(SERVICE, apps=(own,), roles=roles)
    files = {"main.py": Role.APP, "second.py": Role.SCRIPT}
    project = Project(TREE, (SERVICE,), files, beside={"": (beside,)})

    assert found(Kind.INSTANCE) == [("main.py", "structured-logging"), ("second.py", None)]
    assert found(Kind.PRESENCE) == [("main.py", "structured-logging")]


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


def test_findings_are_ranked_by_risk_and_then_by_who_could_use_them() -> None:
    card = judged(
        check(
            "NO-LOGIN",
            1,
            risk=Risk.HIGH,
            pillar=Pillar.SECURITY,
            confidence=Confidence.MEDIUM,
        ),
        check("LOW", 1, risk=Risk.LOW),
        check("HIGH", 1, risk=Risk.HIGH, pillar=Pillar.TESTING),
        check("FIXABLE", 1, risk=Risk.HIGH, pillar=Pillar.CICD, recipe="ci"),
        check("CRITICAL", 1, risk=Risk.CRITICAL, pillar=Pillar.CICD),
    )

    assert [f.check.id for f in card.findings] == ["CRITICAL", "NO-LOGIN", "FIXABLE", "HIGH", "LOW"]
    assert card.recommended() == ("ci",)


@pytest.mark.parametrize(
    ("framework", "recipes"),
    [
        (Framework.FLASK, ("structured-logging", "container")),
        (Framework.DJANGO, ("container",)),
        (Framework.STREAMLIT, ()),
    ],
)
def test_a_recipe_that_a_service_cannot_have_is_no_way_out(
    framework: Framework, recipes: tuple[str, ...]
) -> None:
    failing = [
        check("A", 1, risk=Risk.HIGH, recipe="structured-logging"),
        check("B", 1, risk=Risk.LOW, recipe="container"),
    ]

    card = judged(*failing, service=replace(SERVICE, framework=framework))

    assert card.recommended() == recipes
    assert {finding.check.recipe for finding in card.open} - {None} == {*recipes}


def test_frameworks_of_recipes_are_those_of_their_manifests() -> None:
    found = load_catalogue(location.find_root()).recipes

    assert {id_: {*item.applies.framework} for id_, item in found.items()} == RECIPE_FRAMEWORKS


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
