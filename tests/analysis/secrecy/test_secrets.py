"""A secret is known by its shape or its name, and never shown whole."""

import pytest

from buttress.analysis.secrecy.secrets import (
    hardcoded_secrets,
    is_secret_name,
    is_secret_variable,
    kind_of,
    mask,
)
from buttress.source import Module, Text

OPENAI = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"
AWS = "AKIA" + "IOSFODNN7EXAMPL3"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "api_key",
        "apiKey",
        "db_password",
        "AUTH_TOKEN",
        "jwt_secret",
        "smtp_pass",
        "client_secret",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "TOKEN_EXPIRE_MINUTES", "MAX_TOKENS", "token_url", "password_field", "tokenizer", "compass",
        "key", "monkey", "passenger", "SECRET_NAME", "public_key_token_path", "tokens_per_minute",
    ],
)  # fmt: skip
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_secret_name(name)


def test_a_variable_that_ends_in_key_is_a_secret() -> None:
    assert is_secret_variable("SUPABASE_KEY")
    assert is_secret_variable("ADMIN_PASSWORD")
    assert not is_secret_variable("SUPABASE_PUBLISHABLE_KEY")
    assert not is_secret_variable("CACHE_KEY")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (OPENAI, "OpenAI or OpenRouter key"),
        (AWS, "AWS access key"),
        (GITHUB, "GitHub token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private key"),
        ("postgresql://app:Xk29fjs8@db.example.org/app", "password in an address"),
    ],
)
def test_shapes_of_secrets(value: str, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    "value",
    [
        "sk-" + "x" * 40,
        "postgresql://postgres:postgres@localhost/app",
        "postgresql://user:${PASSWORD}@host/app",
        "https://example.org/path",
        "sk-learn is a library",
        "",
    ],
)
def test_shapes_that_only_look_like_it(value: str) -> None:
    assert kind_of(value) == ""


def test_a_hardcoded_secret_has_its_name_and_binding() -> None:
    source = f'SECRET_KEY = "9f8a6b2c71"\nconfig["API_TOKEN"] = "abcdef12345"\nf("{AWS}")\n'
    found = list(hardcoded_secrets(Module("m.py", Text(source))))

    assert [(item.name, item.kind, item.binding) for item in found] == [
        ("SECRET_KEY", "", "name"),
        ("API_TOKEN", "", "item"),
        ("", "AWS access key", "other"),
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f'key = "{OPENAI}"', 'key = "sk-p****"'),
        ('-SECRET_KEY = "9f8a6b2c71"', '-SECRET_KEY = "****"'),
        ('os.getenv("SECRET_KEY", "dev-secret")', 'os.getenv("SECRET_KEY", "****")'),
        ("os.environ.get('SECRET_KEY') or 'dev-secret'", "os.environ.get('SECRET_KEY') or '****'"),
        ('app.config["SECRET_KEY"] = "9f8a6b2c71"', 'app.config["SECRET_KEY"] = "****"'),
        ('"password": "hunter2hunter2",', '"password": "****",'),
        ("postgresql://app:Xk29fjs8@db/app", "postgresql://app:****@db/app"),
        ('title = "nothing to hide"', 'title = "nothing to hide"'),
        ('TOKEN_URL = "https://example.org"', 'TOKEN_URL = "https://example.org"'),
    ],
)
def test_masked_text_shows_no_secret(text: str, masked: str) -> None:
    assert mask(text) == masked
