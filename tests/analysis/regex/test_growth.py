"""How the time of regular expressions grows."""

from __future__ import annotations

import pytest

from buttress.analysis.regex.growth import Growth, growth


def grows(pattern: str, flags: int = 0, *, is_search: bool = True, is_whole: bool = False) -> str:
    return str(growth(pattern, flags, is_search=is_search, is_whole=is_whole) or "")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(a+)+$",
        r"(a*)*b",
        r"(a|a)*$",
        r"^(a|aa)+$",
        r"(a|b|ab)*c",
        r"(x+x+)+y",
        r"^(\w+\s?)*$",
        r"(\w{1,10}\s?)+!",
        r"^\d+(\.?\d+)*$",
        r"(a?b?)*c",
        r"(?:x(?:a*|b*))*$",
        r"(\s*\n\s*)+x",
    ],
)
def test_a_text_that_is_read_in_two_ways_again_and_again(pattern: str) -> None:
    assert grows(pattern) == Growth.EXPONENTIAL


@pytest.mark.parametrize(
    "pattern", [r"a*a*a*b", r"\s*\n\s*$", r".*foo.*bar.*baz", r"^\S+@\S+\.\S+$"]
)
def test_loops_in_a_row_that_take_the_same(pattern: str) -> None:
    assert grows(pattern) == Growth.POLYNOMIAL


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a|b)*$",
        r"^(\w+\s)*$",
        r"(?:[a-z]{3})+$",
        r"^\d+(\.\d+)*$",
        r"^([a-z]+-)*[a-z]+$",
        r"^\s+|\s+$",
        r"^a*a*b",
        r"[^@]+@[^@]+\.[^@]+",
        r"^[\w.+-]+@([\w-]+\.)+[\w-]{2,}$",
        r"<[^>]+>",
        r"who\s*:\s*(.+?)(?=next|$)",
        r"^(?:(?:[^*]|\*(?!/))*)$",
    ],
)
def test_a_text_that_is_read_in_one_way(pattern: str) -> None:
    assert grows(pattern) == ""


def test_what_has_matched_already_tries_no_second_way() -> None:
    assert grows(r"(a+)+") == ""
    assert grows(r"(a+)+", is_whole=True) == Growth.EXPONENTIAL


def test_where_a_match_may_begin_counts_like_a_loop() -> None:
    assert grows(r"a*a*b") == Growth.POLYNOMIAL
    assert grows(r"a*a*b", is_search=False) == ""
    assert grows(r"xa*a*b") == ""


def test_repetitions_that_give_nothing_back() -> None:
    assert grows(r"(?>a+)+b") == grows(r"(a++)+b") == ""


def test_what_is_no_expression_or_too_large_is_left_alone() -> None:
    assert grows(r"(a+") == ""
    assert grows(r"(a+)+" * 600 + "$") == ""
    assert grows(r"(?:(?:a?){40}b?){40}$") == ""


def test_what_would_take_long_to_read_is_left_alone() -> None:
    empty = "(?:" * 12 + "){24}" * 12

    assert grows(f"({empty}a*)*$") == ""
    assert grows("a*" * 60 + "b") in {"", Growth.POLYNOMIAL}
    assert grows("(?:" * 300 + "a" + ")*" * 300 + "b") in {"", Growth.EXPONENTIAL}
