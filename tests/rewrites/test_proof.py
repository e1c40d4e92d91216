"""Proof: an edit changes what it says, and nothing else."""

import pytest

from buttress.rewrites.proof import disproof, new_complaints
from buttress.source import Edit, Module, Text, apply_edits


def module(source: str) -> Module:
    return Module("m.py", Text(source))


def replaced(source: str, old: str, new: str) -> tuple[Module, Module, list[Edit]]:
    start = source.index(old)
    edits = [Edit(start, start + len(old), new)]
    return module(source), module(apply_edits(source, edits)), edits


@pytest.mark.parametrize(
    ("source", "old", "new"),
    [
        ("x = f(a)\ny = 2\n", "f(a)", "g(a, b)"),
        ("x = 1\n\n\ndef f():\n    return x\n", "x = 1", "import os\nx = 1"),
        ("if a:\n    print(b)\n    c()\n", "print(b)", "log(b)"),
        ("if a:\n    print(b)\n    c()\n", "    print(b)\n", ""),
        ("x = 'ä', f(a)  # ö\ny = 2\n", "f(a)", "g()"),
        ("try:\n    a()\nexcept E as e:\n    b()\n", " as e", ""),
    ],
)
def test_an_edit_that_only_does_what_it_says_holds_up(source: str, old: str, new: str) -> None:
    assert disproof(*replaced(source, old, new)) is None


@pytest.mark.parametrize(
    ("source", "old", "new", "reason"),
    [
        ("x = f(a)\n", "f(a)", "f(a", "would not parse"),
        # the rest of the line becomes a comment, or a part of something else
        ("x = f(a) + b\n", "f(a)", "1 #", "differently"),
        ("x = a\ny = b\n", "a\n", "a, ", "differently"),
        ("a = 1\nb = 2\n", "a = 1\n", "if x:\n    a = 1\n  ", "parse"),
        ("a = 1\nb = 2\nc = 3\n", "a = 1\n", "if x:\n  a = 1\nelse:\n  ", "construct"),
        ("x = a\ny = 'b'\n", "a", "'''", "parse"),
    ],
)
def test_an_edit_that_reaches_further_is_disproved(
    source: str, old: str, new: str, reason: str
) -> None:
    problem = disproof(*replaced(source, old, new))

    assert problem is not None
    assert reason in problem


def test_a_complaint_is_the_same_where_another_line_moved() -> None:
    before = module("from a import b\nfrom c import b\nprint(b)\n")
    after = module("import d\nfrom a import b\nfrom c import b\nprint(b, d)\n")

    assert new_complaints(before, after) == []


def test_complaints_that_were_there_before_do_not_count() -> None:
    before = module("import os\nx = undefined\n")

    assert new_complaints(before, module("import os\nx = undefined + 1\n")) == []
    assert new_complaints(before, module("import os\nx = undefined + other\n")) == [
        "UndefinedName: undefined name 'other'"
    ]
