"""The change set for a person: what each recipe changes and why, the diff, and what is left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from buttress.apply.patch import file_diff, summary
from buttress.planning.changes import ChangeSet, RecipeChanges
from buttress.project.model import Place
from buttress.reports.terminal import headline, place, safe
from buttress.rewrites.outcomes import Abstained, Safety
from buttress.scorecard import Scorecard
from buttress.source import FileChange

_SAFETY_STYLE = {Safety.SAFE: "green", Safety.HARDENING: "cyan", Safety.REVIEW: "yellow"}
_KIND = {"create": ("+", "green"), "modify": ("~", "yellow"), "delete": ("-", "red")}
_MOST_REASONS = 4
_MOST_ABSTAINED = 12


def print_overview(console: Console, change_set: ChangeSet) -> None:
    """Print, recipe by recipe, which files change, how safely, and why."""
    for item in change_set.recipes:
        console.print()
        added, removed = summary(item.files)
        console.print(
            Text.assemble(
                "  ",
                (safe(item.title), "bold"),
                (f"  {item.recipe}", "dim"),
                (f"  +{added}", "green"),
                (f" -{removed}", "red"),
            )
        )
        if not item.files:
            console.print(Text("    nothing to change", style="dim"))
        for change in item.files:
            console.print(_file_line(item, change))
        for reason, count in Counter(made.reason for made in item.applied).most_common(
            _MOST_REASONS
        ):
            times = f" ({count} times)" if count > 1 else ""
            console.print(Padding(Text(f"{safe(reason)}{times}", style="dim"), (0, 4)))


def _file_line(item: RecipeChanges, change: FileChange) -> Text:
    sign, style = _KIND[change.kind]
    safety = item.safety.get(change.path, Safety.SAFE)
    line = Text.assemble("    ", (sign, style), " ", safe(change.path))
    if safety is not Safety.SAFE:
        line.append(f"  {safety.value}", style=_SAFETY_STYLE[safety])
    return line


def print_diff(console: Console, changes: Sequence[FileChange], mask: Callable[[str], str]) -> None:
    """Print a unified diff in colours; secrets are masked, control characters shown."""
    for change in changes:
        shown = mask(file_diff(change).decode("utf-8", "replace"))
        for line in shown.splitlines():
            console.print(Text(_visible(line), style=_diff_style(line)), soft_wrap=True)


def _visible(line: str) -> str:
    return "\t".join(safe(part) for part in line.removesuffix("\r").split("\t"))


def _diff_style(line: str) -> str:
    if line.startswith(("diff ", "--- ", "+++ ", "new file", "deleted file", "index ")):
        return "bold"
    if line.startswith("@@"):
        return "cyan"
    return "green" if line.startswith("+") else "red" if line.startswith("-") else ""


def print_left_alone(console: Console, change_set: ChangeSet, root: Path | None) -> None:
    """Print what was left alone, with the place and what would unlock it, as a to-do list."""
    left = [item for recipe in change_set.recipes for item in recipe.abstained]
    if not left:
        return
    console.print()
    console.print(Text.assemble(("  Left alone", "bold"), (f"  ({len(left)} places)", "dim")))
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    groups: dict[tuple[str, str], list[Abstained]] = {}
    for item in left:
        groups.setdefault((item.rewrite, item.reason), []).append(item)
    for items in list(groups.values())[:_MOST_ABSTAINED]:
        first = items[0]
        text = Text().append_text(place(Place(first.path, first.line), root))
        if len(items) > 1:
            text.append(f" and {len(items) - 1} more", style="dim")
        text.append(f"  {safe(first.reason)}")
        if first.unlock:
            text.append(f" {safe(first.unlock)}", style="dim")
        table.add_row(text)
    console.print(Padding(table, (0, 4)))
    if len(groups) > _MOST_ABSTAINED:
        more = len(groups) - _MOST_ABSTAINED
        console.print(Text(f"    and {more} more reasons; --json lists all", style="dim"))


def print_next_steps(console: Console, change_set: ChangeSet) -> None:
    """Print what a person has to do now: install, lock, rotate, fill in."""
    dependencies = [added for item in change_set.recipes for added in item.dependencies]
    notes = list(dict.fromkeys(note.text for item in change_set.recipes for note in item.notes))
    commands = list(
        dict.fromkeys(added.lock_command for added in dependencies if added.lock_command)
    )
    if not (dependencies or notes):
        return
    console.print()
    console.print(Text("  Next steps", style="bold"))
    if dependencies:
        names = ", ".join(sorted({added.name for added in dependencies}))
        console.print(Padding(Text(f"• Install what was added: {safe(names)}."), (0, 4)))
    for command in commands:
        console.print(
            Padding(Text.assemble("• Update the lock file: ", (safe(command), "bold")), (0, 4))
        )
    for note in notes:
        console.print(Padding(Text(f"• {safe(note)}"), (0, 4)))


def print_scores(console: Console, before: Scorecard, after: Scorecard) -> None:
    """Print the score before and after, pillar by pillar."""
    console.print()
    console.print(headline(after))
    table = Table.grid(padding=(0, 2))
    for old, new in zip(before.pillars, after.pillars, strict=True):
        gain = (new.score or 0) - (old.score or 0)
        style = "green" if gain > 0 else "red" if gain < 0 else "dim"
        table.add_row(
            new.pillar.value,
            Text(_number(old.score), justify="right"),
            Text("→", style="dim"),
            Text(_number(new.score), style=style, justify="right"),
        )
    table.add_row(
        Text("Total", style="bold"),
        Text(_number(before.total), justify="right"),
        Text("→", style="dim"),
        Text(_number(after.total), style="bold", justify="right"),
    )
    console.print(Padding(table, (1, 4, 0, 4)))


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"
