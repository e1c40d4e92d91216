"""Runs inside the project's own Python, in a process of its own: imports the app and asks it for pages.

Started by ``verification`` as a copy in a scratch folder, with a job and a place for results; it
imports nothing of this package, and runs on every Python that a project may have.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Say = Callable[["dict[str, Any]"], None]
SECONDS = 10.0
START_SECONDS = 30.0


def main(job_path: str, result_path: str) -> None:
    """Do the job; every result is a line of JSON, written when it is known."""
    job = json.loads(Path(job_path).read_text("utf-8"))
    with Path(result_path).open("a", encoding="utf-8") as results:

        def say(result: dict[str, Any]) -> None:
            results.write(json.dumps(result) + "\n")
            results.flush()

        run(job, say)
    # threads that the app started must not keep this process
    os._exit(0)


def run(job: dict[str, Any], say: Say) -> None:
    """Import the app, then ask for every path."""
    sys.path[0] = job["import_root"]
    try:
        app = load(job)
    except BaseException as problem:  # noqa: BLE001 - SystemExit, too, is a result
        say({"start": explain(problem)})
        return
    if app is None or job["framework"] not in ("fastapi", "flask", "starlette"):
        say({"start": ""})
    elif hasattr(app, "test_client"):
        say({"start": ""})
        ask_wsgi(app, job["paths"], say)
    else:
        asyncio.run(ask_asgi(app, job["paths"], say))


def load(job: dict[str, Any]) -> Any:
    """Return the app object; ``None`` where no name leads to one."""
    module_name, _, name = job["target"].partition(":")
    module = importlib.import_module(module_name)
    origin = os.path.realpath(getattr(module, "__file__", None) or "")
    if not origin.startswith(os.path.realpath(job["copy"]) + os.sep):
        raise ImportError(f"{module_name} was imported from {origin}, not from this project")
    if not name:
        return None
    app: Any = module
    for part in name.split("."):
        app = getattr(app, part)
    return app() if job["is_factory"] else app


def explain(problem: BaseException) -> str:
    """Return an exception as one line."""
    text = " ".join(str(problem).split())
    return (type(problem).__name__ + (": " + text if text else ""))[:300]


def ask_wsgi(app: Any, paths: list[Any], say: Say) -> None:
    """Ask a Flask app through its own test client."""
    for path in paths:
        answer: dict[str, Any] = {}

        def ask(path: str = path, answer: dict[str, Any] = answer) -> None:
            try:
                answer["status"] = app.test_client().get(path).status_code
            except BaseException as problem:  # noqa: BLE001 - what escapes the app is the result
                answer["error"] = explain(problem)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(SECONDS)
        say(dict(answer or {"error": f"no answer in {SECONDS:.0f} s"}, path=path))


async def ask_asgi(app: Any, paths: list[Any], say: Say) -> None:
    """Ask an ASGI app as a server does, between its start-up and shutdown.

    The framework's test client would need an HTTP client that few prototypes declare, and waits for
    the end of a stream that has none.
    """
    state: dict[str, Any] = {}
    stop = asyncio.Event()
    started: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    life = asyncio.ensure_future(live(app, state, stop, started))
    await asyncio.wait([started], timeout=START_SECONDS)
    problem = started.result() if started.done() else f"no start-up in {START_SECONDS:.0f} s"
    say({"start": problem})
    if not problem:
        for path in paths:
            say(dict(await ask_once(app, path, state), path=path))
    stop.set()
    await asyncio.wait([life], timeout=SECONDS)


async def live(
    app: Any, state: dict[str, Any], stop: asyncio.Event, started: asyncio.Future[Any]
) -> None:
    """Run the app's lifespan; ``started`` becomes the reason why it did not start, or empty."""
    received: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not received:
            received.append(1)
            return {"type": "lifespan.startup"}
        await stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: dict[str, Any]) -> None:
        if not started.done() and message["type"] == "lifespan.startup.complete":
            started.set_result("")
        elif not started.done() and message["type"] == "lifespan.startup.failed":
            lines = str(message.get("message", "")).strip().splitlines()
            started.set_result((lines[-1] if lines else "its start-up failed")[:300])

    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    with contextlib.suppress(BaseException):  # an app without a lifespan raises; that is no failure
        await app(scope, receive, send)
    if not started.done():
        started.set_result("")


async def ask_once(app: Any, path: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the status of one GET, or why there was none."""
    status: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    gone = asyncio.Event()
    received: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not received:
            received.append(1)
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and not status.done():
            status.set_result(message["status"])
        # a server waits here for the network: a stream without an end must let others run
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("ascii", "replace"),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
        "state": dict[str, Any](state),
    }
    task = asyncio.ensure_future(app(scope, receive, send))
    await asyncio.wait([task, status], timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
    # let the body, and what follows it, come to its end; a stream without one is left
    await asyncio.wait([task], timeout=2)
    gone.set()
    if not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=2)
    problem = task.exception() if task.done() and not task.cancelled() else None
    if status.done():
        return {"status": status.result()}
    return {"error": explain(problem) if problem else f"no answer in {SECONDS:.0f} s"}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
