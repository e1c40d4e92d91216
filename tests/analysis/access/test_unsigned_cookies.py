"""Which cookies are believed although anybody can write them."""

from __future__ import annotations

import pytest

from buttress.analysis.access.unsigned_cookies import believed_cookies
from buttress.source import Modules, Tree

READ = """
def me():
    name = request.cookies.get("user_id")
    return User.query.filter_by(id=name).first()
"""


def believed(code: str) -> list[str]:
    """Return the code of the places that are found."""
    module = Tree.of({"app.py": f"import base64, json, uuid\n\n\n{code}"}).module("app.py")
    return [module.source(place.node) for place in believed_cookies(Modules([module]))]


@pytest.mark.parametrize(
    "value",
    [
        "user.id",
        "str(user.id)",
        'f"{user.id}"',
        'json.dumps({"username": name, "since": now})',
        'base64.b64encode(f"{username}:{now}".encode()).decode()',
    ],
)
def test_what_anybody_can_put_together_is_believed(value: str) -> None:
    code = f"def enter(response, user):\n    response.set_cookie('user_id', {value})\n{READ}"
    assert believed(code) == [f"response.set_cookie('user_id', {value})"]


@pytest.mark.parametrize(
    "value",
    [
        "uuid.uuid4()",
        "token",
        "signer.sign(user.id)",
        'json.dumps({"username": name, "signature": proof})',
        'json.dumps({"theme": name})',
        "make_session(user)",
    ],
)
def test_what_only_the_server_can_make_is_not(value: str) -> None:
    code = f"def enter(response, user):\n    response.set_cookie('user_id', {value})\n{READ}"
    assert believed(code) == []


def test_a_cookie_that_no_code_reads_tells_the_server_nothing() -> None:
    assert (
        believed("def enter(response, user):\n    response.set_cookie('user_id', user.id)\n") == []
    )


def test_a_right_is_told_from_other_words() -> None:
    code = """
def home():
    if request.COOKIES.get("is_admin") == "yes":
        return everything()
    if request.COOKIES.get("language") == "en":
        return english()
"""
    assert believed(code) == ['request.COOKIES.get("is_admin") == "yes"']
