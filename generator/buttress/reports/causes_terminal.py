"""Findings in a terminal, grouped by their cause; and, for those who ask, all the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from buttress.reports.overview import Cause, Overview, why_accepted
from buttress.reports.terminal import RISK_STYLE, bullets, indented, place
from buttress.reports.visible import shown
from buttress.scorecard import Scorecard, Status

_MOST_PLACES = 3


def cause_table(causes: Sequence[Cause], card: Scorecard, *, is_complete: bool) -> Table:
    """Return a row for every cause: the risk, what is wrong, where, and the recipe that mends it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    root = card.project.tree.root
    for cause in causes:
        risk = cause.check.risk
        about = _in_full(cause, root) if is_complete else _in_short(cause, root)
        if cause.check.recipe:
            about.append(f"  → {cause.check.recipe}", style="green")
        about.append(f"  {cause.check.id}", style="dim")
        table.add_row(Text(risk.value, style=RISK_STYLE[risk]), about)
    return table


def print_rest(console: Console, card: Scorecard, seen: Overview) -> None:
    """Print what is to review, what was accepted and why, and what could not be decided."""
    if seen.to_review:
        console.print(Text("\n  To review: of low confidence, not scored", style="bold"))
        console.print(indented(cause_table(seen.to_review, card, is_complete=True), 2))
    if card.accepted:
        console.print(Text("\n  Accepted", style="bold"))
        console.print(bullets(_accepted(card)))
    undecided = [result for result in card.results if result.status is Status.UNKNOWN]
    if undecided:
        console.print(Text("\n  Not decided", style="bold"))
        console.print(bullets(f"{item.check.id}: {shown(item.reason)}" for item in undecided))


def _in_short(cause: Cause, root: Path | None) -> Text:
    """Return what the places have in common, and the first of them."""
    text = Text(shown(cause.message)).append("\n")
    listed = [place(at, root) for at in cause.places[:_MOST_PLACES]]
    text.append_text(Text(", ").join(listed))
    left = len(cause.places) - len(listed)
    return text.append(f" and {left:,} more", style="dim") if left else text


def _in_full(cause: Cause, root: Path | None) -> Text:
    """Return every message with the places that it is about."""
    places: dict[str, list[Text]] = {}
    for finding in cause.findings:
        found = places.setdefault(shown(finding.message), [])
        found += [place(at, root) for at in finding.places]
    return Text("\n").join(
        Text(message).append("\n").append_text(Text(", ").join(found))
        for message, found in places.items()
    )


def _accepted(card: Scorecard) -> Iterator[Text]:
    for finding in card.accepted:
        if finding.acceptance is not None:
            text = place(finding.place, card.project.tree.root).append(f"  {finding.check.id}  ")
            yield text.append(shown(why_accepted(finding.acceptance)), style="dim")
