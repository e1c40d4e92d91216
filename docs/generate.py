"""Write the reference pages from the checks and recipes themselves: ``python docs/generate.py``."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from buttress.checks.model import Check, Pillar, checks
from buttress.checks.practice import Point, points
from buttress.planning.catalogue import load_catalogue
from buttress.planning.location import find_root
from buttress.planning.recipe import Recipe
from buttress.project import inspect_project
from buttress.reports.explained import explained
from buttress.reports.inspection_schema import schema
from buttress.reports.overview import Setting
from buttress.reports.scorecard_terminal import print_scorecard
from buttress.reports.visible import json_text
from buttress.reports.ways import nature, ways_to_accept
from buttress.scorecard import inspect_service
from buttress.source import Tree

DOCS = Path(__file__).parent
PROTOTYPE = DOCS.parent / "tests" / "prototypes" / "tracker"


def pages() -> dict[str, str]:
    """Return every generated page by its path in this folder."""
    recipes = load_catalogue(find_root()).recipes
    return {
        "images/scorecard.svg": scorecard_image(PROTOTYPE),
        "reference/checks.md": checks_page(checks().values()),
        "reference/inspect.schema.json": json_text(schema()),
        "reference/recipes.md": recipes_page(recipes[name] for name in sorted(recipes)),
        "reference/traceability.md": traceability_page(points(), checks().values()),
    }


def scorecard_image(folder: Path) -> str:
    """Return a picture of what ``buttress inspect`` prints for a project; it asks for no font from elsewhere."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    project = inspect_project(Tree.of(files))
    console = Console(
        record=True, width=96, file=io.StringIO(), color_system="truecolor", no_color=False
    )
    card = inspect_service(project, project.services[0])
    print_scorecard(console, card, Setting(next_step="buttress harden"))
    picture = console.export_svg(title="buttress inspect", unique_id="scorecard")
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)


_ABOUT_CHECKS = """\
`buttress checks ID` shows one in the terminal; [traceability](traceability.md) says what each rests on.

Where no recipe mends it, the good example is what to do by hand; a control counts once the running app reaches it.
How to accept a finding is told in [living with findings](../how-to/live-with-findings.md)."""


def checks_page(listed: Iterable[Check]) -> str:
    """Return the page of the checks, one pillar after another."""
    found = list(listed)
    lines = ["# Checks", ""]
    lines += [f"Buttress asks {len(found)} questions. {_ABOUT_CHECKS}", ""]
    for pillar in Pillar:
        mine = [item for item in found if item.pillar is pillar]
        lines += [f"- **{pillar}**: {', '.join(_link(item.id) for item in mine)}"] if mine else []
    lines += [""]
    for pillar in Pillar:
        mine = [item for item in found if item.pillar is pillar]
        lines += [f"## {pillar}", ""] if mine else []
        for item in mine:
            lines += _check(item)
    return "\n".join(lines).rstrip() + "\n"


def _link(check: str) -> str:
    return f"[{check}](checks.md#{check.lower()})"


def _check(item: Check) -> list[str]:
    words = explained(item)
    lines = [f"### {item.id}", "", f"**{item.title}.** {words.summary}", ""]
    for paragraph in words.why:
        lines += [paragraph, ""]
    for example in words.examples:
        lines += ["Good:" if example.is_good else "Bad:", "", "```", example.code, "```", ""]
    lines += [f"- {nature(item)}"]
    if item.recipe:
        lines += [
            f"- Mended by [{item.recipe}](recipes.md#{item.recipe}): `buttress apply {item.recipe}`"
        ]
    lines += [f"- Accept: `{_one_line(ways_to_accept(item)[0].code)}`"]
    if words.standards:
        lines += [f"- Rests on {', '.join(words.standards)}"]
    if item.peers:
        rules = ", ".join(f"`{peer}`" for peer in item.peers)
        lines += [f"- Found by {rules}, too; their comments are shown as accepted"]
    return [*lines, ""]


def _one_line(code: str) -> str:
    """Return the table that attests a control as the one line that TOML also allows."""
    head, *rest = code.splitlines()
    if not rest:
        return head
    key = head.strip("[]").rpartition(".")[2]
    return f"{key} = [{{ {', '.join(line for line in rest if line.split()[0] in _NEEDED)} }}]"


_NEEDED = frozenset(["check", "evidence"])


def traceability_page(listed: Iterable[Point], known: Iterable[Check]) -> str:
    """Return the page that leads from points of practice and standards to checks and recipes."""
    found = {item.id: item for item in known}
    lines = [
        "# Traceability",
        "",
        "What production readiness rests on, and which check asks for it.",
        "",
    ]
    lines += [
        "## Points of practice",
        "",
        "| point | | asked by | mended by |",
        "|---|---|---|---|",
    ]
    beyond = []
    for point in listed:
        there = [found[name] for name in point.checks if name in found]
        recipes = dict.fromkeys(item.recipe for item in there if item.recipe)
        asked = ", ".join(_link(item.id) for item in there)
        mended = ", ".join(f"[{name}](recipes.md#{name})" for name in recipes)
        lines += [f"| {point.id} | {point.says} | {asked} | {mended} |"]
        if point.beyond:
            beyond += [f"- **{point.id}**: {point.says} {point.beyond}"]
    lines += ["", "## What reading alone cannot decide", "", *beyond, ""]
    lines += ["## Standards", "", "| standard | asked by |", "|---|---|"]
    rests: defaultdict[str, list[str]] = defaultdict(list)
    for item in found.values():
        for standard in explained(item).standards:
            rests[standard].append(item.id)
    for standard in sorted(rests, key=_by_number):
        lines += [f"| {standard} | {', '.join(_link(name) for name in rests[standard])} |"]
    return "\n".join(lines).rstrip() + "\n"


def _by_number(standard: str) -> list[tuple[int, str]]:
    """Return what sorts CWE-89 before CWE-306."""
    return [(int(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", standard)]


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
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
