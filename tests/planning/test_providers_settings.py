"""Variables for the example file are those that the project's own code reads."""

from buttress.planning.providers import providers
from tests.planning.projects import FASTAPI_APP, project_of

LOGGING = "import os\n\nLEVEL = os.getenv('LOG_LEVEL', '')\n"
ANSWERS = (
    "unit: recipes/structured-logging\nservice_root: .\npackage_dir: .\n"
    "logging_module: logging_setup\n"
)


def variables(files: dict[str, str]) -> list[str]:
    project, service = project_of(files)
    found = providers()["environment-variables"](project, service)
    assert isinstance(found, list)
    return [item["name"] for item in found]


def app(code: str) -> str:
    return code + FASTAPI_APP


def test_what_the_code_reads_is_a_variable() -> None:
    code = app("import os\nimport logging_setup\nURL = os.environ['API_URL']\n")
    assert variables({"main.py": code, "logging_setup.py": LOGGING}) == ["API_URL", "LOG_LEVEL"]


def test_a_variable_that_may_be_missing_is_switched_off_in_the_example_file() -> None:
    code = app("import os\n\n\ndef port(name):\n    return int(os.getenv('PORT', name))\n")
    project, service = project_of({"main.py": code})
    found = providers()["environment-variables"](project, service)
    assert found == [{"name": "PORT", "comment": "", "example": "", "optional": True}]


def test_what_the_machine_sets_is_none() -> None:
    code = app("import os\nHOME = os.environ['HOME']\nWHO = os.getenv('USER')\n")
    assert variables({"main.py": code}) == []


def test_what_only_a_module_of_a_recipe_reads_is_none() -> None:
    code = app("import os\nimport logging_setup\nURL = os.environ['API_URL']\n")
    files = {"main.py": code, "logging_setup.py": LOGGING}
    files[".copier-answers.structured-logging.yml"] = ANSWERS
    assert variables(files) == ["API_URL"]


def test_a_module_of_that_name_elsewhere_is_the_apps_own() -> None:
    code = app("import os\nimport logging_setup\nURL = os.environ['API_URL']\n")
    files = {"main.py": code, "logging_setup.py": LOGGING}
    files[".copier-answers.structured-logging.yml"] = ANSWERS.replace("dir: .", "dir: core")
    assert variables(files) == ["API_URL", "LOG_LEVEL"]


def test_what_the_code_reads_besides_the_module_of_a_recipe_is_one() -> None:
    code = app("import os\nimport logging_setup\nLEVEL = os.getenv('LOG_LEVEL')\n")
    files = {"main.py": code, "logging_setup.py": LOGGING}
    files[".copier-answers.structured-logging.yml"] = ANSWERS
    assert variables(files) == ["LOG_LEVEL"]
