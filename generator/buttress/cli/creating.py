"""``buttress new``: the base template, hardened by the same recipes as any other project."""

from __future__ import annotations

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
from buttress.planning.changeset import Given, build, known_answers
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
from buttress.reports.changes_terminal import print_next_steps
from buttress.reports.terminal import print_scorecard, safe
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import FileChange, Tree

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


def run(request: Request) -> None:
    """Run the command.

    Raises:
        UserError: If the destination is taken or an answer is refused.
    """
    if request.everything and request.recipes is not None:
        raise UserError("--all and --recipes exclude each other. Give one of them.")
    destination = request.destination.absolute()
    _refuse_taken(destination)
    given = parse_given(request.data)
    is_interactive = not request.yes and sys.stdin.isatty() and sys.stdout.isatty()
    catalogue = load_catalogue(location.find_root())
    templates = location.find_templates(source=request.source)
    _check_given(catalogue, given)
    answers = _template_answers(catalogue, destination, given, is_interactive=is_interactive)
    with progress("Rendering the service"):
        base = Tree.of(
            render_unit(
                templates, UNIT, defaults={}, answers=answers, folder_name=destination.name
            ).files
        )
        project = inspect_project(base)
        service = select_service(project)
        card = inspect_service(project, service)
    chosen = _recipes(request, catalogue, card, is_interactive=is_interactive)
    after, notes = _hardened(
        catalogue, templates, project, service, chosen, given, is_interactive=is_interactive
    )
    _write(destination, after)
    console = Console()
    console.print(Text.assemble("\n  Created ", (safe(str(destination)), "bold")))
    final = inspect_project(Tree.open(destination))
    print_scorecard(console, inspect_service(final, select_service(final)))
    if notes is not None:
        print_next_steps(console, notes)
    console.print(f"  cd {safe(str(request.destination))} && git init && make test && make run\n")


def _refuse_taken(destination: Path) -> None:
    if destination.is_file() or destination.is_symlink():
        raise UserError(f"{destination} exists and is no folder. Choose another name.")
    if destination.is_dir() and any(destination.iterdir()):
        raise UserError(
            f"{destination} is not empty. Choose another name, or use `buttress harden` to harden what"
            " is there."
        )


def _check_given(catalogue: Catalogue, given: Mapping[str, object]) -> None:
    questions: list[Question] = list(template_questions(catalogue))
    for recipe in catalogue.recipes.values():
        questions += questions_of(catalogue, recipe)
    check_given(given, questions)


def _template_answers(
    catalogue: Catalogue,
    destination: Path,
    given: Mapping[str, object],
    *,
    is_interactive: bool,
) -> dict[str, object]:
    questions = template_questions(catalogue)
    known = {"unit": UNIT, "keep": [], "_folder_name": destination.name}
    taken = take_answers(questions, known, given)
    if not is_interactive:
        return taken
    from buttress.planning.prompts import put

    return {**ask(questions, known, taken, put), **taken}


def _recipes(
    request: Request, catalogue: Catalogue, card: Scorecard, *, is_interactive: bool
) -> list[str]:
    fitting = [recipe.id for recipe in applicable(catalogue, card.service)]
    if request.recipes is not None:
        return [name for name in request.recipes if name]
    if is_interactive and not request.everything:
        return choose_recipes(catalogue, card, fitting)
    return fitting


def _hardened(  # noqa: PLR0917 - TODO
    catalogue: Catalogue,
    templates: Templates,
    project: Project,
    service: Service,
    chosen: Sequence[str],
    given: Mapping[str, object],
    *,
    is_interactive: bool,
) -> tuple[Tree, ChangeSet | None]:
    if not chosen:
        return project.tree, None
    plan = make_plan(catalogue, service, chosen)
    asked: dict[str, dict[str, object]] = {}
    for recipe in plan.recipes if is_interactive else ():
        from buttress.planning.prompts import put

        known = known_answers(catalogue, recipe, project, service)
        asked[recipe.id] = ask(questions_of(catalogue, recipe), known, given, put)
    names = {q.name for recipe in plan.recipes for q in questions_of(catalogue, recipe)}
    common = {q.name for q in template_questions(catalogue)}
    answers = {name: item for name, item in given.items() if name in names - common}
    with progress("Hardening the service"):
        change_set = build(
            plan,
            project,
            service,
            inspect=inspect_project,
            catalogue=catalogue,
            templates=templates,
            given=Given(answers, asked),
        )
    return change_set.after, change_set


def _write(destination: Path, tree: Tree) -> None:
    is_new = not destination.exists()
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{destination}: {problem.strerror}.") from problem
    try:
        changes = [FileChange(path, None, tree.read(path)) for path in tree.paths]
        transaction.write(destination.resolve(), changes)
    except BaseException:
        if is_new:
            destination.rmdir()
        raise
