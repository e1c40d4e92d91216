"""Lines that are as they were, in files that were edited or laid out anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.acceptance.changes import Changes, kept_lines
from buttress.checks.model import checks
from buttress.project.model import Place
from buttress.scorecard import Located
from buttress.source import Tree


def test_lines_keep_the_numbers_that_they_had() -> None:
    assert kept_lines("a\nb\nc\n", "new\na\nB\nc\n") == {2: 1, 4: 3, 5: 4}


@given(
    old=st.lists(st.sampled_from("abc"), max_size=12),
    new=st.lists(st.sampled_from("abc"), max_size=12),
)
def test_the_lines_that_are_kept_stand_in_the_old_text(old: list[str], new: list[str]) -> None:
    kept = kept_lines("\n".join(old), "\n".join(new))

    then = [kept[line] for line in sorted(kept)]
    assert then == sorted(set(then))
    # a text without a line has one, which is empty
    assert all((new or [""])[now - 1] == (old or [""])[was - 1] for now, was in kept.items())


@pytest.mark.parametrize(
    ("old", "new", "line", "is_touched"),
    [
        ("f(1, 2)\n", "f(\n    1,\n    2,\n)\n", 1, False),
        ("f('a', 1)\n", 'f("a", 1)  # said otherwise\n', 1, False),
        ('"""A.\nB."""\nf()\n', '"""A.\n  B.\n"""\nf()\n', 4, False),
        ("f(1, 2)\n", "f(1, 3)\n", 1, True),
        ("f('a b')\n", "f('a  b')\n", 1, True),
        ("f()\nf()\n", "g()\nf()\n", 1, True),
        ("f()\nf()\n", "g()\nf()\n", 2, False),
    ],
)
def test_a_formatter_touches_nothing(old: str, new: str, line: int, is_touched: bool) -> None:
    finding = Located(checks()["OBS-PRINT"], Place("main.py", line), "", "")
    changes = Changes(Tree.of({"main.py": old}), Tree.of({"main.py": new}))

    assert changes.touch(finding) == is_touched
