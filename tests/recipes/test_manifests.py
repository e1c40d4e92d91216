"""What the recipes of this installation say about themselves is true."""

import pytest

from buttress.checks.model import checks
from buttress.planning.catalogue import Catalogue, check_names, load_catalogue
from buttress.planning.location import find_root
from buttress.planning.questions import questions_of
from buttress.planning.recipe import Recipe

CATALOGUE: Catalogue = load_catalogue(find_root())
RECIPES = list(CATALOGUE.recipes.values())
BY_ID = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)


@BY_ID
def test_every_rewrite_and_provider_exists(recipe: Recipe) -> None:
    check_names(CATALOGUE, recipe)


@BY_ID
def test_every_check_that_it_fixes_exists_and_points_back(recipe: Recipe) -> None:
    unknown = [name for name in recipe.fixes if name not in checks()]
    elsewhere = [
        name for name in recipe.fixes if name in checks() and checks()[name].recipe != recipe.id
    ]

    assert (unknown, elsewhere) == ([], [])


@BY_ID
def test_every_answer_that_it_sets_is_a_question_of_its_own(recipe: Recipe) -> None:
    questions = {question.name: question for question in questions_of(CATALOGUE, recipe)}

    for name in (*recipe.modules, *recipe.answers):
        assert recipe.unit in str(questions[name].details.get("when")), name
    for name, candidates in recipe.modules.items():
        assert questions[name].details["default"] == candidates[0]
        assert questions[name].details["ask"] is False


@BY_ID
def test_every_wired_module_is_one_that_it_names(recipe: Recipe) -> None:
    for call in (recipe.wire.fastapi, recipe.wire.flask) if recipe.wire else ():
        assert call is not None
        assert call.module.strip("{ }") in recipe.modules


def test_lines_in_user_code_have_an_order_of_their_own() -> None:
    orders = [recipe.wire.order for recipe in RECIPES if recipe.wire]

    assert len(orders) == len(set(orders))


def test_every_recipe_has_a_page_of_its_own() -> None:
    missing = [r.id for r in RECIPES if not (CATALOGUE.folder(r) / "README.md").is_file()]

    assert missing == []
