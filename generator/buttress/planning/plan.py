"""Choose recipes and put them in order; what does not fit is refused with the fact that is missing."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from packaging.specifiers import SpecifierSet

from buttress.checks.model import Risk
from buttress.errors import UserError
from buttress.planning.catalogue import Catalogue
from buttress.planning.recipe import Recipe
from buttress.planning.versions import conflict
from buttress.project.model import Service

_RISKS = list(Risk)
_NONE: Mapping[str, str] = {}


class Why(StrEnum):
    """Why a recipe is in a plan."""

    NAMED = "named"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Step:
    """One recipe of a plan.

    Attributes:
        recipe: The recipe.
        why: Why it is there.
        for_: The recipe that requires it; empty unless it is there only for that.
        fixes: The failing checks that it fixes.
    """

    recipe: Recipe
    why: Why
    for_: str = ""
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Recipes in the order in which they are applied.

    Attributes:
        steps: The recipes.
        left_out: Why recipes that would have been chosen are not among them, by id.
    """

    steps: tuple[Step, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes alone."""
        return tuple(step.recipe for step in self.steps)


def _reason_against(
    recipe: Recipe, service: Service, taken: Mapping[str, str] = _NONE
) -> str | None:
    """Return why a recipe is not for a service, behind a colon; ``None`` if it is.

    Args:
        recipe: The recipe.
        service: The service.
        taken: Why recipes are another service's, by their id.
    """
    applies = recipe.applies
    if recipe.id in taken:
        return taken[recipe.id]
    if "{{" in service.root:
        return f"only for projects; {service.root} is a template: generate a project from it first"
    if service.framework not in applies.framework:
        known = ", ".join(applies.framework)
        return f"only for {known}; this service is written with {service.framework}"
    python = service.python
    if applies.python and python and not SpecifierSet(applies.python).contains(python.value):
        return (
            f"only for Python {applies.python}; this service runs on {python.value} "
            f"({python.place})"
        )
    for name, wanted in applies.packages.items():
        found = conflict(service.manifest, name, wanted)
        if found is not None:
            return f"only with {name} {wanted}; {found.place} has {name}{found.specifier}"
    return None


def applicable(
    catalogue: Catalogue, service: Service, taken: Mapping[str, str] = _NONE
) -> tuple[Recipe, ...]:
    """Return the recipes that a service can have, with everything that they require."""
    return tuple(
        recipe
        for recipe in catalogue.recipes.values()
        if _reason_with_required(catalogue, recipe, service, taken) is None
    )


def recommended(
    catalogue: Catalogue,
    service: Service,
    failing: Mapping[str, Risk],
    taken: Mapping[str, str] = _NONE,
) -> tuple[Recipe, ...]:
    """Return the applicable recipes that fix a failing check."""
    return tuple(
        recipe
        for recipe in applicable(catalogue, service, taken)
        if set(recipe.fixes) & failing.keys()
    )


def left_out(
    catalogue: Catalogue,
    service: Service,
    failing: Mapping[str, Risk] | None = None,
    taken: Mapping[str, str] = _NONE,
) -> Mapping[str, str]:
    """Return the recipes that a service cannot have, each with the reason.

    Args:
        catalogue: All recipes.
        service: The service.
        failing: Only recipes that fix one of these checks; all recipes by default.
        taken: Why recipes are another service's, by their id.
    """
    return {
        recipe.id: reason
        for recipe in catalogue.recipes.values()
        if failing is None or set(recipe.fixes) & failing.keys()
        if (reason := _reason_with_required(catalogue, recipe, service, taken)) is not None
    }


def make_plan(
    catalogue: Catalogue,
    service: Service,
    chosen: Sequence[str],
    *,
    failing: Mapping[str, Risk] | None = None,
    applied: Iterable[str] = (),
    why: Why = Why.NAMED,
    left_out: Mapping[str, str] | None = None,
    taken: Mapping[str, str] = _NONE,
) -> Plan:
    """Return the chosen recipes and what they require, in order.

    First comes what others require or come after, then what fixes the highest open risk, then the
    recipes' own order.

    Args:
        catalogue: All recipes.
        service: The service they are applied to.
        chosen: Ids of recipes; the order they are given in does not matter.
        failing: The risk of every failing check, by its id.
        applied: Ids of recipes that the service has already; they are not pulled in again.
        why: Why the chosen recipes were chosen.
        left_out: Why other recipes were not, by id.
        taken: Why recipes are another service's, by their id.

    Raises:
        UserError: If a recipe does not exist or is not for this service.
    """
    failing = failing or {}
    steps: dict[str, Step] = {}
    present = set(applied)
    pending = [(catalogue[name], "") for name in dict.fromkeys(chosen)]
    while pending:
        recipe, for_ = pending.pop(0)
        if recipe.id in steps or (for_ and recipe.id in present):
            continue
        reason = _reason_against(recipe, service, taken)
        if reason is not None:
            needed = f", which `{for_}` requires," if for_ else ""
            raise UserError(f"The recipe `{recipe.id}`{needed} does not apply: {reason}.")
        fixes = tuple(check for check in recipe.fixes if check in failing)
        steps[recipe.id] = Step(recipe, Why.REQUIRED if for_ else why, for_, fixes)
        pending += [(catalogue[name], recipe.id) for name in recipe.requires]
    return Plan(tuple(_ordered(steps, failing)), left_out or {})


def _reason_with_required(
    catalogue: Catalogue, recipe: Recipe, service: Service, taken: Mapping[str, str]
) -> str | None:
    reasons = [_reason_against(recipe, service, taken)]
    reasons += [
        _reason_with_required(catalogue, catalogue[name], service, taken)
        for name in recipe.requires
    ]
    return next((reason for reason in reasons if reason is not None), None)


def _ordered(steps: Mapping[str, Step], failing: Mapping[str, Risk]) -> list[Step]:
    """Return steps in order: of those whose predecessors are done, the most urgent one next."""

    def urgency(name: str) -> tuple[int, int, str]:
        recipe = steps[name].recipe
        risks = [_RISKS.index(failing[check]) for check in steps[name].fixes]
        return min(risks, default=len(_RISKS)), recipe.order, name

    waiting = {
        name: {other for other in (*step.recipe.requires, *step.recipe.after) if other in steps}
        for name, step in steps.items()
    }
    ready = [urgency(name) for name, before in waiting.items() if not before]
    heapq.heapify(ready)
    done: list[Step] = []
    while ready:
        name = heapq.heappop(ready)[2]
        done.append(steps[name])
        for other, before in waiting.items():
            if name in before:
                before.discard(name)
                if not before:
                    heapq.heappush(ready, urgency(other))
    return done
