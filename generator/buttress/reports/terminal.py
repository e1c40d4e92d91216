"""What every printer for a terminal shares: colours that mean something, links to ``path:line``, lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from buttress.checks.model import Risk
from buttress.project.model import Place
from buttress.reports.visible import safe

WIDEST = 100
"""Columns that are read with ease, however wide a terminal is."""

_PROSE = 92
RISK_STYLE = {
    Risk.CRITICAL: "bold white on red",
    Risk.HIGH: "bold red",
    Risk.MEDIUM: "yellow",
    Risk.LOW: "dim",
}


def place(at: Place, root: Path | None) -> Text:
    """Return ``path:line`` as a link that terminals open."""
    label = safe(str(at))
    if root is None:
        return Text(label, style="cyan")
    return Text(label, style=f"cyan link {(root / at.path).as_uri()}")


@dataclass(frozen=True)
class Trimmed:
    """Something without blanks at the ends of its lines, which whoever copies them would get, too."""

    what: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render what it holds, line by line."""
        for line in console.render_lines(self.what, options, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            yield from line[:-1]
            yield from (Segment(part.text.rstrip(), part.style) for part in line[-1:])
            yield Segment.line()


def indented(what: RenderableType, columns: int = 4) -> Trimmed:
    """Return something indented, without blanks behind it."""
    return Trimmed(Padding(what, (0, 0, 0, columns), expand=False))


def print_indented(console: Console, text: Text, columns: int = 2) -> None:
    """Print a text indented, in lines without blanks behind them."""
    for line in text.wrap(console, max(console.width - columns, 1), overflow="fold"):
        line.rstrip()
        console.print(Text(" " * columns) + line)


def bullets(sentences: Iterable[str | Text], style: str = "") -> Trimmed:
    """Return sentences as a list whose lines stand below each other."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", max_width=_PROSE)
    for sentence in sentences:
        text = sentence if isinstance(sentence, Text) else Text(safe(sentence), style=style)
        table.add_row(Text("•", style="dim"), text)
    return indented(table)
