"""The answer whether an app has bodies that the module of the recipe checks."""

from __future__ import annotations

from buttress.planning.providers import answer
from buttress.project.model import Project, Service
from buttress.rewrites.input_models import CHECKING, input_models
from buttress.rewrites.outcomes import Changed, Safety
from buttress.rewrites.registry import Context
from buttress.source import Draft


@answer("validation-bodies")
def validation_bodies(project: Project, service: Service) -> object:
    """Return whether any body that the app reads itself gets a model without a review."""
    context = Context(project, service, Draft(project.tree))
    return any(
        isinstance(outcome, Changed)
        and outcome.safety is not Safety.REVIEW
        and any(item.name in CHECKING for item in outcome.imports)
        for outcome in input_models(context)
    )
