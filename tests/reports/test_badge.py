"""The badge names itself, and shields.io gets what it reads."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from buttress.reports.badge import badge, shields
from buttress.scorecard import Verdict
from tests.reports.cards import SQL, At, card

SVG = "{http://www.w3.org/2000/svg}"
FOUND = card({SQL: [At("main.py:8:12")]})


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("total", [None, 0.0, 62.4, 100.0])
def test_the_badge_can_be_read_by_eyes_and_by_screen_readers(
    verdict: Verdict, total: float | None
) -> None:
    root = ET.fromstring(badge(replace(FOUND, verdict=verdict, total=total)))

    title = root.findtext(f"{SVG}title")
    assert title == root.attrib["aria-label"]
    assert title is not None
    assert verdict.value in title
    assert root.attrib["role"] == "img"
    for box in root.iter(f"{SVG}rect"):
        if "fill" in box.attrib:
            assert 1.05 / (luminance(box.attrib["fill"]) + 0.05) >= 4.5


def test_shields_gets_an_endpoint() -> None:
    assert shields(replace(FOUND, verdict=Verdict.AT_RISK, total=62.4)) == {
        "schemaVersion": 1,
        "label": "production readiness",
        "message": "at risk · 62",
        "color": "#8f5a00",
    }


def test_a_project_too_small_for_a_score_has_a_verdict_alone() -> None:
    assert shields(replace(FOUND, total=None))["message"] == "not ready"
