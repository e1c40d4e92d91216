"""Every check has a point of practice that it asks for, and every point leads somewhere."""

from __future__ import annotations

from collections import Counter

from buttress.checks.model import checks
from buttress.checks.practice import points


def test_every_check_has_a_point() -> None:
    asked = {name for point in points() for name in point.checks}

    assert set(checks()) - asked == set()


def test_every_check_that_is_named_exists() -> None:
    asked = {name for point in points() for name in point.checks}

    assert asked - set(checks()) == set()


def test_a_point_has_checks_or_says_what_covers_it() -> None:
    assert [point.id for point in points() if not point.checks and not point.beyond] == []


def test_a_point_stands_there_once() -> None:
    twice = [name for name, count in Counter(point.id for point in points()).items() if count > 1]

    assert twice == []
    assert all(len(set(point.checks)) == len(point.checks) for point in points())
