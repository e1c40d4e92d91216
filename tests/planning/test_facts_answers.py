"""What templates are told about a service is what inspection read."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from buttress.planning.facts_answers import fact_answers, project_name
from buttress.project import inspect_project, select_service
from buttress.source import Tree
from tests.planning.projects import FASTAPI_APP, project_of

BACKEND = {
    "backend/pyproject.toml": '[project]\nname = "Gift Genie"\nrequires-python = ">=3.12"\ndependencies = ["fastapi"]\n',
    "backend/uv.lock": "version = 1\n",
    "backend/src/gift_genie/__init__.py": "",
    "backend/src/gift_genie/main.py": FASTAPI_APP,
    "backend/tests/test_main.py": "from gift_genie.main import app\n\n\ndef test_app():\n    assert app\n",
}


def test_a_packaged_service_in_a_sub_folder() -> None:
    answers = fact_answers(*project_of(BACKEND))

    assert {name: answers[name] for name in answers if name != "python_version"} == {
        "project_name": "gift-genie",
        "framework": "fastapi",
        "service_root": "backend",
        "import_root": "src",
        "package_dir": "src/gift_genie",
        "package": "gift_genie",
        "app_target": "gift_genie.main:app",
        "app_is_factory": False,
        "manager": "uv",
        "manifest": "pyproject.toml",
        "lock_file": "uv.lock",
        "database": "",
        "has_tests": True,
    }


def test_a_single_file_with_nothing_around_it() -> None:
    answers = fact_answers(*project_of({"main.py": FASTAPI_APP}))

    assert answers["package_dir"] == answers["import_root"] == answers["service_root"] == "."
    assert (answers["package"], answers["app_target"]) == ("", "main:app")
    assert (answers["manager"], answers["manifest"], answers["lock_file"]) == ("none", "", "")
    assert answers["has_tests"] is False
    assert "python_version" not in answers
    assert "port" not in answers


@pytest.mark.parametrize(
    ("files", "known"),
    [
        ({"tests/test_app.py": ""}, True),
        ({"shop/tests.py": "class A:\n    def test_a(self):\n        pass\n"}, True),
        (
            {"shop/tests.py": "from django.test import TestCase\n\n# Create your tests here.\n"},
            False,
        ),
        ({"tests/conftest.py": "", "tests/__init__.py": ""}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_file_without_a_test_is_none(files: dict[str, str], known: bool) -> None:
    answers = fact_answers(*project_of({"main.py": FASTAPI_APP} | files))

    assert answers["has_tests"] is known


def test_a_factory_and_a_database() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\n\n\ndef create_app():\n    app = Flask(__name__)\n    app.config['SQLALCHEMY_DATABASE_URI'] = 'postgresql://localhost/x'\n    return app\n",
        "requirements.txt": "flask\nflask-sqlalchemy\npsycopg2-binary\n",
        "Procfile": "web: gunicorn -b 0.0.0.0:5001 'shop:create_app()'\n",
        ".python-version": "3.10.4\n",
    }

    answers = fact_answers(*project_of(files))

    assert (answers["app_target"], answers["app_is_factory"]) == ("shop:create_app", True)
    assert (answers["database"], answers["python_version"]) == ("postgresql", "3.10")
    assert answers["port"] == 5001


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (
            {"pyproject.toml": '[project]\nname = "Über_Shop 2"\ndependencies = ["fastapi"]\n'},
            "ber-shop-2",
        ),
        (
            {
                "pyproject.toml": '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\nfastapi = "*"\n'
            },
            "shop",
        ),
        ({"requirements.txt": "fastapi\n"}, "my-proto-v2"),
        ({".copier-answers.logs.yml": "unit: recipes/logs\nproject_name: chosen\n"}, "chosen"),
        (
            {".copier-answers.logs.yml": "unit: somebody/else\nproject_name: chosen\n"},
            "my-proto-v2",
        ),
        ({".copier-answers.logs.yml": "a: [\n"}, "my-proto-v2"),
    ],
)
def test_the_name_of_a_project(tmp_path: Path, files: Mapping[str, str], name: str) -> None:
    root = tmp_path / "My Proto (v2)"
    root.mkdir()
    for path, text in {"main.py": FASTAPI_APP, **files}.items():
        (root / path).write_text(text)
    project = inspect_project(Tree.open(root))

    assert project_name(project, select_service(project)) == name
