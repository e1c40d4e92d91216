"""The arguments and options of the commands: what they are called, take and say in the help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Where = Annotated[
    Path, typer.Argument(metavar="PATH", help="Root folder of the project.", show_default=False)
]
ProjectPath = Annotated[
    Path, typer.Option("--path", metavar="PATH", help="Root folder of the project.")
]
ServiceRoot = Annotated[
    str | None,
    typer.Option("--service", metavar="DIR", help="Root of the service, where there are several."),
]

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="terminal (the default), json, sarif, markdown, junit, html, badge or shields.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write the report to a file.")
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=FILE",
        help="Write one more report of the same run; repeatable.",
    ),
]
AllFindings = Annotated[bool, typer.Option("--all", help="Show all findings, not only one screen.")]
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="RISK",
        help="End with 1 if a finding has this risk or more: critical, high, medium or low.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select", metavar="A,B", help="Only these checks count: ids or first words (SEC)."
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="A,B", help="These checks do not count."),
]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="Report only what is not in this file."),
]
UpdateBaseline = Annotated[
    bool,
    typer.Option("--update-baseline", help="Write the baseline as things are now."),
]
DiffBase = Annotated[
    str | None,
    typer.Option(
        "--diff-base",
        metavar="REV",
        help="Report only what came since the merge base with REV.",
    ),
]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Neither use nor keep results of earlier runs."),
]
Facts = Annotated[
    bool,
    typer.Option("--facts", help="Print what is known about the project, as JSON."),
]

Recipes = Annotated[
    list[str] | None,
    typer.Option("--recipes", metavar="A,B", help="Apply these recipes and what they require."),
]
RecipeIds = Annotated[
    list[str], typer.Argument(metavar="RECIPE", help="Ids of recipes, one or more.")
]
AllRecipes = Annotated[bool, typer.Option("--all", help="Apply every recipe that fits.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing and write.")]
Diff = Annotated[bool, typer.Option("--diff", help="Print the unified diff and write nothing.")]
PatchFile = Annotated[
    # text, because a Path forgets the / at its end
    str | None,
    typer.Option(
        "--patch",
        metavar="FILE",
        help="Write a patch for git apply; into a folder (name it with a / at the end), one per recipe.",
    ),
]
Branch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="Commit to a new branch, one commit per recipe."),
]
Answers = Annotated[
    Path | None, typer.Option("--answers", metavar="FILE", help="YAML file with answers.")
]
Data = Annotated[
    list[str] | None, typer.Option("--data", "-d", metavar="KEY=VALUE", help="One answer.")
]
Review = Annotated[
    bool,
    typer.Option("--review", help="Also make changes that alter behaviour on purpose."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; nothing is asked.")]
AllowDirty = Annotated[
    bool, typer.Option("--allow-dirty", help="Write over uncommitted changes, too.")
]
Source = Annotated[
    str | None,
    typer.Option("--source", metavar="URL", help="Address to record as the templates' source."),
]

Destination = Annotated[
    Path, typer.Argument(metavar="DEST", help="Folder to create.", show_default=False)
]
ToVersion = Annotated[
    str | None, typer.Option("--to", metavar="VERSION", help="Version to move to.")
]
OnlyCheck = Annotated[
    bool,
    typer.Option("--check", help="Only say what is behind; end with 1 if something is."),
]
OneRecipe = Annotated[
    str | None,
    typer.Argument(metavar="RECIPE", help="Show this one in full.", show_default=False),
]
OneCheck = Annotated[
    str | None,
    typer.Argument(
        metavar="CHECK",
        help="Show this one in full, or list those that begin so (SEC).",
        show_default=False,
    ),
]
