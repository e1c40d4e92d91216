"""What the log says of the requests of a FastAPI app, and what the app goes on doing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

FRAMEWORK = "fastapi"
Logged = Callable[[], list[dict[str, Any]]]
logger = structlog.get_logger("shop")


@pytest.fixture
def app(module: ModuleType) -> FastAPI:
    app = FastAPI()
    module.install_logging(app)
    return app


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def events(found: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [line for line in found if line["event"] == name]


def test_a_request_has_one_line_and_its_id_is_on_every_line_and_in_the_answer(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    @app.get("/orders/{number}")
    async def read(number: int) -> int:
        logger.info("order read", number=number)
        return number

    answer = client.get("/orders/7?card=4111", headers={"X-Request-ID": "req-1"})

    own, access = logged()
    assert answer.headers["x-request-id"] == "req-1"
    assert own == {
        "timestamp": own["timestamp"],
        "level": "info",
        "logger": "shop",
        "event": "order read",
        "number": 7,
        "request_id": "req-1",
    }
    assert access.pop("duration_ms") > 0
    assert access == {
        "timestamp": access["timestamp"],
        "level": "info",
        "logger": "access",
        "event": "request",
        "method": "GET",
        "path": "/orders/7",
        "route": "/orders/{number}",
        "status": 200,
        "client": "testclient",
        "request_id": "req-1",
    }


def test_a_request_without_an_id_gets_one(app: FastAPI, client: TestClient, logged: Logged) -> None:
    first, second = client.get("/"), client.get("/")

    ids = [line["request_id"] for line in logged()]
    assert ids == [first.headers["x-request-id"], second.headers["x-request-id"]]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("offered", ["a", "Root=1-67891233-abcdef", "01JD/..:+@_-", "x" * 128])
def test_a_usable_id_is_kept(client: TestClient, logged: Logged, offered: str) -> None:
    answer = client.get("/", headers={"X-Request-ID": offered})

    assert answer.headers["x-request-id"] == offered
    assert logged()[-1]["request_id"] == offered


@pytest.mark.parametrize(
    "offered",
    [
        b"",
        b" ",
        b"a b",
        b"a\r\nSet-Cookie: x=1",
        b"a\n",
        b'"}{"',
        b"\xff\xfe",
        b"x" * 10_000,
        b"x" * 129,
    ],
)
def test_an_id_that_could_break_a_line_or_a_header_is_replaced(
    app: FastAPI, logged: Logged, offered: bytes
) -> None:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"x-request-id", offered)],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]

    answered = dict(sent[0]["headers"])[b"x-request-id"].decode()
    assert len(answered) == 32
    assert answered.isalnum()
    assert logged()[-1]["request_id"] == answered


def test_an_unhandled_exception_has_one_traceback_the_id_and_a_500_with_the_header(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    @app.get("/fails/{number}")
    async def fail(number: int) -> None:
        raise RuntimeError("disk full")

    answer = client.get("/fails/1", headers={"X-Request-ID": "req-1"})

    (line,) = logged()
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert answer.headers["x-request-id"] == "req-1"
    assert (line["event"], line["level"], line["status"]) == ("request failed", "error", 500)
    assert (line["route"], line["request_id"]) == ("/fails/{number}", "req-1")
    assert line["exception"].endswith("RuntimeError: disk full")
    assert line["exception"].count("Traceback (most recent call last)") == 1


def test_an_exception_still_reaches_whoever_calls_the_app(app: FastAPI) -> None:
    @app.get("/")
    async def fail() -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        TestClient(app).get("/")


def test_a_dependency_that_fails_is_logged_like_a_handler(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    def session() -> Iterator[str]:
        raise KeyError("no session")
        yield "never"

    @app.get("/")
    def read(session: str = Depends(session)) -> str:
        return session

    answer = client.get("/")

    (line,) = logged()
    assert answer.status_code == 500
    assert line["exception"].endswith("KeyError: 'no session'")
    assert line["request_id"] == answer.headers["x-request-id"]


def test_an_error_of_the_apps_own_is_a_line_without_traceback(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    @app.get("/missing")
    async def missing() -> None:
        raise HTTPException(404, "no such order", headers={"X-Why": "gone"})

    @app.get("/busy")
    async def busy() -> None:
        raise HTTPException(503, "busy")

    missed, refused, unknown = client.get("/missing"), client.get("/busy"), client.get("/none")

    found = [(line["event"], line["level"], line["status"], line["route"]) for line in logged()]
    assert found == [
        ("request", "info", 404, "/missing"),
        ("request", "error", 503, "/busy"),
        ("request", "info", 404, None),
    ]
    assert missed.json() == {"detail": "no such order"}
    assert missed.headers["x-why"] == "gone"
    assert {"x-request-id"} <= refused.headers.keys() & unknown.headers.keys()


def test_the_id_follows_into_tasks_and_threads(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    pool = ThreadPoolExecutor(max_workers=1)

    async def say(event: str) -> None:
        logger.info(event)

    @app.get("/")
    async def start(tasks: BackgroundTasks) -> None:
        loop = asyncio.get_running_loop()
        tasks.add_task(logger.info, "background")
        await asyncio.create_task(say("task"))
        await asyncio.to_thread(logger.info, "to thread")
        await loop.run_in_executor(None, logger.info, "default executor")
        await loop.run_in_executor(pool, logger.info, "executor")
        thread = threading.Thread(target=logger.info, args=("thread",))
        thread.start()
        thread.join()
        timer = threading.Timer(0, logger.info, ("timer",))
        timer.start()
        timer.join()
        list(pool.map(logger.info, ["mapped"]))

    with pool:
        client.get("/", headers={"X-Request-ID": "first"})
        first = logged()
        client.get("/", headers={"X-Request-ID": "second"})
        second = logged()
        pool.submit(logger.info, "outside").result()
        outside = logged()

    names = ["task", "to thread", "default executor", "executor", "thread", "timer", "mapped"]
    for request_id, found in (("first", first), ("second", second)):
        assert [line["event"] for line in found] == [*names, "request", "background"]
        assert {line["request_id"] for line in found} == {request_id}
    assert [line.get("request_id") for line in outside] == [None]


def test_only_the_log_context_goes_into_a_thread(app: FastAPI, client: TestClient) -> None:
    from contextvars import ContextVar

    session: ContextVar[str] = ContextVar("session", default="none")
    seen: list[str] = []

    @app.get("/")
    async def start() -> None:
        session.set("of the request")
        thread = threading.Thread(target=lambda: seen.append(session.get()))
        thread.start()
        thread.join()

    client.get("/")

    assert seen == ["none"]


def test_a_thread_of_a_class_of_its_own_runs_its_own_run(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    class Job(threading.Thread):
        def run(self) -> None:
            logger.info("job")

    @app.get("/")
    def start() -> None:
        job = Job(daemon=True)
        job.start()
        job.join()

    client.get("/", headers={"X-Request-ID": "req-1"})

    assert [(line["event"], line["request_id"]) for line in logged()] == [
        ("job", "req-1"),
        ("request", "req-1"),
    ]


def test_a_background_task_that_fails_does_not_change_the_answer(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    def fail() -> None:
        raise RuntimeError("no mail server")

    @app.get("/")
    async def start(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "sent"

    answer = client.get("/", headers={"X-Request-ID": "req-1"})

    access, failure = logged()
    assert (answer.status_code, answer.json()) == (200, "sent")
    assert (access["event"], access["status"]) == ("request", 200)
    assert (failure["event"], failure["request_id"]) == ("failed after the response", "req-1")
    assert failure["exception"].endswith("RuntimeError: no mail server")


def test_a_stream_is_logged_when_it_ends(app: FastAPI, client: TestClient, logged: Logged) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(3):
            logger.info("chunk", number=number)
            yield b"%d" % number

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    answer = client.get("/")

    assert answer.text == "012"
    assert [line["event"] for line in logged()] == ["chunk", "chunk", "chunk", "request"]


def test_a_stream_that_breaks_has_the_status_that_was_sent(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"1"
        raise RuntimeError("upstream gone")

    @app.get("/")
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    client.get("/")

    (line,) = logged()
    assert (line["event"], line["status"]) == ("request failed", 200)
    assert line["exception"].count("RuntimeError: upstream gone") >= 1


def test_websockets_pass_unchanged_and_their_lines_have_the_id(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    @app.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        await socket.accept(subprotocol="v1")
        logger.info("said", text=await socket.receive_text())
        await socket.send_json({"ok": True})
        await socket.close(code=4001)

    with client.websocket_connect("/chat", headers={"X-Request-ID": "req-1"}) as socket:
        socket.send_text("hello")
        assert socket.receive_json() == {"ok": True}
        assert socket.receive() == {"type": "websocket.close", "code": 4001, "reason": ""}

    assert [(line["event"], line["request_id"]) for line in logged()] == [("said", "req-1")]


def test_a_websocket_that_fails_is_logged(app: FastAPI, client: TestClient, logged: Logged) -> None:
    @app.websocket("/chat")
    async def chat(socket: WebSocket) -> None:
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"), client.websocket_connect("/chat"):
        pass

    (line,) = logged()
    assert (line["event"], line["path"]) == ("websocket failed", "/chat")
    assert len(line["request_id"]) == 32


def test_head_and_empty_answers_are_logged(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    @app.head("/")
    async def head() -> Response:
        return Response(headers={"X-Total": "3"})

    @app.delete("/")
    async def delete() -> Response:
        return Response(status_code=204)

    head_answer, empty = client.head("/"), client.delete("/")

    assert head_answer.headers["x-total"] == "3"
    assert (empty.status_code, empty.content) == (204, b"")
    assert [(line["method"], line["status"]) for line in logged()] == [
        ("HEAD", 200),
        ("DELETE", 204),
    ]


def test_the_route_is_the_whole_template(app: FastAPI, client: TestClient, logged: Logged) -> None:
    items, version, inner = APIRouter(prefix="/items"), APIRouter(prefix="/v1"), FastAPI()

    @items.get("/{number}")
    async def read(number: int) -> int:
        return number

    version.include_router(items)
    inner.include_router(version)
    app.include_router(version, prefix="/api")
    app.mount("/inner", inner)

    client.get("/api/v1/items/3")
    client.get("/inner/v1/items/3")
    client.get("/api/v1/items/three")

    assert [(line["path"], line["route"], line["status"]) for line in logged()] == [
        ("/api/v1/items/3", "/api/v1/items/{number}", 200),
        ("/inner/v1/items/3", "/inner/v1/items/{number}", 200),
        ("/api/v1/items/three", "/api/v1/items/{number}", 422),
    ]


def test_a_mounted_app_with_the_log_of_its_own_adds_no_second_line(
    module: ModuleType, app: FastAPI, client: TestClient, logged: Logged
) -> None:
    inner = FastAPI()
    module.install_logging(inner)

    @inner.get("/items")
    async def read() -> None:
        logger.info("read")

    app.mount("/inner", inner)

    answer = client.get("/inner/items")

    own, access = logged()
    assert (own["event"], access["event"]) == ("read", "request")
    assert {own["request_id"], access["request_id"]} == {answer.headers["x-request-id"]}


def test_a_second_call_changes_nothing(
    module: ModuleType, app: FastAPI, client: TestClient, logged: Logged
) -> None:
    module.install_logging(app)
    client.get("/")
    module.install_logging(app)
    client.get("/")

    assert [line["event"] for line in logged()] == ["request", "request"]


def test_an_app_that_already_runs_gets_the_log(module: ModuleType, logged: Logged) -> None:
    app = FastAPI()
    client = TestClient(app)
    client.get("/")

    module.install_logging(app)
    client.get("/")

    assert [line["event"] for line in logged()] == ["request"]


def test_middleware_that_is_added_later_is_inside(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    class Refuse(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            logger.info("seen")
            if "x-bad" in request.headers:
                raise RuntimeError("bad")
            response: Response = await call_next(request)
            return response

    app.add_middleware(Refuse)

    @app.get("/")
    async def read() -> None:
        logger.info("handled")

    client.get("/", headers={"X-Request-ID": "good"})
    answer = client.get("/", headers={"X-Request-ID": "bad", "X-Bad": "1"})

    assert answer.headers["x-request-id"] == "bad"
    assert [(line["event"], line["request_id"]) for line in logged()] == [
        ("seen", "good"),
        ("handled", "good"),
        ("request", "good"),
        ("seen", "bad"),
        ("request failed", "bad"),
    ]


def test_the_apps_own_header_is_kept_and_its_response_not_changed(
    app: FastAPI, client: TestClient, logged: Logged
) -> None:
    shared = PlainTextResponse("same for all")

    @app.get("/own")
    async def own() -> Response:
        return Response(headers={"X-Request-ID": "own"})

    @app.get("/shared")
    async def answer() -> Response:
        return shared

    assert client.get("/own").headers.get_list("x-request-id") == ["own"]
    (line,) = logged()
    assert line["answered_id"] == "own" != line["request_id"]
    first, second = client.get("/shared"), client.get("/shared")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "x-request-id" not in shared.headers


def test_requests_at_the_same_time_do_not_mix(app: FastAPI, logged: Logged) -> None:
    @app.get("/{number}")
    async def read(number: int) -> None:
        for _ in range(5):
            logger.info("step", number=number)
            await asyncio.sleep(0)
        await asyncio.to_thread(logger.info, "step", number=number)

    async def call(number: int) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/{number}",
            "raw_path": b"",
            "query_string": b"",
            "headers": [(b"x-request-id", b"id-%d" % number)],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(_: Any) -> None:
            await asyncio.sleep(0)

        await app(scope, receive, send)

    async def all_at_once() -> None:
        await asyncio.gather(*(call(number) for number in range(40)))
        await call(40)
        logger.info("after")

    asyncio.run(all_at_once())

    found = logged()
    steps = events(found, "step")
    assert len(steps) == 41 * 6
    assert all(line["request_id"] == f"id-{line['number']}" for line in steps)
    assert all(
        line["request_id"] == f"id{line['path'].replace('/', '-')}"
        for line in events(found, "request")
    )
    assert "request_id" not in events(found, "after")[0]


def test_lifespan_runs_as_before(module: ModuleType, logged: Logged) -> None:
    from contextlib import asynccontextmanager

    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, str]]:
        seen.append("started")
        yield {"pool": "ready"}
        seen.append("stopped")

    app = FastAPI(lifespan=lifespan)
    module.install_logging(app)

    @app.get("/")
    async def read(request: Request) -> str:
        state: str = request.state.pool
        return state

    with TestClient(app) as client:
        assert client.get("/").json() == "ready"
    assert seen == ["started", "stopped"]
    assert [line["event"] for line in logged()] == ["request"]


def test_a_plain_starlette_app_is_logged_too(module: ModuleType, logged: Logged) -> None:
    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    async def fail(request: Request) -> PlainTextResponse:
        raise RuntimeError("disk full")

    app = Starlette(
        routes=[Mount("/api", routes=[Route("/items/{number}", read)]), Route("/fail", fail)]
    )
    module.install_logging(app)
    client = TestClient(app, raise_server_exceptions=False)

    client.get("/api/items/3")
    answer = client.get("/fail")

    read_line, fail_line = logged()
    assert (read_line["route"], read_line["path"]) == ("/api/items/{number}", "/api/items/3")
    assert fail_line["request_id"] == answer.headers["x-request-id"]
