"""The commands and their options. What a command does is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from buttress.cli.plain_parameters import PlainCommand, PlainGroup
from buttress.errors import UserError

app = typer.Typer(
    name="buttress",
    cls=PlainGroup,
    help="Harden an existing Python web prototype in place: inspect it, review the changes, apply them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Where = Annotated[
    Path, typer.Argument(metavar="PATH", help="Root folder of the project.", show_default=False)
]
ServiceRoot = Annotated[
    str | None,
    typer.Option("--service", metavar="DIR", help="Root of the service, where there are several."),
]
Recipes = Annotated[
    list[str] | None,
    typer.Option("--recipes", metavar="A,B", help="Apply these recipes and what they require."),
]
Everything = Annotated[bool, typer.Option("--all", help="Apply every recipe that fits.")]
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


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the value
    if wanted:
        from buttress import __version__

        typer.echo(f"buttress {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and stop.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """Options of the command as a whole; the docstring of the app is its help."""


@app.command(cls=PlainCommand)
def inspect(
    path: Where = Path(),
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="terminal (the default), json, sarif, markdown, junit, html, badge or shields.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write the report to a file.")
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(
            "--report",
            metavar="FORMAT=FILE",
            help="Write one more report of the same run; repeatable.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Show all findings, not only one screen.")
    ] = False,
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="RISK",
            help="End with 1 if a finding has this risk or more: critical, high, medium or low.",
        ),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            "--select", metavar="A,B", help="Only these checks count: ids or first words (SEC)."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="A,B", help="These checks do not count."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="Report only what is not in this file."),
    ] = None,
    update_baseline: Annotated[
        bool,
        typer.Option("--update-baseline", help="Write the baseline as things are now."),
    ] = False,
    diff_base: Annotated[
        str | None,
        typer.Option(
            "--diff-base",
            metavar="REV",
            help="Report only what came since the merge base with REV.",
        ),
    ] = None,
    service: ServiceRoot = None,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Neither use nor keep results of earlier runs."),
    ] = False,
    facts: Annotated[
        bool,
        typer.Option("--facts", help="Print what is known about the project, as JSON."),
    ] = False,
) -> None:
    """Show the scorecard: what keeps the project from production, with file and line."""
    from buttress.acceptance.inspection import Overrides
    from buttress.cli import inspecting

    if facts:
        judging = {
            f"--format {format_}": format_ not in {None, "json"},
            "--report": report,
            "--all": everything,
            "--fail-on": fail_on is not None,
            "--select": select,
            "--ignore": ignore,
            "--baseline": baseline,
            "--update-baseline": update_baseline,
            "--diff-base": diff_base is not None,
        }
        inspecting.print_facts(path, output, service, without=judging, is_cached=not no_cache)
        return
    inspecting.run(
        path,
        "terminal" if format_ is None else format_,
        output,
        fail_on,
        service,
        reports=report or [],
        is_complete=everything,
        overrides=Overrides(_listed(select), _listed(ignore), None, baseline),
        diff_base=diff_base,
        is_update=update_baseline,
        is_cached=not no_cache,
    )


@app.command(cls=PlainCommand)
def harden(
    path: Where = Path(),
    recipes: Recipes = None,
    everything: Everything = False,
    yes: Yes = False,
    diff: Diff = False,
    patch: PatchFile = None,
    branch: Branch = None,
    answers: Answers = None,
    data: Data = None,
    review: Review = False,
    as_json: AsJson = False,
    allow_dirty: AllowDirty = False,
    service: ServiceRoot = None,
    source: Source = None,
) -> None:
    """Choose recipes, review what they change and why, and apply them."""
    from buttress.cli import hardening

    chosen = _names(recipes)
    hardening.run(
        hardening.Request(
            path=path,
            recipes=chosen,
            everything=everything,
            yes=yes,
            diff=diff,
            patch=patch,
            branch=branch,
            answers=answers,
            data=data or [],
            review=review,
            as_json=as_json,
            allow_dirty=allow_dirty,
            service=service,
            source=source,
        )
    )


@app.command(cls=PlainCommand)
def apply(
    recipes: Annotated[
        list[str], typer.Argument(metavar="RECIPE", help="Ids of recipes, one or more.")
    ],
    path: Annotated[
        Path, typer.Option("--path", metavar="PATH", help="Root folder of the project.")
    ] = Path(),
    yes: Yes = False,
    diff: Diff = False,
    patch: PatchFile = None,
    branch: Branch = None,
    answers: Answers = None,
    data: Data = None,
    review: Review = False,
    as_json: AsJson = False,
    allow_dirty: AllowDirty = False,
    service: ServiceRoot = None,
    source: Source = None,
) -> None:
    """Apply the named recipes and what they require."""
    from buttress.cli import hardening

    hardening.run(
        hardening.Request(
            path=path,
            recipes=recipes,
            everything=False,
            yes=yes,
            diff=diff,
            patch=patch,
            branch=branch,
            answers=answers,
            data=data or [],
            review=review,
            as_json=as_json,
            allow_dirty=allow_dirty,
            service=service,
            source=source,
        )
    )


@app.command(cls=PlainCommand)
def new(
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="Folder to create.", show_default=False)
    ],
    data: Data = None,
    recipes: Recipes = None,
    everything: Everything = False,
    yes: Yes = False,
    source: Source = None,
) -> None:
    """Start a hardened service: a small base project, then the recipes."""
    from buttress.cli import creating

    chosen = _names(recipes)
    creating.run(
        creating.Request(
            destination=destination,
            data=data or [],
            recipes=chosen,
            everything=everything,
            yes=yes,
            source=source,
        )
    )


@app.command(cls=PlainCommand)
def update(
    path: Where = Path(),
    to: Annotated[
        str | None, typer.Option("--to", metavar="VERSION", help="Version to move to.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say what is behind; end with 1 if something is."),
    ] = False,
    source: Source = None,
) -> None:
    """Move the applied recipes to the templates of another version, on a branch."""
    from buttress.cli import updating

    updating.run(path, to, source, check=check)


@app.command(cls=PlainCommand)
def verify(path: Where = Path(), service: ServiceRoot = None) -> None:
    """Run the project's code: start, GET requests and tests, before and after the last run."""
    from buttress.cli import verifying

    verifying.run(path, service)


@app.command(cls=PlainCommand)
def undo(path: Where = Path()) -> None:
    """Take back the last run: every byte is as it was before."""
    from buttress.cli import undoing

    undoing.run(path)


@app.command(cls=PlainCommand)
def recipes(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="Show this one in full.", show_default=False),
    ] = None,
) -> None:
    """List the recipes, or show one: what it changes, asks and fixes."""
    from buttress.cli import listing

    listing.print_recipes(recipe)


@app.command(cls=PlainCommand)
def checks(
    check: Annotated[
        str | None,
        typer.Argument(
            metavar="CHECK",
            help="Show this one in full, or list those that begin so (SEC).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List the checks, or show one: what it means, with examples."""
    from buttress.cli import listing

    listing.print_checks(check)


def _listed(words: list[str] | None) -> tuple[str, ...] | None:
    return tuple(",".join(words).split(",")) if words else None


def _names(recipes: list[str] | None) -> list[str] | None:
    if not recipes:
        return None
    names = [name.strip() for name in ",".join(recipes).split(",") if name.strip()]
    if not names:
        raise UserError("--recipes: name at least one recipe. `buttress recipes` lists them.")
    return names
