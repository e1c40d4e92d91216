"""A new module gets a name that is free, importable and nobody else's."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from buttress.errors import UserError
from buttress.planning.module_names import free_module_name
from buttress.project import inspect_project, select_service
from buttress.source import Tree
from tests.planning.projects import FASTAPI_APP, project_of

PACKAGE = {"app/__init__.py": "", "app/main.py": FASTAPI_APP, "requirements.txt": "fastapi\n"}


def _chosen(files: Mapping[str, str], *candidates: str) -> str:
    project, service = project_of(files)
    return free_module_name(project, service, candidates, "logging_module")


def test_the_first_candidate_wins() -> None:
    assert _chosen(PACKAGE, "logs", "app_logs") == "logs"


@pytest.mark.parametrize(
    "taken",
    [
        {"app/logs.py": ""},
        {"app/logs/__init__.py": ""},
        {"app/logs/read.txt": ""},
        {".gitignore": "logs*\n"},
        {"app/.gitignore": "*.py\n!main.py\n!app_logs.py\n"},
        {"requirements.txt": "fastapi\nLogs==1.0\n"},
    ],
)
def test_a_taken_name_is_passed_over(taken: dict[str, str]) -> None:
    assert _chosen({**PACKAGE, **taken}, "logs", "app_logs") == "app_logs"


@pytest.mark.parametrize("beside", [{"logs.py": ""}, {"app/db/logs.py": ""}, {"app/logs.txt": ""}])
def test_a_name_in_another_folder_is_free(beside: dict[str, str]) -> None:
    assert _chosen({**PACKAGE, **beside}, "logs", "app_logs") == "logs"


@pytest.mark.parametrize("name", ["logging", "secrets", "types", "code"])
def test_a_module_of_the_standard_library_is_never_hidden(name: str) -> None:
    assert _chosen(PACKAGE, name, "app_logs") == "app_logs"


def test_beside_a_single_file_app_a_name_that_is_imported_is_taken() -> None:
    files = {"main.py": "import logs.handlers\n" + FASTAPI_APP}

    assert _chosen(files, "logs", "app_logs") == "app_logs"


def test_inside_of_a_package_an_import_of_that_name_means_something_else() -> None:
    files = {**PACKAGE, "app/db.py": "import logs\n"}

    assert _chosen(files, "logs", "app_logs") == "logs"


def test_a_file_that_only_the_disk_knows_is_not_written_over(tmp_path: Path) -> None:
    for path, text in PACKAGE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "app/logs.py").symlink_to("/dev/null")
    project = inspect_project(Tree.open(tmp_path))

    name = free_module_name(project, select_service(project), ["logs", "app_logs"], "q")

    assert name == "app_logs"


def test_when_every_candidate_is_taken_the_way_out_is_named() -> None:
    with pytest.raises(
        UserError, match=r"app: there is no free name .* logs are taken.*logging_module=NAME"
    ):
        _chosen({**PACKAGE, "app/logs.py": ""}, "logs")
