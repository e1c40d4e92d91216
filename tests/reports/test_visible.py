"""What is shown cannot steer a terminal, and a secret is never whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.reports.visible import json_text, safe, shown


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a.py", "a.py"),
        ("été 日本 🙂 a-b", "été 日本 🙂 a-b"),
        ("a\nb", r"a\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("in\u00advisible\u200b", r"in\xadvisible\u200b"),
        ("line\u2028line", r"line\u2028line"),
        ("half \ud83d", r"half \ud83d"),
        ("tag \U000e0041", r"tag \U000e0041"),
    ],
)
def test_what_steers_is_shown_as_an_escape(text: str, printed: str) -> None:
    assert safe(text) == printed


@given(st.text(alphabet=st.characters()))
def test_any_text_can_be_printed_and_encoded(text: str) -> None:
    printed = safe(text)

    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in printed)
    printed.encode("utf-8")


def test_a_secret_in_a_message_is_cut() -> None:
    secret = "AKIA" + "ABCDEFGHIJKLMNOP"

    assert secret not in shown(f"The key {secret} is in the code.")


@given(st.recursive(st.text(alphabet=st.characters()), st.lists, max_leaves=5))
def test_json_keeps_every_string_and_prints_none_raw(data: object) -> None:
    text = json_text({"data": data})

    assert json.loads(text) == {"data": data}
    assert safe(text.replace("\n", "")) == text.replace("\n", "")
