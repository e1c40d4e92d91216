"""The module that answers errors, in apps that really answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fastapi
import flask
import pytest
import structlog
from tests.recipes.rendering import imported, rendered

from buttress.planning.providers.errors import exact_error_bodies
from buttress.project import inspect_project
from buttress.source import Tree


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, framework: str) -> Any:
    source = rendered("error-handling", framework=framework)["error_handlers.py"]
    return imported(tmp_path, "error_handlers", source, monkeypatch).install_error_handlers


def fastapi_client(app: Any) -> Any:
    from starlette.testclient import TestClient

    return TestClient(app, raise_server_exceptions=False)


def fastapi_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()

    @app.get("/items/{number}")
    def item(number: int) -> dict[str, int]:
        if number == 0:
            raise RuntimeError("the password is hunter2")
        if number == 404:
            raise fastapi.HTTPException(404, detail={"code": "E1"}, headers={"X-Why": "gone"})
        if number == 204:
            raise fastapi.HTTPException(204)
        return {"number": number}

    return app


@pytest.mark.parametrize("framework", ["fastapi"])
class TestFastAPI:
    def test_an_unexpected_error_says_nothing_about_the_inside(self, install: Any) -> None:
        app = fastapi_app()
        install(app)

        with structlog.contextvars.bound_contextvars(request_id="r1"):
            answer = fastapi_client(app).get("/items/0")

        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": "Internal Server Error",
            "instance": "/items/0",
            "request_id": "r1",
        }

    def test_detail_and_headers_of_an_http_exception_are_kept(self, install: Any) -> None:
        app = fastapi_app()
        install(app)

        answer = fastapi_client(app).get("/items/404")

        assert answer.json()["detail"] == {"code": "E1"}
        assert answer.json()["title"] == "Not Found"
        assert answer.headers["x-why"] == "gone"

    def test_a_validation_error_names_the_place_and_not_the_value(self, install: Any) -> None:
        app = fastapi_app()
        install(app)

        answer = fastapi_client(app).get("/items/hunter2")

        assert answer.status_code == 422
        (error,) = answer.json()["detail"]
        assert error["loc"] == ["path", "number"]
        assert "hunter2" not in answer.text.replace(answer.json()["instance"], "")

    def test_an_answer_without_a_body_has_none(self, install: Any) -> None:
        app = fastapi_app()
        install(app)

        assert fastapi_client(app).get("/items/204").content == b""

    def test_unknown_paths_are_problems_too(self, install: Any) -> None:
        app = fastapi_app()
        install(app)

        assert fastapi_client(app).get("/nowhere").json()["detail"] == "Not Found"

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_a_handler_of_the_app_wins(self, install: Any, when: str) -> None:
        from starlette.responses import PlainTextResponse

        app = fastapi_app()
        if when == "after":
            install(app)

        @app.exception_handler(Exception)
        async def own(request: Any, error: Exception) -> PlainTextResponse:
            return PlainTextResponse("mine", 500)

        @app.exception_handler(fastapi.exceptions.RequestValidationError)
        async def own_validation(request: Any, error: Exception) -> PlainTextResponse:
            return PlainTextResponse("mine", 400)

        if when == "before":
            install(app)

        assert fastapi_client(app).get("/items/0").text == "mine"
        assert fastapi_client(app).get("/items/x").text == "mine"


def test_bodies_that_tests_compare_as_a_whole_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = rendered("error-handling", errors_keep_bodies=True)["error_handlers.py"]
    app = fastapi_app()
    imported(tmp_path, "error_handlers", source, monkeypatch).install_error_handlers(app)

    assert fastapi_client(app).get("/items/404").json() == {"detail": {"code": "E1"}}
    assert fastapi_client(app).get("/items/0").json()["title"] == "Internal Server Error"


@pytest.mark.parametrize(
    ("test", "keeps"),
    [
        ('assert answer.json() == {"detail": "Not found"}', True),
        ('assert {"detail": "Not found"} == answer.json()', True),
        ('assert answer.json()["detail"] == "Not found"', False),
        ('assert answer.json() == {"id": 1, "detail": "x"}', False),
        ('body = {"detail": "x"}', False),
    ],
)
def test_a_test_that_compares_the_whole_body_is_noticed(test: str, keeps: bool) -> None:
    main = "from fastapi import FastAPI\n\napp = FastAPI()\n"
    test_file = f"from main import app\n\n\ndef test_it(answer):\n    {test}\n    assert app\n"
    project = inspect_project(Tree.of({"main.py": main, "tests/test_it.py": test_file}))

    assert exact_error_bodies(project, project.services[0]) is keeps


def flask_app() -> flask.Flask:
    app = flask.Flask(__name__)

    @app.route("/items/<int:number>")
    def item(number: int) -> Any:
        if number == 0:
            raise RuntimeError("the password is hunter2")
        if number == 409:
            flask.abort(409, "Already there")
        return {"number": number}

    return app


JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("framework", ["flask"])
class TestFlask:
    def test_an_unexpected_error_says_nothing_about_the_inside(self, install: Any) -> None:
        app = flask_app()
        install(app)

        with structlog.contextvars.bound_contextvars(request_id="r1"):
            answer = app.test_client().get("/items/0", headers=JSON)

        assert answer.status_code == 500
        assert answer.content_type == "application/problem+json"
        assert "hunter2" not in answer.text
        assert answer.get_json()["title"] == "Internal Server Error"
        assert answer.get_json()["request_id"] == "r1"

    def test_the_words_of_abort_are_kept(self, install: Any) -> None:
        app = flask_app()
        install(app)

        answer = app.test_client().get("/items/409", headers=JSON)

        assert (answer.status_code, answer.get_json()["detail"]) == (409, "Already there")

    def test_headers_of_the_error_are_kept(self, install: Any) -> None:
        app = flask_app()
        install(app)

        answer = app.test_client().post("/items/1", headers=JSON)

        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]

    @pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "*/*", None])
    def test_a_browser_gets_the_page_that_it_got_before(
        self, install: Any, accept: str | None
    ) -> None:
        plain = flask_app()
        app = flask_app()
        install(app)
        headers = {"Accept": accept} if accept else {}

        for path in ("/items/409", "/nowhere"):
            before = plain.test_client().get(path, headers=headers)
            after = app.test_client().get(path, headers=headers)
            assert (after.status_code, after.data) == (before.status_code, before.data)

    def test_who_sends_json_gets_json(self, install: Any) -> None:
        app = flask_app()
        install(app)

        assert app.test_client().post("/nowhere", json={}).get_json()["status"] == 404

    @pytest.mark.parametrize(
        ("path", "headers", "is_json"),
        [
            ("/api/nowhere", {"Accept": "*/*"}, True),
            ("/api/nowhere", {"Accept": "text/html,*/*;q=0.8"}, False),
            ("/api/nowhere", {}, False),
            ("/nowhere", {"Accept": "*/*"}, False),
        ],
    )
    def test_who_fetches_from_the_api_gets_json(
        self, install: Any, path: str, headers: dict[str, str], is_json: bool
    ) -> None:
        app = flask_app()
        install(app)

        assert app.test_client().get(path, headers=headers).is_json is is_json

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("kind", [404, Exception])
    def test_a_handler_of_the_app_wins(self, install: Any, when: str, kind: Any) -> None:
        app = flask_app()
        if when == "after":
            install(app)
        app.register_error_handler(kind, lambda error: ("mine", 404))
        if when == "before":
            install(app)

        assert app.test_client().get("/nowhere", headers=JSON).text == "mine"

    def test_tests_still_see_the_exception(self, install: Any) -> None:
        app = flask_app()
        install(app)
        app.testing = True

        with pytest.raises(RuntimeError):
            app.test_client().get("/items/0", headers=JSON)
