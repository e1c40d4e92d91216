"""The scorecard for a person: one screen, verdict first, what matters most, and what to run next."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from buttress.checks.model import Pillar
from buttress.project.model import Place, Role, Service
from buttress.reports.causes_terminal import print_causes, print_rest
from buttress.reports.overview import (
    ALONE,
    Overview,
    Setting,
    counts,
    number,
    overview,
    score_in_words,
)
from buttress.reports.terminal import WIDEST, place, print_indented
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import safe, shown
from buttress.scorecard import PillarScore, Scorecard, Status, Verdict, why
from buttress.source import Skipped

TOP = 10
_PILLAR = max(len(pillar.value) for pillar in Pillar)
_BAR, _LEAST_BAR = 30, 6
_BESIDE_BAR = 2 + _PILLAR + 2 + 5 + 2
_MOST_BROKEN, _FEW_BROKEN = 5, 2
_FEW_SERVICES = 4
_VERDICT_STYLE = {
    Verdict.NOT_READY: "bold white on red",
    Verdict.AT_RISK: "bold black on yellow",
    Verdict.FOLLOW_UPS: "bold black on cyan",
    Verdict.READY: "bold black on green",
}


def print_scorecard(
    console: Console, card: Scorecard, setting: Setting = ALONE, *, is_complete: bool = False
) -> None:
    """Print the scorecard of a service: on one screen, or with every finding.

    Args:
        console: Where to print.
        card: What was found.
        setting: What surrounds the project; the command that makes it better is printed last.
        is_complete: Whether to print all findings, what was accepted and what could not be decided.
    """
    seen = overview(card)
    console.print()
    first = headline(card)
    if len(first) <= console.width:
        console.print(first)
    else:
        console.print(_verdict(card))
        print_indented(console, Text(_describe(card.service), style="dim"))
    if reason := why(card):
        print_indented(console, Text(f" because {reason}", style="dim"))
    console.print()
    beside = _BESIDE_BAR + max(len(_tally(pillar)) for pillar in card.pillars)
    bar = max(_LEAST_BAR, min(_BAR, console.width - beside))
    for pillar in card.pillars:
        console.print(_pillar(pillar, bar))
    console.print()
    found = Text(safe(" · ".join(counts(card))), style="dim")
    listed = seen.open if is_complete else seen.open[:TOP]
    width = min(console.width, WIDEST)
    title = Text.assemble(("To mend" if is_complete else "What matters most", "bold"))
    if listed and title.cell_len + found.cell_len + 6 <= width:
        title.pad_right(width - 2 - title.cell_len - found.cell_len)
        print_indented(console, title + found)
    else:
        print_indented(console, found)
        if listed:
            print_indented(console, title)
    print_causes(console, listed, card, is_complete=is_complete)
    if is_complete:
        print_rest(console, card, seen)
    _print_footer(console, card, seen, is_complete=is_complete)
    console.print()
    # commands are never broken over lines: they are there to be copied
    if setting.whole:
        around = f"  Read without its repository around {setting.prefix}. With it: "
        console.print(Text.assemble(safe(around), (safe(setting.whole), "bold")), soft_wrap=True)
    if setting.next_step:
        step = Text.assemble("  Next: ", (safe(setting.next_step), "bold green"))
        console.print(step, soft_wrap=True)
    console.print()


def headline(card: Scorecard) -> Text:
    """Return the verdict, the score and what was judged, as one line."""
    return Text.assemble(_verdict(card), "   ", (_describe(card.service), "dim"))


def _verdict(card: Scorecard) -> Text:
    total = score_in_words(card)
    word = f" {card.verdict.value.upper()} "
    return Text.assemble("  ", (word, _VERDICT_STYLE[card.verdict]), "  ", (total, "bold"))


def _describe(service: Service) -> str:
    where = f"{service.root}/ · " if service.root else ""
    routes = number(len(service.routes), "route")
    return safe(f"{where}{service.framework.value} · {service.app.target} · {routes}")


def _pillar(pillar: PillarScore, bar: int) -> Text:
    score = "-" if pillar.score is None else f"{pillar.score:.0f}"
    return Text.assemble(
        f"  {pillar.pillar.value:{_PILLAR}}  ",
        _bar(pillar.score, bar),
        (f"  {score:>3}", "bold"),
        (f"  {_tally(pillar)}", "dim"),
    )


def _tally(pillar: PillarScore) -> str:
    decided = pillar.passed + pillar.failed
    if not decided:
        return "nothing to judge" if not pillar.unknown else "nothing could be decided"
    unknown = f", {pillar.unknown} unknown" if pillar.score is None else ""
    return f"{pillar.passed} of {decided} checks pass{unknown}"


def _bar(score: float | None, width: int) -> Text:
    if score is None:
        return Text("·" * width, style="dim")
    full = round(score / 100 * width)
    style = "red" if score < 40 else "yellow" if score < 60 else "green"
    return Text.assemble(("█" * full, style), ("░" * (width - full), "dim"))


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _print_footer(console: Console, card: Scorecard, seen: Overview, *, is_complete: bool) -> None:
    most = _MOST_BROKEN if is_complete else _FEW_BROKEN
    broken, remarks = unparsed(card.project.tree), [(r.place, r.message) for r in card.remarks]
    files = "1 file does" if len(broken) == 1 else f"{len(broken)} files do"
    sections = [(f"{files} not parse", broken), ("Look again at what was accepted", remarks)]
    lines = []
    for title, about in sections:
        if about:
            details = _remarks(about, card, most)
            for line in () if is_complete else details:
                line.truncate(console.width - 2, overflow="ellipsis")
            lines += [Text(title, style="yellow"), *details]
    hidden = "" if is_complete else _hidden(seen)
    left_out = _left_out(card, len(card.project.services) if is_complete else _FEW_SERVICES)
    lines += [Text(said, style="dim") for said in (hidden, left_out) if said]
    if lines:
        console.print()
    for line in lines:
        print_indented(console, line)


def _left_out(card: Scorecard, most: int) -> str:
    """Return what was not judged."""
    said = []
    unknown = sum(result.status is Status.UNKNOWN for result in card.results)
    if unknown:
        said.append(f"{number(unknown, 'check')} could not be decided")
    if card.skipped:
        said.append(f"{number(len(card.skipped), 'file')} passed over ({_kinds(card.skipped)})")
    others = [safe(item.root or ".") for item in card.project.services if item != card.service]
    if others:
        roots = ", ".join(others[:most]) + (" …" if len(others) > most else "")
        said.append(f"{number(len(others), 'more service')} (--service {roots})")
    if aside := _set_aside(card):
        said.append(f"{number(aside, 'app')} set aside (--facts says why)")
    return " · ".join(said)


def _set_aside(card: Scorecard) -> int:
    """Return how many apps are not judged: copies, examples, what nothing starts; tests are expected."""
    project = card.project
    looked_at = {item.app.place for items in project.beside.values() for item in items}
    return sum(
        app.place not in looked_at and project.roles.get(app.place.path) is not Role.TEST
        for app in project.set_aside
    )


def _hidden(seen: Overview) -> str:
    """Return what the screen leaves out, and how to see it."""
    left = len(seen.open) - TOP
    hidden = [number(left, "more cause")] if left > 0 else []
    hidden += ["what is to review"] if seen.to_review else []
    hidden += ["what was accepted"] if seen.accepted else []
    return f"--all shows {_joined(hidden)}" if hidden else ""


def _remarks(remarks: Sequence[tuple[Place, str]], card: Scorecard, most: int) -> list[Text]:
    root = card.project.tree.root
    lines = [
        Text("  ").append_text(place(where, root)).append(f"  {shown(message)}", style="dim")
        for where, message in remarks[:most]
    ]
    if len(remarks) > most:
        lines.append(Text(f"  and {len(remarks) - most:,} more", style="dim"))
    return lines


def _kinds(skipped: Sequence[Skipped]) -> str:
    kinds: dict[str, int] = {}
    for item in skipped:
        kinds[item.reason] = kinds.get(item.reason, 0) + 1
    return ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items()))
