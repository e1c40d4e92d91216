"""The lines of real servers: each one JSON, none twice, none of the server's own access log."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.recipes.rendering import rendered

pytestmark = pytest.mark.slow

PATHS = ("/items/7", "/fails", "/nothing")

FASTAPI = """\
import logging
{before}
from fastapi import FastAPI
from logging_setup import install_logging

app = FastAPI()
install_logging(app)
{after}
logger = logging.getLogger("stock")
plain = logging.getLogger("plain")
plain.addHandler(logging.StreamHandler())


@app.on_event("startup")
async def start():
    logger.info("started")


@app.get("/items/{{number}}")
async def read(number: int):
    logger.info("read %s", number)
    plain.warning("twice?")
    return number


@app.get("/fails")
async def fail():
    raise RuntimeError("disk full")
"""

FLASK = """\
import logging
{before}
from flask import Flask
from logging_setup import install_logging

app = Flask(__name__)
install_logging(app)
{after}
logger = logging.getLogger("stock")


@app.get("/items/<int:number>")
def read(number):
    logger.info("read %s", number)
    app.logger.warning("low")
    return str(number)


@app.get("/fails")
def fail():
    raise RuntimeError("disk full")
"""

DEVELOPMENT_SERVER = """\


if __name__ == "__main__":
    import signal
    import sys
    import threading
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, fd=int(sys.argv[1]))
    stop = threading.Thread(target=server.shutdown)
    signal.signal(signal.SIGTERM, lambda *_: stop.start())
    server.log_startup()
    server.serve_forever()
"""

Serve = Callable[..., tuple[list[str], list[str]]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Start a server on a socket that already listens, send the requests, and stop it."""

    def run(command: list[str], source: str, framework: str) -> tuple[list[str], list[str]]:
        files = rendered("structured-logging", framework=framework)
        (tmp_path / "logging_setup.py").write_bytes(files["logging_setup.py"])
        (tmp_path / "main.py").write_text(source)
        environment = {**os.environ, "LOG_FORMAT": "json", "PYTHONPATH": str(tmp_path)}
        environment.pop("LOG_LEVEL", None)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            number, port = str(listening.fileno()), listening.getsockname()[1]
            server = subprocess.Popen(
                [sys.executable, *(part.replace("FD", number) for part in command)],
                cwd=tmp_path,
                env=environment,
                stderr=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=[listening.fileno()],
            )
            try:
                for path in PATHS:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                    connection.request("GET", path, headers={"X-Request-ID": f"id{path}"})
                    answer = connection.getresponse()
                    assert answer.headers["X-Request-ID"] == f"id{path}"
                    answer.read()
                    connection.close()
            finally:
                server.terminate()
                out, err = server.communicate(timeout=30)
        return out.splitlines(), err.splitlines()

    return run


def parsed(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def of_requests(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    # A server with threads may begin on a request before it wrote the line of the one before.
    ids = [f"id{path}" for path in PATHS]
    found = [line for line in lines if "request_id" in line]
    found.sort(key=lambda line: ids.index(line["request_id"]))
    return [(line["request_id"], line["logger"], line["event"]) for line in found]


FASTAPI_REQUESTS = [
    ("id/items/7", "stock", "read 7"),
    ("id/items/7", "plain", "twice?"),
    ("id/items/7", "access", "request"),
    ("id/fails", "access", "request failed"),
    ("id/nothing", "access", "request"),
]
FLASK_REQUESTS = [
    ("id/items/7", "stock", "read 7"),
    ("id/items/7", "main", "low"),
    ("id/items/7", "access", "request"),
    ("id/fails", "main", "Exception on /fails [GET]"),
    ("id/fails", "access", "request"),
    ("id/nothing", "access", "request"),
]
SETTINGS = [
    ("", ""),
    ("logging.basicConfig(level=logging.INFO)", ""),
    ("", "logging.basicConfig(level=logging.INFO, format='%(message)s')"),
    ("", "logging.basicConfig(level=logging.INFO, force=True)"),
]


@pytest.mark.parametrize(("before", "after"), SETTINGS)
@pytest.mark.filterwarnings("ignore")
def test_uvicorn(serve: Serve, before: str, after: str) -> None:
    command = ["-W", "ignore", "-m", "uvicorn", "main:app", "--fd", "FD"]
    out, err = serve(command, FASTAPI.format(before=before, after=after), "fastapi")

    lines = parsed(err)
    assert out == []
    assert of_requests(lines) == FASTAPI_REQUESTS
    server = [line["event"] for line in lines if line["logger"] == "uvicorn.error"]
    assert "Application startup complete." in server
    assert "Exception in ASGI application\n" not in server
    assert [line["event"] for line in lines if line["logger"] == "stock"] == ["started", "read 7"]
    (failure,) = [line for line in lines if "exception" in line]
    assert failure["exception"].endswith("RuntimeError: disk full")
    assert not [line for line in lines if "color_message" in line or "_written" in line]


def test_a_level_that_the_app_sets_further_down_counts(serve: Serve) -> None:
    after = "logging.basicConfig(level=logging.DEBUG)"
    source = FASTAPI.format(before="", after=after).replace("logger.info", "logger.debug")

    _, err = serve(["-W", "ignore", "-m", "uvicorn", "main:app", "--fd", "FD"], source, "fastapi")

    # Until it serves, the app's own handler writes what it always did.
    lines = parsed([line for line in err if line.startswith("{")])
    assert of_requests(lines) == FASTAPI_REQUESTS


def test_uvicorn_that_the_app_starts_itself(serve: Serve) -> None:
    source = FASTAPI.format(before="", after="")
    source += "\n\nif __name__ == '__main__':\n    import sys, uvicorn\n\n"
    source += "    uvicorn.run(app, fd=int(sys.argv[1]))\n"

    out, err = serve(["-W", "ignore", "main.py", "FD"], source, "fastapi")

    # Before it says that it starts, uvicorn puts its own loggers back.
    assert out == []
    assert [line for line in err if not line.startswith("{")] == [
        *(line for line in err if "Started server process" in line),
        *(line for line in err if "Waiting for application startup." in line),
    ]
    lines = parsed([line for line in err if line.startswith("{")])
    assert of_requests(lines) == FASTAPI_REQUESTS


@pytest.mark.parametrize(("before", "after"), SETTINGS)
def test_gunicorn(serve: Serve, before: str, after: str) -> None:
    command = ["-m", "gunicorn", "main:app", "-b", "fd://FD", "--access-logfile", "-"]
    out, err = serve(
        [*command, "--threads", "2"], FLASK.format(before=before, after=after), "flask"
    )

    # The process that starts the workers does not load the app: its lines stay as they are.
    lines = parsed([line for line in err if line.startswith("{")])
    assert out == []
    assert not [line for line in err if not line.startswith(("{", "["))]
    assert of_requests(lines) == FLASK_REQUESTS
    (failure,) = [line for line in lines if "exception" in line]
    assert failure["exception"].endswith("RuntimeError: disk full")
    assert failure["exception"].count("Traceback") == 1


def test_gunicorn_that_loads_the_app_first_writes_json_only_from_then_on(serve: Serve) -> None:
    command = ["-m", "gunicorn", "main:app", "-b", "fd://FD", "--preload"]
    out, err = serve(command, FLASK.format(before="", after=""), "flask")

    assert out == []
    assert of_requests(parsed(err)) == FLASK_REQUESTS
    assert {line["logger"] for line in parsed(err)} >= {"gunicorn.error"}


def test_the_development_server_of_flask(serve: Serve) -> None:
    source = FLASK.format(before="", after="")
    source += DEVELOPMENT_SERVER

    out, err = serve(["main.py", "FD"], source, "flask")

    lines = parsed([line for line in err if line.startswith("{")])
    assert out == []
    assert of_requests(lines) == FLASK_REQUESTS
    assert not [line for line in err if "GET /items" in line]
