"""What the request log costs: microseconds of CPU per request over the same app without it.

    python tests/benchmarks/request_overhead.py [--requests 400] [--rounds 40] [--budget 25]

The app is called in this process, without a server, and process CPU time is taken, so that the figures
hold on a busy machine too. The rounds of all variants are interleaved; the lowest counts. The peer is
the usual way to do it: Starlette's BaseHTTPMiddleware, the standard library's logging, a JSON formatter.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import gc
import importlib.util
import json
import logging
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from buttress.planning.location import find_templates
from buttress.planning.render import render_unit

App = Callable[..., Awaitable[None]]


def naked() -> FastAPI:
    """Make the app that all variants start from."""
    app = FastAPI(openapi_url=None)

    @app.get("/items/{item_id}")
    async def read_item(item_id: int) -> dict[str, Any]:
        return {"id": item_id, "name": "lamp"}

    return app


def hardened(folder: Path) -> FastAPI:
    """Apply the module of the recipe, rendered as it is for a project."""
    facts = {"project_name": "bench", "framework": "fastapi", "package": "", "package_dir": "."}
    unit = render_unit(find_templates(), "recipes/structured-logging", defaults=facts, answers={})
    path = folder / "logging_setup.py"
    path.write_bytes(unit.files[path.name])
    spec = importlib.util.spec_from_file_location("logging_setup", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = naked()
    module.install_logging(app)
    return app


def usual() -> FastAPI:
    """Apply what most projects write by hand."""
    request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")

    class JsonFormatter(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            line = {
                "timestamp": self.formatTime(record),
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
                "request_id": request_id.get(),
                **record.__dict__.get("fields", {}),
            }
            return json.dumps(line, default=str)

    logger = logging.getLogger("usual")
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False

    class AccessLog(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            token = request_id.set(request.headers.get("X-Request-ID") or str(uuid.uuid4()))
            started = time.perf_counter()
            response = await call_next(request)
            response.headers["X-Request-ID"] = request_id.get()
            fields = {
                "method": request.method,
                "path": request.url.path,
                "status": response.status_code,
                "duration_ms": round((time.perf_counter() - started) * 1000, 3),
                "client": request.client.host if request.client else None,
            }
            logger.info("request", extra={"fields": fields})
            request_id.reset(token)
            return response

    app = naked()
    app.add_middleware(AccessLog)
    return app


async def spend(app: App, requests: int) -> float:
    """Return the microseconds of CPU that one request of the app takes."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200

    def scope() -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/items/7",
            "raw_path": b"/items/7",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1:8000"), (b"accept", b"*/*")],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }

    gc.collect()
    started = time.process_time()
    for _ in range(requests):
        await app(scope(), receive, send)
    return (time.process_time() - started) / requests * 1e6


def measure(requests: int, rounds: int) -> dict[str, float]:
    """Return the microseconds per request of each variant; the log lines go to the null device."""
    os.environ["LOG_FORMAT"] = "json"
    with (
        tempfile.TemporaryDirectory() as folder,
        Path(os.devnull).open("w", buffering=1, encoding="utf-8") as nowhere,
        contextlib.redirect_stderr(nowhere),
    ):
        variants = {"naked": naked(), "hardened": hardened(Path(folder)), "usual": usual()}
        best = dict.fromkeys(variants, float("inf"))
        for number in range(rounds + 1):
            for name, app in variants.items():
                spent = asyncio.run(spend(app, requests if number else 200))
                best[name] = min(best[name], spent) if number else best[name]
    return best


def main() -> None:
    """Print what each variant costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--budget", type=float, help="fail when the log costs more than so many us")
    options = parser.parse_args()
    best = measure(options.requests, options.rounds)
    print(f"{'variant':<10} {'us/request':>10} {'over naked':>11} {'ratio':>6}")
    for name, spent in best.items():
        over = spent - best["naked"]
        print(f"{name:<10} {spent:>10.1f} {over:>+11.1f} {spent / best['naked']:>6.2f}")
    if options.budget is not None and best["hardened"] - best["naked"] > options.budget:
        sys.exit(f"the request log costs more than {options.budget:.0f} us")


if __name__ == "__main__":
    main()
