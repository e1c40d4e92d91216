"""Recipes are loaded, and a mistake in a manifest says where it is and what is allowed."""

from pathlib import Path

import pytest

from buttress.errors import UserError
from buttress.planning.catalogue import check_names, load_catalogue
from tests.planning.installation import IMAGE, LOGS, install


def _refused(tmp_path: Path, old: str, new: str) -> str:
    """Return the error of an installation in which a part of a manifest was replaced."""
    assert old in LOGS["recipe.yml"]
    manifest = LOGS["recipe.yml"].replace(old, new)
    root = install(tmp_path, logs={**LOGS, "recipe.yml": manifest})
    with pytest.raises(UserError) as caught:
        load_catalogue(root)
    return str(caught.value)


def test_all_recipes_are_loaded(tmp_path: Path) -> None:
    catalogue = load_catalogue(install(tmp_path))

    assert list(catalogue.recipes) == ["errors", "image", "logs"]
    assert catalogue["logs"].dependencies.runtime[0].pin == "25.5.0"
    assert catalogue.folder(catalogue["logs"]) == tmp_path / "recipes/logs"


def test_an_unknown_recipe_is_told_its_nearest_neighbour(tmp_path: Path) -> None:
    catalogue = load_catalogue(install(tmp_path))

    with pytest.raises(UserError, match=r"There is no recipe `log`\. Did you mean `logs`\?"):
        catalogue["log"]


def test_a_misspelt_key_is_named_with_its_line_and_the_nearest_one(tmp_path: Path) -> None:
    error = _refused(tmp_path, "summary:", "sumary:")

    assert (
        f"{tmp_path}/recipes/logs/recipe.yml:4: `sumary` is no key. Did you mean `summary`?"
        in error
    )
    assert f"{tmp_path}/recipes/logs/recipe.yml:1: `summary` is missing." in error
    assert "Allowed: after, answers, applies," in error


def test_a_misspelt_key_inside_a_table_is_named_with_its_line(tmp_path: Path) -> None:
    error = _refused(tmp_path, "specifier:", "specifer:")

    assert "recipe.yml:12: `specifer` is no key of `dependencies.runtime.0`." in error
    assert "Did you mean `specifier`?" in error
    assert (
        "Allowed: enough, extras, framework, name, needs, older, pin, specifier, unless, when."
        in error
    )


def test_a_misspelt_key_of_a_merge_is_named_with_its_line(tmp_path: Path) -> None:
    manifest = IMAGE["recipe.yml"].replace("heading: Local", "headng: Local")
    root = install(tmp_path, image={**IMAGE, "recipe.yml": manifest})

    with pytest.raises(
        UserError, match=r"recipe\.yml:13: `headng` is no key of `merge\.0`"
    ) as caught:
        load_catalogue(root)
    assert "Allowed: create, file, heading, kind, lines, when." in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Observability", "Observabilty", "recipe.yml:3: `pillar`"),
        ("[fastapi, flask]", "[fastapy]", "Did you mean `fastapi`?"),
        ("[logs, app_logs]", "[Logs]", "use a module name in lower case"),
        (">=25.4,<27", "25.4", "use a version specifier, for example >=25.4,<27 (given: `25.4`)"),
        ("25.5.0", "24.1.0", "pin 24.1.0 is not in >=25.4,<27"),
        ("order: 20", "order: early", "recipe.yml:7: `order`"),
        (
            "function: install_logs}",
            "function: install_logs, call: setup()}",
            "does not use install_logs",
        ),
        ("id: logs", "id: log", "the id is `log`, but the folder is called `logs`"),
        ("id: logs", "id: [", "is no YAML"),
        ("id: logs", "id: logs\n        id: logs", "recipe.yml:2"),
        (
            "order: 20",
            "order: 20\n        after: [looks]",
            "no recipe is called `looks`. Did you mean",
        ),
    ],
)
def test_a_mistake_is_explained(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in _refused(tmp_path, old, new)


def test_recipes_that_wait_for_each_other_are_refused(tmp_path: Path) -> None:
    error = _refused(tmp_path, "order: 20", "order: 20\n        after: [logs]")

    assert "come after each other in a circle: logs -> logs" in error


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "order: 20",
            "order: 20\n        rewrites: [exception-text]",
            "no rewrite is called `exception-text`",
        ),
        (
            "order: 20",
            "order: 20\n        answers: {logs_level: crystal-ball}",
            "no provider of answers is",
        ),
    ],
)
def test_names_that_the_engine_does_not_have_are_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    manifest = LOGS["recipe.yml"].replace(old, new)
    catalogue = load_catalogue(install(tmp_path, logs={**LOGS, "recipe.yml": manifest}))

    with pytest.raises(UserError, match=message):
        check_names(catalogue, catalogue["logs"])
