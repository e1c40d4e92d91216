"""The answer whether a Flask app has bodies to check, and so needs the module that checks them."""

from __future__ import annotations

from buttress.planning.providers import answer
from buttress.project.model import Framework, Project, Service
from buttress.rewrites.input_models import input_models
from buttress.rewrites.outcomes import Changed, Safety
from buttress.rewrites.registry import Context
from buttress.source import Draft


@answer("validation-bodies")
def validation_bodies(project: Project, service: Service) -> object:
    """Return whether any body of a Flask app gets a model without a review."""
    if service.framework is not Framework.FLASK:
        return False
    context = Context(project, service, Draft(project.tree))
    return any(
        isinstance(outcome, Changed) and outcome.safety is not Safety.REVIEW
        for outcome in input_models(context)
    )
