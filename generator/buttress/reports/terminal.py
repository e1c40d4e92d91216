"""What a person reads in a terminal: one screen, colours that mean something, links to ``path:line``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buttress.checks.model import Confidence, Risk
from buttress.project.model import Place, Service
from buttress.reports.unparsed import unparsed
from buttress.reports.visible import safe
from buttress.scorecard import Located, PillarScore, Scorecard, Status, Verdict
from buttress.source import Skipped

TOP = 10
_BAR = 24
_MOST_BROKEN = 5
_PROSE = 92
RISK_STYLE = {
    Risk.CRITICAL: "bold white on red",
    Risk.HIGH: "bold red",
    Risk.MEDIUM: "yellow",
    Risk.LOW: "dim",
}
_VERDICT_STYLE = {
    Verdict.NOT_READY: "bold white on red",
    Verdict.AT_RISK: "bold black on yellow",
    Verdict.FOLLOW_UPS: "bold black on cyan",
    Verdict.READY: "bold black on green",
}


def place(at: Place, root: Path | None) -> Text:
    """Return ``path:line`` as a link that terminals open."""
    label = safe(str(at))
    if root is None:
        return Text(label, style="cyan")
    return Text(label, style=f"cyan link {(root / at.path).as_uri()}")


def print_scorecard(console: Console, card: Scorecard, *, next_step: str = "") -> None:
    """Print the scorecard of a service on one screen.

    Args:
        console: Where to print.
        card: What was found.
        next_step: The command that makes it better; printed last.
    """
    console.print()
    console.print(headline(card))
    console.print()
    console.print(indented(_pillars(card.pillars), 2))
    findings = card.findings
    scored = [finding for finding in findings if finding.check.confidence is not Confidence.LOW]
    shown = one_per_check(scored)[:TOP]
    if shown:
        console.print()
        console.print(_findings_title(len(findings), len(shown)))
        console.print(indented(_findings(shown, findings, card.project.tree.root), 2))
    for line in _footer(card):
        console.print(line)
    if next_step:
        console.print()
        console.print(Text.assemble("  Next: ", (next_step, "bold green")))
    console.print()


def headline(card: Scorecard) -> Text:
    """Return the verdict, the score and what was judged, as one line."""
    total = "too small for a score" if card.total is None else f"{card.total:.0f} of 100"
    return Text.assemble(
        "  ",
        (f" {card.verdict.value.upper()} ", _VERDICT_STYLE[card.verdict]),
        "  ",
        (total, "bold"),
        "   ",
        (_describe(card.service), "dim"),
    )


def one_per_check(findings: Sequence[Located]) -> list[Located]:
    """Return the first finding of every check, in the order given."""
    return list({finding.check.id: finding for finding in reversed(findings)}.values())[::-1]


def _describe(service: Service) -> str:
    routes = f"{len(service.routes)} route" + ("" if len(service.routes) == 1 else "s")
    where = f"{service.root}/ · " if service.root else ""
    return safe(f"{where}{service.framework.value} · {service.app.target} · {routes}")


def _pillars(pillars: Sequence[PillarScore]) -> Table:
    table = Table.grid(padding=(0, 2))
    for pillar in pillars:
        table.add_row(
            pillar.pillar.value,
            _bar(pillar.score),
            Text("-" if pillar.score is None else f"{pillar.score:.0f}", justify="right"),
            Text(_tally(pillar), style="dim"),
        )
    return table


def _tally(pillar: PillarScore) -> str:
    decided = pillar.passed + pillar.failed
    return f"{pillar.passed} of {decided} checks pass" if decided else "nothing to judge"


def _bar(score: float | None) -> Text:
    if score is None:
        return Text("·" * _BAR, style="dim")
    full = round(score / 100 * _BAR)
    style = "red" if score < 40 else "yellow" if score < 60 else "green"
    return Text.assemble(("█" * full, style), ("░" * (_BAR - full), "dim"))


def _findings_title(total: int, shown: int) -> Text:
    more = f"  ({total} findings; --format json lists all)" if total > shown else ""
    return Text.assemble(("  What matters most", "bold"), (more, "dim"))


def _findings(
    shown: Sequence[Located], everything: Sequence[Located], root: Path | None
) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in shown:
        count = sum(other.check.id == finding.check.id for other in everything)
        message = Text(safe(finding.message))
        message.append("\n").append_text(place(finding.place, root))
        if count > 1:
            message.append(f"  and {count - 1} more", style="dim")
        if finding.check.recipe:
            message.append(f"  → {finding.check.recipe}", style="green")
        message.append(f"  {finding.check.id}", style="dim")
        table.add_row(Text(finding.check.risk.value, style=RISK_STYLE[finding.check.risk]), message)
    return table


def _footer(card: Scorecard) -> list[RenderableType]:
    lines: list[RenderableType] = []
    unknown = [result for result in card.results if result.status is Status.UNKNOWN]
    parts = []
    if unknown:
        parts.append(f"{len(unknown)} checks could not be decided")
    if card.skipped:
        parts.append(f"{_count(card.skipped)} passed over")
    others = len(card.project.services) - 1
    if others > 0:
        roots = ", ".join(safe(s.root or ".") for s in card.project.services if s != card.service)
        parts.append(f"{others} more service{'s' if others > 1 else ''} (--service {roots})")
    broken = unparsed(card.project.tree)
    if broken:
        files = "1 file does" if len(broken) == 1 else f"{len(broken)} files do"
        lines += [Text(), Text(f"  {files} not parse", style="yellow")]
        for where, message in broken[:_MOST_BROKEN]:
            line = place(where, card.project.tree.root).append(f"  {safe(message)}", style="dim")
            lines.append(indented(line))
    if parts:
        lines += [Text(), indented(Text("; ".join(parts), style="dim"), 2)]
    return lines


def _count(skipped: Sequence[Skipped]) -> str:
    kinds: dict[str, int] = {}
    for item in skipped:
        kinds[item.reason] = kinds.get(item.reason, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))


def indented(what: RenderableType, columns: int = 4) -> Padding:
    """Return something indented, without blanks behind it."""
    return Padding(what, (0, 0, 0, columns), expand=False)


def bullets(sentences: Iterable[str | Text], style: str = "") -> Padding:
    """Return sentences as a list whose lines stand below each other."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=_PROSE)
    for sentence in sentences:
        text = sentence if isinstance(sentence, Text) else Text(safe(sentence), style=style)
        table.add_row(Text("•", style="dim"), text)
    return indented(table)
