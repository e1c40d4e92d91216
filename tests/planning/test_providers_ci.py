"""What a workflow has to know is read from the project."""

from __future__ import annotations

import pytest

from buttress.planning.providers import providers
from tests.planning.projects import FASTAPI_APP, project_of

BASE = {"main.py": FASTAPI_APP, "requirements.txt": "fastapi\n"}
TEST = {"tests/test_app.py": "def test_a():\n    assert True\n"}


def answer(name: str, files: dict[str, str]) -> object:
    project, service = project_of(BASE | files)
    return providers()[f"ci-{name}"](project, service)


def workflow(run: str, trigger: str = "push", name: str = "job") -> dict[str, str]:
    text = f"on: {trigger}\njobs:\n  {name}:\n    runs-on: x\n    steps:\n      - run: {run}\n"
    return {".github/workflows/own.yml": text}


SCANS = "pytest && bandit -r . && pip-audit && gitleaks detect"


@pytest.mark.parametrize(
    ("files", "jobs"),
    [
        ({}, "all"),
        (workflow("pytest"), "security"),
        (workflow("python -m unittest"), "security"),
        (workflow("poetry run ./scripts/test"), "security"),
        (workflow("make", name="unit-tests"), "security"),
        (workflow("pytest && bandit -r ."), "security"),
        (workflow(SCANS), "none"),
        (workflow("pytest", "workflow_dispatch"), "all"),
        (workflow("echo hi  # pytest"), "all"),
        (workflow("git push hub main"), "all"),
        ({".gitlab-ci.yml": "test:\n  script: pytest\n"}, "none"),
    ],
    ids=str,
)
def test_jobs_are_added_that_no_workflow_has(files: dict[str, str], jobs: str) -> None:
    assert answer("workflow", files) == jobs


@pytest.mark.parametrize("name", ["ci.yml", "security.yml"])
def test_a_workflow_that_the_recipe_made_does_not_count(name: str) -> None:
    text = workflow(SCANS)[".github/workflows/own.yml"]
    made = {f".github/workflows/{name}": text, ".copier-answers.ci.yml": "unit: recipes/ci\n"}

    assert answer("workflow", made) == "all"


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("renovate.json", False),
        (".github/renovate.json5", False),
        (".renovaterc", False),
        (".github/dependabot.yaml", False),
        ("docs/renovate.md", True),
    ],
)
def test_one_bot_is_enough(path: str, needed: bool) -> None:
    assert answer("dependabot", {path: "{}"}) is needed


RUFF = "[tool.ruff]\nline-length = 88\n"


@pytest.mark.parametrize(
    ("files", "linter"),
    [
        ({"pyproject.toml": RUFF, "requirements-dev.txt": "ruff==0.14\n"}, "ruff"),
        ({"pyproject.toml": RUFF}, "basic"),
        ({"requirements-dev.txt": "ruff\n"}, "basic"),
        ({"requirements-dev.txt": "flake8\n", ".flake8": "[flake8]\n"}, "flake8"),
        ({"requirements-dev.txt": "flake8\n", "setup.cfg": "[flake8]\n"}, "flake8"),
        ({}, "basic"),
    ],
    ids=str,
)
def test_a_linter_is_the_projects_own_if_it_is_declared_and_configured(
    files: dict[str, str], linter: str
) -> None:
    assert answer("lint", files) == linter


@pytest.mark.parametrize(
    ("files", "checker"),
    [
        (
            {"pyproject.toml": "[tool.mypy]\nstrict = true\n", "requirements-dev.txt": "mypy\n"},
            "mypy",
        ),
        ({"pyproject.toml": "[tool.mypy]\nstrict = true\n"}, "none"),
        ({"requirements-dev.txt": "pyright\n", "pyrightconfig.json": "{}"}, "pyright"),
    ],
    ids=str,
)
def test_types_are_checked_only_where_the_project_does(files: dict[str, str], checker: str) -> None:
    assert answer("types", files) == checker


def test_mypy_looks_where_its_configuration_says() -> None:
    assert answer("types-target", {"pyproject.toml": "[tool.mypy]\nfiles = ['app']\n"}) == ""
    assert answer("types-target", {"pyproject.toml": "[tool.mypy]\nstrict = true\n"}) == "."


@pytest.mark.parametrize(
    ("files", "declared"),
    [
        ({"requirements.txt": "fastapi\npytest\n"}, True),
        ({"requirements-dev.txt": "-r requirements.txt\npytest>=8\n"}, True),
        ({}, False),
    ],
    ids=str,
)
def test_pytest_is_brought_along_only_where_it_is_missing(
    files: dict[str, str], declared: bool
) -> None:
    assert answer("test-declared", files) is declared


def test_development_files_groups_and_extras_are_found() -> None:
    pyproject = (
        "[project]\nname = 'x'\n[project.optional-dependencies]\ntest = ['pytest']\ns3 = ['boto3']\n"
        "[dependency-groups]\ndev = ['ruff']\ndocs = ['mkdocs']\n"
    )

    assert answer("dev-requirements", {"requirements-dev.txt": "pytest\n"}) == [
        "requirements-dev.txt"
    ]
    assert answer("dev-extras", {"pyproject.toml": pyproject}) == ["test"]
    assert answer("dev-groups", {"pyproject.toml": pyproject}) == ["dev"]


DATABASE = {
    "main.py": "import os\nimport psycopg\nURL = os.environ['DATABASE_URL']\n" + FASTAPI_APP,
    "requirements.txt": "fastapi\npsycopg[binary]\n",
}


def test_tests_that_talk_to_a_database_get_one() -> None:
    tests = {"tests/conftest.py": "URL = 'postgresql://localhost/test'\n"}

    assert answer("services", DATABASE | tests) == ["postgresql"]
    assert answer("test-env", DATABASE | tests) == {
        "DATABASE_URL": "postgresql://postgres@localhost:5432/test"
    }


def test_tests_that_do_not_get_none() -> None:
    assert answer("services", DATABASE | TEST) == []
    assert answer("test-env", DATABASE | TEST) == {}


SITE = {
    "requirements.txt": "django\n",
    "main.py": "",
    "web/site_/settings.py": 'INSTALLED_APPS = ["django.contrib.auth"]\nROOT_URLCONF = "site_.urls"\n',
    "web/site_/urls.py": "urlpatterns = []\n",
    "web/shop/tests.py": "class T:\n    def test_a(self):\n        pass\n",
}
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n"


def server(**parts: str) -> dict[str, str]:
    settings = SITE["web/site_/settings.py"] + "from decouple import config\n"
    default = {"ENGINE": "'django.db.backends.postgresql'", **parts}
    inner = ", ".join(f"'{key}': {value}" for key, value in default.items())
    return {"web/site_/settings.py": f"{settings}DATABASES = {{'default': {{{inner}}}}}\n"}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"web/manage.py": MANAGE}, "python web/manage.py test web/"),
        ({"web/manage.py": MANAGE, "requirements.txt": "django\npytest\n"}, "python -m pytest"),
        ({"web/manage.py": MANAGE, **server(HOST="'localhost'")}, ""),
        (
            {
                "web/manage.py": MANAGE,
                **server(HOST="config('DB_HOST')", PASSWORD="config('DB_PASSWORD')"),
            },
            "python web/manage.py test web/",
        ),
    ],
)
def test_django_runs_its_tests_where_they_can_run(files: dict[str, str], command: str) -> None:
    assert answer("test-command", SITE | files) == command


def test_every_test_of_django_opens_the_database() -> None:
    files = SITE | {"web/manage.py": MANAGE}
    files |= server(HOST="config('DB_HOST')", PASSWORD="config('DB_PASSWORD')")

    assert answer("services", files) == ["postgresql"]
    assert answer("test-env", files) == {
        "PYTHONPATH": "web",
        "DB_HOST": "localhost",
        "DB_PASSWORD": "",
    }


def test_nothing_runs_where_nothing_can_be_installed() -> None:
    project, service = project_of({"main.py": FASTAPI_APP, **TEST})

    assert providers()["ci-test-command"](project, service) == ""
    assert answer("test-command", TEST) == "python -m pytest"


def test_code_below_src_is_found_by_the_tests() -> None:
    files = {
        "main.py": "",
        "src/shop/__init__.py": "",
        "src/shop/main.py": FASTAPI_APP,
        "src/shop/start.py": "import uvicorn\nuvicorn.run('shop.main:app')\n",
    }

    assert answer("test-env", files) == {"PYTHONPATH": "src"}
    configured = {"pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['src']\n"}
    assert answer("test-env", files | configured) == {}


IMAGE = "FROM python:3.12\nCOPY {} /app\nRUN pip install x\n"


@pytest.mark.parametrize(
    ("files", "image", "context"),
    [
        ({}, "", "."),
        ({"Dockerfile": IMAGE.format(".")}, "Dockerfile", "."),
        ({"docker/Dockerfile": IMAGE.format("main.py")}, "docker/Dockerfile", "."),
        (
            {
                "docker/Dockerfile": IMAGE.format("x"),
                "compose.yaml": "services:\n  a:\n    build: {context: ., dockerfile: docker/Dockerfile}\n",
            },
            "docker/Dockerfile",
            ".",
        ),
    ],
    ids=str,
)
def test_the_image_is_built_from_the_right_folder(
    files: dict[str, str], image: str, context: str
) -> None:
    assert answer("image", files) == image
    assert answer("image-context", files) == context
