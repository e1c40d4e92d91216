"""The HTML page in a real browser, opened from disk: it can be filtered, read, printed, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from buttress.reports.html import html
from buttress.reports.overview import Setting
from buttress.scorecard import Acceptance, AcceptedBy
from tests.reports.browser import CHROMIUM, DRIVER, Browser, browser
from tests.reports.cards import APP, GUESS, NO_CI, SQL, At, card

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs a browser: apt-get install chromium chromium-driver",
)

AXE = files("axe_core_python") / "axe.min.js"
EVIL = "<img src=x onerror=\"document.title='owned'\">"
FOUND = card(
    {
        SQL: [
            At("main.py:8:12"),
            At("main.py:3:1", f"Loads {EVIL}."),
            At("main.py:16:1", acceptance=Acceptance(AcceptedBy.NOSEC, "a fixture")),
        ],
        NO_CI: [At("requirements.txt:1:1", "No pipeline.")],
        GUESS: [At(f"a{EVIL.replace('/', '')}.py:1:1")],
    },
    files={
        "main.py": APP,
        "requirements.txt": "fastapi\n",
        f"a{EVIL.replace('/', '')}.py": f"x = {EVIL!r}\n</script><script>document.title='owned'</script>\n",
    },
)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(window: Browser, tmp_path: Path) -> Browser:
    """The report of ``FOUND``, opened from disk."""
    path = tmp_path / "report.html"
    path.write_text(html(FOUND, Setting(next_step="buttress harden")), encoding="utf-8")
    window.devtools("Emulation.setEmulatedMedia", media="", features=[])
    window.errors()
    window.open(path)
    return window


def shown(page: Browser) -> list[str]:
    """Return the places of the findings that can be seen."""
    found = page.run(
        "return [...document.querySelectorAll('.spots > li')].filter(e => e.checkVisibility())"
        ".map(e => e.querySelector('.where > *').textContent)"
    )
    assert isinstance(found, list)
    return found


def text(page: Browser, selector: str) -> str:
    return str(page.run("return document.querySelector(arguments[0]).textContent", selector))


def colours(page: Browser) -> dict[str, Any]:
    found = page.run(
        "const s = getComputedStyle(document.body); return {page: s.backgroundColor, text: s.color}"
    )
    assert isinstance(found, dict)
    return found


DARK = {"page": "rgb(13, 17, 23)", "text": "rgb(230, 237, 243)"}
LIGHT = {"page": "rgb(255, 255, 255)", "text": "rgb(31, 35, 40)"}


def prefer(page: Browser, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.devtools("Emulation.setEmulatedMedia", features=features)
    page.settle()


def test_it_loads_without_an_error_and_without_the_network(page: Browser) -> None:
    assert page.errors() == []
    assert page.run("return performance.getEntriesByType('resource').length") == 0
    assert (
        page.run("return document.title") == "Not ready: production readiness of fastapi · main:app"
    )


def test_nothing_of_the_project_runs_or_becomes_part_of_the_page(page: Browser) -> None:
    assert page.run("return document.images.length") == 0
    assert page.run("return document.scripts.length") == 1
    assert "owned" not in page.run("return document.title")
    assert EVIL in text(page, "main")


def test_every_finding_is_shown_at_first(page: Browser) -> None:
    assert len(shown(page)) == 5


def test_a_search_narrows_the_findings_and_says_how_many_are_left(page: Browser) -> None:
    page.click("#text")
    page.press(*"main.py statement")

    assert shown(page) == ["main.py:8", "main.py:16"]
    assert text(page, "#count") == "2 of 5 findings shown"
    assert page.run("return document.querySelector('#count').getAttribute('aria-live')") == "polite"


def test_a_search_without_a_hit_says_so_and_can_be_taken_back(page: Browser) -> None:
    page.click("#text")
    page.press(*"nowhere")

    assert shown(page) == []
    assert page.run("return document.querySelector('#nothing').checkVisibility()")

    page.click("#reset")

    assert len(shown(page)) == 5
    assert not page.run("return document.querySelector('#nothing').checkVisibility()")
    assert page.run("return document.activeElement.id") == "text"


@pytest.mark.parametrize(
    ("control", "value", "count"),
    [
        ("state", "open", 3),
        ("state", "review", 1),
        ("state", "accepted", 1),
        ("pillar", "CI/CD", 1),
        ("pillar", "Testing", 0),
    ],
)
def test_a_choice_narrows_the_findings(page: Browser, control: str, value: str, count: int) -> None:
    page.run(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event('change', {bubbles: true}))",
        control,
        value,
    )

    assert len(shown(page)) == count


def test_risks_can_be_left_out_and_recipes_asked_for(page: Browser) -> None:
    page.click("input[name=risk][value=critical]")

    assert len(shown(page)) == 2

    page.click("#recipe")

    assert shown(page) == ["requirements.txt:1"]


def test_all_controls_are_reached_and_worked_by_keys_alone(page: Browser) -> None:
    reached = []
    for _ in range(12):
        page.press("Tab")
        reached.append(
            page.run("const e = document.activeElement; return e.id || e.value || e.className")
        )

    assert reached[:2] == ["skip", "theme"]
    for control in (
        "text",
        "pillar",
        "state",
        "critical",
        "high",
        "medium",
        "low",
        "recipe",
        "reset",
    ):
        assert control in reached
    assert page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_first_key_offers_to_skip_to_the_findings(page: Browser) -> None:
    page.press("Tab", "Enter")

    assert page.run("return document.activeElement.id") == "findings"


def test_why_it_matters_opens_by_key(page: Browser) -> None:
    page.run("document.querySelector('.why summary').focus()")
    page.press("Enter")

    assert page.run("return document.querySelector('.why').open")
    assert "Whoever sends it reads every table" in text(page, ".why")


def test_the_page_follows_the_system_and_the_button_overrules_it(page: Browser) -> None:
    prefer(page, "light")
    assert colours(page) == LIGHT
    prefer(page, "dark")
    assert colours(page) == DARK

    assert page.run("return document.querySelector('#theme').ariaPressed") == "true"
    page.click("#theme")

    assert colours(page) == LIGHT
    assert page.run("return document.querySelector('#theme').ariaPressed") == "false"


def test_a_page_without_scripts_shows_everything_and_no_dead_control(page: Browser) -> None:
    page.devtools("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.devtools("Page.reload")
        seen = page.run(
            "return [...document.querySelectorAll('.filters, #theme')].map(e => e.hidden)"
        )
        assert seen == [True, True]
        assert len(shown(page)) == 5
    finally:
        page.devtools("Emulation.setScriptExecutionDisabled", value=False)


def test_printed_it_shows_the_reasons_and_no_controls_on_white(page: Browser) -> None:
    prefer(page, "dark")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    page.devtools("Emulation.setEmulatedMedia", media="print")

    assert colours(page)["page"] == "rgb(255, 255, 255)"
    assert not page.run("return document.querySelector('#filters').checkVisibility()")
    assert page.run("return document.querySelector('.why').open")

    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert not page.run("return document.querySelector('.why').open")


def test_a_narrow_window_needs_no_sideways_scrolling(page: Browser) -> None:
    page.devtools(
        "Emulation.setDeviceMetricsOverride",
        width=320,
        height=640,
        deviceScaleFactor=1,
        mobile=False,
    )
    try:
        width = page.run("return document.documentElement.scrollWidth")
    finally:
        page.devtools("Emulation.clearDeviceMetricsOverride")

    assert width <= 320


def test_a_link_to_a_finding_brings_it_back_from_the_filter(page: Browser) -> None:
    page.click("#text")
    page.press(*"nowhere")

    page.run("location.hash = document.querySelector('.spots > li').id")
    page.settle()

    assert page.run("return document.querySelector('#text').value") == ""
    assert len(shown(page)) == 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rules_of_accessibility_are_kept(page: Browser, scheme: str) -> None:
    prefer(page, scheme)
    page.run("for (const part of document.querySelectorAll('details')) part.open = true")
    page.devtools("Runtime.evaluate", expression=AXE.read_text("utf-8"))

    found = page.wait_for(
        "axe.run().then(all => ({"
        "passes: all.passes.length,"
        "faults: [...all.violations, ...all.incomplete].map(rule => rule.id + ': ' + rule.nodes[0].html)"
        "}))"
    )

    assert found["faults"] == []
    assert found["passes"] > 20
