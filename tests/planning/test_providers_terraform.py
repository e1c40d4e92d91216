"""What the app reads from its environment arrives in the description of its infrastructure."""

from __future__ import annotations

from buttress.planning.providers import providers
from tests.planning.projects import FASTAPI_APP, project_of

POSTGRES = "import os\nimport psycopg\n"
APPLIED = """\
_src_path: /templates
service_root: .
settings_environment_variable: APP_ENV
settings_fields:
- {attribute: log_level, default: '"info"', kind: plain, name: LOG_LEVEL, type: str}
- {attribute: workers, default: '4', kind: plain, name: WORKERS, type: int}
- {attribute: secret_key, default: null, kind: signing, name: SECRET_KEY, type: secret}
- {attribute: base_url, default: null, kind: required, name: BASE_URL, type: str}
unit: recipes/settings-and-secrets
"""


def answer(name: str, files: dict[str, str]) -> object:
    project, service = project_of(files)
    return providers()[name](project, service)


def app(code: str) -> dict[str, str]:
    return {"main.py": code + FASTAPI_APP, "requirements.txt": "fastapi\n"}


def test_plain_variables_keep_the_defaults_of_the_code() -> None:
    code = 'import os\nLEVEL = os.getenv("LOG_LEVEL", "info")\nURL = os.environ["BASE_URL"]\n'
    assert answer("terraform-settings", app(code)) == [
        {"name": "BASE_URL", "default": None, "required": True},
        {"name": "LOG_LEVEL", "default": "info", "required": False},
    ]


def test_a_number_is_given_as_the_text_that_the_app_reads() -> None:
    code = 'import os\nSIZE = int(os.getenv("POOL_SIZE", 5))\n'
    assert answer("terraform-settings", app(code)) == [
        {"name": "POOL_SIZE", "default": "5", "required": False}
    ]


def test_two_places_with_different_defaults_leave_it_open() -> None:
    code = 'import os\nA = os.getenv("MODE", "a")\nB = os.getenv("MODE", "b")\n'
    assert answer("terraform-settings", app(code)) == [
        {"name": "MODE", "default": None, "required": False}
    ]


def test_three_places_with_different_defaults_leave_it_open() -> None:
    code = "import os\n" + "".join(f'X{i} = os.getenv("MODE", "{i}")\n' for i in range(3))
    assert answer("terraform-settings", app(code)) == [
        {"name": "MODE", "default": None, "required": False}
    ]


def test_secrets_are_named_and_never_have_a_default() -> None:
    files = app('import os\nKEY = os.getenv("SECRET_KEY", "dev-secret")\n')
    assert answer("terraform-secrets", files) == ["SECRET_KEY"]
    assert answer("terraform-settings", files) == []


def test_an_address_with_a_password_is_a_secret_whatever_it_is_called() -> None:
    files = app('import os\nLINK = os.getenv("BACKEND_LINK", "amqp://guest:guest@localhost")\n')
    assert answer("terraform-secrets", files) == ["BACKEND_LINK"]
    assert answer("terraform-settings", files) == []


def test_the_address_of_a_file_is_no_secret() -> None:
    files = app('import os\nURL = os.getenv("DATABASE_URL", "sqlite:///app.db")\n')
    assert answer("terraform-secrets", files) == []


def test_what_every_machine_sets_is_left_out() -> None:
    files = app('import os\nHOME = os.environ["HOME"]\nPATH = os.getenv("PATH")\n')
    assert answer("terraform-settings", files) == []


def test_fields_of_a_settings_class_are_read_with_their_prefix() -> None:
    code = """\
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")
    debug: bool = False
    region: str
    signing: SecretStr
    limit: int = Field(default=10, alias="ROW_LIMIT")


class Settings(Base):
    title: str = Field(...)

"""
    assert answer("terraform-settings", app(code)) == [
        {"name": "ROW_LIMIT", "default": "10", "required": False},
        {"name": "SHOP_DEBUG", "default": "false", "required": False},
        {"name": "SHOP_REGION", "default": None, "required": True},
        {"name": "SHOP_TITLE", "default": None, "required": True},
    ]
    assert answer("terraform-secrets", app(code)) == ["SHOP_SIGNING"]


def test_after_the_settings_were_moved_their_stored_answers_are_the_source() -> None:
    files = {**app(""), ".copier-answers.settings-and-secrets.yml": APPLIED}
    assert answer("terraform-settings", files) == [
        {"name": "APP_ENV", "default": "development", "required": False},
        {"name": "BASE_URL", "default": None, "required": True},
        {"name": "LOG_LEVEL", "default": "info", "required": False},
        {"name": "WORKERS", "default": "4", "required": False},
    ]
    assert answer("terraform-secrets", files) == ["SECRET_KEY"]


def test_stored_answers_of_another_service_are_left_alone() -> None:
    other = APPLIED.replace("service_root: .", "service_root: worker")
    files = {**app(""), "worker/.copier-answers.settings-and-secrets.yml": other}
    assert answer("terraform-secrets", files) == []


def test_the_parts_of_an_address_are_told_apart() -> None:
    code = POSTGRES + "".join(
        f'{name} = os.environ["{name}"]\n' for name in ("DB_HOST", "DB_USER", "DB_PASS", "DB_NAME")
    )
    assert answer("terraform-database-parts", app(code)) == [
        {"part": "host", "variable": "DB_HOST"},
        {"part": "name", "variable": "DB_NAME"},
        {"part": "user", "variable": "DB_USER"},
        {"part": "password", "variable": "DB_PASS"},
    ]
    assert answer("terraform-database-url-env", app(code)) == ""


def test_one_address_goes_before_its_parts() -> None:
    code = (
        POSTGRES
        + 'URL = os.environ["DB_URL"]\nHOST = os.getenv("DB_HOST")\nP = os.getenv("DB_PASS")\n'
    )
    assert answer("terraform-database-parts", app(code)) == []
    assert answer("terraform-database-url-env", app(code)) == "DB_URL"


def test_parts_of_no_managed_database_are_settings_like_others() -> None:
    code = 'import os\nimport sqlite3\nHOST = os.getenv("DB_HOST")\nPW = os.getenv("DB_PASSWORD")\n'
    assert answer("terraform-database-parts", app(code)) == []


def test_the_scheme_names_the_driver_of_the_app() -> None:
    code = "import asyncpg\nimport sqlalchemy\n"
    assert answer("terraform-database-url-scheme", app(code)) == "postgresql+asyncpg"


def test_the_scheme_is_the_default_where_no_database_is_made() -> None:
    code = "import sqlite3\nimport pymysql\nDB = sqlite3.connect('app.db')\n"
    assert answer("terraform-database-url-scheme", app(code)) == "postgresql"


def test_a_health_route_is_asked_where_its_whole_path_is_known() -> None:
    code = FASTAPI_APP + '\n\n@app.get("/healthz")\ndef healthz() -> str:\n    return "ok"\n'
    assert answer("terraform-health-path", {"main.py": code}) == "/healthz"
    assert answer("terraform-health-path", app("")) == "/"
