"""``buttress recipes`` and ``buttress checks``: what this installation knows."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from buttress.acceptance.configuration import names
from buttress.checks.model import Check, Risk, checks
from buttress.errors import UserError
from buttress.planning import location
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.nearest import nearest
from buttress.planning.questions import Question, questions_of
from buttress.reports.explained import explained
from buttress.reports.terminal import RISK_STYLE, indented
from buttress.reports.visible import safe
from buttress.reports.ways import nature, ways_to_accept, ways_to_fix

_WIDE = 200


def print_recipes(name: str | None) -> None:
    """List all recipes, or show one in full.

    Raises:
        UserError: If there is no recipe of that name.
    """
    catalogue = load_catalogue(location.find_root())
    console = Console()
    if name is not None:
        _print_recipe(console, catalogue, name)
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for recipe in sorted(catalogue.recipes.values(), key=lambda item: item.order):
        text = Text(safe(recipe.title)).append(f"  {recipe.pillar.value}", style="dim")
        table.add_row(Text(recipe.id, style="bold green"), text)
    console.print()
    console.print(indented(table, 2))
    console.print(
        Text("\n  buttress recipes RECIPE shows one, buttress apply RECIPE applies it.\n", "dim")
    )


def _print_recipe(console: Console, catalogue: Catalogue, name: str) -> None:
    recipe = catalogue[name]
    console.print(Text.assemble("\n  ", (recipe.id, "bold green"), f"  {safe(recipe.title)}\n"))
    console.print(indented(Text(safe(recipe.summary)), 2))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    needed = [item.name for item in recipe.dependencies.runtime]
    for head, items in (
        ("For", [item.value for item in recipe.applies.framework]),
        ("Pillar", [recipe.pillar.value]),
        ("Requires", recipe.requires),
        ("Fixes", recipe.fixes),
        ("Adds", needed),
        ("Rewrites", recipe.rewrite_names),
    ):
        if items:
            table.add_row(head, safe(", ".join(items)))
    console.print()
    console.print(indented(table, 2))
    asked = [q for q in questions_of(catalogue, recipe) if _is_asked(q, recipe.unit)]
    if asked:
        console.print("\n  Questions (-d NAME=VALUE)\n", style="bold", highlight=False)
        questions = Table.grid(padding=(0, 2))
        questions.add_column(no_wrap=True)
        for question in asked:
            questions.add_row(Text(question.name, style="cyan"), _about(question))
        console.print(indented(questions))
    readme = catalogue.folder(recipe) / "README.md"
    if readme.is_file():
        from rich.markdown import Markdown

        console.print()
        console.print(indented(Markdown(readme.read_text("utf-8")), 2))
    console.print()


def _is_asked(question: Question, unit: str) -> bool:
    try:
        return question.is_asked({"unit": unit})
    except UserError:
        # whether it comes up depends on the project: it can be answered, so it is listed
        return True


def _about(question: Question) -> Text:
    text = Text(safe(str(question.details.get("help", ""))))
    choices = question.details.get("choices")
    if isinstance(choices, Mapping):
        choices = list(choices.values())
    if isinstance(choices, list) and all(isinstance(item, str) for item in choices):
        text.append(f"  {', '.join(map(safe, choices))}", style="dim")
    return text


def print_checks(name: str | None) -> None:
    """List all checks or those that begin with a word, or show one in full.

    Raises:
        UserError: If there is no check of that id or beginning.
    """
    console = Console()
    known = checks()
    if name is None:
        _print_table(console, known)
    elif name.upper() in known:
        _print_check(console, known[name.upper()])
    elif chosen := {id_: check for id_, check in known.items() if names(name.upper(), id_)}:
        _print_table(console, chosen)
    else:
        hint = nearest(name.upper(), known) or " `buttress checks` lists them."
        raise UserError(f"There is no check `{name}`.{hint}")


def _print_table(console: Console, known: Mapping[str, Check]) -> None:
    risks = list(Risk)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        # what is searched line by line is not broken over lines
        console.width = _WIDE
    for pillar in dict.fromkeys(check.pillar for check in known.values()):
        console.print(Text(f"\n  {pillar.value}", style="bold"))
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, min_width=8)
        table.add_column(no_wrap=True)
        ours = [check for check in known.values() if check.pillar is pillar]
        for item in sorted(ours, key=lambda check: (risks.index(check.risk), check.id)):
            title = Text(item.title)
            if item.recipe:
                title.append(f"  →\u00a0{item.recipe}", style="green")
            table.add_row(Text(item.risk.value, style=RISK_STYLE[item.risk]), item.id, title)
        console.print(indented(table, 2))
    console.print(Text("\n  buttress checks CHECK shows one, with examples.\n", style="dim"))


def _print_check(console: Console, check: Check) -> None:
    console.print(Text.assemble("\n  ", (check.id, "bold"), f"  {check.title}"))
    console.print(indented(Text(f"{check.pillar.value} · {nature(check)}", style="dim"), 2))
    words = explained(check)
    for paragraph in (words.summary, *words.why):
        console.print()
        console.print(indented(_prose(paragraph), 2))
    for example in words.examples:
        console.print(Text("\n  Good" if example.is_good else "\n  Bad", style="bold"))
        style = "green" if example.is_good else "red"
        console.print(indented(Text(example.code, style=style)), soft_wrap=True)
    console.print(Text("\n  How to fix it", style="bold"))
    console.print(indented(_prose(ways_to_fix(check))))
    console.print(Text("\n  How to accept it", style="bold"))
    for way in ways_to_accept(check):
        console.print(indented(_prose(way.when)))
        console.print(indented(Text(way.code, style="cyan"), 6), soft_wrap=True)
    for head, items in (("Rests on", words.standards), ("Found by", check.peers)):
        if items:
            console.print(Text(f"\n  {head}", style="bold"))
            console.print(indented(Text(", ".join(items), style="dim")))
    console.print()


def _prose(text: str) -> Text:
    """Return a paragraph, with what stands between backquotes as code."""
    found = Text()
    for number, part in enumerate(text.split("`")):
        found.append(part, style="cyan" if number % 2 else "")
    return found
