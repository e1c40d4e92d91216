"""The verdict as a badge: an SVG of our own, or the data from which shields.io draws one."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from buttress.scorecard import Scorecard, Verdict

LABEL = "production readiness"
_HEIGHT, _PAD, _LETTER = 20, 6, 6.6
# white on each of these has a contrast of at least 4.5 : 1
_COLOUR = {
    Verdict.NOT_READY: "#b3261e",
    Verdict.AT_RISK: "#8f5a00",
    Verdict.FOLLOW_UPS: "#0a6a8a",
    Verdict.READY: "#1a7037",
}
_LABEL_COLOUR = "#444c56"


def message(card: Scorecard) -> str:
    """Return the verdict with the score: ``at risk · 62``."""
    return card.verdict.value + ("" if card.total is None else f" · {card.total:.0f}")


def shields(card: Scorecard) -> dict[str, Any]:
    """Return what an endpoint badge of shields.io reads (its schema version 1)."""
    return {
        "schemaVersion": 1,
        "label": LABEL,
        "message": message(card),
        "color": _COLOUR[card.verdict],
    }


def badge(card: Scorecard) -> str:
    """Return the badge as an SVG that names itself to screen readers and loads nothing."""
    said = message(card)
    left, right = _width(LABEL), _width(said)
    whole = left + right
    name = f"{LABEL}: {said}"
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" aria-label={quoteattr(name)}>
  <title>{escape(name)}</title>
  <clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="3"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="{left}" height="{_HEIGHT}" fill="{_LABEL_COLOUR}"/>
    <rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{_COLOUR[card.verdict]}"/>
  </g>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle" aria-hidden="true">
    <text x="{left / 2:g}" y="14" textLength="{left - 2 * _PAD}">{escape(LABEL)}</text>
    <text x="{left + right / 2:g}" y="14" textLength="{right - 2 * _PAD}">{escape(said)}</text>
  </g>
</svg>
"""


def _width(text: str) -> int:
    return round(len(text) * _LETTER) + 2 * _PAD
