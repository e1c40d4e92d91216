"""Ignore files: what is covered already is not added."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import ignore_file
from buttress.source.ignore_file import Dialect


@pytest.mark.parametrize(
    ("text", "path", "covered"),
    [
        (".env\n", ".env", True),
        (".env\n", "backend/.env", True),
        ("/.env\n", "backend/.env", False),
        (".env*\n", ".env.local", True),
        (".env*\n!.env.example\n", ".env.example", False),
        ("*.pem\n", "keys/server.pem", True),
        ("venv/\n", "venv/", True),
        ("venv/\n", "venv", False),
        ("# .env\n", ".env", False),
        ("", ".env", False),
    ],
)
def test_what_git_ignores(text: str, path: str, covered: bool) -> None:
    assert ignore_file.covers(text, path) is covered


@pytest.mark.parametrize(
    ("text", "path", "covered"),
    [
        (".env\n", ".env", True),
        (".env\n", "backend/.env", False),
        ("**/.env\n", "backend/.env", True),
        ("**/.env\n", ".env", True),
        ("/.env\n", ".env", True),
        (".git\n", ".git/config", True),
        ("*\n!app\n", ".env", True),
        ("*\n!app\n", "app/main.py", False),
        ("*.md\n", "docs/a.md", False),
        ("**/*.md\n", "docs/a.md", True),
        ("docs/**\n", "docs/a/b.md", True),
        ("no[td]es\n", "notes", True),
        ("fil?\n", "file/x", True),
        ("./tests/\n", "tests/test_app.py", True),
    ],
)
def test_what_an_image_build_leaves_out(text: str, path: str, covered: bool) -> None:
    assert ignore_file.covers(text, path, Dialect.DOCKER) is covered


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "# Secrets\n.env\n*.pem\n", id="empty"),
        pytest.param("a\n", "a\n\n# Secrets\n.env\n*.pem\n", id="own section"),
        pytest.param("a", "a\n\n# Secrets\n.env\n*.pem\n", id="no final newline"),
        pytest.param("a\r\n", "a\r\n\r\n# Secrets\r\n.env\r\n*.pem\r\n", id="crlf"),
        pytest.param("a\n\n", "a\n\n# Secrets\n.env\n*.pem\n", id="blank line at the end"),
        pytest.param(".env*\n", ".env*\n\n# Secrets\n*.pem\n", id="one is covered"),
        pytest.param("/.env/\n", "/.env/\n\n# Secrets\n*.pem\n", id="one is there in another form"),
        pytest.param("!.env\n", "!.env\n\n# Secrets\n*.pem\n", id="one is taken in on purpose"),
        pytest.param(
            "# Secrets\nold\n\n# More\nb\n",
            "# Secrets\nold\n.env\n*.pem\n\n# More\nb\n",
            id="section is there",
        ),
        pytest.param("# Secrets\nold", "# Secrets\nold\n.env\n*.pem\n", id="section at the end"),
    ],
)
def test_missing_lines_are_appended(before: str, after: str) -> None:
    added = ignore_file.add(before, [".env", "*.pem"], "Secrets")

    assert added == after
    assert ignore_file.add(added, [".env", "*.pem"], "Secrets") == added


@pytest.mark.parametrize("text", [".env\n*.pem\n", "*\n", "**\n", ".env\n*.p*\n", ".e*\n*.pem\n"])
def test_nothing_is_added_where_nothing_is_missing(text: str) -> None:
    assert ignore_file.add(text, [".env", "*.pem"], "Secrets") == text


def test_a_line_for_docker_at_the_top_does_not_cover_folders() -> None:
    assert ignore_file.missing(".env\n", ["**/.env"], Dialect.DOCKER) == ("**/.env",)
    assert ignore_file.missing("**/.env\n", [".env"], Dialect.DOCKER) == ()


LINES = st.lists(
    st.sampled_from([".env", "!.env", "venv/", "*.pem", "# Secrets", "", "a b", "*", "!x"]),
    max_size=6,
)


@given(LINES, LINES, st.sampled_from(["\n", "\r\n"]))
def test_adding_twice_is_adding_once(held: list[str], new: list[str], newline: str) -> None:
    text = newline.join(held)
    wanted = [line for line in new if line and not line.startswith("#")]

    once = ignore_file.add(text, wanted, "Secrets")

    assert ignore_file.add(once, wanted, "Secrets") == once
    assert ignore_file.missing(once, wanted) == ()
    remaining = iter(once.splitlines())
    assert all(line in remaining for line in held if line)
