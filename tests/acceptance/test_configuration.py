"""The configuration: what it accepts, for how long, and how it says what is wrong with it."""

from __future__ import annotations

from datetime import date

import pytest

from buttress.acceptance.configuration import Configuration, read_configuration
from buttress.checks.model import Risk
from buttress.errors import UserError
from buttress.scorecard import Status
from buttress.source import Tree
from tests.acceptance.judged import HEAD, ROUTES, acceptances, judged, remarks

PRINTS = HEAD + ROUTES + '@app.get("/x")\ndef x():\n    print("x")\n'
ACCEPT = """\
[project]
name = "shop"

[[tool.buttress.accept]]
check = "OBS-PRINT"
path = "main.py"
reason = "The platform reads standard output."
owner = "ops"
expires = 2027-01-31
"""


def read(**files: str) -> Configuration:
    named = {name.replace("_", "."): text for name, text in files.items()}
    return read_configuration(Tree.of(named))


def test_every_key_is_read() -> None:
    text = """\
[tool.buttress]
select = ["SEC", "obs-print"]
ignore = ["SEC-RATE-LIMIT"]
exclude = ["vendor/"]
fail-on = "High"
baseline = "known.json"
"""

    found = read(pyproject_toml=text)

    assert found.select == ("SEC", "OBS-PRINT")
    assert (found.exclude, found.fail_on, found.baseline) == (("vendor/",), Risk.HIGH, "known.json")
    assert found.selects("SEC-NO-AUTH")
    assert not found.selects("SEC-RATE-LIMIT")
    assert not found.selects("OBS-NO-HEALTH")


def test_a_file_of_its_own_needs_no_prefix() -> None:
    assert read(buttress_toml='fail-on = "low"\n').fail_on is Risk.LOW


def test_without_a_table_everything_counts() -> None:
    assert read(pyproject_toml='[project]\nname = "x"\n') == Configuration()
    assert read() == Configuration()


def test_a_manifest_that_is_damaged_is_left_to_the_checks() -> None:
    assert read(pyproject_toml="[project\n") == Configuration()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.buttress\n", "pyproject.toml: this is no valid TOML"),
        ("[tool]\nbuttress = 1\n", "pyproject.toml: `tool.buttress` is to be a table"),
        (
            '[tool.buttress]\nignor = ["SEC"]\n',
            "no key `tool.buttress.ignor`. Did you mean `ignore`?",
        ),
        (
            "[tool.buttress]\nselect = 'SEC'\n",
            "`tool.buttress.select`: write a list, with brackets",
        ),
        ("[tool.buttress]\nbaseline = 1\n", "`tool.buttress.baseline`: write a text, in quotes"),
        (
            '[tool.buttress.accept]\ncheck = "SEC"\nreason = "x"\n',
            "`tool.buttress.accept` is a list of tables: write [[tool.buttress.accept]], with two",
        ),
        ('[tool.buttress]\nselect = ["SEQ"]\n', "`tool.buttress.select`: there is no check `SEQ`."),
        ('[tool.buttress]\nignore = ["OBS-PRINTS"]\n', "Did you mean `OBS-PRINT`?"),
        (
            '[tool.buttress]\nfail-on = "huge"\n',
            "`tool.buttress.fail-on`: use one of critical, high, medium, low.",
        ),
        (
            '[[tool.buttress.accept]]\ncheck = "SEC"\n',
            "`tool.buttress.accept[1].reason` is missing; every entry of `accept` needs it.",
        ),
        (
            '[[tool.buttress.accept]]\ncheck = "SEC"\nreason = " "\n',
            "`tool.buttress.accept[1].reason`: this must not be empty.",
        ),
        (
            '[[tool.buttress.accept]]\ncheck = "SEC"\nreason = "x"\nexpire = 2027-01-01\n',
            "no key `tool.buttress.accept[1].expire`. Did you mean `expires`?",
        ),
        (
            '[[tool.buttress.accept]]\ncheck = "SEC"\nreason = "x"\nexpires = "soon"\n',
            "`tool.buttress.accept[1].expires`: write a day as 2027-01-31.",
        ),
        (
            "[tool.buttress]\nexclude = ['!']\n",
            "`tool.buttress.exclude[1]`: write a glob as in .gitignore, for example app/legacy/*.py.",
        ),
        (
            f"[tool.buttress]\nexclude = ['{'a*' * 50}']\n",
            "`tool.buttress.exclude[1]`: write a shorter glob, with fewer asterisks.",
        ),
        (
            '[[tool.buttress.attest]]\ncheck = "INFRA-NO-BACKUPS"\nevidence = "x"\n',
            "`tool.buttress.attest`: there is no check `INFRA-NO-BACKUPS`. Did you mean",
        ),
        (
            '[[tool.buttress.attest]]\ncheck = "SEC-SQL-INJECTION"\nevidence = "x"\n',
            "SEC-SQL-INJECTION looks at the code itself, so nobody can attest it.",
        ),
    ],
)
def test_a_mistake_names_the_file_the_key_and_the_nearest_one(text: str, said: str) -> None:
    with pytest.raises(UserError) as problem:
        read(pyproject_toml=text)

    assert said in str(problem.value)
    assert "\n" not in str(problem.value).removesuffix("\n")


def test_the_heading_of_the_manifest_in_a_file_of_its_own_is_told() -> None:
    with pytest.raises(UserError, match="without that heading"):
        read(buttress_toml='[tool.buttress]\nselect = ["SEC"]\n')


def test_a_manifest_of_empty_lines_is_read_in_bounded_time() -> None:
    assert read(pyproject_toml="\n" * 900_000 + "[tool.buttress]\n") == Configuration()


def test_two_files_that_both_configure_are_refused() -> None:
    with pytest.raises(UserError, match="both configure buttress"):
        read(pyproject_toml="[tool.buttress]\n", buttress_toml="")


def test_an_accepted_finding_stays_in_the_results_and_counts_in_the_strict_score() -> None:
    before, after = judged({"main.py": PRINTS}), judged(
        {"main.py": PRINTS, "pyproject.toml": ACCEPT}
    )

    ((line, by, reason),) = acceptances(after, "OBS-PRINT")
    assert (line, by) == (23, "configuration")
    assert reason == "The platform reads standard output."
    (result,) = [item for item in after.results if item.check.id == "OBS-PRINT"]
    assert result.status is Status.ACCEPTED
    assert "OBS-PRINT" not in {finding.check.id for finding in after.open}
    assert (after.total or 0) > (before.total or 0)
    assert after.strict == before.total
    assert after.remarks == ()


def test_an_acceptance_holds_on_its_last_day_and_not_after() -> None:
    files = {"main.py": PRINTS, "pyproject.toml": ACCEPT}

    last, over = judged(files, date(2027, 1, 31)), judged(files, date(2027, 2, 1))

    assert acceptances(last, "OBS-PRINT")[0][1] == "configuration"
    assert acceptances(over, "OBS-PRINT") == [(23, "", "")]
    (remark,) = remarks(over)
    assert remark.startswith("pyproject.toml:4: The acceptance of OBS-PRINT expired on 2027-01-31")
    assert remark.endswith("Ask ops.")


def test_an_acceptance_that_matches_nothing_is_reported() -> None:
    card = judged({"main.py": HEAD + ROUTES, "pyproject.toml": ACCEPT})

    assert remarks(card) == [
        "pyproject.toml:4: The acceptance of OBS-PRINT matches nothing any more. Remove it."
    ]


@pytest.mark.parametrize(
    ("glob", "is_accepted"),
    [("main.py", True), ("*.py", True), ("**", True), ("app/", False), ("app/*.py", False)],
)
def test_a_path_is_a_glob(glob: str, is_accepted: bool) -> None:
    entry = f'[[accept]]\ncheck = "OBS"\npath = "{glob}"\nreason = "known"\n'

    card = judged({"main.py": PRINTS, "buttress.toml": entry})

    assert bool(acceptances(card, "OBS-PRINT")[0][1]) is is_accepted


def test_an_attested_control_is_shown_and_counts_in_the_strict_score_as_missing() -> None:
    text = '[[attest]]\ncheck = "SEC-RATE-LIMIT"\nevidence = "https://wiki/waf"\nowner = "net"\n'

    before, after = judged({"main.py": PRINTS}), judged({"main.py": PRINTS, "buttress.toml": text})

    (result,) = [item for item in after.results if item.check.id == "SEC-RATE-LIMIT"]
    assert (result.status, result.reason) == (Status.ATTESTED, "https://wiki/waf")
    assert (after.total or 0) > (before.total or 0)
    assert after.strict == before.total


def test_checks_that_are_ignored_count_in_the_strict_score_alone() -> None:
    before, after = judged({"main.py": PRINTS}), judged(
        {"main.py": PRINTS, "buttress.toml": 'ignore = ["OBS"]\n'}
    )

    assert not any(item.check.id.startswith("OBS-") for item in after.results)
    assert (after.total or 0) >= (before.total or 0)
    assert after.strict == before.total


def test_what_is_excluded_is_not_read_and_listed() -> None:
    files = {"main.py": HEAD + ROUTES, "legacy/shop.py": PRINTS, "legacy/requirements.txt": ""}

    card = judged({**files, "buttress.toml": 'exclude = ["legacy/"]\n'})

    assert len(card.project.services) == 1
    assert ("legacy/shop.py", "excluded") in [(item.path, item.reason) for item in card.skipped]


def test_an_entry_for_another_service_is_not_stale() -> None:
    files = {
        "api/main.py": HEAD + ROUTES,
        "api/requirements.txt": "fastapi\n",
        "web/main.py": HEAD + '@app.get("/x")\ndef x():\n    print("x")\n',
        "web/requirements.txt": "fastapi\n",
        "buttress.toml": '[[accept]]\ncheck = "OBS-PRINT"\npath = "web/"\nreason = "known"\n',
    }

    card = judged(files)

    assert card.service.root == "api"
    assert remarks(card) == []
