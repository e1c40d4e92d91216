"""Edits replace their characters and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import Edit, OverlappingEditsError, apply_edits
from buttress.source.edit import new_spans


def test_edits_are_applied_from_left_to_right_whatever_their_order() -> None:
    assert apply_edits("a + b", [Edit(4, 5, "y"), Edit(0, 1, "x")]) == "x + y"


def test_identical_edits_merge() -> None:
    assert apply_edits("f()", [Edit(0, 0, "g = 1\n"), Edit(0, 0, "g = 1\n")]) == "g = 1\nf()"


def test_insertions_at_one_place_keep_their_order() -> None:
    assert apply_edits("x", [Edit(0, 0, "1"), Edit(0, 0, "2")]) == "12x"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Edit(0, 3, "a"), Edit(2, 4, "b")),
        (Edit(0, 3, "a"), Edit(0, 3, "b")),
        (Edit(0, 4, "a"), Edit(2, 2, "b")),
    ],
)
def test_overlapping_edits_are_refused(first: Edit, second: Edit) -> None:
    with pytest.raises(OverlappingEditsError):
        apply_edits("abcdef", [first, second])


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_an_edit_without_a_place_is_a_bug(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no place"):
        Edit(start, end, "")


def test_new_spans_say_where_the_new_text_stands() -> None:
    text = "one two three"
    edits = [Edit(4, 7, "2"), Edit(0, 0, "zero "), Edit(8, 13, "III")]

    after = apply_edits(text, edits)

    assert [after[start:end] for start, end in new_spans(edits)] == ["zero ", "2", "III"]


@given(st.text(), st.data())
def test_what_is_not_edited_keeps_every_character(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))

    after = apply_edits(text, [Edit(start, end, "<new>")])

    assert after == text[:start] + "<new>" + text[end:]
