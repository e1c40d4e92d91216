"""``buttress recipes`` and ``buttress checks``."""

from __future__ import annotations

from pathlib import Path

import pytest

from buttress.checks.model import checks
from tests.cli.conftest import Run


def test_recipes_are_listed_with_their_titles(run: Run, installation: Path) -> None:
    result = run("recipes")

    assert result.code == 0
    for words in (["logs", "Log what happens"], ["errors", "Answer every"], ["image", "Build an"]):
        assert any(all(word in line for word in words) for line in result.out.splitlines())


def test_one_recipe_tells_what_it_needs_asks_and_adds(run: Run, installation: Path) -> None:
    result = run("recipes", "logs")

    assert result.code == 0
    for word in ("fastapi, flask", "structlog", "logs_level", "How much is logged", "debug"):
        assert word in result.out
    assert "image_user" not in result.out


def test_an_unknown_recipe_suggests_the_nearest(run: Run, installation: Path) -> None:
    result = run("recipes", "log")

    assert (result.code, result.out) == (2, "")
    assert "Did you mean `logs`?" in result.err


def test_every_check_is_listed_and_can_be_shown(run: Run) -> None:
    listed = run("checks").out

    for name, check in checks().items():
        assert name in listed
        shown = run("checks", name)
        assert shown.code == 0
        assert check.title in shown.out


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (
            "SEC-SQL-INJECTION",
            [
                "critical risk",
                "a hazard that must not exist",
                "Whoever sends the value",
                "Bad\n    cursor.execute(f",
                "Good\n    cursor.execute(",
                "How to fix it\n    By hand, at each place, as in the good example.",
                "# buttress: ignore[SEC-SQL-INJECTION] why this is fine here",
                "[[tool.buttress.accept]]",
                "CWE-89",
            ],
        ),
        ("OBS-PRINT", ["How to fix it\n    buttress apply structured-logging shows the change"]),
        (
            "OBS-NO-HEALTH",
            ["a control that must exist", "[[tool.buttress.attest]]", "By hand, as in the good"],
        ),
    ],
)
def test_a_check_says_why_how_to_mend_and_how_to_accept(
    run: Run, check: str, words: list[str]
) -> None:
    shown = "\n".join(line.rstrip() for line in run("checks", check).out.splitlines())

    for word in words:
        assert word in shown


def test_a_check_is_found_in_any_case(run: Run) -> None:
    name = next(iter(checks()))

    assert run("checks", name.lower()).out == run("checks", name).out


def test_the_first_words_of_ids_list_the_checks_that_begin_so(run: Run) -> None:
    result = run("checks", "sec-sql")

    assert result.code == 0
    assert "SEC-SQL-INJECTION" in result.out
    assert not [id_ for id_ in checks() if not id_.startswith("SEC-SQL-") and id_ in result.out]


def test_a_list_that_is_searched_has_a_line_for_each_check(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")

    lines = run("checks").out.splitlines()

    (line,) = [line for line in lines if "ARCH-NO-ERROR-HANDLER" in line]
    assert line.split("  ")[-1].strip() == "→\u00a0error-handling"
    assert [line for line in lines if line != line.rstrip()] == []


def test_half_a_word_is_no_check_and_suggests_the_whole_one(run: Run) -> None:
    result = run("checks", "SEC-SQL-INJ")

    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: There is no check `SEC-SQL-INJ`. Did you mean `SEC-SQL-INJECTION`?\n"
    )


@pytest.mark.parametrize("name", ["SEC-NOTHING-AT-ALL", "x"])
def test_an_unknown_check_is_bad_input(run: Run, name: str) -> None:
    result = run("checks", name)

    assert result.code == 2
    assert f"There is no check `{name}`." in result.err


@pytest.mark.parametrize("width", ["80", "120"])
def test_no_line_is_wider_than_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)

    for arguments in (["recipes"], ["checks"], ["recipes", "structured-logging"]):
        lines = run(*arguments).out.splitlines()
        assert max(map(len, lines)) <= int(width)
