"""The module that checks JSON bodies, in Flask apps that really answer."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.recipes.rendering import imported, rendered

flask: Any = pytest.importorskip("flask")


class Item(BaseModel):
    name: str
    tags: list[str] = []
    size: int | None = None


class Options(BaseModel):
    size: int = 1


def as_json(body: object) -> dict[str, str]:
    """Return a request with a JSON body, `null` included, which clients take for none."""
    return {"data": json.dumps(body), "content_type": "application/json"}


@pytest.fixture
def validation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    source = rendered("input-models", framework="flask")["request_validation.py"]
    return imported(tmp_path, "request_validation", source, monkeypatch)


@pytest.fixture
def app(validation: Any) -> Any:
    app = flask.Flask("proto")

    def create_item() -> Any:
        return validation.parse_json(Item).model_dump()

    def options() -> Any:
        return validation.parse_json(Options, silent=True, or_empty=True).model_dump()

    def forced() -> Any:
        return validation.parse_json(Item, force=True).model_dump()

    def maybe() -> Any:
        item = validation.parse_json_or_none(Item)
        return ("own words", 400) if not item else item.model_dump()

    for path, view in [
        ("/items", create_item),
        ("/options", options),
        ("/forced", forced),
        ("/maybe", maybe),
    ]:
        app.post(path)(view)
    return app


def test_a_body_that_fits_becomes_a_model(app: Any) -> None:
    answer = app.test_client().post("/items", json={"name": "pen", "tags": ["a"], "other": 1})

    assert answer.status_code == 200
    assert answer.json == {"name": "pen", "tags": ["a"], "size": None}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({}, ["body", "name"]),
        ({"name": 5}, ["body", "name"]),
        ({"name": "pen", "tags": ["a", 1]}, ["body", "tags", 1]),
        ([1], ["body"]),
        ("text", ["body"]),
        (None, ["body"]),
    ],
)
def test_a_body_that_does_not_fit_is_a_problem_that_names_the_place(
    app: Any, body: object, place: list[object]
) -> None:
    answer = app.test_client().post("/items", **as_json(body))

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 422
    assert [error["loc"] for error in answer.json["errors"]] == [place]


def test_what_was_sent_is_neither_sent_back_nor_logged(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer = app.test_client().post("/items", json={"name": ["hunter2"], "size": "hunter2"})

    assert answer.status_code == 422
    assert "hunter2" not in answer.text + caplog.text


def test_flask_still_decides_what_is_json(app: Any) -> None:
    client = app.test_client()

    assert client.post("/items", data="name=pen").status_code == 415
    assert client.post("/items", data="{", content_type="application/json").status_code == 400
    assert client.post("/forced", data='{"name": "pen"}').json["name"] == "pen"


@pytest.mark.parametrize("sent", [{"data": "x"}, {"json": {}}, {"json": None}, {}])
def test_no_body_may_count_as_an_empty_one(app: Any, sent: dict[str, Any]) -> None:
    assert app.test_client().post("/options", **sent).json == {"size": 1}


@pytest.mark.parametrize("body", [{}, None, [], ""])
def test_an_empty_body_is_left_to_the_view(app: Any, body: object) -> None:
    answer = app.test_client().post("/maybe", **as_json(body))

    assert (answer.status_code, answer.text) == (400, "own words")


def test_the_apps_own_handler_of_http_errors_answers(app: Any, validation: Any) -> None:
    def unprocessable(error: Any) -> Any:
        return {"error": error.description, "fields": [e["loc"][-1] for e in error.errors]}, 422

    app.register_error_handler(422, unprocessable)

    answer = app.test_client().post("/items", json={})

    assert answer.json == {"error": "The body of the request is not valid.", "fields": ["name"]}


def test_the_handlers_of_error_handling_tell_the_errors(
    app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("structlog")
    source = rendered("error-handling", framework="flask")["error_handlers.py"]
    imported(tmp_path, "error_handlers", source, monkeypatch).install_error_handlers(app)

    answer = app.test_client().post("/items", json={})

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["instance"] == "/items"
    assert answer.json["errors"][0]["loc"] == ["body", "name"]


@pytest.mark.parametrize(
    "answers", [{"framework": "fastapi"}, {"framework": "flask", "validation_bodies": False}]
)
def test_no_module_where_nothing_needs_it(answers: dict[str, object]) -> None:
    assert set(rendered("input-models", **answers)) == {".copier-answers.input-models.yml"}


@pytest.mark.parametrize("length", [88, 100])
def test_the_module_is_formatted(length: int) -> None:
    import black

    source = rendered("input-models", framework="flask")["request_validation.py"].decode()

    assert black.format_str(source, mode=black.Mode(line_length=length)) == source
