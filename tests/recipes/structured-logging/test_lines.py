"""What a line holds, what it never shows, and who else gets it."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient

FRAMEWORK = "fastapi"
Logged = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logger(module: ModuleType) -> Any:
    module.install_logging(FastAPI())
    return structlog.get_logger("shop")


@pytest.mark.parametrize(
    "key",
    [
        *("password", "PASSWORD", "db_passwd", "new_pwd", "passphrase", "secret", "client_secret"),
        *("token", "access_token", "csrftoken", "api_key", "apikey", "X-API-Key", "aws_access_key"),
        *("private_key", "authorization", "Authorization", "cookie", "Set-Cookie", "sessionid"),
        *("credentials", "auth", "otp", "otp_code", "card_cvv", "ssn", "pin"),
    ],
)
def test_the_value_under_a_name_of_a_secret_is_not_written(
    logger: Any, logged: Logged, key: str
) -> None:
    logger.info("login", **{key: "hunter2", "user": "ann", "seen": {"deep": [{key: 4711}]}})

    (line,) = logged()
    assert line[key] == "[redacted]"
    assert line["seen"] == {"deep": [{key: "[redacted]"}]}
    assert line["user"] == "ann"


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 4096, "token_count": 3, "token_usage": {"total": 7}, "token_type": "bearer"},
        {"author": "ann", "spinning": True, "opinion": "yes", "monkey": "bob", "compass": "north"},
        {"has_password": True, "password": None},
        {
            "basic": "a basic idea",
            "url": "https://example.com/a?page=2&size=3",
            "mail": "a@example.com",
        },
        {"time": "12:30:00", "address": "[::1]:8000", "text": 'he said "hi": fine', "e": "x == y"},
    ],
)
def test_what_is_no_secret_is_written_as_it_is(
    logger: Any, logged: Logged, fields: dict[str, Any]
) -> None:
    logger.info("seen", **fields)

    (line,) = logged()
    assert {key: line[key] for key in fields} == fields


def fail(text: str) -> None:
    raise OSError(text)


KEY = "abcdEFGH1234ijklMNOP5678"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("postgres://ann:p@ss@db:5432/shop", "postgres://ann:[redacted]@db:5432/shop"),
        ("redis://:hunter2@cache:6379", "redis://:[redacted]@cache:6379"),
        (f"header Bearer {KEY}", "header Bearer [redacted]"),
        (f"'Authorization': 'Basic {KEY}=='", "'Authorization': 'Basic [redacted]'"),
        ("GET https://api.example.com/v1?api_key=hunter2&q=lamp", "GET https://api.example.com/v1?api_key=[redacted]&q=lamp"),
        ("{'password': 'hunter2', 'user': 'ann'}", "{'password': '[redacted]', 'user': 'ann'}"),
        ('{"token": "hunter2"}', '{"token": "[redacted]"}'),
        ("id=1 password='hunter2' name='ann'", "id=1 password='[redacted]' name='ann'"),
        (f"key sk-{KEY} is wrong", "key [redacted] is wrong"),
        (f"key sk_{'live'}_{KEY} is wrong", "key [redacted] is wrong"),
        (f"ghp_{KEY}", "[redacted]"),
        (f"AKIA{KEY.upper()[:16]}", "[redacted]"),
        (f"AIza{KEY}", "[redacted]"),
        (f"xoxb-{KEY}", "[redacted]"),
        (f"eyJ{KEY}.eyJ{KEY}.{KEY}", "[redacted]"),
        (f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{KEY}\n-----END RSA PRIVATE KEY-----", "[redacted] RSA PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_a_secret_inside_of_text_is_not_written(
    logger: Any, logged: Logged, text: str, written: str
) -> None:
    class Record:
        def __str__(self) -> str:
            return text

    logger.warning(text, where=text, deep=[{"at": text}], made_of=Record(), error=ValueError(text))

    (line,) = logged()
    assert line["event"] == line["where"] == line["made_of"] == line["error"] == written
    assert line["deep"] == [{"at": written}]


def test_a_secret_in_a_traceback_is_not_written(logger: Any, logged: Logged) -> None:
    try:
        fail("postgres://ann:hunter2@db/shop refused")
    except OSError:
        logger.exception("no database")

    (line,) = logged()
    assert line["level"] == "error"
    assert line["exception"].endswith("postgres://ann:[redacted]@db/shop refused")
    assert "hunter2\n" not in line["exception"]


def test_values_of_every_kind_are_written(logger: Any, logged: Logged) -> None:
    class Silent:
        def __str__(self) -> str:
            raise RuntimeError("no name")

    loop: list[Any] = []
    loop.append(loop)
    logger.info(
        'a "quoted" line\nand żółć',
        day=date(2026, 1, 2),
        path=Path("/tmp"),
        data=b"x",
        huge=2**80,
        half="\ud800",
        nan=float("nan"),
        silent=Silent(),
        pairs={(1, 2): {3}},
        loop=loop,
    )

    (line,) = logged()
    assert line["event"] == 'a "quoted" line\nand żółć'
    assert (line["day"], line["path"], line["data"]) == ("2026-01-02", "/tmp", "b'x'")
    assert (line["huge"], line["half"], line["nan"]) == (2**80, "\ud800", "nan")
    assert (line["silent"], line["pairs"]) == ("<Silent>", {"(1, 2)": [3]})
    assert str(line["loop"]).startswith("[[[[[")


def test_fields_with_the_names_of_the_lines_own_stop_no_request(
    logger: Any, logged: Logged
) -> None:
    logger.info("seen", request_id=UUID(int=7), level=date(2026, 1, 2), timestamp=None, logger={1})

    (line,) = logged()
    assert line["request_id"] == "00000000-0000-0000-0000-000000000007"
    assert (line["level"], line["logger"]) == ("2026-01-02", [1])


def test_a_line_is_one_line(logger: Any, capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("first\nsecond\r\u2028third", note="a\n{}")

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_closed_standard_error_stops_no_request(
    logger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    logger.info("lost")
    monkeypatch.setattr(sys, "stderr", None)
    logger.info("lost")


def test_what_an_app_binds_is_on_its_lines(logger: Any, logged: Logged) -> None:
    with structlog.contextvars.bound_contextvars(user_id=7, password="hunter2"):
        logger.info("seen")
    logger.bind(order=3).info("bound")

    first, second = logged()
    assert (first["user_id"], first["password"]) == (7, "[redacted]")
    assert second["order"] == 3


def test_debug_lines_follow_the_levels_of_the_standard_library(logger: Any, logged: Logged) -> None:
    logger.debug("too fine")
    logging.getLogger("shop").setLevel(logging.DEBUG)
    logger.debug("wanted")

    assert [line["event"] for line in logged()] == ["wanted"]


def test_the_level_can_be_set_from_outside(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "error")
    app = FastAPI()
    module.install_logging(app)
    logger = structlog.get_logger("shop")

    logger.info("quiet")
    logger.error("loud")
    TestClient(app).get("/")

    assert [line["event"] for line in logged()] == ["loud"]


@pytest.mark.parametrize("level", ["", "loud", "-1", "level 7"])
def test_a_level_that_is_none_is_ignored(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, logged: Logged, level: str
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    module.install_logging(FastAPI())
    logger = structlog.get_logger("shop")

    logger.debug("fine")
    logger.info("seen")

    assert [line["event"] for line in logged()] == ["seen"]


def test_lines_for_people(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_FORMAT", "console")
    module.install_logging(FastAPI())
    password = "hunter" + "2"
    try:
        fail("disk full")
    except OSError:
        structlog.get_logger("shop").exception("not saved", password=password, order=7)

    shown = capsys.readouterr().err
    assert "not saved" in shown
    assert "order=7" in shown
    assert "password=[redacted]" in shown.replace("'", "")
    assert "OSError: disk full" in shown
    assert "hunter2" not in shown
    assert "\x1b[" not in shown


def test_pytest_sees_the_lines_of_both_kinds(logger: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    logger.warning("low stock", item="lamp", token="hunter2")
    logging.getLogger("stock").info("counted %d", 3)

    assert caplog.record_tuples == [
        ("shop", logging.WARNING, "low stock item='lamp' token='[redacted]'"),
        ("stock", logging.INFO, "counted 3"),
    ]


def test_pytest_sees_the_exception(logger: Any, caplog: pytest.LogCaptureFixture) -> None:
    try:
        fail("disk full")
    except OSError as error:
        logger.exception("not saved")
        raised = error

    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is raised


def test_a_log_file_of_the_app_gets_all_lines_at_its_level(
    module: ModuleType, tmp_path: Path, logged: Logged
) -> None:
    file = logging.FileHandler(tmp_path / "app.log")
    file.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    file.setLevel(logging.WARNING)
    logging.getLogger().addHandler(file)
    app = FastAPI()
    module.install_logging(app)

    structlog.get_logger("shop").info("quiet")
    structlog.get_logger("shop").warning("low stock", item="lamp")
    logging.getLogger("stock").warning("counted")
    TestClient(app).get("/")
    file.close()

    written = (tmp_path / "app.log").read_text().splitlines()
    assert written == ["WARNING shop low stock item='lamp'", "WARNING stock counted"]
    assert [line["event"] for line in logged()] == ["quiet", "low stock", "request"]


def test_a_handler_that_writes_to_the_console_writes_json_instead(
    module: ModuleType, logged: Logged
) -> None:
    own = logging.getLogger("own")
    handler = logging.StreamHandler(sys.stdout)
    handler.setLevel(logging.WARNING)
    handler.addFilter(lambda record: "noise" not in record.getMessage())
    own.addHandler(handler)
    module.install_logging(FastAPI())

    own.warning("%s is low", "stock", extra={"item": "lamp", "password": "hunter2"})
    own.warning("noise")
    own.info("below its level")

    (line,) = logged()
    assert (line["event"], line["logger"], line["level"]) == ("stock is low", "own", "warning")
    assert (line["item"], line["password"]) == ("lamp", "[redacted]")


def test_a_line_of_the_standard_library_with_wrong_arguments_stops_no_request(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    own = logging.getLogger("own")
    own.addHandler(logging.StreamHandler(sys.stderr))
    own.propagate = False
    module.install_logging(FastAPI())

    own.warning("%d items", "three")

    assert "--- Logging error ---" in capsys.readouterr().err


def test_an_app_that_set_structlog_up_keeps_its_lines(
    module: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler(sys.stdout)
    own = logging.getLogger("own")
    own.addHandler(handler)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.KeyValueRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )
    app = FastAPI()
    module.install_logging(app)

    answer = TestClient(app).get("/", headers={"X-Request-ID": "req-1"})

    assert answer.headers["x-request-id"] == "req-1"
    assert "request_id='req-1'" in capsys.readouterr().out
    assert own.handlers == [handler]
