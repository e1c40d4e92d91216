"""``buttress new``: the base template, hardened by the same recipes as any other project."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from buttress.apply import transaction
from buttress.cli.inspecting import progress
from buttress.cli.prompting import choose_recipes
from buttress.errors import UserError
from buttress.planning import location
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.changes import ChangeSet
from buttress.planning.changeset import Given, build
from buttress.planning.known_answers import known_answers
from buttress.planning.location import Templates
from buttress.planning.plan import applicable, make_plan
from buttress.planning.questions import (
    Question,
    ask,
    check_given,
    parse_given,
    questions_of,
    take_answers,
    template_questions,
)
from buttress.planning.render import render_unit
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.reports.changes_terminal import print_left_alone, print_next_steps
from buttress.reports.scorecard_terminal import print_scorecard
from buttress.reports.visible import safe
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import FileChange, Tree
from buttress.source.git import run_git

UNIT = "templates/service"


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see the options of ``buttress new``."""

    destination: Path
    data: Sequence[str] = ()
    recipes: Sequence[str] | None = None
    everything: bool = False
    yes: bool = False
    source: str | None = None


@dataclass(frozen=True)
class _Base:
    """The base project in memory, and what the recipes are applied with."""

    catalogue: Catalogue
    templates: Templates
    project: Project
    service: Service
    given: Mapping[str, object]
    is_interactive: bool


def run(request: Request) -> None:
    """Run the command.

    Raises:
        UserError: If the destination is taken or an answer is refused; nothing was written.
    """
    if request.everything and request.recipes is not None:
        raise UserError("--all and --recipes exclude each other. Give one of them.")
    destination = Path(os.path.abspath(request.destination))  # noqa: PTH100 - takes ".." out, too
    _refuse_taken(destination)
    base = _base(request, destination)
    with progress("Running the checks"):
        card = inspect_service(base.project, base.service)
    after, change_set = _hardened(base, _recipes(request, base, card))
    _write(destination, after)
    console = Console()
    console.print(Text.assemble("\n  Created ", (safe(str(destination)), "bold")), soft_wrap=True)
    final = inspect_project(Tree(after.paths, after.read, root=destination))
    print_scorecard(console, inspect_service(final, select_service(final)))
    if change_set is not None:
        print_left_alone(console, change_set, destination)
        print_next_steps(console, change_set)
    start = "" if run_git(destination, "rev-parse") is not None else "git init && "
    folder = shlex.quote(str(request.destination))
    console.print(
        Text(f"\n  cd {safe(folder)} && {start}make test && make run\n", style="bold"),
        soft_wrap=True,
    )


def _refuse_taken(destination: Path) -> None:
    try:
        if not destination.is_dir():
            if os.path.lexists(destination):
                raise UserError(f"{destination} exists and is no folder. Choose another name.")
        elif any(destination.iterdir()):
            raise UserError(
                f"{destination} is not empty. Choose another name, or use `buttress harden` to harden"
                " what is there."
            )
    except OSError as problem:
        raise UserError(f"{destination}: {problem.strerror}. Choose another place.") from problem


def _base(request: Request, destination: Path) -> _Base:
    given = parse_given(request.data)
    is_interactive = not request.yes and sys.stdin.isatty() and sys.stdout.isatty()
    catalogue = load_catalogue(location.find_root())
    templates = location.find_templates(source=request.source)
    for name in request.recipes or ():
        # refused before anything is asked
        catalogue[name]
    _check_given(catalogue, given)
    questions = template_questions(catalogue)
    known: dict[str, object] = {"unit": UNIT, "keep": [], "_folder_name": destination.name}
    defaults = _this_python(questions, known)
    answers = take_answers(questions, {**known, **defaults}, given)
    if is_interactive:
        from buttress.planning.prompts import put

        answers |= ask(questions, {**known, **defaults}, answers, put)
    with progress("Rendering the service"):
        rendered = render_unit(
            templates, UNIT, defaults=defaults, answers=answers, folder_name=destination.name
        )
        project = inspect_project(Tree.of(rendered.files))
    return _Base(
        catalogue, templates, project, select_service(project), given, is_interactive=is_interactive
    )


def _check_given(catalogue: Catalogue, given: Mapping[str, object]) -> None:
    questions: list[Question] = list(template_questions(catalogue))
    for recipe in catalogue.recipes.values():
        questions += questions_of(catalogue, recipe)
    check_given(given, questions)


def _this_python(questions: Sequence[Question], known: Mapping[str, object]) -> dict[str, object]:
    """Return the running Python as the default of its question, if that has it among its choices."""
    here: dict[str, object] = {"python_version": f"3.{sys.version_info.minor}"}
    try:
        take_answers(questions, known, here)
    except UserError:
        return {}
    return here


def _recipes(request: Request, base: _Base, card: Scorecard) -> list[str]:
    fitting = [recipe.id for recipe in applicable(base.catalogue, base.service)]
    if request.recipes is not None:
        return list(request.recipes)
    if base.is_interactive and not request.everything:
        return choose_recipes(base.catalogue, card, fitting)
    return fitting


def _hardened(base: _Base, chosen: Sequence[str]) -> tuple[Tree, ChangeSet | None]:
    if not chosen:
        return base.project.tree, None
    plan = make_plan(base.catalogue, base.service, chosen)
    own = {q.name for recipe in plan.recipes for q in questions_of(base.catalogue, recipe)}
    common = {q.name for q in template_questions(base.catalogue)}
    given = {name: answer for name, answer in base.given.items() if name not in common}
    for name in given:
        if name not in own:
            raise UserError(f"`-d {name}`: none of the chosen recipes asks this.")
    asked: dict[str, dict[str, object]] = {}
    for recipe in plan.recipes if base.is_interactive else ():
        from buttress.planning.prompts import put

        known = known_answers(base.catalogue, recipe, base.project, base.service)
        asked[recipe.id] = ask(questions_of(base.catalogue, recipe), known, given, put)
    with progress("Hardening the service"):
        change_set = build(
            plan,
            base.project,
            base.service,
            inspect=inspect_project,
            catalogue=base.catalogue,
            templates=base.templates,
            given=Given(given, asked),
        )
    return change_set.after, change_set


def _write(destination: Path, tree: Tree) -> None:
    """Write all files, or leave nothing behind."""
    made = []
    try:
        try:
            for folder in (*reversed(destination.parents), destination):
                if not folder.exists():
                    folder.mkdir()
                    made.append(folder)
        except OSError as problem:
            raise UserError(
                f"{destination}: {problem.strerror}. Choose another place."
            ) from problem
        changes = [FileChange(path, None, tree.read(path)) for path in tree.paths]
        transaction.write(destination.resolve(), changes)
    except BaseException:
        for folder in reversed(made):
            folder.rmdir()
        raise
