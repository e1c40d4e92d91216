"""Turn a plan into a change set: every recipe on the result of the ones before it, in memory."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from buttress.errors import UserError
from buttress.planning.catalogue import Catalogue, check_names
from buttress.planning.changes import ChangeSet, Note, RecipeChanges
from buttress.planning.dependencies import declare
from buttress.planning.known_answers import known_answers
from buttress.planning.location import Templates
from buttress.planning.merge import merge
from buttress.planning.owned_files import Destination, Owned, place
from buttress.planning.plan import Plan
from buttress.planning.questions import check_given, questions_of, take_answers
from buttress.planning.recipe import Recipe
from buttress.planning.render import answers_file
from buttress.planning.stored import stored_units
from buttress.planning.templating import holds, render
from buttress.planning.wiring import Line, wire
from buttress.project.model import Project, Service
from buttress.rewrites.engine import Outcomes, run, settle
from buttress.rewrites.outcomes import Abstained, Safety
from buttress.source import Draft, FileChange, Tree
from buttress.source.tree import is_python

_SAFETIES = list(Safety)


@dataclass(frozen=True)
class Given:
    """What a person decided.

    Attributes:
        answers: Answers by question, from the command line or a file, for every recipe that has it.
        asked: Answers by question that a person was asked for, by recipe.
        review: Whether changes of behaviour are made, too.
    """

    answers: Mapping[str, object] = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    review: bool = False


def build(
    plan: Plan,
    project: Project,
    service: Service,
    *,
    inspect: Callable[[Tree], Project],
    catalogue: Catalogue,
    templates: Templates,
    given: Given | None = None,
) -> ChangeSet:
    """Return what a plan would do to a service. Nothing is written.

    Args:
        plan: The recipes, in order.
        project: The facts, with the tree that everything starts from.
        service: The service, one of the project's.
        inspect: Reads the facts of a tree again, after a recipe changed it.
        catalogue: All recipes, also those whose lines may stand in the code already.
        templates: Where templates come from.
        given: What a person decided.

    Raises:
        UserError: If an answer belongs to no question or is refused, or a recipe cannot be applied.
    """
    given = given or Given()
    if project.tree.module(service.app.place.path).is_newer:
        raise UserError(
            f"{service.app.place.path}: it is written for Python 3.12 or newer, and what changes in it"
            " cannot be proved here. Run Buttress with that Python; inspecting works with this one."
        )
    check_given(
        given.answers,
        [q for recipe in plan.recipes for q in questions_of(catalogue, recipe)],
    )
    builder = _Builder(
        project,
        service,
        inspect=inspect,
        catalogue=catalogue,
        templates=templates,
        given=given,
    )
    done = [builder.apply(recipe) for recipe in plan.recipes]
    return ChangeSet(
        project.tree, builder.draft, tuple(done), builder.draft.changes(), plan.left_out
    )


def same_service(project: Project, service: Service) -> Service:
    """Return the service as it is after a change: the one with the same root and app.

    Raises:
        UserError: If it cannot be found any more.
    """
    fits = [item for item in project.services if item.root == service.root]
    for item in fits:
        if item.app.place.path == service.app.place.path and item.app.name == service.app.name:
            return item
    for item in fits:
        if item.framework is service.framework:
            return item
    raise UserError(
        f"{service.app.place.path}: the app is not found any more after a recipe's changes. "
        "This is a defect of the recipe; nothing was written."
    )


class _Builder:
    """Applies recipes one after another; ``draft`` is the result so far."""

    def __init__(
        self,
        project: Project,
        service: Service,
        *,
        inspect: Callable[[Tree], Project],
        catalogue: Catalogue,
        templates: Templates,
        given: Given,
    ) -> None:
        self.draft = Draft(project.tree)
        self.service = service
        self.catalogue = catalogue
        self.templates = templates
        self.given = given
        self.owned: set[str] = set()
        self._read = inspect
        self._last: tuple[object, Project] = (frozenset(), project)
        self._doubt = templates.doubt

    def inspect(self, step: Tree) -> tuple[Project, Service]:
        """Return the facts of a step's tree; read again only after a change."""
        pending = {change.path: change.after for change in self.draft.changes()}
        if isinstance(step, Draft) and step is not self.draft:
            pending |= {change.path: change.after for change in step.changes()}
        state = frozenset(pending.items())
        if self._last[0] != state:
            self._last = (state, self._read(step))
        project = self._last[1]
        return project, same_service(project, self.service)

    def apply(self, recipe: Recipe) -> RecipeChanges:
        """Apply one recipe to the result so far and return what it changed."""
        check_names(self.catalogue, recipe)
        step = Draft(self.draft)
        project, service = self.inspect(step)
        routes = _routes(project)
        owned = self._place(recipe, step, project, service)
        values = {**owned.answers, "kept": list(owned.kept)}
        outcomes = self._edit(recipe, step, owned, values)
        notes = [*owned.notes, *self._merge(recipe, step, service, values)]
        declared = declare(step, service, recipe, values)
        notes += declared.notes
        counts = {"changed": len(outcomes.changed), "left": len(outcomes.abstained)}
        notes += self._notes(recipe, owned, {**values, **counts})
        if not recipe.changes_routes:
            outcomes = self._keep_routes(recipe, step, routes, outcomes)
        self._drop_lone_answers(recipe, step, service)
        files = step.changes()
        for change in files:
            _write(self.draft, change)
        return RecipeChanges(
            recipe.id,
            recipe.title,
            files,
            _safety(files, outcomes),
            tuple(outcomes.changed),
            tuple(outcomes.abstained),
            declared.added,
            tuple(Note(recipe.id, text) for text in dict.fromkeys(notes)),
            outcomes.good,
        )

    def _place(self, recipe: Recipe, step: Draft, project: Project, service: Service) -> Owned:
        known = known_answers(self.catalogue, recipe, project, service)
        questions = questions_of(self.catalogue, recipe)
        given = take_answers(questions, known, self.given.answers)
        answers = {**self.given.asked.get(recipe.id, {}), **given}
        to = Destination(step, recipe.folder_in(service), recipe, self.templates)
        is_new = to.answers_path not in step
        owned = place(to, known, answers)
        self.owned |= owned.paths
        if is_new and self._doubt:
            note, self._doubt = self._doubt, ""
            return replace(owned, notes=(*owned.notes, note))
        return owned

    def _drop_lone_answers(self, recipe: Recipe, step: Draft, service: Service) -> None:
        """Leave no answers file behind for a recipe that found nothing to do."""
        path = posixpath.join(recipe.folder_in(service), answers_file(recipe.unit))
        if path not in self.draft and [change.path for change in step.changes()] == [path]:
            step.delete(path)

    def _edit(
        self, recipe: Recipe, step: Draft, owned: Owned, values: Mapping[str, object]
    ) -> Outcomes:
        names = [*recipe.rewrites]
        for keep in recipe.keep:
            path = render(keep.path, values, f"{recipe.unit}/recipe.yml: keep")
            if path in owned.kept:
                names += [name for name in keep.rewrites if name not in names]
        foreign = frozenset(self.owned | self._owned_before(step))
        outcomes = Outcomes()
        if names:
            outcomes = run(
                names,
                step,
                self.inspect,
                answers=dict(values),
                owned=foreign,
                review=self.given.review,
            )
        return _joined(outcomes, self._wire(recipe, step, values))

    def _owned_before(self, step: Draft) -> set[str]:
        """Return the modules in the app that recipes of earlier runs own."""
        found = set()
        for path, answers in stored_units(step).items():
            recipe = self.catalogue.recipes.get(str(answers.get("unit")).partition("/")[2])
            for question in recipe.modules if recipe else ():
                parts = [path.rpartition("/")[0], answers.get("package_dir"), answers.get(question)]
                folders = [str(part) for part in parts[:2] if part not in {"", ".", None}]
                found.add("/".join([*folders, f"{parts[2]}.py"]))
        return found

    def _wire(self, recipe: Recipe, step: Draft, values: Mapping[str, object]) -> Outcomes:
        _, service = self.inspect(step)
        wiring = recipe.wire
        call = wiring.call_for(service.framework) if wiring else None
        if wiring is None or call is None:
            return Outcomes()
        where = f"{recipe.unit}/recipe.yml: wire"
        line = Line(
            wiring.order,
            wiring.safety,
            wiring.reason,
            render(call.module, values, where),
            call.function,
            call.call,
            values,
        )
        found = [("wire", outcome) for outcome in wire(step, service, line, self._orders(service))]
        return settle(found, step, review=self.given.review)

    def _orders(self, service: Service) -> dict[str, int]:
        return {
            call.function: recipe.wire.order
            for recipe in self.catalogue.recipes.values()
            if recipe.wire and (call := recipe.wire.call_for(service.framework))
        }

    def _merge(
        self, recipe: Recipe, step: Draft, service: Service, values: Mapping[str, object]
    ) -> Iterable[str]:
        where = f"{recipe.unit}/recipe.yml: merge"
        for edit in recipe.merge:
            merged = merge(
                step, recipe.folder_in(service), edit, values, where=where, owned=self.owned
            )
            if merged is not None and merged.refusal:
                yield f"{merged.path} was left alone, because {merged.refusal}."

    def _notes(self, recipe: Recipe, owned: Owned, values: Mapping[str, object]) -> Iterable[str]:
        where = f"{recipe.unit}/recipe.yml: notes"
        for keep in recipe.keep:
            if keep.note and render(keep.path, values, where) in owned.kept:
                yield render(keep.note, values, where)
        for note in recipe.notes:
            if holds(note.when, values, where):
                yield render(note.text, values, where)

    def _keep_routes(
        self, recipe: Recipe, step: Draft, before: Counter[str], outcomes: Outcomes
    ) -> Outcomes:
        """Take back a recipe's edits of Python files if the route table differs after them."""
        after = _routes(self.inspect(step)[0])
        if after == before:
            return outcomes
        different = sorted({*(before - after), *(after - before)})
        edited = [c for c in step.changes() if c.before is not None and is_python(c.path)]
        for change in edited:
            _write(step, replace(change, after=change.before))
        paths = {change.path for change in edited}
        reason = f"the edits of this file were taken back: they would change {different[0]}"
        dropped = [
            Abstained(path, 1, "routes-changed", reason, "", recipe.id) for path in sorted(paths)
        ]
        return Outcomes(
            [item for item in outcomes.changed if item.path not in paths],
            [*outcomes.abstained, *dropped],
            outcomes.good,
        )


def _routes(project: Project) -> Counter[str]:
    return Counter(
        f"{'/'.join(route.methods)} {route.path}"
        for service in project.services
        for route in service.routes
    )


def _joined(first: Outcomes, second: Outcomes) -> Outcomes:
    return Outcomes(
        [*first.changed, *second.changed],
        [*first.abstained, *second.abstained],
        first.good + second.good,
    )


def _write(draft: Draft, change: FileChange) -> None:
    if change.after is None:
        draft.delete(change.path)
    else:
        draft.write(change.path, change.after)


def _safety(files: Iterable[FileChange], outcomes: Outcomes) -> dict[str, Safety]:
    """Return the most careful level among the changes of each path; files of our own are safe."""
    found: dict[str, Safety] = {}
    for change in files:
        levels = [item.safety for item in outcomes.changed if item.path == change.path]
        found[change.path] = max(levels, key=_SAFETIES.index, default=Safety.SAFE)
    return found
