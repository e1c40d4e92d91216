"""What running a project showed, before and after, as a small table."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buttress.analysis.secrecy.masking import mask
from buttress.apply.verification import Observed, Outcomes
from buttress.reports.visible import safe

_STYLE = {2: "green", 3: "green", 4: "yellow", 5: "red"}


def print_observed(console: Console, before: Observed | None, after: Observed) -> None:
    """Print both states side by side, or one state alone."""
    states = [after] if before is None else [before, after]
    table = Table.grid(padding=(0, 3))
    heads = ["now"] if before is None else ["before", "after"]
    table.add_row("", *(Text(head, style="dim") for head in heads))
    table.add_row("starts", *(_started(state) for state in states))
    for path in sorted({path for state in states for path in state.answers}):
        table.add_row(
            Text(safe(f"GET {path}")), *(_answer(state.answers.get(path)) for state in states)
        )
    table.add_row("tests", *(_tests(state.tests) for state in states))
    console.print(Padding(table, (1, 2)))


def _started(state: Observed) -> Text:
    return Text("failed", style="bold red") if state.problem else Text("ok", style="green")


def _answer(answer: int | str | None) -> Text:
    if answer is None:
        return Text("-", style="dim")
    if isinstance(answer, str):
        return Text(safe(mask(answer)), style="red")
    return Text(str(answer), style=_STYLE.get(answer // 100, ""))


def _tests(tests: Outcomes) -> Text:
    if tests.reason:
        return Text(safe(mask(tests.reason)), style="dim")
    passed, bad = tests.count("passed"), tests.count("failed") + tests.count("error")
    text = Text(f"{passed} passed", style="green" if passed else "dim")
    if bad:
        text.append(f", {bad} failed", style="bold red")
    if tests.count("skipped"):
        text.append(f", {tests.count('skipped')} skipped", style="yellow")
    return text
