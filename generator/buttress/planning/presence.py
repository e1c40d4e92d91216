"""Which recipes a service has already, and which another service of its repository has."""

from __future__ import annotations

from collections.abc import Mapping

from buttress.planning.catalogue import Catalogue
from buttress.planning.recipe import Recipe
from buttress.planning.stored import stored_units
from buttress.project.model import Project, Service


def present(catalogue: Catalogue, project: Project, service: Service) -> tuple[str, ...]:
    """Return the ids of the recipes that were applied for a service, sorted."""
    applied = _applied(catalogue, project)
    return tuple(sorted({recipe.id for recipe, root, _ in applied if root == service.root}))


def taken(catalogue: Catalogue, project: Project, service: Service) -> Mapping[str, str]:
    """Return the recipes that the repository has once, and has for another service, with the reason.

    Their files stand at the root of the repository and are about one service.
    """
    others = {other.root for other in project.services if other.root != service.root}
    return {
        recipe.id: (
            f"this repository has it for the service {root or '.'} already ({path}), and its files "
            f"serve one service; extend them by hand, or name `--service {root or '.'}`"
        )
        for recipe, root, path in _applied(catalogue, project)
        if recipe.scope == "repository" and root in others
    }


def _applied(catalogue: Catalogue, project: Project) -> list[tuple[Recipe, str, str]]:
    """Return each recipe that was applied, the root of its service and the path of its answers."""
    units = {recipe.unit: recipe for recipe in catalogue.recipes.values()}
    found = []
    for path, answers in stored_units(project.tree).items():
        recipe = units.get(str(answers["unit"]))
        folder = path.rpartition("/")[0]
        if recipe is not None and recipe.scope == "service":
            found.append((recipe, folder, path))
        elif recipe is not None and not folder:
            root = str(answers.get("service_root", "."))
            found.append((recipe, "" if root == "." else root, path))
    return found
