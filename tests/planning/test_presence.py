"""What a service has already, and what the repository has for another one of its services."""

from pathlib import Path

import pytest

from buttress.errors import UserError
from buttress.planning.catalogue import Catalogue, load_catalogue
from buttress.planning.plan import applicable, left_out, make_plan
from buttress.planning.presence import present, taken
from buttress.project import inspect_project, select_service
from buttress.source import Tree
from tests.planning.installation import install
from tests.planning.projects import FASTAPI_APP

HEAD = "id: {0}\ntitle: Do {0}\npillar: Security\nsummary: It does {0}.\napplies: {{framework: [fastapi]}}\n"
TWO = {
    "api/main.py": FASTAPI_APP,
    "api/requirements.txt": "fastapi\n",
    "site/main.py": FASTAPI_APP,
    "site/requirements.txt": "fastapi\n",
}
FOR_API = {
    ".copier-answers.flow.yml": "unit: recipes/flow\nservice_root: api\n",
    "api/.copier-answers.logs.yml": "unit: recipes/logs\nservice_root: api\n",
}


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    manifests = {
        "flow": {"recipe.yml": HEAD.format("flow") + "order: 1\nscope: repository\n"},
        "logs": {"recipe.yml": HEAD.format("logs") + "order: 2\n"},
    }
    return load_catalogue(install(tmp_path, **manifests))


def test_each_service_has_what_was_applied_for_it(catalogue: Catalogue) -> None:
    project = inspect_project(Tree.of({**TWO, **FOR_API}))

    assert present(catalogue, project, select_service(project, "api")) == ("flow", "logs")
    assert present(catalogue, project, select_service(project, "site")) == ()


def test_what_the_repository_has_once_is_not_for_a_second_service(catalogue: Catalogue) -> None:
    project = inspect_project(Tree.of({**TWO, **FOR_API}))
    site = select_service(project, "site")

    found = taken(catalogue, project, site)

    assert found == {
        "flow": "this repository has it for the service api already (.copier-answers.flow.yml), and "
        "its files serve one service; extend them by hand, or name `--service api`"
    }
    assert left_out(catalogue, site, taken=found) == found
    assert [recipe.id for recipe in applicable(catalogue, site, found)] == ["logs"]
    with pytest.raises(UserError, match=r"`flow` does not apply: this repository has it for"):
        make_plan(catalogue, site, ["logs", "flow"], taken=found)


@pytest.mark.parametrize(
    "answers",
    [
        "unit: recipes/flow\nservice_root: site\n",
        "unit: recipes/flow\nservice_root: gone\n",
        "unit: recipes/another\nservice_root: api\n",
        "damaged: [\n",
    ],
)
def test_its_own_files_and_those_of_no_service_are_not_taken(
    catalogue: Catalogue, answers: str
) -> None:
    project = inspect_project(Tree.of({**TWO, ".copier-answers.flow.yml": answers}))

    assert taken(catalogue, project, select_service(project, "site")) == {}


def test_a_nested_repository_file_is_not_the_repositorys_own(catalogue: Catalogue) -> None:
    files = {"old/.copier-answers.flow.yml": "unit: recipes/flow\nservice_root: api\n"}
    project = inspect_project(Tree.of({**TWO, **files}))

    assert taken(catalogue, project, select_service(project, "site")) == {}
