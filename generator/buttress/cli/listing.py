"""``buttress recipes`` and ``buttress checks``: what this installation knows."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from buttress.checks.model import Check, checks
from buttress.errors import UserError
from buttress.planning import location
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.nearest import nearest
from buttress.planning.questions import questions_of
from buttress.reports.terminal import RISK_STYLE


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
    for recipe in sorted(catalogue.recipes.values(), key=lambda item: item.order):
        table.add_row(Text(recipe.id, style="bold"), recipe.pillar.value, recipe.title)
    console.print(table)


def _print_recipe(console: Console, catalogue: Catalogue, name: str) -> None:
    recipe = catalogue[name]
    console.print(Text.assemble((recipe.id, "bold"), f"  {recipe.title}"))
    console.print(f"\n{recipe.summary}\n", markup=False)
    table = Table.grid(padding=(0, 2))
    table.add_row("For", ", ".join(item.value for item in recipe.applies.framework))
    table.add_row("Requires", ", ".join(recipe.requires) or "nothing")
    table.add_row("Fixes", ", ".join(recipe.fixes) or "-")
    needed = [item.name for item in recipe.dependencies.runtime]
    table.add_row("Adds", ", ".join(needed) or "no dependency")
    table.add_row("Rewrites", ", ".join(recipe.rewrite_names) or "-")
    console.print(table)
    questions = [
        q for q in questions_of(catalogue, recipe) if q.details.get("ask", True) is not False
    ]
    if questions:
        console.print("\nQuestions (-d NAME=VALUE)")
        asked = Table.grid(padding=(0, 2))
        for question in questions:
            asked.add_row(f"  {question.name}", str(question.details.get("help", "")))
        console.print(asked)
    readme = catalogue.folder(recipe) / "README.md"
    if readme.is_file():
        from rich.markdown import Markdown

        console.print()
        console.print(Markdown(readme.read_text("utf-8")))


def print_checks(name: str | None) -> None:
    """List all checks, or show one in full.

    Raises:
        UserError: If there is no check of that id.
    """
    console = Console()
    known = checks()
    if name is not None:
        found = known.get(name.upper())
        if found is None:
            raise UserError(f"There is no check `{name}`.{nearest(name.upper(), known)}")
        _print_check(console, found)
        return
    table = Table.grid(padding=(0, 2))
    for item in sorted(known.values(), key=lambda check: (check.pillar.value, check.id)):
        table.add_row(
            item.pillar.value,
            Text(item.id, style="bold"),
            Text(item.risk.value, style=RISK_STYLE[item.risk]),
            item.title,
            Text(item.recipe or "", style="green"),
        )
    console.print(table)


def _print_check(console: Console, check: Check) -> None:
    console.print(Text.assemble((check.id, "bold"), f"  {check.title}"))
    fact = f"{check.pillar.value} · {check.risk.value} risk · {check.confidence.value} confidence"
    console.print(Text(f"{fact} · {check.kind.value}\n", style="dim"))
    import inspect

    console.print(inspect.cleandoc(check.documentation), markup=False, highlight=False)
    if check.recipe:
        console.print(Text.assemble("\nFixed by  ", (f"buttress apply {check.recipe}", "green")))
