"""The scorecard for a person: one screen, verdict first, what matters most, and what to run next."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from buttress.project.model import Place, Service
from buttress.reports.causes_terminal import cause_table, print_rest
from buttress.reports.overview import ALONE, Setting, counts, number, overview, score_in_words
from buttress.reports.terminal import indented, place
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import safe, shown
from buttress.scorecard import PillarScore, Scorecard, Status, Verdict
from buttress.source import Skipped

TOP = 10
_BAR, _LEAST_BAR = 24, 6
_BESIDE_BAR = 46
_MOST_BROKEN = 5
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
        console.print(indented(Text(_describe(card.service), style="dim"), 2))
    console.print()
    console.print(indented(_pillars(card.pillars, console.width), 2))
    console.print()
    console.print(indented(Text(safe(" · ".join(counts(card)))), 2))
    listed = seen.open if is_complete else seen.open[:TOP]
    if listed:
        title = "To mend" if is_complete else "What matters most"
        console.print(Text(f"\n  {title}", style="bold"))
        console.print(indented(cause_table(listed, card, is_complete=is_complete), 2))
    if is_complete:
        print_rest(console, card, seen)
    else:
        left = len(seen.open) - len(listed)
        hidden = [number(left, "more cause")] if left else []
        hidden += ["what is to review"] if seen.to_review else []
        hidden += ["what was accepted"] if seen.accepted else []
        if hidden:
            console.print(Text(f"\n  --all shows {_joined(hidden)}", style="dim"))
    for line in _footer(card):
        console.print(line)
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


def _pillars(pillars: Sequence[PillarScore], width: int) -> Table:
    bar = max(_LEAST_BAR, min(_BAR, width - _BESIDE_BAR))
    table = Table.grid(padding=(0, 2, 0, 0))
    for pillar in pillars:
        score = "-" if pillar.score is None else f"{pillar.score:.0f}"
        table.add_row(
            pillar.pillar.value,
            _bar(pillar.score, bar),
            Text(score, justify="right"),
            Text(_tally(pillar), style="dim"),
        )
    return table


def _tally(pillar: PillarScore) -> str:
    decided = pillar.passed + pillar.failed
    return f"{pillar.passed} of {decided} checks pass" if decided else "nothing to judge"


def _bar(score: float | None, width: int) -> Text:
    if score is None:
        return Text("·" * width, style="dim")
    full = round(score / 100 * width)
    style = "red" if score < 40 else "yellow" if score < 60 else "green"
    return Text.assemble(("█" * full, style), ("░" * (width - full), "dim"))


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _footer(card: Scorecard) -> list[RenderableType]:
    lines: list[RenderableType] = []
    broken = unparsed(card.project.tree)
    if broken:
        files = "1 file does" if len(broken) == 1 else f"{len(broken)} files do"
        lines += [Text(), Text(f"  {files} not parse", style="yellow")]
        lines += _remarks(broken, card)
    if card.remarks:
        lines += [Text(), Text("  Look again at what was accepted", style="yellow")]
        lines += _remarks([(remark.place, remark.message) for remark in card.remarks], card)
    parts = []
    unknown = sum(result.status is Status.UNKNOWN for result in card.results)
    if unknown:
        parts.append(f"{number(unknown, 'check')} could not be decided")
    if card.skipped:
        parts.append(f"{_count(card.skipped)} passed over")
    others = len(card.project.services) - 1
    if others > 0:
        roots = ", ".join(safe(s.root or ".") for s in card.project.services if s != card.service)
        parts.append(f"{number(others, 'more service')} (--service {roots})")
    if parts:
        lines += [Text(), indented(Text("; ".join(parts), style="dim"), 2)]
    return lines


def _remarks(remarks: Sequence[tuple[Place, str]], card: Scorecard) -> list[RenderableType]:
    root = card.project.tree.root
    lines: list[RenderableType] = [
        indented(place(where, root).append(f"  {shown(message)}", style="dim"))
        for where, message in remarks[:_MOST_BROKEN]
    ]
    if len(remarks) > _MOST_BROKEN:
        lines.append(indented(Text(f"and {len(remarks) - _MOST_BROKEN:,} more", style="dim")))
    return lines


def _count(skipped: Sequence[Skipped]) -> str:
    kinds: dict[str, int] = {}
    for item in skipped:
        kinds[item.reason] = kinds.get(item.reason, 0) + 1
    return ", ".join(f"{many} {kind}" for kind, many in sorted(kinds.items()))
