"""The answers of a recipe that nobody has to give: from facts, and from earlier applications."""

from __future__ import annotations

from buttress.planning.catalogue import Catalogue
from buttress.planning.facts_answers import fact_answers
from buttress.planning.module_names import free_module_name
from buttress.planning.providers import providers
from buttress.planning.recipe import Recipe
from buttress.planning.stored import stored_units
from buttress.project.model import Project, Role, Service
from buttress.source import Tree


def known_answers(
    catalogue: Catalogue, recipe: Recipe, project: Project, service: Service
) -> dict[str, object]:
    """Return what is known of a recipe's answers before anybody is asked.

    Args:
        catalogue: All recipes.
        recipe: The recipe.
        project: The facts.
        service: The service.

    Raises:
        UserError: If there is no free name for one of its modules, or its answers file is damaged.
    """
    answers: dict[str, object] = {}
    for name in recipe.requires:
        answers |= _stored(catalogue[name], project.tree, service) or {}
    answers |= fact_answers(project, service)
    for question, name in recipe.answers.items():
        answer = providers()[name](project, service)
        if answer is not None:
            answers[question] = answer
    stored = _stored(recipe, project.tree, service) or {}
    for question, candidates in recipe.modules.items():
        if question not in stored:
            standing = _standing_module(recipe, project.tree, service, question)
            answers[question] = standing or free_module_name(project, service, candidates, question)
    return {**answers, "keep": [], **stored, "unit": recipe.unit}


def _standing_module(recipe: Recipe, tree: Tree, service: Service, question: str) -> str | None:
    """Return the module that the app is wired with already, whose answers file somebody deleted."""
    call = recipe.wire.call_for(service.framework) if recipe.wire else None
    if call is None or question not in call.module:
        return None
    for path in service.files(Role.APP):
        text = tree.text(path)
        if text is None or call.function not in text.content:
            continue
        for binding in tree.module(path).imports:
            module, _, name = binding.target.rpartition(".")
            if name == call.function and module.rpartition(".")[2] in recipe.modules[question]:
                return module.rpartition(".")[2]
    return None


def _stored(recipe: Recipe, tree: Tree, service: Service) -> dict[str, object] | None:
    folder = recipe.folder_in(service)
    for path, answers in stored_units(tree).items():
        if path.rpartition("/")[0] == folder and answers.get("unit") == recipe.unit:
            return {name: item for name, item in answers.items() if not name.startswith("_")}
    return None
