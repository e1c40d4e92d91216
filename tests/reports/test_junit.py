"""JUnit XML with no element or attribute that Jenkins' junit-10.xsd lacks."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from buttress.reports.junit import junit
from buttress.reports.overview import Setting
from buttress.scorecard import Acceptance, AcceptedBy, Result, Scorecard, Status
from tests.reports.cards import APP, GUESS, NO_CI, QUIET, SQL, At, card, prototype

ALLOWED = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
        },
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname", "group"}, {"skipped", "error", "failure"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}


def read(found: Scorecard, setting: Setting = Setting()) -> ET.Element:  # noqa: B008
    """Return the root of a report after looking at every element of it."""
    root = ET.fromstring(junit(found, setting))
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
    return root


def outcome(root: ET.Element, check: str) -> ET.Element | None:
    """Return what a test case holds; ``None`` if the check passed."""
    (case,) = (item for item in root.iter("testcase") if item.attrib["name"].startswith(check))
    return next(iter(case), None)


@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
def test_every_check_of_a_project_is_a_case_in_the_suite_of_its_pillar(name: str) -> None:
    found = prototype(name)

    root = read(found)

    assert len(list(root.iter("testcase"))) == len(found.results) == int(root.attrib["tests"])
    for suite in root:
        assert suite.attrib["tests"] == str(len(suite))
        assert suite.attrib["failures"] == str(len(list(suite.iter("failure"))))
        assert suite.attrib["skipped"] == str(len(list(suite.iter("skipped"))))
    failed = [result for result in found.results if result.open]
    assert int(root.attrib["failures"]) <= len(failed)


def test_a_failure_names_the_risk_every_place_and_the_recipe() -> None:
    found = card({NO_CI: [At("main.py:3:1", "No pipeline."), At("main.py:8:1", "None.")]})

    failure = outcome(read(found, Setting(prefix="api/")), "CICD-NO-CI")

    assert failure is not None
    assert failure.attrib == {
        "type": "high",
        "message": "Nothing runs when code changes (high risk, 2 places)",
    }
    assert failure.text == "api/main.py:3: No pipeline.\napi/main.py:8: None.\nbuttress apply ci"


def test_what_passes_is_an_empty_case() -> None:
    assert outcome(read(card({}, Result(QUIET, Status.PASS))), "ARCH-QUIET") is None


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (Result(QUIET, Status.UNKNOWN, reason="no lock"), "cannot be decided: no lock"),
        (Result(QUIET, Status.NOT_APPLICABLE, reason="no model"), "does not apply: no model"),
        (Result(QUIET, Status.ATTESTED, reason="wiki/waf"), "attested: wiki/waf"),
    ],
)
def test_what_is_neither_passed_nor_failed_is_skipped(result: Result, said: str) -> None:
    skipped = outcome(read(card({}, result)), "ARCH-QUIET")

    assert skipped is not None
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", said)


def test_what_was_accepted_as_a_whole_is_skipped_with_the_reasons() -> None:
    accepted = Acceptance(AcceptedBy.NOSEC, "a fixture")
    places = [At("main.py:8:1", acceptance=accepted), At("main.py:9:1", acceptance=accepted)]

    skipped = outcome(read(card({SQL: places})), "SEC-SQL")

    assert skipped is not None
    assert skipped.attrib["message"] == "accepted: nosec: a fixture"


def test_what_was_accepted_in_part_fails_for_the_rest() -> None:
    accepted = Acceptance(AcceptedBy.NOSEC, "a fixture")
    places = [At("main.py:8:1", acceptance=accepted), At("main.py:9:1", "Open.")]

    failure = outcome(read(card({SQL: places})), "SEC-SQL")

    assert failure is not None
    assert failure.text == "main.py:9: Open."


def test_what_was_there_before_does_not_fail() -> None:
    found = card({SQL: [At("main.py:8:1", is_new=False)]}, compared_with="main")

    assert outcome(read(found), "SEC-SQL") is None


def test_what_is_uncertain_does_not_fail() -> None:
    skipped = outcome(read(card({GUESS: [At("main.py:3:1")]})), "OBS-GUESS")

    assert skipped is not None
    assert skipped.attrib["message"] == "to review: 1 place of low confidence"


def test_names_that_no_xml_may_hold_are_shown_as_escapes() -> None:
    evil = "a\x1b[31m\n\ud800<&>.py"

    failure = outcome(
        read(
            card({SQL: [At(f"{evil}:1:1")]}, files={"main.py": APP, evil.replace("\ud800", ""): ""})
        ),
        "SEC-SQL",
    )

    assert failure is not None
    assert failure.text is not None
    assert failure.text.startswith(r"a\x1b[31m\n\ud800<&>.py:1: ")
