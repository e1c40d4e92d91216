"""Comments that say something are found without reading the tokens of the whole file."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.acceptance.comment import Comment
from buttress.acceptance.python_comments import comments_saying, python_comments
from buttress.source import Module, Text

NOQA = re.compile("noqa")
LINES = [
    "x = 1  # noqa",
    "# noqa",
    "text = '# noqa'",
    'text = """',
    "# noqa in a text or behind one",
    '"""',
    "call(  # noqa",
    "    1,  # noqa",
    ")",
    "if x:",
    "    pass",
    "    # noqa",
    "else:  # noqa",
    "    y = (1,",
    "        2); z = 3  # noqa",
    "try:",
    "    pass",
    "except (  # noqa",
    "    KeyError,  # noqa",
    "):",
    "    pass",
    "@decorated  # noqa",
    "class A(",
    "    B): x = 1  # noqa",
    "def f(",
    "    a,  # noqa",
    "):",
    "    # noqa",
    "    return 1",
    "match x:",
    "    case 1:  # noqa",
    "        # noqa",
    "        pass",
    "",
]


def saying_noqa(text: str) -> list[Comment]:
    """Return the comments of a text that say ``noqa``, by line."""
    found = comments_saying(NOQA, Module("x.py", Text(text)))
    return sorted(found, key=lambda comment: comment.line)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = '# noqa'\ny = 1  # noqa\n", [Comment(2, " noqa", 2, 2, is_alone=False)]),
        ("call(\n    1,\n)  # noqa\n", [Comment(3, " noqa", 1, 3, is_alone=False)]),
        ("@a\ndef f(  # noqa\n):\n    pass\n", [Comment(2, " noqa", 1, 3, is_alone=False)]),
        (
            "if x:\n    y = 1\nelse:  # noqa\n    z = 2\n",
            [Comment(3, " noqa", 3, 3, is_alone=False)],
        ),
        ("# noqa\n\ncall(\n    1,\n)\n", [Comment(1, " noqa", 3, 5, is_alone=True)]),
        ("class A(\n    B): x = 1  # noqa\n", [Comment(2, " noqa", 1, 2, is_alone=False)]),
        (
            "# noqa\nclass A(\n    B): x = 1\n",
            [Comment(1, " noqa", 2, 3, is_alone=True)],
        ),
        ("x = 1  # nothing\n", []),
        ('"""\n# noqa\n"""\n', []),
        ("x = 1  # noqa\ny = (\n", [Comment(1, " noqa", 1, 1, is_alone=False)]),
    ],
    ids=[
        "line",
        "end",
        "decorated",
        "else",
        "above",
        "inside",
        "above inside",
        "other",
        "text",
        "broken",
    ],
)
def test_what_is_found_belongs_to_its_statement(text: str, found: list[Comment]) -> None:
    assert saying_noqa(text) == found


@given(st.lists(st.sampled_from(LINES), max_size=12).map("\n".join))
def test_it_is_what_reading_all_tokens_finds(text: str) -> None:
    everything = [item for item in python_comments(text) if NOQA.search(item.text)]

    assert saying_noqa(text) == everything


@pytest.mark.parametrize(
    "text",
    [
        "x = [\n" + "    1,  # noqa\n" * 50_000 + "]\n",
        "# noqa\n" * 100_000 + "x = 1\n",
        "x = 1  # noqa\n" * 50_000,
    ],
    ids=["inside", "above", "behind"],
)
def test_many_comments_take_time_that_grows_with_the_text_alone(text: str) -> None:
    # what were quadratic would not come to an end here
    assert len(saying_noqa(text)) == text.count("noqa")
