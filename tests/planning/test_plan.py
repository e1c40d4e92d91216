"""Recipes are put in order; one that does not fit is refused with the fact that is missing."""

from pathlib import Path
from textwrap import dedent

import pytest

from buttress.checks.model import Risk
from buttress.errors import UserError
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.plan import Why, applicable, left_out, make_plan, recommended
from buttress.project.model import Service
from tests.planning.installation import install
from tests.planning.projects import FASTAPI_APP, project_of

DJANGO = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n",
    "site1/settings.py": "ROOT_URLCONF = 'site1.urls'\nINSTALLED_APPS = ['django.contrib.auth']\n",
    "site1/urls.py": "from django.urls import path\n\nurlpatterns = []\n",
    "requirements.txt": "django\n",
}


def _catalogue(tmp_path: Path, **recipes: str) -> Catalogue:
    """Return recipes that differ only in what is given here."""
    manifests = {}
    for name, keys in recipes.items():
        text = f"id: {name}\ntitle: Do {name}\npillar: Security\nsummary: It does {name}.\n"
        lines = dedent(keys)
        if "applies" not in keys:
            text += "applies: {framework: [fastapi]}\n"
        manifests[name] = {"recipe.yml": text + lines}
    return load_catalogue(install(tmp_path, **manifests))


@pytest.fixture
def service() -> Service:
    files = {
        "main.py": FASTAPI_APP,
        ".python-version": "3.9\n",
        "requirements.txt": "fastapi==0.95\npydantic==1.10.2\n",
    }
    return project_of(files)[1]


def _order(catalogue: Catalogue, service: Service, *chosen: str, **failing: Risk) -> list[str]:
    plan = make_plan(catalogue, service, chosen or list(catalogue.recipes), failing=failing)
    return [recipe.id for recipe in plan.recipes]


def test_without_findings_the_recipes_own_order_decides(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(tmp_path, a="order: 30", b="order: 10", c="order: 20")

    assert _order(catalogue, service) == ["b", "c", "a"]


def test_what_fixes_the_highest_open_risk_comes_first(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(
        tmp_path,
        a="order: 1",
        b="order: 2\nfixes: [B1, B2]",
        c="order: 3\nfixes: [C1]",
    )

    order = _order(catalogue, service, B1=Risk.LOW, B2=Risk.HIGH, C1=Risk.CRITICAL)

    assert order == ["c", "b", "a"]


def test_order_between_recipes_is_stronger_than_risk(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(
        tmp_path,
        a="order: 9\nfixes: [A1]\nrequires: [b]",
        b="order: 8\nafter: [c]",
        c="order: 7",
        d="order: 1",
    )

    assert _order(catalogue, service, A1=Risk.CRITICAL) == ["d", "c", "b", "a"]


def test_what_is_not_chosen_does_not_come_in_by_order_alone(
    tmp_path: Path, service: Service
) -> None:
    catalogue = _catalogue(tmp_path, a="order: 1\nafter: [b]", b="order: 2")

    assert _order(catalogue, service, "a") == ["a"]


def test_what_is_required_is_pulled_in_and_shown(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(
        tmp_path, a="order: 1\nrequires: [b]", b="order: 2\nrequires: [c]", c="order: 3"
    )

    plan = make_plan(catalogue, service, ["a"], failing={}, why=Why.RECOMMENDED)

    assert [(step.recipe.id, step.why, step.for_) for step in plan.steps] == [
        ("c", Why.REQUIRED, "b"),
        ("b", Why.REQUIRED, "a"),
        ("a", Why.RECOMMENDED, ""),
    ]


def test_what_is_applied_already_is_not_pulled_in_again(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(tmp_path, a="order: 1\nrequires: [b]", b="order: 2")

    plan = make_plan(catalogue, service, ["a"], applied=["b"])
    chosen = make_plan(catalogue, service, ["a", "b"], applied=["b"])

    assert [recipe.id for recipe in plan.recipes] == ["a"]
    assert [recipe.id for recipe in chosen.recipes] == ["b", "a"]


def test_a_step_names_the_failing_checks_that_it_fixes(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(tmp_path, a="order: 1\nfixes: [A1, A2]")

    [step] = make_plan(catalogue, service, ["a"], failing={"A2": Risk.LOW, "X": Risk.HIGH}).steps

    assert step.fixes == ("A2",)


def test_an_unknown_recipe_is_refused(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(tmp_path, logging="order: 1")

    with pytest.raises(UserError, match=r"no recipe `loging`\. Did you mean `logging`\?"):
        make_plan(catalogue, service, ["loging"])


def test_what_is_left_out_has_its_reason(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(
        tmp_path,
        a="order: 1\napplies: {framework: [flask]}\nfixes: [A1]",
        b="order: 2\nrequires: [a]\nfixes: [B1]",
        c="order: 3",
    )
    reason = "only for flask; this service is written with fastapi"

    assert left_out(catalogue, service) == {"a": reason, "b": reason}
    assert left_out(catalogue, service, {"B1": Risk.LOW}) == {"b": reason}


def test_a_template_of_projects_is_no_project(tmp_path: Path) -> None:
    folder = "{{cookiecutter.slug}}/backend"
    _, inside = project_of(
        {f"{folder}/main.py": FASTAPI_APP, f"{folder}/requirements.txt": "fastapi"}
    )
    catalogue = _catalogue(tmp_path, a="order: 1")

    assert left_out(catalogue, inside) == {
        "a": f"only for projects; {folder} is a template: generate a project from it first"
    }


@pytest.mark.parametrize(
    ("applies", "reason"),
    [
        (
            "applies: {framework: [flask, django]}",
            "`a` does not apply: only for flask, django; this service is written with fastapi.",
        ),
        (
            'applies: {framework: [fastapi], python: ">=3.10"}',
            r"`a` does not apply: only for Python >=3\.10; this service runs on 3\.9 \(\.python-version:1\)",
        ),
        (
            'applies: {framework: [fastapi], packages: {Pydantic: ">=2.3"}}',
            r"`a` does not apply: only with Pydantic >=2\.3; requirements\.txt:2 has Pydantic==1\.10\.2",
        ),
    ],
)
def test_a_recipe_that_does_not_apply_says_which_fact_is_missing(
    tmp_path: Path, service: Service, applies: str, reason: str
) -> None:
    catalogue = _catalogue(tmp_path, a=f"order: 1\n{applies}")

    with pytest.raises(UserError, match=reason):
        make_plan(catalogue, service, ["a"])


def test_a_required_recipe_that_does_not_apply_names_who_requires_it(
    tmp_path: Path, service: Service
) -> None:
    catalogue = _catalogue(
        tmp_path, a="order: 1\nrequires: [b]", b="order: 2\napplies: {framework: [flask]}"
    )

    with pytest.raises(UserError, match="`b`, which `a` requires, does not apply"):
        make_plan(catalogue, service, ["a"])
    assert applicable(catalogue, service) == ()


def test_recommended_is_what_applies_and_fixes_something(tmp_path: Path, service: Service) -> None:
    catalogue = _catalogue(
        tmp_path,
        a="order: 1\nfixes: [A1]",
        b="order: 2\nfixes: [B1]",
        c="order: 3\nfixes: [A1]\napplies: {framework: [flask]}",
    )

    assert [r.id for r in recommended(catalogue, service, {"A1": Risk.LOW})] == ["a"]
    assert [r.id for r in applicable(catalogue, service)] == ["a", "b"]


def test_an_unknown_python_version_fits_every_recipe(tmp_path: Path) -> None:
    _, service = project_of({"main.py": FASTAPI_APP})
    catalogue = _catalogue(
        tmp_path, a='order: 1\napplies: {framework: [fastapi], python: ">=3.10"}'
    )

    assert service.python is None
    assert [recipe.id for recipe in applicable(catalogue, service)] == ["a"]


def test_a_recipe_for_django_alone_applies_to_django(tmp_path: Path) -> None:
    _, service = project_of(DJANGO)
    catalogue = _catalogue(tmp_path, a="order: 1\napplies: {framework: [django]}", b="order: 2")

    assert [recipe.id for recipe in applicable(catalogue, service)] == ["a"]
