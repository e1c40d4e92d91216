"""``buttress harden`` and ``buttress apply``: choose recipes, see what they change, apply them."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from buttress.acceptance.inspection import scored_as_configured
from buttress.analysis.secrecy.masking import mask
from buttress.apply import journal, repository
from buttress.apply.patch import diff
from buttress.apply.review import Action, review
from buttress.checks.model import Risk
from buttress.cli.inspecting import find_service, progress, read_project, today
from buttress.cli.prompting import Terminal, choose_recipes, choose_service
from buttress.errors import UserError
from buttress.planning import location
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.changes import ChangeSet
from buttress.planning.changeset import Given, build
from buttress.planning.known_answers import known_answers
from buttress.planning.plan import Plan, Why, applicable, left_out, make_plan, recommended
from buttress.planning.presence import present, taken
from buttress.planning.questions import ask, parse_given, questions_of, read_answers
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.reports.changes_terminal import (
    print_diff,
    print_left_alone,
    print_left_out,
    print_next_steps,
    print_overview,
    print_scores,
)
from buttress.reports.overview import number
from buttress.reports.scorecard_terminal import print_scorecard
from buttress.reports.terminal import indented
from buttress.reports.visible import safe
from buttress.scorecard import Scorecard, Status
from buttress.source import FileChange


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; see the options of ``buttress harden``."""

    path: Path
    recipes: Sequence[str] | None
    everything: bool = False
    yes: bool = False
    diff: bool = False
    patch: str | None = None
    branch: str | None = None
    answers: Path | None = None
    data: Sequence[str] = ()
    review: bool = False
    as_json: bool = False
    allow_dirty: bool = False
    service: str | None = None
    source: str | None = None

    @property
    def decides(self) -> bool:
        """Whether an option says what to do with the changes, so that nobody is asked."""
        return bool(self.yes or self.diff or self.patch or self.branch or self.as_json)

    @property
    def writes(self) -> bool:
        """Whether files of the project may be written."""
        return self.yes or not self.decides


def run(request: Request) -> None:
    """Run the command.

    Raises:
        UserError: If something the user gave is wrong, or files cannot be written.
    """
    _refuse_contradictions(request)
    given_answers = _given_answers(request)
    is_interactive = not request.decides and sys.stdin.isatty() and sys.stdout.isatty()
    console = Console()
    if request.writes and request.path.is_dir():
        _recover(request.path)
    project = read_project(request.path)
    service = _service(project, request.service, is_interactive=is_interactive)
    with progress("Running the checks") as say:
        before = scored_as_configured(project, service, today(), progress=say)
    if is_interactive and request.recipes is None and not request.everything:
        print_scorecard(console, before)
    catalogue = load_catalogue(location.find_root())
    plan = _plan(request, catalogue, before, is_interactive=is_interactive)
    asked = {}
    if is_interactive:
        asked = _ask(catalogue, plan, project, service, given_answers)
    with progress("Working out the changes"):
        change_set = build(
            plan,
            project,
            service,
            inspect=inspect_project,
            catalogue=catalogue,
            templates=location.find_templates(source=request.source),
            given=Given(given_answers, asked, request.review),
        )
    _finish(request, console, change_set, before, is_interactive=is_interactive)


def _refuse_contradictions(request: Request) -> None:
    if request.everything and request.recipes is not None:
        raise UserError("--all and --recipes exclude each other. Give one of them.")
    targets = [
        name
        for name, value in (
            ("--yes", request.yes),
            ("--diff", request.diff),
            ("--patch", request.patch),
            ("--branch", request.branch),
        )
        if value
    ]
    if len(targets) > 1:
        raise UserError(f"{' and '.join(targets)} exclude each other. Give one of them.")


def _given_answers(request: Request) -> dict[str, object]:
    given = read_answers(request.answers) if request.answers is not None else {}
    return {**given, **parse_given(request.data)}


def _recover(path: Path) -> None:
    undone = journal.recover(path.resolve())
    if undone is not None:
        typer.echo(f"A run that was interrupted was taken back ({undone.at}).", err=True)


def _service(project: Project, directory: str | None, *, is_interactive: bool) -> Service:
    if is_interactive and directory is None and len(project.services) > 1:
        return choose_service(project)
    return find_service(project, directory)


def _plan(request: Request, catalogue: Catalogue, card: Scorecard, *, is_interactive: bool) -> Plan:
    failing: dict[str, Risk] = {
        result.check.id: result.check.risk
        for result in card.results
        if result.status is Status.FAIL
    }
    elsewhere = taken(catalogue, card.project, card.service)
    missing: Mapping[str, str] = {}
    if request.recipes is not None:
        chosen, why = list(request.recipes), Why.NAMED
    elif request.everything:
        chosen, why = [
            item.id for item in applicable(catalogue, card.service, elsewhere)
        ], Why.NAMED
        missing = left_out(catalogue, card.service, taken=elsewhere)
    else:
        chosen = [item.id for item in recommended(catalogue, card.service, failing, elsewhere)]
        why = Why.RECOMMENDED
        missing = left_out(catalogue, card.service, failing, elsewhere)
        if is_interactive:
            chosen = choose_recipes(catalogue, card, chosen)
    return make_plan(
        catalogue,
        card.service,
        chosen,
        failing=failing,
        applied=present(catalogue, card.project, card.service),
        why=why,
        left_out=missing,
        taken=elsewhere,
    )


def _ask(
    catalogue: Catalogue,
    plan: Plan,
    project: Project,
    service: Service,
    given: dict[str, object],
) -> dict[str, dict[str, object]]:
    from buttress.planning.prompts import put

    asked = {}
    for recipe in plan.recipes:
        known = known_answers(catalogue, recipe, project, service)
        asked[recipe.id] = ask(questions_of(catalogue, recipe), known, given, put)
    return asked


def _finish(
    request: Request,
    console: Console,
    change_set: ChangeSet,
    before: Scorecard,
    *,
    is_interactive: bool,
) -> None:
    after = _score_after(change_set, before)
    if request.as_json:
        applied = _write(request, change_set, before)
        _print_json(change_set, before, after, applied)
        return
    if request.diff or not (request.decides or is_interactive):
        if change_set.files:
            _print_plain_diff(change_set)
        else:
            print_left_out(Console(stderr=True), change_set)
            typer.echo("Nothing to change.", err=True)
        return
    print_overview(console, change_set)
    print_left_alone(console, change_set, before.project.tree.root)
    if not change_set.files:
        console.print()
        console.print(Text("  Nothing to change.", style="bold"))
        return
    if is_interactive:
        _review(request, console, change_set, before)
        return
    applied = _write(request, change_set, before)
    console.print()
    console.print(Text(f"  Written to {safe(applied or '')}.", style="bold"), soft_wrap=True)
    print_scores(console, before, after)
    print_next_steps(console, change_set, repository.ignored(_root(before), change_set.files))
    _print_ways_on(console, request)


def _score_after(change_set: ChangeSet, before: Scorecard) -> Scorecard:
    if not change_set.files:
        return before
    from buttress.planning.changeset import same_service

    project = inspect_project(change_set.after)
    return scored_as_configured(project, same_service(project, before.service), today())


def _write(request: Request, change_set: ChangeSet, before: Scorecard) -> str | None:
    """Write the whole change set where the options say; returns where that was."""
    root = _root(before)
    if not change_set.files:
        return None
    if request.patch is not None:
        return _write_patch(request.patch, change_set)
    if request.branch is not None:
        commits = repository.commit_to_branch(root, request.branch, change_set)
        return f"the branch {request.branch} ({number(len(commits), 'commit')})"
    if request.yes:
        _write_files(root, change_set.files, change_set, allow_dirty=request.allow_dirty)
        return str(root)
    return None


def _write_files(
    root: Path, files: Sequence[FileChange], change_set: ChangeSet, *, allow_dirty: bool
) -> None:
    if not allow_dirty:
        repository.require_committed(root, files)
    journal.apply_changes(root, files, [item.recipe for item in change_set.recipes])


def _root(card: Scorecard) -> Path:
    root = card.project.tree.root
    if root is None:
        raise UserError("There is no folder to write to.")
    return root


def _write_patch(name: str, change_set: ChangeSet) -> str:
    """Write one patch, or one per recipe into a folder; they hold what the code held: owner only."""
    target = Path(name)
    try:
        if target.is_dir() or name.endswith(("/", os.sep)):
            target.mkdir(parents=True, exist_ok=True)
            parts = [item for item in change_set.recipes if item.files]
            for number, item in enumerate(parts, 1):
                _write_private(target / f"{number:04d}-{item.recipe}.patch", diff(item.files))
            how = "apply it" if len(parts) == 1 else "apply them in their order"
            count = "1 patch" if len(parts) == 1 else f"{len(parts)} patches"
            return f"{target} ({count}; {how} with git apply)"
        _write_private(target, diff(change_set.files))
    except OSError as problem:
        raise UserError(f"--patch {target}: {problem.strerror}.") from problem
    return f"{target} (apply it with git apply)"


def _write_chosen(target: Path, files: Sequence[FileChange]) -> str:
    try:
        _write_private(target, diff(files))
    except OSError as problem:
        raise UserError(f"{target}: {problem.strerror}. Nothing was written.") from problem
    return f"{target} (apply it with git apply)"


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)


def _print_plain_diff(change_set: ChangeSet) -> None:
    console = Console()
    if console.is_terminal:
        print_diff(console, change_set.files, mask)
        return
    plain = diff(change_set.files)
    shown = mask(plain.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(shown)
    sys.stdout.flush()
    if shown != plain:
        typer.echo(
            "Secrets are masked in this diff, so it does not apply; --patch FILE writes one that does.",
            err=True,
        )


def _print_json(
    change_set: ChangeSet, before: Scorecard, after: Scorecard, applied: str | None
) -> None:
    from buttress.reports.changes_json import changes_json

    hidden = repository.ignored(_root(before), change_set.files)
    data = changes_json(change_set, before, after, applied=applied, mask=mask, ignored=hidden)
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False).encode("utf-8", "replace"))


def _review(request: Request, console: Console, change_set: ChangeSet, before: Scorecard) -> None:
    """Let a person choose, and write what they chose."""
    root = _root(before)
    console.print()
    print_diff(console, change_set.files, mask)
    console.print()
    decision = review(change_set, Terminal(), lambda changes: print_diff(console, changes, mask))
    if decision.action is Action.QUIT:
        console.print("  Nothing was written.")
        return
    if decision.action is Action.PATCH:
        if decision.whole:
            written = _write_patch(decision.target, change_set)
        else:
            written = _write_chosen(Path(decision.target), decision.files)
        console.print(Text(f"  Written to {safe(written)}."), soft_wrap=True)
        return
    if decision.action is Action.BRANCH:
        commits = repository.commit_to_branch(root, decision.target, change_set)
        made = number(len(commits), "commit")
        console.print(Text(f"  {made} on the branch {safe(decision.target)}."))
        return
    _write_files(root, decision.files, change_set, allow_dirty=request.allow_dirty)
    with progress("Running the checks"):
        project = inspect_project(type(before.project.tree).open(root))
        same = select_service(project, before.service.root or ".")
        after = scored_as_configured(project, same, today())
    print_scores(console, before, after)
    print_next_steps(console, change_set, repository.ignored(root, decision.files))
    _print_ways_on(console, request)


def _print_ways_on(console: Console, request: Request) -> None:
    """Print which commands go on from here; a patch or a branch has nothing to verify or undo yet."""
    if not request.writes:
        console.print()
        return
    where = "" if request.path == Path() else f" {safe(shlex.quote(str(request.path)))}"
    table = Table.grid(padding=(0, 3))
    table.add_row(
        Text(f"buttress verify{where}", style="bold"),
        "runs the app and its tests, before and after",
    )
    table.add_row(Text(f"buttress undo{where}", style="bold"), "takes all of it back")
    console.print()
    console.print(indented(table, 2))
    console.print()
