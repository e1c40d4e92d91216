"""What a recipe needs is declared where the service declares things, in the same style."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent

import pytest

from buttress.planning.catalogue import load_recipe
from buttress.planning.dependencies import Declared, declare
from buttress.planning.recipe import Recipe
from buttress.source import Draft
from tests.planning.projects import FASTAPI_APP, project_of

SETTINGS = """\
- name: pydantic-settings
  specifier: ">=2.2"
  pin: 2.16.3
  needs: {pydantic: ">=2.7", python-dotenv: ">=1.2.2"}
"""
STRUCTLOG = '- {name: structlog, specifier: ">=25.4,<27", pin: "26.1.0", older: [{python: "<3.10", specifier: ">=24.4,<26", pin: "25.5.0"}]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _recipe(folder: Path, runtime: str = "", dev: str = "") -> Recipe:
    text = (
        "id: logs\ntitle: Log\npillar: Observability\nsummary: It logs things.\norder: 1\n"
        "applies: {framework: [fastapi]}\ndependencies:\n"
    )
    for group, items in (("runtime", runtime), ("dev", dev)):
        if items:
            text += f"  {group}:\n{indent(items, '    ')}\n"
    path = folder / "logs/recipe.yml"
    path.parent.mkdir()
    path.write_text(text)
    return load_recipe(path)


def _declared(
    folder: Path,
    files: Mapping[str, str],
    runtime: str = STRUCTLOG,
    dev: str = "",
    **values: object,
) -> tuple[dict[str, str], Declared]:
    """Declare a recipe's requirements; return the files that changed and what became of them."""
    recipe = _recipe(folder, runtime, dev)
    project, service = project_of({"main.py": FASTAPI_APP, **files})
    draft = Draft(project.tree)
    declared = declare(draft, service, recipe, values)
    changed = {change.path: (change.after or b"").decode() for change in draft.changes()}
    return changed, declared


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("fastapi\nuvicorn\n", "structlog>=25.4,<27\n"),
        ("fastapi>=0.100\nuvicorn>=0.20\n", "structlog>=25.4,<27\n"),
        ("fastapi==0.115.0\nuvicorn==0.30.0\nhttpx\n", "structlog==26.1.0\n"),
    ],
)
def test_a_requirements_file_is_continued_in_its_style(
    folder: Path, before: str, added: str
) -> None:
    files = {"requirements.txt": before, ".python-version": "3.12\n"}

    changed, declared = _declared(folder, files)

    assert changed == {"requirements.txt": before + added}
    [item] = declared.added
    assert (item.name, item.manifest, item.group) == ("structlog", "requirements.txt", "")
    assert (item.lock_command, declared.notes) == ("", ())


@pytest.mark.parametrize(
    ("python", "added"), [("3.9", "structlog==25.5.0"), ("3.12", "structlog==26.1.0")]
)
def test_an_older_python_gets_what_still_supports_it(folder: Path, python: str, added: str) -> None:
    files = {"requirements.txt": "fastapi==0.115.0\n", ".python-version": python + "\n"}

    changed, _ = _declared(folder, files)

    assert changed["requirements.txt"] == f"fastapi==0.115.0\n{added}\n"


@pytest.mark.parametrize(
    ("pin", "added"), [(', pin: "25.5.0"', "structlog==25.5.0"), ("", "structlog>=25.4,<27")]
)
def test_an_unknown_python_gets_what_the_oldest_one_runs(
    folder: Path, pin: str, added: str
) -> None:
    needed = STRUCTLOG.replace(', pin: "25.5.0"', pin)

    changed, _ = _declared(folder, {"requirements.txt": "fastapi==0.115.0\n"}, needed)

    assert changed["requirements.txt"] == f"fastapi==0.115.0\n{added}\n"


@pytest.mark.parametrize(
    ("beside", "added"),
    [
        ("pydantic==2.9.0\npython-dotenv==1.2.2\n", "pydantic-settings==2.16.3"),
        ("pydantic==2.9.0\n", "pydantic-settings==2.16.3"),
        ("pydantic==2.9.0\npython_dotenv==1.0.1\n", "pydantic-settings>=2.2"),
        ("pydantic==2.5.0\n", "pydantic-settings>=2.2"),
    ],
)
def test_a_pin_that_does_not_go_with_the_others_is_a_range(
    folder: Path, beside: str, added: str
) -> None:
    before = "fastapi==0.115.0\n" + beside

    changed, _ = _declared(folder, {"requirements.txt": before}, SETTINGS)

    assert set(changed["requirements.txt"].split()) == {*before.split(), added}


def test_a_project_table_and_the_command_for_its_lock_file(folder: Path) -> None:
    files = {
        "main.py": "x = 1\n",
        "backend/main.py": FASTAPI_APP,
        "backend/pyproject.toml": '[project]\nname = "x"\ndependencies = [\n    "fastapi>=0.1",\n]\n',
        "backend/uv.lock": "version = 1\n",
    }

    changed, declared = _declared(folder, files)

    assert changed["backend/pyproject.toml"].endswith(
        '    "fastapi>=0.1",\n    "structlog>=25.4,<27",\n]\n'
    )
    assert declared.added[0].lock_command == "cd backend && uv lock"


def test_poetry_gets_a_caret_where_the_others_have_one(folder: Path) -> None:
    text = '[tool.poetry]\nname = "x"\n\n[tool.poetry.dependencies]\npython = "^3.11"\nfastapi = "^0.110"\n'

    changed, declared = _declared(folder, {"pyproject.toml": text, "poetry.lock": "x\n"})

    assert changed["pyproject.toml"] == text + 'structlog = "^25.5.0"\n'
    assert declared.added[0].lock_command == "poetry lock"


def test_a_caret_starts_where_the_other_lines_allow(folder: Path) -> None:
    text = (
        '[tool.poetry]\nname = "x"\n\n[tool.poetry.dependencies]\npython = "^3.11"\n'
        'fastapi = "^0.110"\nhttpx = "^0.27"\npydantic = "2.4.0"\n'
    )

    changed, _ = _declared(folder, {"pyproject.toml": text}, SETTINGS)

    assert changed["pyproject.toml"] == text + 'pydantic-settings = "^2.2"\n'


def test_a_pipfile(folder: Path) -> None:
    text = '[packages]\nfastapi = "*"\n'

    changed, _ = _declared(folder, {"Pipfile": text})

    assert changed["Pipfile"] == text + 'structlog = ">=25.4,<27"\n'


def test_a_compiled_file_is_left_and_its_source_gets_the_requirement(folder: Path) -> None:
    files = {
        "requirements.in": "fastapi\n",
        "requirements.txt": "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n#    pip-compile requirements.in\n#\nfastapi==0.115.0\n    # via -r requirements.in\n",
    }

    changed, declared = _declared(folder, files)

    assert list(changed) == ["requirements.in"]
    assert declared.added[0].lock_command == "pip-compile requirements.in"


def test_development_requirements_go_to_their_own_file(folder: Path) -> None:
    files = {"requirements.txt": "fastapi\n", "requirements-dev.txt": "pytest\n"}

    changed, _ = _declared(folder, files, "", '- {name: ruff, specifier: ">=0.14"}')

    assert changed == {"requirements-dev.txt": "pytest\nruff>=0.14\n"}


def test_development_requirements_go_to_their_own_group(folder: Path) -> None:
    text = '[project]\nname = "x"\ndependencies = ["fastapi"]\n\n[dependency-groups]\ndev = ["pytest"]\n'

    changed, _ = _declared(
        folder, {"pyproject.toml": text}, "", '- {name: ruff, specifier: ">=0.14"}'
    )

    assert changed["pyproject.toml"] == text.replace('["pytest"]', '["pytest", "ruff>=0.14"]')


def test_conditions_choose_among_requirements(folder: Path) -> None:
    runtime = """\
- {name: a1, framework: [flask]}
- {name: b1, framework: [fastapi]}
- {name: c1, when: "{{ port == 1 }}"}
- {name: d1, when: "{{ port == 2 }}"}
- {name: e1, unless: [Uvicorn]}
- {name: f1, unless: [gunicorn]}"""

    changed, _ = _declared(folder, {"requirements.txt": "fastapi\nuvicorn\n"}, runtime, port=1)

    assert changed["requirements.txt"] == "fastapi\nuvicorn\nb1\nc1\nf1\n"


# -- must not change -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["structlog", "Structlog>=24", "structlog==26.1.0", "structlog[dev]"]
)
def test_what_is_declared_is_left(folder: Path, line: str) -> None:
    changed, declared = _declared(folder, {"requirements.txt": f"fastapi\n{line}\n"})

    assert changed == {}
    assert declared == Declared()


@pytest.mark.parametrize(
    "line",
    [
        "structlog==22.1.0",
        "structlog<25",
        "structlog~=24.1",
        "structlog>=20,<24",
        "structlog==27.0",
    ],
)
def test_a_declared_version_that_does_not_fit_is_pointed_out(folder: Path, line: str) -> None:
    changed, declared = _declared(folder, {"requirements.txt": f"fastapi\n{line}\n"})

    assert changed == {}
    [note] = declared.notes
    assert note.startswith(
        f"requirements.txt:2 declares `{line}`, and this recipe's code needs >=25.4,<27"
    )


@pytest.mark.parametrize(("line", "notes"), [("uvicorn==0.25.0", 0), ("uvicorn==0.11.0", 1)])
def test_what_is_enough_may_be_less_than_what_is_declared(
    folder: Path, line: str, notes: int
) -> None:
    runtime = '- {name: uvicorn, specifier: ">=0.30", enough: ">=0.15"}'

    changed, declared = _declared(folder, {"requirements.txt": f"fastapi\n{line}\n"}, runtime)

    assert (changed, len(declared.notes)) == ({}, notes)


@pytest.mark.parametrize(
    ("spec", "fits"), [("^24.1", False), ("^25.5", True), ("25.5.0", True), ("*", True)]
)
def test_versions_of_poetry_are_understood(folder: Path, spec: str, fits: bool) -> None:
    text = f'[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\nfastapi = "*"\nstructlog = "{spec}"\n'

    changed, declared = _declared(folder, {"pyproject.toml": text})

    assert changed == {}
    assert (declared.notes == ()) is fits


def test_a_file_with_hashes_is_left_with_a_note(folder: Path) -> None:
    text = "fastapi==0.115.0 --hash=sha256:" + "0" * 64 + "\n"
    files = {"requirements.txt": text, ".python-version": "3.12\n"}

    changed, declared = _declared(folder, files)

    assert (changed, declared.added) == ({}, ())
    [note] = declared.notes
    assert "requirements.txt was left alone, because line 1 asks for hashes" in note
    assert "Declare `structlog==26.1.0` yourself." in note


def test_dynamic_dependencies_are_left_with_a_note(folder: Path) -> None:
    text = '[project]\nname = "x"\ndynamic = ["dependencies"]\n[dependency-groups]\ndev = ["fastapi"]\n'

    changed, declared = _declared(folder, {"pyproject.toml": text})

    assert changed == {}
    assert "its dependencies are dynamic" in declared.notes[0]


def test_without_a_manifest_nothing_is_made_and_a_note_says_what_to_install(folder: Path) -> None:
    changed, declared = _declared(folder, {})

    assert changed == {}
    assert [(item.name, item.manifest) for item in declared.added] == [("structlog", None)]
    assert declared.notes == (
        "This service declares its dependencies nowhere: install `structlog>=25.4,<27` wherever it runs.",
    )


def test_setup_py_is_code_and_is_left(folder: Path) -> None:
    text = "from setuptools import setup\n\nsetup(install_requires=['fastapi'])\n"

    changed, declared = _declared(folder, {"setup.py": text})

    assert changed == {}
    assert "setup.py was left alone, because it is code" in declared.notes[0]


def test_development_requirements_never_go_to_production(folder: Path) -> None:
    changed, declared = _declared(folder, {"requirements.txt": "fastapi\n"}, "", "- {name: ruff}")

    assert changed == {}
    assert "Declare `ruff` yourself for development." in declared.notes[0]
