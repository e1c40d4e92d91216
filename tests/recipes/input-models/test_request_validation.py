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


@pytest.mark.parametrize("framework", ["fastapi", "flask"])
def test_no_module_where_nothing_needs_it(framework: str) -> None:
    files = rendered("input-models", framework=framework, validation_bodies=False)

    assert set(files) == {".copier-answers.input-models.yml"}


@pytest.mark.parametrize("framework", ["fastapi", "flask"])
@pytest.mark.parametrize("length", [88, 100])
def test_the_module_is_formatted(framework: str, length: int) -> None:
    import black

    source = rendered("input-models", framework=framework)["request_validation.py"].decode()

    assert black.format_str(source, mode=black.Mode(line_length=length)) == source


@pytest.fixture
def fastapi_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from fastapi import FastAPI, Request
    from starlette.testclient import TestClient

    source = rendered("input-models", framework="fastapi", validation_bodies=True)
    validation: Any = imported(
        tmp_path, "request_validation", source["request_validation.py"], monkeypatch
    )
    app = FastAPI()

    async def create_item(request: Request) -> Any:
        return (await validation.parse_json(request, Item)).model_dump()

    async def options(request: Request) -> Any:
        return (await validation.parse_json(request, Options, or_empty=True)).model_dump()

    async def maybe(request: Request) -> Any:
        item = await validation.parse_json_or_none(request, Item)
        return item.model_dump() if item else {"own": "words"}

    for path, handler in [("/items", create_item), ("/options", options), ("/maybe", maybe)]:
        handler.__annotations__["request"] = Request
        app.post(path)(handler)
    return TestClient(app)


def test_fastapi_takes_a_body_whatever_its_content_type(fastapi_client: Any) -> None:
    answer = fastapi_client.post("/items", content='{"name": "pen"}')

    assert answer.json() == {"name": "pen", "tags": [], "size": None}


@pytest.mark.parametrize(
    ("sent", "kind", "place"),
    [
        ("{", "json_invalid", ["body"]),
        ("", "json_invalid", ["body"]),
        ("[]", "model_type", ["body"]),
        ('{"name": 5}', "string_type", ["body", "name"]),
    ],
)
def test_fastapi_answers_a_wrong_body_as_it_answers_a_wrong_parameter(
    fastapi_client: Any, sent: str, kind: str, place: list[str]
) -> None:
    answer = fastapi_client.post("/items", content=sent)

    assert answer.status_code == 422
    assert [(e["type"], e["loc"]) for e in answer.json()["detail"]] == [(kind, place)]


def test_an_empty_body_of_fastapi_is_left_to_the_handler(fastapi_client: Any) -> None:
    assert fastapi_client.post("/options", content="null").json() == {"size": 1}
    assert fastapi_client.post("/maybe", content="{}").json() == {"own": "words"}
