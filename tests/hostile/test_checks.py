"""Whatever stands in the files of a project: every check ends, and says something that can be reported."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

from hypothesis import HealthCheck, given, settings
from tests.hostile.wild_trees import TREES

from buttress.acceptance.inspection import scored_as_configured
from buttress.errors import UserError
from buttress.project import inspect_project
from buttress.reports.inspection_json import scorecard_json
from buttress.source import Tree


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_any_project_has_a_scorecard(files: dict[str, str | bytes]) -> None:
    tree = Tree.of(files)
    project = inspect_project(tree)
    for service in project.services:
        # a configuration that makes no sense is refused
        with suppress(UserError):
            card = scored_as_configured(project, service, date(2026, 1, 1))
            data = scorecard_json(card)
            assert json.loads(json.dumps(data)) == data
            assert {finding["path"] for finding in data["findings"]} <= files.keys()
