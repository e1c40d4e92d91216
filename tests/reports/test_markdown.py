"""Markdown that says the same in GitHub as here, whatever a project's names and texts hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from buttress.reports.markdown import LONGEST, code, markdown, text
from buttress.reports.overview import Setting
from buttress.reports.visible import safe
from buttress.scorecard import Acceptance, AcceptedBy, Remark
from tests.reports.cards import APP, GUESS, NO_CI, SQL, At, card, place, prototype

PLAIN = Setting()


def words(source: str) -> str:
    """Return what a reader of rendered Markdown reads."""
    tokens = MarkdownIt("js-default", {"html": True}).enable("table").parseInline(source)
    return "".join(
        token.content
        for token in tokens[0].children or []
        if token.type in {"text", "code_inline", "text_special"}
    )


def test_the_verdict_comes_first_and_the_next_step_last() -> None:
    written = markdown(prototype("notes"), Setting(next_step="buttress harden"))

    assert written.startswith("## Production readiness: not ready, ")
    assert "\n\nNot ready because the score is below 40.\n\n" in written
    assert written.endswith("\nNext: `buttress harden`\n")


def test_a_cause_is_one_row() -> None:
    found = card(
        {SQL: [At("main.py:8:12"), At("main.py:9:1")], NO_CI: [At("main.py:3:1", "None.")]}
    )

    rows = [line for line in markdown(found, PLAIN).splitlines() if line.startswith("| 🔴")]

    said = "What a client sends becomes part of this statement. `SEC-SQL`"
    assert rows == [f"| 🔴 critical | {said} | `main.py:8`, `main.py:9` |"]
    assert "| 🟠 high | None. `CICD-NO-CI` → `ci` | `main.py:3` |" in markdown(found, PLAIN)


def test_places_are_links_where_the_platform_shows_files() -> None:
    setting = Setting(prefix="back end/", source_url="https://git.example/o/r/blob/abc/")

    written = markdown(card({SQL: [At("main.py:8:12")]}), setting)

    assert "[`main.py:8`](https://git.example/o/r/blob/abc/back%20end/main.py#L8)" in written


def test_many_places_are_counted() -> None:
    found = card({SQL: [At(f"main.py:{line}:1") for line in range(1, 12)]})

    assert "`main.py:5` and 6 more |" in markdown(found, PLAIN)


def test_what_is_to_review_or_accepted_is_folded_away() -> None:
    accepted = Acceptance(AcceptedBy.NOSEC, "it's <b>fine</b>")
    found = card({SQL: [At("main.py:8:1", acceptance=accepted)], GUESS: [At("main.py:3:1")]})

    written = markdown(found, PLAIN)

    assert "<summary>To review: 1 place</summary>" in written
    assert "<summary>Accepted: 1 place</summary>" in written
    assert "| `SEC-SQL` | `main.py:8` | nosec: it's &lt;b&gt;fine&lt;/b&gt; |" in written
    assert "What matters most" not in written


def test_stale_acceptances_and_files_that_do_not_parse_are_listed() -> None:
    found = card({}, files={"main.py": APP, "broken.py": "def (:\n"})
    found = replace(found, remarks=(Remark(place("pyproject.toml:4:1"), "It has expired."),))

    written = markdown(found, PLAIN)

    assert "- `pyproject.toml:4` It has expired." in written
    assert "- `broken.py:1` does not parse" in written


@pytest.mark.parametrize(
    "said",
    [
        "a *b* _c_ ~d~ [e](f) <img src=x onerror=alert(1)> &amp; | g",
        "@app.get names nobody, #12 no issue",
        "line\nbreak",
        "# heading",
        r"back\slash",
    ],
)
def test_words_stay_words(said: str) -> None:
    assert words(text(said).replace("<!-- -->", "")) == safe(said)


def test_nobody_is_called() -> None:
    assert text("@app.get and #12") == "@<!-- -->app.get and #<!-- -->12"


def test_code_in_a_message_stays_code() -> None:
    assert text("Use `a_b(*c)` here.") == "Use `a_b(*c)` here."


@given(st.text(alphabet="`ab |\\<*", min_size=1, max_size=12))
def test_code_holds_its_words_whatever_they_are(name: str) -> None:
    written = code(name)

    tokens = MarkdownIt().parseInline(written.replace("\\|", "|"))[0].children or []
    if name.strip():
        assert [token.type for token in tokens] == ["code_inline"]
        assert tokens[0].content.strip() == name.strip()


def test_a_comment_is_never_too_long_and_says_what_is_left_out() -> None:
    accepted = Acceptance(AcceptedBy.NOSEC, "because " * 20)
    places = [At(f"main.py:{line}:1", acceptance=accepted) for line in range(1, 2000)]
    found = card({SQL: places, NO_CI: [At("main.py:3:1")]})

    written = markdown(found, Setting(next_step="buttress harden"))

    assert 60_000 < len(written) <= LONGEST
    assert written.count("<details>") == written.count("</details>") == 1
    assert "lines more did not fit; the other formats hold all." in written
    assert written.endswith("Next: `buttress harden`\n")
