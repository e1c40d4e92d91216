"""The questionnaire as plain Copier sees it: one repository, one unit at a time, each updated alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest
from ruamel.yaml import YAML

from tests.templates.conftest import (
    ROOT,
    Templates,
    answers,
    commit,
    copy_templates,
    git,
    write,
)

QUESTIONS = """\
greeting_word:
  type: str
  when: "{{ unit == 'recipes/greeting' }}"
  help: How to greet
  default: hello
"""
GREETING = '''\
"""Greets people."""

WORD = "{{ greeting_word }}"
PORT = {{ port }}
PYTHON = "{{ python_version }}"
'''
GREETING_ANSWERS = ".copier-answers.greeting.yml"
ANSWERS_TEMPLATE = "{{ _copier_answers | to_nice_yaml | trim }}\n"
FACTS: dict[str, Any] = {
    "project_name": "2048-clone",
    "framework": "flask",
    "service_root": "backend",
    "import_root": "src",
    "package_dir": "src/clone/web",
    "package": "clone.web",
    "app_target": "clone.web:create_app",
    "app_is_factory": True,
    "python_version": "3.10",
    "manager": "poetry",
    "manifest": "pyproject.toml",
    "lock_file": "poetry.lock",
    "database": "mysql",
    "has_tests": True,
    "port": 5000,
}
RECIPES = sorted(path.parent.name for path in ROOT.glob("recipes/*/questions.yml"))
UNITS = [f"recipes/{name}" for name in RECIPES if (ROOT / "recipes" / name / "files").is_dir()]


@pytest.fixture
def greeting(tmp_path: Path) -> Templates:
    """The templates at v1.0.0, with one recipe more."""
    templates = copy_templates(tmp_path / "templates")
    templates.edit(
        "copier.yml",
        "    - recipes/terraform\n",
        "    - recipes/terraform\n    - recipes/greeting\n",
    )
    templates.write("recipes/greeting/questions.yml", QUESTIONS)
    templates.write("recipes/greeting/files/{{ package_dir }}/greeting.py.jinja", GREETING)
    templates.write("recipes/greeting/files/GREETING.md", "# Greeting\n\nOne.\n\nTwo.\n\nThree.\n")
    templates.write(
        "recipes/greeting/files/{{ _copier_conf.answers_file }}.jinja", ANSWERS_TEMPLATE
    )
    templates.release("v1.0.0")
    return templates


def update(project: Path, answers_file: str = GREETING_ANSWERS, **options: Any) -> None:
    copier.run_update(
        project, answers_file=answers_file, defaults=True, overwrite=True, quiet=True, **options
    )


def run_copier(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Copier's own command, with nobody there to answer."""
    command = [sys.executable, "-m", "copier", *arguments]
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def read_questions(path: Path) -> dict[str, Any]:
    questions, _, _ = path.read_text().partition("\n---\n")
    read: dict[str, Any] = YAML(typ="safe").load(questions) or {}
    return read


def test_a_copy_without_any_choice_gives_the_service(released: Templates, tmp_path: Path) -> None:
    copier.run_copy(str(released.root), tmp_path / "order-desk", defaults=True, quiet=True)

    stored = answers(tmp_path / "order-desk")
    assert stored["unit"] == "templates/service"
    assert stored["_commit"] == "v1.0.0"
    assert stored["project_name"] == "order-desk"
    assert stored["package_dir"] == "src/order_desk"
    assert stored["app_target"] == "order_desk.main:app"
    assert (tmp_path / "order-desk/src/order_desk/main.py").is_file()


def test_every_fact_is_stored_with_its_unit(greeting: Templates, tmp_path: Path) -> None:
    greeting.copy(tmp_path / "clone", "recipes/greeting", **FACTS)

    stored = answers(tmp_path / "clone", GREETING_ANSWERS)
    assert stored.pop("_src_path") == str(greeting.root)
    assert stored == {
        **FACTS,
        "_commit": "v1.0.0",
        "unit": "recipes/greeting",
        "keep": [],
        "greeting_word": "hello",
    }
    assert (tmp_path / "clone/src/clone/web/greeting.py").is_file()


def test_facts_are_never_asked(greeting: Templates, tmp_path: Path) -> None:
    answer = ("-d", "greeting_word=hi")
    copied = run_copier(
        tmp_path, "copy", "-d", "unit=recipes/greeting", *answer, str(greeting.root), "clone"
    )

    assert copied.returncode == 0, copied.stderr
    assert answers(tmp_path / "clone", GREETING_ANSWERS)["framework"] == "fastapi"


def test_the_command_of_copier_updates_one_recipe(greeting: Templates, tmp_path: Path) -> None:
    project = tmp_path / "clone"
    greeting.copy(project, "recipes/greeting", greeting_word="hi", port=5000)
    commit(project)
    greeting.edit("recipes/greeting/files/GREETING.md", "One.", "One, improved.")
    greeting.release("v1.1.0")

    updated = run_copier(project, "update", "--skip-answered", "-a", GREETING_ANSWERS)

    assert updated.returncode == 0, updated.stderr
    assert "One, improved." in (project / "GREETING.md").read_text()
    assert "PORT = 5000\n" in (project / "greeting.py").read_text()


def test_the_facts_can_come_from_the_answers_of_another_unit(
    greeting: Templates, tmp_path: Path
) -> None:
    project = tmp_path / "clone"
    greeting.copy(project, "recipes/greeting", **FACTS)
    (project / GREETING_ANSWERS).rename(tmp_path / "facts.yml")

    copied = run_copier(
        tmp_path,
        *("copy", "--defaults", "-d", "unit=recipes/greeting", "-d", "port=9000"),
        *("--data-file", "facts.yml", str(greeting.root), "other"),
    )

    assert copied.returncode == 0, copied.stderr
    stored = answers(tmp_path / "other", GREETING_ANSWERS)
    assert stored["_src_path"] == str(greeting.root)
    assert {name: stored[name] for name in FACTS} == {**FACTS, "port": 9000}


def test_a_recipe_in_a_project_of_ours_starts_from_its_facts(
    greeting: Templates, tmp_path: Path
) -> None:
    project = tmp_path / "desk"
    greeting.copy(
        project, "templates/service", project_name="order-desk", python_version="3.13", port=9000
    )
    greeting.copy(project, "recipes/greeting")

    stored = answers(project, GREETING_ANSWERS)
    assert (stored["package"], stored["python_version"], stored["port"]) == (
        "order_desk",
        "3.13",
        9000,
    )
    assert "description" not in stored
    assert (project / "src/order_desk/greeting.py").is_file()
    assert answers(project)["unit"] == "templates/service"


def test_an_update_moves_one_unit_and_keeps_what_was_changed_by_hand(
    greeting: Templates, tmp_path: Path
) -> None:
    project = tmp_path / "desk"
    greeting.copy(project, "templates/service", project_name="order-desk")
    greeting.copy(project, "recipes/greeting")
    write(project, "GREETING.md", "# Greeting\n\nOne.\n\nTwo.\n\nThree, by hand.\n")
    commit(project)
    greeting.edit("recipes/greeting/files/GREETING.md", "One.", "One, improved.")
    greeting.edit("templates/service/files/.gitignore", "dist/\n", "dist/\nsite/\n")
    greeting.release("v1.1.0")

    update(project)

    assert (project / "GREETING.md").read_text() == (
        "# Greeting\n\nOne, improved.\n\nTwo.\n\nThree, by hand.\n"
    )
    assert answers(project, GREETING_ANSWERS)["_commit"] == "v1.1.0"
    assert answers(project)["_commit"] == "v1.0.0"
    assert git(project, "status", "--porcelain").split() == [
        "M",
        GREETING_ANSWERS,
        "M",
        "GREETING.md",
    ]

    commit(project)
    update(project, ".copier-answers.yml")
    assert "site/\n" in (project / ".gitignore").read_text()
    assert answers(project)["_commit"] == "v1.1.0"


def test_a_service_in_a_folder_of_the_repository_is_updated_there(
    greeting: Templates, tmp_path: Path
) -> None:
    repository, service = tmp_path / "shop", tmp_path / "shop/backend"
    write(repository, "frontend/index.html", "<h1>Shop</h1>\n")
    greeting.copy(service, "recipes/greeting", package_dir="app", service_root="backend")
    write(service, "GREETING.md", "# Greeting\n\nOne.\n\nTwo.\n\nThree, by hand.\n")
    commit(repository)
    write(repository, "frontend/index.html", "<h1>Not committed yet</h1>\n")
    greeting.edit("recipes/greeting/files/GREETING.md", "One.", "One, improved.")
    greeting.release("v1.1.0")

    update(service)

    assert (service / "GREETING.md").read_text() == (
        "# Greeting\n\nOne, improved.\n\nTwo.\n\nThree, by hand.\n"
    )
    assert answers(service, GREETING_ANSWERS)["_commit"] == "v1.1.0"
    assert sorted(path.name for path in repository.iterdir()) == [".git", "backend", "frontend"]


def test_a_kept_file_is_never_written(greeting: Templates, tmp_path: Path) -> None:
    project = tmp_path / "clone"
    write(project, "GREETING.md", "Mine.\n")
    greeting.copy(project, "recipes/greeting", keep=["/GREETING.md", "/not-there.txt"])
    commit(project)
    greeting.edit("recipes/greeting/files/GREETING.md", "One.", "One, improved.")
    greeting.edit(
        "recipes/greeting/files/{{ package_dir }}/greeting.py.jinja", "Greets people.", "Greets."
    )
    greeting.release("v1.1.0")

    update(project)

    assert (project / "GREETING.md").read_text() == "Mine.\n"
    assert '"""Greets."""' in (project / "greeting.py").read_text()
    assert answers(project, GREETING_ANSWERS)["keep"] == ["/GREETING.md", "/not-there.txt"]


@pytest.mark.parametrize("keep", ["README.md", {"README.md": True}, 3, [1]])
def test_what_is_kept_is_a_list_of_patterns(
    released: Templates, tmp_path: Path, keep: object
) -> None:
    with pytest.raises(ValueError, match="list of patterns"):
        released.copy(tmp_path / "any", "templates/service", keep=keep)


def test_the_answers_of_a_foreign_template_are_left_alone(
    greeting: Templates, tmp_path: Path
) -> None:
    project = tmp_path / "clone"
    foreign = "project_name: My Project\nport: eighty\nframework: rails\nkeep: all\npython_version: '3.9'\n"
    write(project, ".copier-answers.yml", foreign)

    greeting.copy(project, "recipes/greeting")
    without_a_file_named = answers(project, GREETING_ANSWERS)
    (project / GREETING_ANSWERS).unlink()
    greeting.copy(project, "recipes/greeting", answers_file=GREETING_ANSWERS)
    with_a_file_named = answers(project, GREETING_ANSWERS)

    assert (project / ".copier-answers.yml").read_text() == foreign
    # Copier reads .copier-answers.yml when no other file is named; what our questions refuse is dropped.
    assert without_a_file_named["python_version"] == "3.9"
    for stored in (without_a_file_named, with_a_file_named):
        assert (stored["project_name"], stored["port"], stored["framework"]) == (
            "clone",
            8000,
            "fastapi",
        )
        assert stored["keep"] == []
    assert with_a_file_named["python_version"] == "3.11"


def test_one_answer_can_be_changed_without_a_new_version(
    greeting: Templates, tmp_path: Path
) -> None:
    project = tmp_path / "clone"
    greeting.copy(project, "recipes/greeting", python_version="3.11")
    commit(project)

    update(project, data={"python_version": "3.12"}, vcs_ref=copier.VcsRef.CURRENT)

    assert 'PYTHON = "3.12"\n' in (project / "greeting.py").read_text()
    assert answers(project, GREETING_ANSWERS)["python_version"] == "3.12"


def test_a_name_that_no_question_defines_stops_the_rendering(
    greeting: Templates, tmp_path: Path
) -> None:
    greeting.write("recipes/greeting/files/typo.txt.jinja", "{{ pakage }}")
    greeting.release("v1.1.0")

    unit = ("-d", "unit=recipes/greeting")
    done = run_copier(tmp_path, "copy", "--defaults", *unit, str(greeting.root), "clone")

    assert done.returncode != 0
    assert "'pakage' is undefined" in done.stderr


@pytest.mark.parametrize(
    "name", ["ab", "order-desk", "a1-b2", "abcdefghij-abcdefghij-abcdefghij-abcdefg"]
)
def test_a_project_name_that_is_a_slug_is_accepted(
    released: Templates, tmp_path: Path, name: str
) -> None:
    released.copy(tmp_path / "any", "templates/service", project_name=name)

    assert answers(tmp_path / "any")["package"] == name.replace("-", "_")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Order Desk", "lower-case"),
        ("order_desk", "lower-case"),
        ("order--desk", "lower-case"),
        ("order-desk\n", "lower-case"),
        ("", "lower-case"),
        ("2048", "Start with a letter"),
        ("a", "2 to 40"),
        ("a" * 41, "2 to 40"),
        ("email", "choose another name"),
        ("class", "choose another name"),
        ("fastapi", "choose another name"),
        ("pydantic-settings", "choose another name"),
    ],
)
def test_a_project_name_that_would_break_the_service_is_refused(
    released: Templates, tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        released.copy(tmp_path / "any", "templates/service", project_name=name)
    assert not (tmp_path / "any").exists()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Order Desk (old)", "order-desk-old"),
        ("email", "email-service"),
        ("2048", "my-service"),
        ("x", "my-service"),
        ("a" * 39 + "-b", "a" * 39),
    ],
)
def test_the_folder_gives_a_name_that_can_be_used(
    released: Templates, tmp_path: Path, folder: str, name: str
) -> None:
    released.copy(tmp_path / folder, "templates/service")

    assert answers(tmp_path / folder)["project_name"] == name


def test_no_module_of_python_can_become_the_name_of_a_package() -> None:
    reserved = read_questions(ROOT / "copier.yml")["reserved_names"]["default"].split()
    modules = {name for name in sys.stdlib_module_names if name.islower() and name[0] != "_"}

    assert modules <= {*reserved}


@pytest.mark.parametrize(
    "description", ["", 'says "hello"', "a\nb", "back\\slash", " indented", "trailing ", "x" * 121]
)
def test_a_description_that_would_break_a_file_is_refused(
    released: Templates, tmp_path: Path, description: str
) -> None:
    with pytest.raises(ValueError, match="one line"):
        released.copy(tmp_path / "any", "templates/service", description=description)


@pytest.mark.parametrize("database", ["mysql", "mongodb", ""])
def test_a_service_starts_with_a_database_that_its_template_knows(
    released: Templates, tmp_path: Path, database: str
) -> None:
    with pytest.raises(ValueError, match=r"not in \['sqlite', 'postgresql'\]"):
        released.copy(tmp_path / "any", "templates/service", database=database)


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_questions_of_a_recipe_belong_to_it_alone(recipe: str) -> None:
    questions = read_questions(ROOT / "recipes" / recipe / "questions.yml")
    others = [ROOT / "recipes" / other / "questions.yml" for other in RECIPES if other != recipe]

    for name, question in questions.items():
        assert not name.startswith("_"), "settings of Copier belong in copier.yml"
        assert f"unit == 'recipes/{recipe}'" in question["when"]
    taken = {name for path in (ROOT / "copier.yml", *others) for name in read_questions(path)}
    assert taken.isdisjoint(questions)


def test_no_template_can_run_code() -> None:
    settings = read_questions(ROOT / "copier.yml")

    assert {"_tasks", "_migrations", "_jinja_extensions"}.isdisjoint(settings)


@pytest.mark.parametrize("unit", UNITS)
def test_every_recipe_renders_from_defaults_and_from_facts(
    released: Templates, tmp_path: Path, unit: str
) -> None:
    name = f".copier-answers.{unit.partition('/')[2]}.yml"

    released.copy(tmp_path / "plain", unit)
    released.copy(tmp_path / "clone", unit, **{**FACTS, "framework": "fastapi"})

    assert answers(tmp_path / "plain", name)["unit"] == unit
    assert answers(tmp_path / "clone", name)["package"] == "clone.web"


def test_no_file_has_two_owners(released: Templates, tmp_path: Path) -> None:
    owners: dict[str, str] = {}
    for unit in ["templates/service", *UNITS]:
        target = tmp_path / unit
        released.copy(target, unit, project_name="order-desk", package_dir="src/order_desk")
        for path in target.rglob("*"):
            if path.is_file():
                assert owners.setdefault(path.relative_to(target).as_posix(), unit) == unit
