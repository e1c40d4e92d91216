"""Black formats the changed lines in the project's own style, and no line beside them."""

import pytest

from buttress.source import Tree
from buttress.source.formatting import Style, format_lines, style_for


def test_only_the_given_lines_are_formatted() -> None:
    text = "a   =  1\nb   =  2\nc   =  3\n"

    assert format_lines(text, [(2, 2)], Style()) == "a   =  1\nb = 2\nc   =  3\n"


@pytest.mark.parametrize(
    "beside",
    [
        # what black would change on other lines, too: trailing blanks, empty lines
        "def f():\n    a = 1\n    \n    return a\n",
        "class A:\n    x: int\n\n\n\n\nprint(A)\n",
        "def f():\n    pass\nprint(f)\n",
    ],
)
def test_no_other_line_changes(beside: str) -> None:
    text = "b   =  2\n\n\n" + beside

    assert format_lines(text, [(1, 1)], Style()) == "b = 2\n\n\n" + beside


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = f( 1 )\r\n", "a = f(1)\r\n"),
        ("a = f( 1 )", "a = f(1)"),
        ("a = 'x' + f( 1 )\n", "a = 'x' + f(1)\n"),
    ],
)
def test_the_files_own_form_is_kept(text: str, expected: str) -> None:
    assert format_lines(text, [(1, 1)], Style()) == expected


@pytest.mark.parametrize(
    "text", ["if x:\n\ta  = 1\n", "a  = 1\nb  = 2\r\n", "def f(:\n", "a  = 1\rb  = 1\r"]
)
def test_what_black_cannot_format_without_harm_is_left(text: str) -> None:
    assert format_lines(text, [(1, 2)], Style()) == text


def test_lines_are_wrapped_at_the_length_that_the_project_says() -> None:
    call = "x = function(argument_number_one, argument_number_two)\n"

    assert format_lines(call, [(1, 1)], Style(line_length=40)).count("\n") > 1
    assert format_lines(call, [(1, 1)], Style()) == call


@pytest.mark.parametrize(
    ("files", "style"),
    [
        ({}, Style()),
        (
            {"pyproject.toml": "[tool.black]\nline-length = 100\n"},
            Style(100, normalize_quotes=True),
        ),
        (
            {"pyproject.toml": "[tool.black]\nskip-string-normalization = true\n"},
            Style(88, normalize_quotes=False),
        ),
        ({"ruff.toml": "line-length = 79\n"}, Style(79, normalize_quotes=False)),
        ({"ruff.toml": "[format]\nindent-width = 4\n"}, Style(88, normalize_quotes=True)),
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, Style()),
        ({"pyproject.toml": "not toml ["}, Style()),
        (
            {
                "pyproject.toml": "[tool.black]\nline-length = 100\n",
                "backend/pyproject.toml": "[tool.black]\nline-length = 70\n",
            },
            Style(70, normalize_quotes=True),
        ),
    ],
)
def test_the_nearest_configuration_decides(files: dict[str, str], style: Style) -> None:
    assert style_for(Tree.of(files), "backend/app/main.py") == style


def test_blanks_in_the_next_line_do_not_keep_a_line_from_being_wrapped() -> None:
    text = f"x = 1\ny = {'a' * 60} if {'b' * 40} else {'c' * 30}\n    \nz = 1\n"

    formatted = format_lines(text, [(2, 2)], Style())

    assert formatted.startswith("x = 1\ny = (\n")
    assert formatted.endswith(")\n    \nz = 1\n")


def test_two_long_lines_with_an_empty_line_between_are_both_wrapped() -> None:
    call = f'    log("{"a" * 60}", first=1, second=2, third=3)\n'
    filler = "".join(f"    a_{n} = {n}\n\n" for n in range(150))
    text = f"def f():\n{filler}{call}\n{call}    return 1\n"
    start = text[: text.index("    log(")].count("\n") + 1

    formatted = format_lines(text, [(start, start), (start + 2, start + 2)], Style(line_length=88))

    wrapped = f'    log(\n        "{"a" * 60}",\n        first=1,\n        second=2,\n        third=3,\n    )\n'
    assert formatted == f"def f():\n{filler}{wrapped}\n{wrapped}    return 1\n"


@pytest.mark.parametrize("blank", ["\n\n\n\n", "\n    # between\n\n"])
def test_what_stands_between_two_wrapped_lines_stays(blank: str) -> None:
    call = f'    log("{"a" * 60}", first=1, second=2, third=3)\n'
    text = f"def f():\n{call}{blank}{call}"
    last = text.count("\n")

    formatted = format_lines(text, [(2, 2), (last, last)], Style(line_length=88))

    assert formatted.split("    )\n")[1].startswith(blank)


def test_a_line_is_as_long_as_those_that_the_author_wrote() -> None:
    text = f'a = "{"b" * 90}"\nlog("{"c" * 70}", first=1, second=2, third=3)\n'

    formatted = format_lines(text, [(2, 2)], Style())

    assert max(map(len, formatted.splitlines())) == len(f'a = "{"b" * 90}"')


def test_a_line_may_stay_as_long_as_it_was() -> None:
    before = f'log("{"c" * 70}", first, second, third, fourth)\n'
    text = before.replace("fourth", "fifth")

    assert format_lines(text, [(1, 1)], Style(), before) == text
    assert format_lines(text, [(1, 1)], Style()).count("\n") > 1


@pytest.mark.parametrize(
    ("line", "formatted"), [("x   =  1", "x   =  1"), ("    x   =  1", "    x = 1")]
)
def test_a_block_of_one_line_keeps_its_indent(line: str, formatted: str) -> None:
    indent = "  " if line.startswith("x") else ""
    text = f"if a:\n  b = 1\nelse:\n{indent}{line}\n"

    assert format_lines(text, [(4, 4)], Style()) == f"if a:\n  b = 1\nelse:\n{indent}{formatted}\n"
