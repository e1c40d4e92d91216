"""The docstring of a check, in parts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from buttress.checks.model import Check, checks
from buttress.reports.explained import Example, explained
from tests.reports.cards import SQL


def test_a_docstring_is_a_summary_reasons_and_examples() -> None:
    words = explained(SQL)

    assert words.summary == "A value becomes part of a statement."
    assert words.why == (
        "Whoever sends it reads every table (CWE-564). Use `execute(sql, values)`.",
    )
    assert words.examples == (
        Example(is_good=False, code='execute(f"SELECT {name}")'),
        Example(is_good=True, code='execute("SELECT ?", (name,))'),
    )


def test_weaknesses_that_only_the_text_names_count_as_standards() -> None:
    assert explained(SQL).standards == ("CWE-89", "OWASP A05:2025", "CWE-564")


def test_one_sentence_is_enough() -> None:
    words = explained(replace(SQL, documentation="Nothing runs.", standards=()))

    assert (words.summary, words.why, words.examples) == ("Nothing runs.", (), ())


@pytest.mark.parametrize("check", checks().values(), ids=lambda check: check.id)
def test_every_check_says_why_with_a_bad_and_a_good_example(check: Check) -> None:
    words = explained(check)

    assert words.summary
    assert {one.is_good for one in words.examples} == {True, False}
