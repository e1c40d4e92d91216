"""Findings in a terminal, grouped by their cause; and, for those who ask, all the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from buttress.reports.overview import Cause, Overview, why_accepted
from buttress.reports.terminal import RISK_STYLE, WIDEST, bullets, place
from buttress.reports.visible import shown
from buttress.scorecard import Scorecard, Status

_MOST_PLACES = 3
_INDENT, _RISK, _GAP = 2, 10, 2
_LEAST_ROOM = 20


def print_causes(
    console: Console, causes: Iterable[Cause], card: Scorecard, *, is_complete: bool
) -> None:
    """Print what is wrong and the id of the check; below it where, and the recipe that mends it.

    Args:
        console: Where to print. Two lines are enough for nearly every cause where it is wide.
        causes: What to print.
        card: What they were found in.
        is_complete: Whether to print every message and place of a cause, not only the first places.
    """
    root = card.project.tree.root
    room = max(min(console.width, WIDEST) - _INDENT - _RISK, _LEAST_ROOM)
    for cause in causes:
        risk = cause.check.risk
        start = Text.assemble(" " * _INDENT, (risk.value, RISK_STYLE[risk]))
        start.pad_right(_INDENT + _RISK - start.cell_len)
        lines = (_in_full if is_complete else _in_short)(cause, root, room, console)
        for number, line in enumerate(lines):
            line.rstrip()
            console.print((start if number == 0 else Text(" " * (_INDENT + _RISK))) + line)


def print_rest(console: Console, card: Scorecard, seen: Overview) -> None:
    """Print what is to review, what was accepted and why, and what could not be decided."""
    if seen.to_review:
        console.print(Text("\n  To review: of low confidence, not scored", style="bold"))
        print_causes(console, seen.to_review, card, is_complete=True)
    if card.accepted:
        console.print(Text("\n  Accepted", style="bold"))
        console.print(bullets(_accepted(card)))
    undecided = [result for result in card.results if result.status is Status.UNKNOWN]
    if undecided:
        console.print(Text("\n  Not decided", style="bold"))
        console.print(bullets(f"{item.check.id}: {shown(item.reason)}" for item in undecided))


def _in_short(cause: Cause, root: Path | None, room: int, console: Console) -> list[Text]:
    """Return what the places have in common, the first of them, and at the right what to look up."""
    lines = list(Text(shown(cause.message)).wrap(console, room, overflow="fold"))
    beside = _named(cause, lines, len(lines) - 1, room)
    for many in range(_MOST_PLACES, 0, -1):
        places = _first_places(cause, many, root)
        if _fits(places, beside, room):
            return [*lines, _beside(places, beside, room)]
    lines += _first_places(cause, 1, root).wrap(console, room, overflow="fold")
    return [*lines, _beside(Text(), beside, room)] if beside else lines


def _in_full(cause: Cause, root: Path | None, room: int, console: Console) -> list[Text]:
    """Return every message with the places that it is about."""
    places: dict[str, list[Text]] = {}
    for finding in cause.findings:
        found = places.setdefault(shown(finding.message), [])
        found += [place(at, root) for at in finding.places]
    lines: list[Text] = []
    for message, found in places.items():
        lines += Text(message).wrap(console, room, overflow="fold")
        lines += Text(", ").join(found).wrap(console, room, overflow="fold")
    beside = _named(cause, lines, 0, room)
    if _fits(lines[-1], beside, room):
        return [*lines[:-1], _beside(lines[-1], beside, room)]
    return [*lines, _beside(Text(), beside, room)] if beside else lines


def _named(cause: Cause, lines: list[Text], at: int, room: int) -> Text:
    """Write the id of the check beside a line, if it fits; return what has to stand below."""
    name = Text(cause.check.id, style="dim")
    recipe = Text(f"→ {cause.recipe}", style="green") if cause.recipe else Text()
    if _fits(lines[at], name, room):
        lines[at] = _beside(lines[at], name, room)
        return recipe
    return Text("  ").join(filter(None, [recipe, name]))


def _first_places(cause: Cause, many: int, root: Path | None) -> Text:
    listed = [place(at, root) for at in cause.places[:many]]
    left = len(cause.places) - len(listed)
    text = Text(", ").join(listed)
    return text.append(f" and {left:,} more", style="dim") if left else text


def _fits(left: Text, right: Text, room: int) -> bool:
    return left.cell_len + (_GAP + right.cell_len if right else 0) <= room


def _beside(left: Text, right: Text, room: int) -> Text:
    """Return a line with something at its right end."""
    if not right:
        return left
    left.rstrip()
    left.pad_right(room - left.cell_len - right.cell_len)
    return left.append_text(right)


def _accepted(card: Scorecard) -> Iterator[Text]:
    for finding in card.accepted:
        if finding.acceptance is not None:
            text = place(finding.place, card.project.tree.root).append(f"  {finding.check.id}  ")
            yield text.append(shown(why_accepted(finding.acceptance)), style="dim")
