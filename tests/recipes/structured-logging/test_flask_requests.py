"""What the log says of the requests of a Flask app, and what the app goes on doing."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import flask
import pytest
import structlog
from flask.testing import FlaskClient

FRAMEWORK = "flask"
Logged = Callable[[], list[dict[str, Any]]]
logger = structlog.get_logger("shop")


@pytest.fixture
def app(module: ModuleType) -> flask.Flask:
    app = flask.Flask("shop_app")
    module.install_logging(app)
    return app


@pytest.fixture
def client(app: flask.Flask) -> FlaskClient:
    return app.test_client()


def read(client: FlaskClient, path: str, **options: Any) -> Any:
    """Send a request and read the answer to its end, as a server does."""
    with client.open(path, **options) as answer:
        answer.get_data()
        return answer


def test_a_request_has_one_line_and_its_id_is_on_every_line_and_in_the_answer(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    orders = flask.Blueprint("orders", "orders", url_prefix="/orders")

    @orders.get("/<int:number>")
    def order(number: int) -> str:
        logger.info("order read", number=number)
        return str(number)

    app.register_blueprint(orders)

    answer = read(client, "/orders/7?card=4111", headers={"X-Request-ID": "req-1"})

    own, access = logged()
    assert answer.headers.getlist("X-Request-ID") == ["req-1"]
    assert (own["event"], own["number"], own["request_id"]) == ("order read", 7, "req-1")
    assert access.pop("duration_ms") > 0
    assert access == {
        "timestamp": access["timestamp"],
        "level": "info",
        "logger": "access",
        "event": "request",
        "method": "GET",
        "path": "/orders/7",
        "route": "/orders/<int:number>",
        "status": 200,
        "client": "127.0.0.1",
        "request_id": "req-1",
    }
    assert "request_id" not in structlog.contextvars.get_contextvars()


@pytest.mark.parametrize("offered", ["", " ", "a b", "a\tb", '"}{"', "\xff\xfe", "x" * 10_000])
def test_an_id_that_could_break_a_line_or_a_header_is_replaced(
    client: FlaskClient, logged: Logged, offered: str
) -> None:
    answer = read(client, "/", environ_overrides={"HTTP_X_REQUEST_ID": offered})

    answered = answer.headers["X-Request-ID"]
    assert len(answered) == 32
    assert answered.isalnum()
    assert logged()[-1]["request_id"] == answered


def test_an_unhandled_exception_has_one_traceback_with_the_id(
    app: flask.Flask, client: FlaskClient, logged: Logged, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/fails")
    def fail() -> str:
        raise RuntimeError("disk full")

    answer = read(client, "/fails", headers={"X-Request-ID": "req-1"})

    (access,) = logged()
    assert answer.status_code == 500
    assert "Internal Server Error" in answer.text
    assert answer.headers["X-Request-ID"] == "req-1"
    assert (access["level"], access["status"], access["route"]) == ("error", 500, "/fails")
    assert "exception" not in access
    # Flask's own report; on a server it is a line of JSON with the same ID.
    reports = [record for record in caplog.records if record.name == "shop_app"]
    assert [record.getMessage() for record in reports] == ["Exception on /fails [GET]"]


@pytest.mark.parametrize("setting", ["TESTING", "PROPAGATE_EXCEPTIONS"])
def test_an_exception_that_flask_lets_through_is_let_through(
    app: flask.Flask, client: FlaskClient, logged: Logged, setting: str
) -> None:
    app.config[setting] = True

    @app.get("/fails")
    def fail() -> str:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        client.get("/fails", headers={"X-Request-ID": "req-1"})

    (line,) = logged()
    assert (line["event"], line["status"], line["request_id"]) == ("request failed", 500, "req-1")
    assert line["exception"].endswith("RuntimeError: disk full")
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_the_apps_own_error_pages_have_the_id(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    app.register_error_handler(404, lambda _: ("my page", 404))

    answer = read(client, "/nothing")

    (access,) = logged()
    assert (answer.text, answer.status_code) == ("my page", 404)
    assert (access["status"], access["route"]) == (404, None)
    assert access["request_id"] == answer.headers["X-Request-ID"]


def test_an_id_of_the_apps_own_is_kept_and_told(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    @app.after_request
    def name(response: flask.Response) -> flask.Response:
        response.headers["x-request-id"] = "own"
        return response

    answer = read(client, "/")

    (line,) = logged()
    assert answer.headers.getlist("X-Request-ID") == ["own"]
    assert line["answered_id"] == "own" != line["request_id"]


def test_the_id_follows_into_threads(app: flask.Flask, client: FlaskClient, logged: Logged) -> None:
    pool = ThreadPoolExecutor(max_workers=1)
    has_request: list[bool] = []

    @app.get("/")
    def start() -> str:
        thread = threading.Thread(target=lambda: has_request.append(flask.has_request_context()))
        thread.start()
        thread.join()
        thread = threading.Thread(target=logger.info, args=("thread",))
        thread.start()
        thread.join()
        pool.submit(logger.info, "job").result()
        return "ok"

    with pool:
        read(client, "/", headers={"X-Request-ID": "first"})
        read(client, "/", headers={"X-Request-ID": "second"})
        pool.submit(logger.info, "outside").result()

    found = [(line["event"], line.get("request_id")) for line in logged()]
    assert found == [
        *(("thread", "first"), ("job", "first"), ("request", "first")),
        *(("thread", "second"), ("job", "second"), ("request", "second")),
        ("outside", None),
    ]
    assert has_request == [False, False]


def test_a_stream_is_logged_when_it_ends_and_its_lines_have_the_id(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    @app.get("/")
    def stream() -> flask.Response:
        def chunks() -> Iterator[str]:
            for number in range(3):
                logger.info("chunk")
                yield str(number)

        return flask.Response(chunks())

    answer = read(client, "/", headers={"X-Request-ID": "req-1"})

    assert answer.text == "012"
    found = [(line["event"], line["request_id"]) for line in logged()]
    assert found == [("chunk", "req-1")] * 3 + [("request", "req-1")]


def test_a_stream_that_breaks_has_the_status_that_was_sent(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    @app.get("/")
    def stream() -> flask.Response:
        def chunks() -> Iterator[str]:
            yield "1"
            raise RuntimeError("upstream gone")

        return flask.Response(chunks())

    with pytest.raises(RuntimeError, match="upstream gone"):
        read(client, "/")

    (line,) = logged()
    assert (line["event"], line["status"]) == ("request failed", 200)
    assert line["exception"].endswith("RuntimeError: upstream gone")


def test_a_client_that_leaves_early_is_logged_and_the_response_closed(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    closed: list[bool] = []

    @app.get("/")
    def stream() -> flask.Response:
        response = flask.Response(iter(["1", "2"]))
        response.call_on_close(lambda: closed.append(True))
        return response

    with client.get("/"):
        pass

    assert closed == [True]
    assert [line["status"] for line in logged()] == [200]


def test_a_file_goes_to_the_server_as_the_object_it_waits_for(
    app: flask.Flask, logged: Logged
) -> None:
    class FileWrapper:
        def __init__(self, file: Any, size: int = 8192) -> None:
            self.file = file

        def __iter__(self) -> Iterator[bytes]:
            yield self.file.read()

    app.wsgi_app.app = lambda environ, start: (  # type: ignore[attr-defined]
        start("200 OK", []),
        environ["wsgi.file_wrapper"](io.BytesIO(b"x")),
    )[1]
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/f", "wsgi.file_wrapper": FileWrapper}
    headers: list[Any] = []

    def start(_status: str, found: list[Any], _exc_info: Any = None) -> Any:
        headers.extend(found)

    body = app.wsgi_app(environ, start)

    assert type(body) is FileWrapper
    assert [name for name, _ in headers] == ["X-Request-ID"]
    assert [line["path"] for line in logged()] == ["/f"]


def test_paths_are_text(client: FlaskClient, logged: Logged) -> None:
    read(client, "/zażółć")

    assert [line["path"] for line in logged()] == ["/zażółć"]


def test_a_second_call_changes_nothing(
    module: ModuleType, app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    module.install_logging(app)
    read(client, "/")

    assert [line["event"] for line in logged()] == ["request"]


def test_several_apps_are_logged_each(module: ModuleType, logged: Logged) -> None:
    for name in ("one", "two"):
        app = flask.Flask(name)
        module.install_logging(app)
        read(app.test_client(), f"/{name}")

    assert [line["path"] for line in logged()] == ["/one", "/two"]


def test_a_request_inside_of_a_request_gives_the_outer_id_back(
    app: flask.Flask, client: FlaskClient, logged: Logged
) -> None:
    @app.get("/outer")
    def outer() -> str:
        read(app.test_client(), "/inner", headers={"X-Request-ID": "inner"})
        logger.info("after")
        return "ok"

    read(client, "/outer", headers={"X-Request-ID": "outer"})

    found = [(line["event"], line["request_id"]) for line in logged()]
    assert found == [("request", "inner"), ("after", "outer"), ("request", "outer")]


def test_the_apps_logger_writes_json_once(app: flask.Flask, logged: Logged) -> None:
    own = logging.getLogger("shop_app")
    own.handlers[:] = [flask.logging.default_handler]
    own.propagate = False
    client = app.test_client()

    @app.get("/")
    def index() -> str:
        app.logger.warning("low stock")
        return "ok"

    read(client, "/", headers={"X-Request-ID": "req-1"})

    found = [(line["event"], line["logger"], line["request_id"]) for line in logged()]
    assert found == [("low stock", "shop_app", "req-1"), ("request", "access", "req-1")]
