"""The change set for a person: what each recipe changes and why, the diff, and what is left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from buttress.apply.patch import file_diff, summary
from buttress.planning.changes import ChangeSet, RecipeChanges
from buttress.project.model import Place
from buttress.reports.scorecard_terminal import headline
from buttress.reports.terminal import bullets, indented, place
from buttress.reports.visible import safe
from buttress.rewrites.outcomes import Abstained, Safety
from buttress.scorecard import Scorecard
from buttress.source import FileChange

_SAFETY_STYLE = {Safety.SAFE: "green", Safety.HARDENING: "cyan", Safety.REVIEW: "yellow"}
_KIND = {"create": ("+", "green"), "modify": ("~", "yellow"), "delete": ("-", "red")}
_MOST_REASONS = 4
_MOST_ABSTAINED = 12
_MOST_NEW = 8


def print_overview(console: Console, change_set: ChangeSet) -> None:
    """Print, recipe by recipe, which files change, how safely, and why."""
    for item in change_set.recipes:
        console.print()
        console.print(indented(Text(safe(item.title), style="bold"), 2))
        console.print(indented(_sums(item), 2))
        for line in _file_lines(item):
            console.print(line)
        counts = Counter(made.reason for made in item.applied).most_common(_MOST_REASONS)
        reasons = [f"{reason} ({n} times)" if n > 1 else reason for reason, n in counts]
        if reasons:
            console.print(bullets(reasons, style="dim"))


def _sums(item: RecipeChanges) -> Text:
    if not item.files:
        return Text(f"{item.recipe}  nothing to change", style="dim")
    added, removed = summary(item.files)
    count = "1 file" if len(item.files) == 1 else f"{len(item.files)} files"
    return Text.assemble(
        (f"{item.recipe}  {count}  ", "dim"), (f"+{added}", "green"), (f" -{removed}", "red")
    )


def _file_lines(item: RecipeChanges) -> list[Text]:
    """Return a line for each file, and one for a folder of which many files are new."""
    new = Counter(c.path.partition("/")[0] for c in item.files if c.kind == "create")
    crowded = {name for name, count in new.items() if count > _MOST_NEW}
    lines: list[Text] = []
    for change in item.files:
        folder = change.path.partition("/")[0]
        if change.kind != "create" or folder not in crowded:
            lines.append(_file_line(item, change))
        elif new[folder]:
            text = Text.assemble("    ", ("+", "green"), f" {safe(folder)}/")
            lines.append(text.append(f"  {new[folder]} new files", style="dim"))
            new[folder] = 0
    return lines


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
    print_left_out(console, change_set)
    left = [item for recipe in change_set.recipes for item in recipe.abstained]
    if not left:
        return
    console.print()
    places = "1 place" if len(left) == 1 else f"{len(left)} places"
    console.print(
        Text.assemble(("  Left alone", "bold"), (f"  {places}, for you to decide", "dim"))
    )
    groups: dict[tuple[str, str], list[Abstained]] = {}
    for item in left:
        groups.setdefault((item.rewrite, item.reason), []).append(item)
    lines = []
    for items in list(groups.values())[:_MOST_ABSTAINED]:
        first = items[0]
        text = Text().append_text(place(Place(first.path, first.line), root))
        if len(items) > 1:
            text.append(f" and {len(items) - 1} more", style="dim")
        text.append(f"  {_sentence(first.reason)}")
        if first.unlock:
            text.append(f" {safe(first.unlock)}", style="dim")
        lines.append(text)
    console.print(bullets(lines))
    if len(groups) > _MOST_ABSTAINED:
        more = len(groups) - _MOST_ABSTAINED
        console.print(Text(f"    and {more} more reasons; --json lists all", style="dim"))


def print_left_out(console: Console, change_set: ChangeSet) -> None:
    """Print which recipes are not for this service, those with the same reason together."""
    recipes: dict[str, list[str]] = {}
    for recipe, reason in change_set.left_out.items():
        recipes.setdefault(reason, []).append(recipe)
    if not recipes:
        return
    console.print()
    console.print(Text("  Left out", style="bold"))
    lines = [
        Text.assemble((", ".join(names), "cyan"), f": {safe(reason)}.")
        for reason, names in recipes.items()
    ]
    console.print(bullets(lines))


def _sentence(text: str) -> str:
    shown = safe(text)
    return shown[:1].upper() + shown[1:] + ("" if shown.endswith((".", "?", "!")) else ".")


def print_next_steps(console: Console, change_set: ChangeSet, ignored: Sequence[str] = ()) -> None:
    """Print what a person has to do now: install, lock, rotate, fill in; by recipe.

    Args:
        console: Where to print.
        change_set: What was done.
        ignored: New files that git does not track.
    """
    dependencies = [added for item in change_set.recipes for added in item.dependencies]
    commands = dict.fromkeys(added.lock_command for added in dependencies if added.lock_command)
    seen: set[str] = set()
    steps: list[tuple[str, list[str | Text]]] = []
    if dependencies:
        names = ", ".join(sorted({added.name for added in dependencies}))
        install: list[str | Text] = [f"Install what was added: {names}."]
        install += [
            Text.assemble("Update the lock file: ", (safe(command), "bold")) for command in commands
        ]
        steps.append(("dependencies", install))
    if ignored:
        names = ", ".join(safe(path) for path in ignored)
        steps.append(
            ("git", [f"An ignore rule matches {names}. Mend the rule, or commit with git add -f."])
        )
    for item in change_set.recipes:
        texts = [note.text for note in item.notes if note.text not in seen]
        seen.update(texts)
        if texts:
            steps.append((item.recipe, [*dict.fromkeys(texts)]))
    if not steps:
        return
    console.print()
    console.print(Text("  Next steps", style="bold"))
    for head, sentences in steps:
        console.print(Text(f"  {safe(head)}", style="cyan"))
        console.print(bullets(sentences))


def print_scores(console: Console, before: Scorecard, after: Scorecard) -> None:
    """Print the score before and after, pillar by pillar."""
    console.print()
    console.print(headline(after))
    table = Table.grid(padding=(0, 2))
    for old, new in zip(before.pillars, after.pillars, strict=True):
        table.add_row(new.pillar.value, *_step(old.score, new.score))
    table.add_row(Text("Total", style="bold"), *_step(before.total, after.total))
    console.print()
    console.print(indented(table))


def _step(old: float | None, new: float | None) -> tuple[Text, Text, Text, Text]:
    gain = round(new or 0) - round(old or 0)
    style = "green" if gain > 0 else "red" if gain < 0 else "dim"
    return (
        Text(_number(old), justify="right"),
        Text("→", style="dim"),
        Text(_number(new), style=style, justify="right"),
        Text(f"{gain:+d}" if gain else "", style=style, justify="right"),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
