"""Every environment variable of an app is known by name, and no secret by its value."""

from textwrap import dedent

import pytest

from buttress.analysis.variables import Variable, variables
from buttress.source import Module, Text


def _read(*sources: str) -> tuple[Variable, ...]:
    return variables(
        Module(f"m{number}.py", Text(dedent(source))) for number, source in enumerate(sources)
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("os.getenv('LEVEL')", Variable("LEVEL")),
        ("os.getenv('LEVEL', 'info')", Variable("LEVEL", "info")),
        ("os.environ.get('LEVEL') or 'info'", Variable("LEVEL", "info")),
        ("int(os.environ.get('SIZE', 5))", Variable("SIZE", "5")),
        ("os.environ['LEVEL']", Variable("LEVEL", is_required=True)),
        ("os.getenv('LEVEL', compute())", Variable("LEVEL")),
        ("os.getenv('API_KEY', 'x')", Variable("API_KEY", is_secret=True)),
        ("os.environ['SECRET_KEY']", Variable("SECRET_KEY", is_required=True, is_secret=True)),
    ],
)
def test_reads_of_the_code(expression: str, expected: Variable) -> None:
    assert _read(f"import os\n\nvalue = {expression}\n") == (expected,)


@pytest.mark.parametrize(
    ("name", "default", "is_secret"),
    [
        ("DATABASE_URL", "postgresql://localhost/x", True),
        ("DATABASE_URL", "", True),
        ("REDIS_URL", "redis://", True),
        ("SENTRY_DSN", "", True),
        ("DATABASE_URL_SYNC", "", True),
        ("DATABASE_URL", "sqlite:///app.db", False),
        ("FRONTEND_URL", "http://localhost:3000", False),
        ("UPSTREAM", "https://me:hunter22@example.org", True),
        ("DB_PATH", "app.db", False),
    ],
)
def test_an_address_that_may_hold_a_password_is_a_secret(
    name: str, default: str, is_secret: bool
) -> None:
    [found] = _read(f"import os\n\nvalue = os.getenv({name!r}, {default!r})\n")

    assert found == Variable(name, None if is_secret else default, False, is_secret)


def test_fields_of_a_settings_class() -> None:
    found = _read("""\
        from typing import ClassVar

        from pydantic import Field, SecretStr
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            model_config = SettingsConfigDict(env_prefix="APP_")
            names: ClassVar[list[str]] = []
            name: str
            debug: bool = True
            size: int = Field(5, ge=1)
            level: str = Field(default="info", validation_alias="LOG_LEVEL")
            made: list[str] = Field(default_factory=list)
            needed: str = Field(...)
            pin: SecretStr
            _private: int = 1
        """)

    assert found == (
        Variable("APP_DEBUG", "true"),
        Variable("APP_MADE"),
        Variable("APP_NAME", is_required=True),
        Variable("APP_NEEDED", is_required=True),
        Variable("APP_PIN", is_required=True, is_secret=True),
        Variable("APP_SIZE", "5"),
        Variable("LOG_LEVEL", "info"),
    )


def test_several_reads_of_one_variable_are_one() -> None:
    first = "import os\n\nvalue = os.environ['LEVEL']\n"
    second = "import os\n\nvalue = os.getenv('LEVEL', 'info')\n"

    assert _read(first, second) == (Variable("LEVEL", "info", is_required=True),)


@pytest.mark.parametrize(
    "source",
    [
        "import os\n\nos.environ['TZ'] = 'UTC'\nvalue = os.getenv('TZ')\n",
        "import os\n\nvalue = os.getenv(name)\n",
        "value = config.get('LEVEL')\n",
        "class Settings:\n    level: str = 'info'\n",
    ],
)
def test_what_is_no_variable_of_the_environment(source: str) -> None:
    assert _read(source) == ()
