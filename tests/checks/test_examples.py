"""The examples in the documentation of the checks: the bad one is found, the good one is not."""

from __future__ import annotations

import pytest
from tests.checks.running import run
from tests.checks.surroundings import surroundings

from buttress.checks.model import checks
from buttress.reports.explained import explained

AROUND = surroundings()


def test_the_examples_of_every_check_have_surroundings() -> None:
    assert set(AROUND) == set(checks())


@pytest.mark.parametrize("name", sorted(checks()))
def test_the_bad_example_of_a_check_is_found_and_the_good_one_is_not(name: str) -> None:
    bad, good = AROUND[name].filled(explained(checks()[name]))

    assert run(name, bad, is_tracked=True).findings
    assert [finding.message for finding in run(name, good, is_tracked=True).findings] == []
