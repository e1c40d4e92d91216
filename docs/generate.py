"""Write the reference pages from the checks and recipes themselves: ``python docs/generate.py``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

from buttress.checks.model import Check, Pillar, checks
from buttress.planning.catalogue import load_catalogue
from buttress.planning.location import find_root
from buttress.planning.recipe import Recipe

REFERENCE = Path(__file__).parent / "reference"


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    recipes = load_catalogue(find_root()).recipes
    return {
        "checks.md": checks_page(checks().values()),
        "recipes.md": recipes_page(recipes[name] for name in sorted(recipes)),
    }


def checks_page(listed: Iterable[Check]) -> str:
    """Return the page of the checks, one pillar after another."""
    found = list(listed)
    lines = ["# Checks", ""]
    lines += [
        f"Buttress asks {len(found)} questions. `buttress checks ID` shows one in the terminal.",
        "",
    ]
    for pillar in Pillar:
        mine = [item for item in found if item.pillar is pillar]
        lines += [f"## {pillar}", ""] if mine else []
        for item in mine:
            lines += _check(item)
    return "\n".join(lines).rstrip() + "\n"


def _check(item: Check) -> list[str]:
    summary, _, rest = dedent(f"    {item.documentation}").partition("\n\n")
    text = dedent(rest)
    recipe = f"[{item.recipe}](recipes.md#{item.recipe})" if item.recipe else "none"
    facts = f"Risk {item.risk} · confidence {item.confidence} · {item.kind} · recipe: {recipe}"
    parts = re.split(r"^(Bad|Good)::\n", text, flags=re.MULTILINE)
    lines = [
        f"### {item.id}",
        "",
        f"**{item.title}.** {_markdown(summary)}",
        "",
        _markdown(parts[0]),
        "",
    ]
    for name, example in zip(parts[1::2], parts[2::2], strict=True):
        lines += [f"{name}:", "", "```", dedent(example).strip("\n"), "```", ""]
    return [*lines, facts, ""]


def _markdown(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")


def recipes_page(listed: Iterable[Recipe]) -> str:
    """Return the page of the recipes."""
    lines = ["# Recipes", "", "`buttress recipes ID` shows one in the terminal.", ""]
    for recipe in listed:
        lines += [
            f"## {recipe.id}",
            "",
            f"**{recipe.title}.** {' '.join(recipe.summary.split())}",
            "",
        ]
        fixes = ", ".join(f"[{check}](checks.md#{check.lower()})" for check in recipe.fixes)
        facts = [f"Pillar: {recipe.pillar}", f"fixes: {fixes or 'none'}"]
        frameworks = ", ".join(str(name) for name in recipe.applies.framework)
        facts.append(f"for: {frameworks or 'all frameworks'}")
        if recipe.requires:
            facts.append(f"needs: {', '.join(recipe.requires)}")
        lines += [" · ".join(facts), ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
