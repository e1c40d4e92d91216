"""The published schema is what the code makes, and every report keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from buttress.reports.inspection_json import scorecard_json
from buttress.reports.inspection_schema import schema
from buttress.reports.visible import json_text
from buttress.scorecard import Acceptance, AcceptedBy, Scorecard
from tests.reports.cards import APP, GUESS, NO_CI, SQL, At, card, prototype

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "inspect.schema.json"


def closed(part: Any) -> Any:
    """Return a schema that lets no key pass that it does not name."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: closed(value) for key, value in part.items()}
    return copy | {"additionalProperties": False} if part.get("type") == "object" else copy


def validate(found: Scorecard) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    data = json.loads(json_text(scorecard_json(found)))
    jsonschema.Draft202012Validator(closed(schema()), format_checker=checker).validate(data)


def test_the_published_schema_is_that_of_the_code() -> None:
    assert PUBLISHED.read_text("utf-8") == json.dumps(schema(), indent=2) + "\n"


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
def test_the_report_of_a_project_keeps_it(name: str) -> None:
    validate(prototype(name))


def test_reports_with_acceptances_and_a_baseline_keep_it() -> None:
    accepted = Acceptance(AcceptedBy.INLINE, "a fixture", "ops", date(2027, 1, 31))
    found = card(
        {
            SQL: [At("main.py:8:1", acceptance=accepted), At("main.py:9:1", is_new=False)],
            GUESS: [At("main.py:3:1")],
            NO_CI: [At("main.py:3:1")],
        },
        files={"main.py": APP, "broken.py": "def (:\n", "web/package.json": "{}", "x.bin": b"\0"},
        compared_with="baseline.json",
    )

    validate(found)


def leaves(part: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in part.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))


def test_a_report_without_one_of_its_keys_does_not_keep_it() -> None:
    whole = scorecard_json(prototype("notes"))
    validator = jsonschema.Draft202012Validator(schema())
    for path in list(leaves({key: whole[key] for key in ("score", "counts", "tool", "service")})):
        broken = deepcopy(whole)
        part = broken
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]

        assert not validator.is_valid(broken), path


def test_keys_of_a_later_version_may_be_added() -> None:
    later = scorecard_json(prototype("notes")) | {"more": 1}

    assert jsonschema.Draft202012Validator(schema()).is_valid(later)


def test_two_reports_of_the_same_tree_are_the_same_bytes() -> None:
    prototype.cache_clear()
    first = json_text(scorecard_json(prototype("shop")))
    prototype.cache_clear()

    assert json_text(scorecard_json(prototype("shop"))) == first
