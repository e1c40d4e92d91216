"""A secret is known by its name, and only where its value shows."""

import ast

import pytest

from buttress.analysis.logs.sensitive import secret_in
from buttress.source import Module, Text


def secret(expression: str) -> str | None:
    module = Module("m.py", Text(f"import os, json\n({expression})\n"))
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Expr)
    return secret_in(module, statement.value)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("password", "password"),
        ("user.api_key", "api_key"),
        ("data['accessToken']", "accessToken"),
        ("data.get('secret')", "secret"),
        ("os.environ['API_KEY']", "API_KEY"),
        ("os.getenv('SECRET_KEY')", "SECRET_KEY"),
        ("str(token)", "token"),
        ("token.strip()", "token"),
        ("json.dumps({'a': token})", "token"),
        ("f'{otp}'", "otp"),
        ("'x' + password", "password"),
        ("token if token else None", "token"),
        ("create_access_token(user)", "access_token"),
        ("request.headers", "headers"),
        ("request.cookies", "cookies"),
        ("os.environ", "os.environ"),
        ("verification_code", "verification_code"),
    ],
)
def test_values_with_a_secret_name_are_secrets(expression: str, name: str) -> None:
    assert secret(expression) == name


@pytest.mark.parametrize(
    "expression",
    [
        "user",
        "len(password)",
        "bool(token)",
        "token is None",
        "not token",
        "'set' if token else 'missing'",
        "token[:4]",
        "max_tokens",
        "total_tokens",
        "token_count",
        "tokenizer",
        "secret_name",
        "hash_password(password)",
        "verify_token(token)",
        "mask(token)",
        "author",
        "status_code",
        "lambda: token",
    ],
)
def test_what_only_speaks_of_a_secret_is_none(expression: str) -> None:
    assert secret(expression) is None
