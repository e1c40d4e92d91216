"""SARIF that code scanning takes: valid by the official schema, within GitHub's limits, stable."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from buttress.checks.model import Risk
from buttress.reports.overview import Setting
from buttress.reports.sarif import FINGERPRINT, sarif
from buttress.scorecard import Acceptance, AcceptedBy, Remark, Scorecard
from tests.reports.cards import APP, GUESS, NO_CI, SQL, At, card, place, prototype, untested

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"
VALIDATOR = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text("utf-8")))


def log(found: Scorecard, setting: Setting = Setting()) -> dict[str, Any]:  # noqa: B008
    """Return the one run of a log that is valid."""
    written = json.loads(json.dumps(sarif(found, setting)))
    VALIDATOR.validate(written)
    (run,) = written["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
def test_the_log_of_a_real_project_is_valid_and_within_the_limits(name: str) -> None:
    run = log(prototype(name))

    rules = run["tool"]["driver"]["rules"]
    assert run["results"]
    assert [rule["id"] for rule in rules] == sorted({rule["id"] for rule in rules})
    for rule in rules:
        assert len(rule["properties"]["tags"]) <= 10
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert len(rule["name"]) <= 255
        assert rule["help"]["text"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1
        assert result["message"]["text"]


def test_a_rule_carries_its_documentation_and_what_github_sorts_by() -> None:
    (rule,) = log(card({SQL: [At("main.py:8:12")]}))["tool"]["driver"]["rules"]

    assert rule["id"] == "SEC-SQL"
    assert rule["name"] == "SecSql"
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert rule["properties"] == {
        "tags": ["security", "external/cwe/cwe-89", "owasp-a05:2025", "external/cwe/cwe-564"],
        "precision": "high",
        "problem.severity": "error",
        "security-severity": "9.5",
    }
    assert '```\nexecute("SELECT ?", (name,))\n```' in rule["help"]["markdown"]


@pytest.mark.parametrize(
    ("risk", "level", "severity"),
    [
        (Risk.CRITICAL, "error", 9.0),
        (Risk.HIGH, "error", 7.0),
        (Risk.MEDIUM, "warning", 4.0),
        (Risk.LOW, "note", 0.1),
    ],
)
def test_github_reads_the_risk_as_it_is_meant(risk: Risk, level: str, severity: float) -> None:
    run = log(card({replace(SQL, risk=risk): [At("main.py:8:12")]}))

    (rule,) = run["tool"]["driver"]["rules"]
    assert run["results"][0]["level"] == level
    assert severity <= float(rule["properties"]["security-severity"]) < severity + 3
    assert float(rule["properties"]["security-severity"]) != 9.0


def test_only_rules_of_security_have_a_security_severity() -> None:
    rules = log(card({SQL: [At("main.py:8:12")], NO_CI: [At("main.py:3:1")]}))["tool"]["driver"]

    assert {r["id"]: "security-severity" in r["properties"] for r in rules["rules"]} == {
        "CICD-NO-CI": False,
        "SEC-SQL": True,
    }
    assert "ci-cd" in rules["rules"][1]["properties"]["tags"]


def test_a_result_names_its_place_up_to_the_end_of_the_line() -> None:
    (result,) = log(card({SQL: [At("main.py:8:12")]}))["results"]

    line = APP.splitlines()[7]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "main.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 8, "startColumn": 12, "endLine": 8, "endColumn": len(line) + 1},
    }


def test_paths_are_relative_to_the_repository_and_escaped() -> None:
    name = "a b/é#?%.py"
    found = card({SQL: [At(f"{name}:1:1")]}, files={"main.py": APP, name: "x = 1\n"})

    (result,) = log(found, Setting(prefix="back end/"))["results"]

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "back%20end/a%20b/%C3%A9%23%3F%25.py"


def test_further_places_of_a_finding_are_related_and_linked_from_its_message() -> None:
    found = card({SQL: untested("GET /[a]", "GET /b", "GET /c")})

    (result,) = log(found)["results"]

    assert result["message"]["text"] == (
        r"No test calls 3 of 9 routes: GET /\[a\], GET /b, GET /c."
        " Further places: [main.py:7](1), [main.py:8](2)."
    )
    related = result["relatedLocations"]
    lines = [item["physicalLocation"]["region"]["startLine"] for item in related]
    assert ([item["id"] for item in related], lines) == ([1, 2], [7, 8])


def test_a_finding_of_a_thousand_places_names_some_and_counts_the_rest() -> None:
    found = card({SQL: untested(*(f"GET /{number}" for number in range(1000)), of=1000)})

    (result,) = log(found)["results"]

    assert result["message"]["text"].endswith("[main.py:26](20) and 979 more.")
    assert len(result["relatedLocations"]) == 20


def test_what_stands_in_no_file_is_anchored_at_the_app() -> None:
    (result,) = log(card({NO_CI: [At(".github/workflows:1:1")]}))["results"]

    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "main.py"
    assert location["region"]["startLine"] == 3


def test_a_fingerprint_stays_while_lines_move() -> None:
    found = prototype("notes")
    known = {item.fingerprint for item in found.findings}

    results = log(found)["results"]

    assert {result["partialFingerprints"][FINGERPRINT] for result in results} == known
    assert all(len(result["partialFingerprints"]) == 1 for result in results)


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        (AcceptedBy.INLINE, "inSource"),
        (AcceptedBy.NOQA, "inSource"),
        (AcceptedBy.NOSEC, "inSource"),
        (AcceptedBy.NOSEMGREP, "inSource"),
        (AcceptedBy.CONFIGURATION, "external"),
        (AcceptedBy.ATTESTATION, "external"),
    ],
)
def test_what_was_accepted_is_suppressed_with_the_reason(by: AcceptedBy, kind: str) -> None:
    accepted = Acceptance(by, "a fixture", "ops", date(2027, 1, 31))

    (result,) = log(card({SQL: [At("main.py:8:12", acceptance=accepted)]}))["results"]

    why = f"{by.value}: a fixture (ops, until 2027-01-31)"
    assert result["suppressions"] == [{"kind": kind, "status": "accepted", "justification": why}]


def test_an_open_result_is_not_suppressed() -> None:
    (result,) = log(card({SQL: [At("main.py:8:12")]}))["results"]

    assert "suppressions" not in result
    assert "baselineState" not in result


def test_with_a_baseline_results_are_new() -> None:
    places = [At("main.py:8:12"), At("main.py:3:1", is_new=False)]

    results = log(card({SQL: places}, compared_with="baseline.json"))["results"]

    assert [result["baselineState"] for result in results] == ["new"]


def test_what_is_uncertain_is_to_review_and_no_failure() -> None:
    (result,) = log(card({GUESS: [At("main.py:3:1")]}))["results"]

    assert (result["kind"], result["level"]) == ("review", "none")


@pytest.mark.parametrize(
    ("folder", "prefix", "category"),
    [("", "", "buttress/"), ("api/", "", "buttress/api/"), ("", "web app/", "buttress/web%20app/")],
)
def test_services_of_one_repository_do_not_overwrite_each_other(
    folder: str, prefix: str, category: str
) -> None:
    found = card({}, files={f"{folder}main.py": APP, f"{folder}requirements.txt": "fastapi\n"})

    assert log(found, Setting(prefix=prefix))["automationDetails"]["id"] == category


def test_files_that_do_not_parse_and_stale_acceptances_are_notified() -> None:
    found = card({}, files={"main.py": APP, "broken.py": "def (:\n"})
    found = replace(found, remarks=(Remark(place("pyproject.toml:4:1"), "It has expired."),))

    (invocation,) = log(found)["invocations"]

    (unread,) = invocation["toolExecutionNotifications"]
    assert "does not parse" in unread["message"]["text"]
    (remark,) = invocation["toolConfigurationNotifications"]
    assert remark["message"]["text"] == "It has expired."


def test_no_more_results_than_github_takes() -> None:
    found = card({SQL: [At(f"main.py:{line}:1") for line in range(1, 25_004)]})

    run = sarif(found, Setting())["runs"][0]

    assert len(run["results"]) == 25_000
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "3 results left out: too many."


def test_a_secret_in_a_message_is_cut() -> None:
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"

    written = json.dumps(sarif(card({SQL: [At("main.py:8:1", f"It is {secret}.")]}), Setting()))

    assert secret not in written
