"""Every check finds what its cases mark, and nothing else."""

from __future__ import annotations

import pytest
from tests.checks.cases import Case, cases
from tests.checks.running import run


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: f"{case.check}: {case.title}")
def test_findings_stand_where_they_are_expected(case: Case) -> None:
    result = run(case.check, case.files, is_tracked=case.is_tracked)

    found = sorted(f"{finding.place.path}:{finding.place.line}" for finding in result.findings)
    assert (str(result.status), found) == (case.status, list(case.expected)), result.reason
