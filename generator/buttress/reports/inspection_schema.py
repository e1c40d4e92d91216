"""The JSON schema of ``buttress inspect --format json``, made from the code's own words.

``docs/reference/inspect.schema.json`` is a copy of it. Keys may be added under the same version, so it
lets unknown ones pass.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from buttress.checks.model import Confidence, Kind, Pillar, Risk
from buttress.project.model import Framework
from buttress.reports.inspection_json import SCHEMA_VERSION
from buttress.scorecard import AcceptedBy, Status, Verdict

Schema = dict[str, Any]

_SKIPPED = ["foreign", "large", "link", "binary", "special", "unreadable", "name", "excluded"]
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_POSITION: Schema = {"type": "integer", "minimum": 1}
_SCORE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 100}


def schema() -> Schema:
    """Return the schema (JSON Schema, draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:buttress:inspect:{SCHEMA_VERSION}",
        "title": "What buttress inspect --format json prints",
        **_object(
            schema_version={"const": SCHEMA_VERSION},
            tool=_object(name={"const": "buttress"}, version=_TEXT),
            catalogue_version=_TEXT,
            score=_score(),
            counts=_object(open=_COUNT, to_review=_COUNT, accepted=_COUNT, known=_COUNT),
            compared_with=_TEXT,
            findings=_list(_finding()),
            checks=_list(_check()),
            deselected=_list(_TEXT),
            remarks=_list(_object(path=_TEXT, line=_POSITION, message=_TEXT)),
            service=_service(),
            services=_list(_service()),
            repository={
                "oneOf": [{"type": "null"}, _object(folder=_TEXT, message=_TEXT, command=_TEXT)]
            },
            ecosystems=_list(_package()),
            skipped=_list(_object(path=_TEXT, reason={"enum": _SKIPPED})),
            unparsed=_list(_object(path=_TEXT, line=_POSITION, message=_TEXT)),
        ),
    }


def _score() -> Schema:
    pillar = _object(score=_SCORE, strict=_SCORE, passed=_COUNT, failed=_COUNT, unknown=_COUNT)
    return _object(
        total=_SCORE,
        strict=_SCORE,
        verdict=_one_of(Verdict),
        pillars=_object(**{item.value: pillar for item in Pillar}),
    )


def _finding() -> Schema:
    acceptance = _object(
        by=_one_of(AcceptedBy),
        reason=_TEXT,
        owner=_TEXT,
        expires={"type": ["string", "null"], "format": "date"},
    )
    return _object(
        check=_TEXT,
        pillar=_one_of(Pillar),
        risk=_one_of(Risk),
        confidence=_one_of(Confidence),
        path=_TEXT,
        line=_POSITION,
        column=_POSITION,
        places=_list(_object(path=_TEXT, line=_POSITION, column=_POSITION)),
        message=_TEXT,
        recipe=_TEXT_OR_NULL,
        fingerprint={"type": "string", "pattern": "^[0-9a-f]{20}$"},
        acceptance={"oneOf": [{"type": "null"}, acceptance]},
    )


def _check() -> Schema:
    return _object(
        id=_TEXT,
        title=_TEXT,
        pillar=_one_of(Pillar),
        risk=_one_of(Risk),
        confidence=_one_of(Confidence),
        kind=_one_of(Kind),
        standards=_list(_TEXT),
        status=_one_of(Status),
        reason=_TEXT,
    )


def _service() -> Schema:
    return _object(
        root=_TEXT,
        framework=_one_of(Framework),
        app=_TEXT,
        place=_TEXT,
        import_root=_TEXT,
        routes=_COUNT,
    )


def _package() -> Schema:
    return _object(
        language={"enum": ["javascript", "typescript"]},
        root=_TEXT,
        manifest=_TEXT,
        manager={"enum": ["npm", "pnpm", "yarn", "bun"]},
        lock=_TEXT_OR_NULL,
        workspace=_TEXT_OR_NULL,
        frameworks=_list(_TEXT),
        dependencies=_COUNT,
        dockerfiles=_list(_TEXT),
    )


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(words: type[StrEnum]) -> Schema:
    return {"enum": [word.value for word in words]}
