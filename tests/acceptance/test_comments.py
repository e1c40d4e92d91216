"""Comments are found where they are comments, and mean the statement that they stand at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.acceptance.comments import comments

PYTHON = '''\
text = "# not one"
call(  # at the start
    1,  # at an argument
    2,
)  # at the end
# above
# both
@decorated
def f():
    """# not one either"""
    return {
        # inside
        "a": 1,
        "b": 2,
    }
'''


def covered(text: str, said: str, path: str = "x.py") -> list[int]:
    """Return the lines that the comment with a text is meant for."""
    (comment,) = [item for item in comments(path, text) if item.text.strip() == said]
    return [line for line in range(1, text.count("\n") + 2) if comment.covers(line)]


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("at the start", [2, 3, 4, 5]),
        ("at an argument", [3]),
        ("at the end", [2, 3, 4, 5]),
        ("above", [6, 7, 8, 9]),
        ("both", [7, 8, 9]),
        ("inside", [12, 13]),
    ],
)
def test_a_comment_in_python_means_its_statement(said: str, lines: list[int]) -> None:
    assert covered(PYTHON, said) == lines


def test_strings_are_no_comments() -> None:
    assert len(comments("x.py", PYTHON)) == 6


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("ci.yml", "run: 'a # b'  # c\n# d\non: push#e\n", ["c", "d"]),
        ("x.toml", 'a = """\n# no\n"""\nb = "x" # yes\n', ["yes"]),
        ("requirements.txt", "flask==1 # old\n# all\nx#y\n", ["old", "all"]),
        ("Dockerfile", "FROM x # no\n# yes\nRUN y\n", ["yes"]),
        ("a/page.html", "<p># no</p> <!-- one -->\n{# two #}\n", ["one", "two"]),
        ("main.tf", 'a = "x # y" // one\n# two\n', ["one", "two"]),
        ("it.yml", "title: it's # one\nother: don't 'quote' # two\n", ["one", "two"]),
        ("app.js", "let url = 'http://x' // one\n", ["one"]),
        ("data.json", '{"a": "# no"}\n', []),
        ("broken.py", "x = 1  # one\ny = (\n# two\n", ["one", "two"]),
    ],
)
def test_each_format_has_its_marks(path: str, text: str, said: list[str]) -> None:
    assert [item.text.strip() for item in comments(path, text)] == said


def test_lines_above_each_other_all_mean_the_line_behind_them() -> None:
    text = "# one\n# two\nuses: x@v1\n"

    assert covered(text, "one", "ci.yml") == [1, 2, 3]
    assert covered(text, "two", "ci.yml") == [2, 3]


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        ("x.html", "<!--" * 250_000, 0),
        ("x.html", "<!-- a -->\n" * 50_000, 50_000),
        ("x.yml", "'" * 999_999, 0),
        ("x.yml", "x: '\" it's # a\n" * 30_000, 30_000),
        ("x.py", "x = [" + "1, " * 300_000 + "]  # a\n", 1),
        ("x.py", "(" * 100_000, 0),
    ],
    ids=["open", "closed", "quotes", "mixed", "long", "deep"],
)
def test_reading_takes_time_that_grows_with_the_text_alone(
    path: str, text: str, count: int
) -> None:
    # what were quadratic would not come to an end here
    assert len(comments(path, text)) == count


@given(
    text=st.text(alphabet="ab#'\"\n\r\t (){}<!->/\\\x0c\u2028é", max_size=60),
    path=st.sampled_from(["x.py", "x.yml", "x.toml", "Dockerfile", "x.html", "x.tf", "x.js"]),
)
def test_any_text_gives_comments_on_lines_that_exist(text: str, path: str) -> None:
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    for comment in comments(path, text):
        assert 1 <= comment.line <= lines
        assert comment.covers(comment.line)
