"""Every form in which a scorecard is reported, by the name that the command line gives it."""

from __future__ import annotations

from collections.abc import Callable

from buttress.reports.overview import Setting
from buttress.scorecard import Scorecard

WIDTH = 100
"""Columns of a terminal report where there is no terminal."""


def render(format_: str, card: Scorecard, setting: Setting) -> str:
    """Return a scorecard as text in one of ``FORMATS``."""
    return FORMATS[format_](card, setting)


def _terminal(card: Scorecard, setting: Setting) -> str:
    from io import StringIO

    from rich.console import Console

    from buttress.reports.scorecard_terminal import print_scorecard

    page = StringIO()
    console = Console(file=page, width=WIDTH, color_system=None)
    print_scorecard(console, card, setting, is_complete=True)
    return page.getvalue()


def _json(card: Scorecard, setting: Setting) -> str:
    from buttress.reports.inspection_json import scorecard_json
    from buttress.reports.visible import json_text

    return json_text(scorecard_json(card, setting))


def _sarif(card: Scorecard, setting: Setting) -> str:
    from buttress.reports.sarif import sarif
    from buttress.reports.visible import json_text

    return json_text(sarif(card, setting))


def _markdown(card: Scorecard, setting: Setting) -> str:
    from buttress.reports.markdown import markdown

    return markdown(card, setting)


def _junit(card: Scorecard, setting: Setting) -> str:
    from buttress.reports.junit import junit

    return junit(card, setting)


def _html(card: Scorecard, setting: Setting) -> str:
    from buttress.reports.html import html

    return html(card, setting)


def _badge(card: Scorecard, _: Setting) -> str:
    from buttress.reports.badge import badge

    return badge(card)


def _shields(card: Scorecard, _: Setting) -> str:
    from buttress.reports.badge import shields
    from buttress.reports.visible import json_text

    return json_text(shields(card))


FORMATS: dict[str, Callable[[Scorecard, Setting], str]] = {
    "terminal": _terminal,
    "json": _json,
    "sarif": _sarif,
    "markdown": _markdown,
    "junit": _junit,
    "html": _html,
    "badge": _badge,
    "shields": _shields,
}
