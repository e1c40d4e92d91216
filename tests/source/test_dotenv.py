"""Environment files: names only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import dotenv
from buttress.source.dotenv import NewVariable, Variable

SECRET = "not-to-be-seen"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("KEY=" + SECRET, Variable("KEY", 1, has_value=True)),
        ("export KEY = '" + SECRET + "' # why", Variable("KEY", 1, has_value=True)),
        ("KEY=", Variable("KEY", 1, has_value=False)),
        ('KEY=""', Variable("KEY", 1, has_value=False)),
        ("KEY= # nothing yet", Variable("KEY", 1, has_value=False)),
        ("# KEY=" + SECRET, Variable("KEY", 1, has_value=True, is_commented=True)),
    ],
)
def test_a_variable_is_read_without_its_value(line: str, expected: Variable) -> None:
    found = dotenv.variables(line + "\n")

    assert found == (expected,)
    assert SECRET not in repr(found)


def test_a_quoted_value_over_lines_holds_no_names() -> None:
    text = f'KEY="-----BEGIN-----\nA=b\n{SECRET}"\r\nNEXT=1\n'

    assert dotenv.variables(text) == (Variable("KEY", 1, True), Variable("NEXT", 4, True))


@pytest.mark.parametrize("text", ["", "# only words\n", "not an assignment\n", "1X=2\n"])
def test_other_lines_are_no_variables(text: str) -> None:
    assert dotenv.names(text, commented=True) == ()


def test_names_come_once_and_in_order() -> None:
    text = "B=1\nA=2\nB=3\n#C=4\n"

    assert dotenv.names(text) == ("B", "A")
    assert dotenv.names(text, commented=True) == ("B", "A", "C")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "PORT=8000\n# Ask the team\nAPI_KEY=\n", id="empty"),
        pytest.param("A=1\n", "A=1\nPORT=8000\n# Ask the team\nAPI_KEY=\n", id="appended"),
        pytest.param("A=1", "A=1\nPORT=8000\n# Ask the team\nAPI_KEY=\n", id="no final newline"),
        pytest.param("A=1\r\n", "A=1\r\nPORT=8000\r\n# Ask the team\r\nAPI_KEY=\r\n", id="crlf"),
        pytest.param("PORT=1\n", "PORT=1\n\n# Ask the team\nAPI_KEY=\n", id="one is set"),
        pytest.param("#PORT=1\nAPI_KEY=x\n", "#PORT=1\nAPI_KEY=x\n", id="all are mentioned"),
    ],
)
def test_names_are_appended(before: str, after: str) -> None:
    new = [NewVariable("PORT", example="8000"), NewVariable("API_KEY", "Ask the team")]

    assert dotenv.append(before, new) == after
    assert dotenv.append(after, new) == after


def test_a_heading_stands_above_the_new_names() -> None:
    once = dotenv.append("A=1\n", [NewVariable("B")], "Settings")

    assert once == "A=1\n\n# Settings\nB=\n"
    assert dotenv.append(once, [NewVariable("C")], "Settings") == once + "C=\n"


@given(
    st.lists(st.sampled_from(["A=1", "# B=2", "", "C='x", 'D="y\nz"', "words"]), max_size=6),
    st.lists(st.sampled_from("ABCDE"), max_size=5),
)
def test_appending_twice_is_appending_once(lines: list[str], wanted: list[str]) -> None:
    text = "\n".join(lines)
    new = [NewVariable(name) for name in wanted]

    once = dotenv.append(text, new)

    assert dotenv.append(once, new) == once
    assert once.startswith(text)


def test_what_has_a_default_of_its_own_is_documented_and_not_set() -> None:
    written = dotenv.append("", [NewVariable("PORT", is_optional=True), NewVariable("KEY")])

    assert written == "# PORT=\nKEY=\n"
    assert dotenv.append(written, [NewVariable("PORT")]) == written
