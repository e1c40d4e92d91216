"""What watches the app has to be called by code that runs; a requirement alone watches nothing."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, places, status

API = FASTAPI + '\n\n@app.get("/items")\ndef items():\n    return []\n'
CONTROLS = {
    "OBS-NO-METRICS": ("prometheus_client", "make_asgi_app()", "prometheus-client\n"),
    "OBS-NO-ERROR-TRACKING": ("sentry_sdk", "init(dsn=DSN)", "sentry-sdk\n"),
    "OBS-NO-TRACING": (
        "opentelemetry.instrumentation.fastapi",
        "FastAPIInstrumentor()",
        "opentelemetry-sdk\n",
    ),
}


@pytest.mark.parametrize("path", ["/health", "/api/healthz", "/ready", "/ping"])
def test_health_routes(path: str) -> None:
    assert places("OBS-NO-HEALTH", {"main.py": API.replace("/items", path)}) == []


@pytest.mark.parametrize("path", ["/items", "/healthy-recipes", "/status/{order_id}"])
def test_other_routes(path: str) -> None:
    assert places("OBS-NO-HEALTH", {"main.py": API.replace("/items", path)}) == ["main.py:3"]


@pytest.mark.parametrize("check", CONTROLS)
def test_nothing_watches(check: str) -> None:
    module, call, requirement = CONTROLS[check]
    unused = f"from {module} import {call.partition('(')[0]}\n\nX = {call}\n"
    for files in (
        {"main.py": API},
        {"main.py": API, "requirements.txt": requirement},
        {"main.py": API, "monitoring.py": unused},
        {"main.py": f"from {module} import {call.partition('(')[0]}\n" + API},
    ):
        assert len(places(check, files)) == 1


@pytest.mark.parametrize("check", CONTROLS)
def test_something_watches(check: str) -> None:
    module, call, _ = CONTROLS[check]
    wired = f"from {module} import {call.partition('(')[0]}\n\nX = {call}\n"
    assert places(check, {"main.py": wired + API}) == []
    assert places(check, {"main.py": "import monitoring\n" + API, "monitoring.py": wired}) == []


def test_a_route_for_metrics_and_an_agent_count() -> None:
    assert places("OBS-NO-METRICS", {"main.py": API.replace("/items", "/metrics")}) == []
    image = 'FROM python:3.12-slim\nCOPY . .\nCMD ["ddtrace-run", "uvicorn", "main:app"]\n'
    assert places("OBS-NO-TRACING", {"main.py": API, "Dockerfile": image}) == []


@pytest.mark.parametrize("check", ["OBS-NO-HEALTH", *CONTROLS])
def test_an_app_without_routes_is_not_asked(check: str) -> None:
    assert status(check, {"main.py": FASTAPI}) == "not-applicable"
