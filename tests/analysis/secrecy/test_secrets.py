"""A secret is known by its shape or its name, and never shown whole."""

import pytest

from buttress.analysis.secrecy.hardcoded import hardcoded_secrets
from buttress.analysis.secrecy.masking import mask
from buttress.analysis.secrecy.secrets import is_secret_name, is_secret_variable, kind_of
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
        ('api_key = b"9f8a6b2c71"', 'api_key = b"****"'),
        ('if password == "hunter2hunter2":', 'if password == "****":'),
        ('MAIL_PASSWORD = "abcd efgh ijkl mnop"', 'MAIL_PASSWORD = "****"'),
        ('app.secret_key = "a sentence of mine"', 'app.secret_key = "****"'),
        ('password_error = "wrong password"', 'password_error = "wrong password"'),
        ('title = "nothing to hide"', 'title = "nothing to hide"'),
        ('TOKEN_URL = "https://example.org"', 'TOKEN_URL = "https://example.org"'),
    ],
)
def test_masked_text_shows_no_secret(text: str, masked: str) -> None:
    assert mask(text) == masked


KEY_LINE = "MIIEow" + "IBAAKCAQEA7b" * 4


@pytest.mark.parametrize(
    "text",
    [
        '{0}KEY = """-----BEGIN RSA PRIVATE KEY-----\n{0}{1}\n{0}{1}\n{0}-----END RSA PRIVATE KEY-----"""',
        "{0}KEY = '-----BEGIN PRIVATE KEY-----\\n{1}\\n{1}\\n-----END PRIVATE KEY-----'",
        # headers inside, and a piece that begins in the middle
        "{0}-----BEGIN RSA PRIVATE KEY-----\n{0}Proc-Type: 4,ENCRYPTED\n{0}\n{0}{1}\n{0}x",
        "@@ -4,3 +4,3 @@\n{0}{1}\n{0}{1}==\n{0}-----END RSA PRIVATE KEY-----\n",
    ],
)
@pytest.mark.parametrize("sign", ["", " ", "-", "+"])
def test_the_body_of_a_private_key_is_masked_in_files_and_diffs(text: str, sign: str) -> None:
    masked = mask(text.format(sign, KEY_LINE))

    assert KEY_LINE[8:] not in masked
    assert masked.count("\n") == text.format(sign, "").count("\n")


def test_code_behind_a_private_key_is_left_readable() -> None:
    text = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nanswer_of_something = FastAPI()\n"

    assert mask(text).endswith("answer_of_something = FastAPI()\n")
