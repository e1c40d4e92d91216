"""The HTML page as text: what it must never hold, whatever the project holds."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest

from buttress.reports.html import html
from buttress.reports.overview import Setting
from buttress.scorecard import Acceptance, AcceptedBy
from tests.reports.cards import APP, NO_CI, SQL, At, card, prototype, untested

SECRET = "hunter2-Correct9Horse"


@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
def test_the_page_of_a_project_asks_nothing_of_the_network(name: str) -> None:
    page = html(prototype(name), Setting())

    assert (
        re.findall(r"""(?:src|href|url|action)\s*[=(]\s*["']?(?!#|data:,)[^\s"'>)]+""", page) == []
    )
    assert "@import" not in page


def test_the_policy_names_the_only_style_and_the_only_script_by_hash() -> None:
    page = html(prototype("notes"), Setting())

    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    for part in (style, script):
        assert f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" in unescape(page)
    assert "default-src 'none'" in unescape(page)
    assert "unsafe" not in page
    assert "style=" not in page


def test_code_stands_around_each_place() -> None:
    page = html(card({SQL: [At("main.py:8:12")]}), Setting())

    assert "def items(name: str):" in page
    assert '<span class="line meant">' in page


def test_no_secret_is_whole_in_the_line_or_beside_it() -> None:
    code = f'{APP}PASSWORD = "{SECRET}"\nprint(1)\n'
    last = code.count("\n")
    files = {"main.py": code, ".env": f"X=1\nSECRET_KEY={SECRET}\n"}
    places = [At(f"main.py:{last}:1", f'Look: password = "{SECRET}"'), At(".env:1:1")]

    page = html(card({SQL: places}, files=files), Setting())

    assert "print(1)" in page
    assert SECRET not in page


def test_what_a_project_says_is_text_on_the_page() -> None:
    evil = "<script>alert(1)</script>"
    accepted = Acceptance(AcceptedBy.NOSEC, evil, evil)
    files = {"main.py": APP, f"{evil.replace('/', '')}.py": f"# {evil}\n"}
    places = [At(f"{evil.replace('/', '')}.py:1:1", f"{evil} and `{evil}`", accepted)]

    page = html(card({SQL: places}, files=files), Setting(next_step=f"buttress harden {evil}"))

    assert page.count("<script>") == 1
    assert "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>" in page


def test_places_link_to_the_platform_where_there_is_one() -> None:
    setting = Setting(prefix="api/", source_url="https://git.example/o/r/blob/abc/")

    page = html(card({SQL: [At("main.py:8:12")]}), setting)

    assert 'href="https://git.example/o/r/blob/abc/api/main.py#L8"' in page


def test_a_finding_shows_all_of_its_places() -> None:
    setting = Setting(source_url="https://git.example/o/r/blob/abc/")
    found = card({SQL: untested("GET /a", "GET /b")})

    page = html(found, setting)

    assert page.count('<li id="f-') == 1
    assert "No test calls 2 of 9 routes: GET /a, GET /b." in page
    assert 'href="https://git.example/o/r/blob/abc/main.py#L7" rel="noreferrer">main.py:7<' in page
    assert '<span class="path">main.py:7</span>' in html(found, Setting())


def test_what_a_person_asks_first_is_on_it() -> None:
    accepted = Acceptance(AcceptedBy.CONFIGURATION, "behind the VPN", "ops")
    found = card(
        {SQL: [At("main.py:8:1", acceptance=accepted)], NO_CI: [At("main.py:3:1", "None.")]}
    )

    page = html(found, Setting(next_step="buttress harden"))

    for said in (
        "Accepted by configuration: behind the VPN (ops)",
        "1 accepted (strict score ",
        "buttress apply ci",
        "buttress checks SEC-SQL",
        "Next: <code>buttress harden</code>",
        "CWE-89, OWASP A05:2025",
    ):
        assert said in page


def test_a_project_without_findings_says_so() -> None:
    assert "Nothing was found." in html(card({}), Setting())
