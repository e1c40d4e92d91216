"""The settings module, imported as an app imports it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import black
import pytest
from tests.recipes.rendering import imported, rendered

pytest.importorskip("pydantic_settings")


def field(name: str, kind: str = "plain", of: str = "str", default: str | None = None) -> Any:
    return {"name": name, "attribute": name.lower(), "type": of, "kind": kind, "default": default}


PORT = field("PORT", of="int", default="8000")
DSN = field("SENTRY_DSN")
SECRET = field("SECRET_KEY", "signing", "secret")
SMTP = field("SMTP_PASSWORD", "credential", "secret")
OPENAI = field("OPENAI_API_KEY", "optional", "secret")
DATABASE = field("DATABASE_URL", "required", "secret")
LONG = field("CALLBACK_ADDRESS", default=f'"https://example.org/{"a" * 50}"')
ALL = [PORT, DSN, SECRET, SMTP, OPENAI, DATABASE, LONG]


def source(*fields: Any, **answers: object) -> str:
    files = rendered("settings-and-secrets", settings_fields=list(fields), **answers)
    return files["settings.py"].decode()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for item in ALL:
        monkeypatch.delenv(item["name"], raising=False)
    monkeypatch.delenv("ENVIRONMENT", raising=False)

    def loaded(*fields: Any, **answers: object) -> ModuleType:
        text = source(*fields, **answers).encode()
        return imported(tmp_path, "settings", text, monkeypatch)

    return loaded


def test_values_come_from_the_environment_or_their_default(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://example.org/1")

    settings = load(PORT, DSN).settings

    assert (settings.port, settings.sentry_dsn) == (8000, "https://example.org/1")


def test_a_file_named_env_is_read_and_the_environment_comes_first(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nSENTRY_DSN=file\nUNKNOWN=1\n")
    monkeypatch.setenv("SENTRY_DSN", "environment")

    settings = load(PORT, DSN).settings

    assert (settings.port, settings.sentry_dsn) == (9000, "environment")


def test_what_is_missing_or_wrong_is_named_at_once_and_no_value_is_shown(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "hunter2")

    with pytest.raises(RuntimeError) as problem:
        load(PORT, DATABASE)

    assert "PORT" in str(problem.value)
    assert "DATABASE_URL" in str(problem.value)
    assert "hunter2" not in str(problem.value)
    assert problem.value.__cause__ is None


@pytest.mark.parametrize("environment", ["production", "Prod"])
def test_production_does_not_start_without_its_secrets(
    load: Any, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)

    with pytest.raises(RuntimeError, match="set SECRET_KEY, SMTP_PASSWORD"):
        load(SECRET, SMTP)


def test_development_has_random_secrets_and_never_empty_ones(
    load: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load(SECRET, SMTP).settings

    assert len(settings.secret_key.get_secret_value()) >= 32
    assert len(settings.smtp_password.get_secret_value()) >= 32
    assert settings.secret_key != settings.smtp_password
    assert "SECRET_KEY is not set" in caplog.text


def test_a_secret_that_is_set_is_used_and_not_shown(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    monkeypatch.setenv("OPENAI_API_KEY", "hunter3")

    module = load(SECRET, OPENAI)

    assert module.settings.secret_key.get_secret_value() == "hunter2"
    assert module.reveal(module.settings.openai_api_key) == "hunter3"
    assert "hunter" not in repr(module.settings)


def test_an_optional_secret_may_be_missing(load: Any) -> None:
    module = load(OPENAI)

    assert module.reveal(module.settings.openai_api_key) is None


def test_another_variable_may_name_the_environment(
    load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_ENV", "production")

    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        load(SECRET, settings_environment_variable="FLASK_ENV")


def test_without_fields_there_is_no_module() -> None:
    files = rendered("settings-and-secrets", settings_fields=[])

    assert list(files) == [".copier-answers.settings-and-secrets.yml"]


@pytest.mark.parametrize("python_version", ["3.9", "3.12"])
@pytest.mark.parametrize("number", [1, 2, 4, len(ALL)])
def test_black_leaves_it_as_it_is(number: int, python_version: str) -> None:
    for start in range(0, len(ALL), number):
        text = source(*ALL[start : start + number], python_version=python_version)

        assert black.format_str(text, mode=black.Mode()) == text
        assert max(map(len, text.splitlines())) <= 88
