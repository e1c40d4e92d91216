"""The commands. What a command does is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from buttress.cli import options
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
    path: options.Where = Path(),
    format_: options.Format = None,
    output: options.Output = None,
    report: options.Reports = None,
    everything: options.AllFindings = False,
    fail_on: options.FailOn = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    baseline: options.Baseline = None,
    update_baseline: options.UpdateBaseline = False,
    diff_base: options.DiffBase = None,
    service: options.ServiceRoot = None,
    no_cache: options.NoCache = False,
    facts: options.Facts = False,
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
    path: options.Where = Path(),
    recipes: options.Recipes = None,
    everything: options.AllRecipes = False,
    yes: options.Yes = False,
    diff: options.Diff = False,
    patch: options.PatchFile = None,
    branch: options.Branch = None,
    answers: options.Answers = None,
    data: options.Data = None,
    review: options.Review = False,
    as_json: options.AsJson = False,
    allow_dirty: options.AllowDirty = False,
    service: options.ServiceRoot = None,
    source: options.Source = None,
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
    recipes: options.RecipeIds,
    path: options.ProjectPath = Path(),
    yes: options.Yes = False,
    diff: options.Diff = False,
    patch: options.PatchFile = None,
    branch: options.Branch = None,
    answers: options.Answers = None,
    data: options.Data = None,
    review: options.Review = False,
    as_json: options.AsJson = False,
    allow_dirty: options.AllowDirty = False,
    service: options.ServiceRoot = None,
    source: options.Source = None,
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
    destination: options.Destination,
    data: options.Data = None,
    recipes: options.Recipes = None,
    everything: options.AllRecipes = False,
    yes: options.Yes = False,
    source: options.Source = None,
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
    path: options.Where = Path(),
    to: options.ToVersion = None,
    check: options.OnlyCheck = False,
    source: options.Source = None,
) -> None:
    """Move the applied recipes to the templates of another version, on a branch."""
    from buttress.cli import updating

    updating.run(path, to, source, check=check)


@app.command(cls=PlainCommand)
def verify(path: options.Where = Path(), service: options.ServiceRoot = None) -> None:
    """Run the project's code: start, GET requests and tests, before and after the last run."""
    from buttress.cli import verifying

    verifying.run(path, service)


@app.command(cls=PlainCommand)
def undo(path: options.Where = Path()) -> None:
    """Take back the last run: every byte is as it was before."""
    from buttress.cli import undoing

    undoing.run(path)


@app.command(cls=PlainCommand)
def recipes(
    recipe: options.OneRecipe = None,
) -> None:
    """List the recipes, or show one: what it changes, asks and fixes."""
    from buttress.cli import listing

    listing.print_recipes(recipe)


@app.command(cls=PlainCommand)
def checks(
    check: options.OneCheck = None,
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
