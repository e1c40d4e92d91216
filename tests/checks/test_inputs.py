"""Bodies without a schema are found; those that something describes or checks are not."""

from __future__ import annotations

import pytest
from tests.rewrites.cases import service_of

from buttress.checks.model import NotApplicable, Subject, checks
from buttress.project.model import Framework
from buttress.source import Draft, Tree


def lines(source: str, framework: Framework) -> list[int]:
    subject = Subject(*service_of(Draft(Tree.of({"main.py": source})), framework))
    return [finding.place.line for finding in checks()["SEC-INPUT-UNTYPED"].function(subject)]


FASTAPI = '@app.post("/items")\nasync def create({}):\n    {}\n'
FLASK = 'from flask import request\n\n@app.post("/items")\ndef create():\n    {}\n'


@pytest.mark.parametrize(
    ("parameter", "body"),
    [
        ("data: dict", "return data"),
        ("data: dict = None", "return data"),
        ("request: Request", "return await request.json()"),
    ],
)
def test_bodies_of_fastapi(parameter: str, body: str) -> None:
    source = "from fastapi import Request\n\n" + FASTAPI.format(parameter, body)

    assert len(lines(source, Framework.FASTAPI)) == 1


@pytest.mark.parametrize("read", ["request.json['a']", "request.get_json(silent=True) or {}"])
def test_bodies_of_flask(read: str) -> None:
    assert lines(FLASK.format(f"return {read}"), Framework.FLASK) == [5]


@pytest.mark.parametrize(
    ("parameter", "body"),
    [("data: Item", "return data"), ("data: dict = Depends(f)", "return data"), ("q: str", "pass")],
)
def test_described_bodies_of_fastapi(parameter: str, body: str) -> None:
    source = "from fastapi import Depends\n\n" + FASTAPI.format(parameter, body)

    assert lines(source, Framework.FASTAPI) == []


@pytest.mark.parametrize(
    "body",
    [
        "return ItemSchema().load(request.json)",
        "data = request.json\n    jsonschema.validate(data, schema)\n    return data['a']",
        "return request.form['a']",
        "return request.args['a']",
    ],
)
def test_checked_bodies_of_flask(body: str) -> None:
    assert lines("import jsonschema\n" + FLASK.format(body), Framework.FLASK) == []


def test_the_schema_of_another_body_says_nothing() -> None:
    source = FLASK.format("data = request.json\n    Schema().load(other)\n    return data['a']")

    assert lines(source, Framework.FLASK) == [5]


def test_frameworks_that_are_read_another_way() -> None:
    with pytest.raises(NotApplicable):
        lines("", Framework.DJANGO)
