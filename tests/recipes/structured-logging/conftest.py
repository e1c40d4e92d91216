"""The rendered logging module, in a process whose logging is put back after each test."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import structlog
from tests.recipes.rendering import imported, rendered

Lines = Callable[[], list[dict[str, Any]]]


def all_loggers() -> list[logging.Logger]:
    root = logging.getLogger()
    named = root.manager.loggerDict.values()
    return [root, *(logger for logger in named if isinstance(logger, logging.Logger))]


@pytest.fixture
def untouched_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put loggers, structlog and threads back to what they were."""
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    before = {
        logger: (logger.level, logger.handlers[:], logger.filters[:], logger.propagate)
        for logger in all_loggers()
    }
    yield
    for logger in all_loggers():
        level, handlers, filters, propagate = before.get(logger, (logging.NOTSET, [], [], True))
        logger.setLevel(level)
        logger.handlers[:], logger.filters[:], logger.propagate = handlers, filters, propagate
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def module(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    untouched_logging: None,
) -> ModuleType:
    """Import the module as a project has it; `framework` of the test module says for which."""
    monkeypatch.setenv("LOG_FORMAT", "json")
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    files = rendered("structured-logging", framework=request.module.FRAMEWORK)
    return imported(tmp_path, "logging_setup", files["logging_setup.py"], monkeypatch)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Return what was logged since the last call; every line has to be JSON."""

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read
