"""Comments that accept a finding: our own with a reason, and those for other tools."""

from __future__ import annotations

import pytest

from buttress.scorecard import Status
from tests.acceptance.judged import HEAD, ROUTES, acceptances, judged, remarks

SQL = (
    "from fastapi import FastAPI\nimport sqlite3\n\napp = FastAPI()\n\n\n"
    + ROUTES
    + '@app.get("/u")\ndef u(name: str):\n    db = sqlite3.connect("x")\n'
)
QUERY = "    db.execute(f\"SELECT * FROM u WHERE name = '{name}'\")"
CHECK = "SEC-SQL-INJECTION"
PEERS = {
    CHECK: ("ruff:S608", "bandit:B608", "semgrep:python.lang.security.audit.formatted-sql-query")
}


def sql(comment: str = "", above: str = "") -> str:
    lines = [above] if above else []
    return SQL + "\n".join([*lines, f"{QUERY}  {comment}".rstrip()]) + "\n"


def test_without_a_comment_the_finding_is_open() -> None:
    assert [item[1] for item in acceptances(judged({"main.py": sql()}), CHECK)] == [""]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sql(f"# buttress: ignore[{CHECK}] names come from a list"), "names come from a list"),
        (sql(f"# buttress:ignore[OBS-PRINT, {CHECK}]: two checks"), "two checks"),
        (sql(f"#buttress: ignore [{CHECK}] - spaced"), "spaced"),
        (sql(f"# buttress: ignore[{CHECK.lower()}] as in --select"), "as in --select"),
        (sql(f"# type: ignore  # buttress: ignore[{CHECK}] behind another"), "behind another"),
        (sql(f"# buttress: ignore[{CHECK}] before another  # noqa: E501"), "before another"),
        (
            sql(f"# buttress: ignore[OBS-PRINT] the first  # buttress: ignore[{CHECK}] the second"),
            "the second",
        ),
        (sql(above=f"    # buttress: ignore[{CHECK}] above"), "above"),
        (
            sql(above=f"    # buttress: ignore[{CHECK}] above\n    # and another comment"),
            "above",
        ),
    ],
)
def test_a_comment_with_a_reason_accepts(code: str, reason: str) -> None:
    card = judged({"main.py": code})

    assert [item[1:] for item in acceptances(card, CHECK)] == [("inline", reason)]
    (result,) = [item for item in card.results if item.check.id == CHECK]
    assert result.status is Status.ACCEPTED


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sql(f"# buttress: ignore[{CHECK}]"), f"Say why {CHECK} is ignored, behind the bracket."),
        (
            sql("# buttress: ignore[SEC-SQL-INJECTON] x"),
            "There is no check `SEC-SQL-INJECTON`. Did",
        ),
        (sql("# buttress: ignore all of it"), "Name the checks to ignore"),
        (sql("# buttress: ignore[] x"), "Name the checks to ignore"),
        (
            sql("# buttress: ignore[OBS-PRINT] reason"),
            "Nothing to ignore here: OBS-PRINT finds nothing on these lines.",
        ),
        (
            sql(above=f"    x = 1  # buttress: ignore[{CHECK}] another line"),
            f"Nothing to ignore here: {CHECK}",
        ),
    ],
)
def test_a_comment_that_does_not_hold_is_reported_and_accepts_nothing(code: str, said: str) -> None:
    card = judged({"main.py": code})

    assert [item[1] for item in acceptances(card, CHECK)] == [""]
    (remark,) = remarks(card)
    assert said in remark
    assert remark.startswith("main.py:")


def test_text_in_a_string_accepts_nothing() -> None:
    query = QUERY.replace("'{name}'", f"'{{name}}' # buttress: ignore[{CHECK}] no")

    card = judged({"main.py": SQL + query + "\n"})

    assert [item[1] for item in acceptances(card, CHECK)] == [""]


def test_an_ignore_in_a_file_without_findings_is_reported_as_useless() -> None:
    files = {"main.py": HEAD + ROUTES, "other.py": f"x = 1  # buttress: ignore[{CHECK}] old\n"}

    assert remarks(judged(files)) == [
        f"other.py:1: Nothing to ignore here: {CHECK} finds nothing on these lines."
    ]


def test_an_ignore_of_no_use_is_reported_in_other_formats_and_not_in_documents() -> None:
    ignore = "# buttress: ignore[INFRA-CONTAINER-ROOT] rootless"
    dockerfile = f'FROM python:3.12-slim\nUSER 10001\n{ignore}\nCMD ["uvicorn", "main:app"]\n'
    runbook = f"# Runbook\n\n<!-- {ignore.strip('# ')} -->\n"
    files = {"main.py": HEAD + ROUTES, "Dockerfile": dockerfile, "docs/runbook.md": runbook}

    assert remarks(judged(files)) == [
        "Dockerfile:3: Nothing to ignore here: INFRA-CONTAINER-ROOT finds nothing on these lines."
    ]


@pytest.mark.parametrize(
    ("comment", "by"),
    [
        ("# noqa: S608", "noqa"),
        ("# noqa", "noqa"),
        ("# noqa:E501,S608 names come from a list", "noqa"),
        ("# type: ignore  # noqa: S608", "noqa"),
        ("# nosec B608", "nosec"),
        ("# nosec", "nosec"),
        ("# nosec: B608 - names come from a list", "nosec"),
        ("# nosemgrep: formatted-sql-query", "nosemgrep"),
        ("# nosemgrep", "nosemgrep"),
        ("# nosemgrep: another-rule", ""),
        ("# noqa: E501", ""),
        ("# nosec B105", ""),
        ("# noqa: BLE001, E501", ""),
        ("# see noqar", ""),
    ],
)
def test_comments_for_other_tools_accept_what_their_rules_find(comment: str, by: str) -> None:
    card = judged({"main.py": sql(comment)}, peers=PEERS)

    assert [item[1] for item in acceptances(card, CHECK)] == [by]


@pytest.mark.parametrize(
    "rule",
    [
        "python.lang.security.audit.formatted-sql-query.formatted-sql-query",
        "formatted-sql-query",
        "python.sqlalchemy.security.audit.avoid-sqlalchemy-text.avoid-sqlalchemy-text",
    ],
)
def test_the_rules_that_semgrep_ships_are_known(rule: str) -> None:
    card = judged({"main.py": sql(f"# nosemgrep: {rule}")})

    assert [item[1] for item in acceptances(card, CHECK)] == ["nosemgrep"]


def test_a_noqa_above_the_line_means_nothing_as_for_its_own_tool() -> None:
    card = judged({"main.py": sql(above="    # noqa: S608")}, peers=PEERS)

    assert [item[1] for item in acceptances(card, CHECK)] == [""]


def test_a_noqa_for_the_file_counts_everywhere_in_it() -> None:
    card = judged({"main.py": "# ruff: noqa: S608\n" + sql()}, peers=PEERS)

    other = judged({"main.py": "# ruff: noqa: E501\n" + sql()}, peers=PEERS)

    assert [item[1] for item in acceptances(card, CHECK)] == ["noqa"]
    assert [item[1] for item in acceptances(other, CHECK)] == [""]


def test_a_comment_in_another_format_accepts() -> None:
    workflow = (
        "on: push\npermissions: {}\njobs:\n  t:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      # buttress: ignore[CICD-TEMPLATE-INJECTION] only members may start this\n"
        "      - run: echo ${{ github.event.issue.title }}\n"
    )

    card = judged({"main.py": HEAD + ROUTES, ".github/workflows/x.yml": workflow})

    assert [item[1:] for item in acceptances(card, "CICD-TEMPLATE-INJECTION")] == [
        ("inline", "only members may start this")
    ]


def test_many_comments_and_findings_in_one_file_come_to_an_end() -> None:
    line = "    print(1)  # buttress: ignore[OBS-PRINT] read by the platform\n"
    code = HEAD + ROUTES + '@app.get("/x")\ndef x():\n' + line * 5_000

    card = judged({"main.py": code})

    assert len(acceptances(card, "OBS-PRINT")) == 5_000
    assert {by for _, by, _ in acceptances(card, "OBS-PRINT")} == {"inline"}
