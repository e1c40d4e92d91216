"""The workflow that the recipe describes runs what the project has, and nothing that can be moved under it."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.recipes.rendering import rendered

from buttress.errors import UserError
from buttress.planning.location import find_root
from buttress.rewrites.action_pins import pins
from buttress.rewrites.harden_workflow import harden
from buttress.rewrites.outcomes import Good

WORKFLOW = ".github/workflows/ci.yml"
DEPENDABOT = ".github/dependabot.yml"
MATRIX: list[dict[str, object]] = [
    {},
    {"service_root": "backend", "ci_services": ["postgresql", "redis"], "has_tests": True},
    {"manager": "uv", "manifest": "pyproject.toml", "lock_file": "uv.lock", "ci_types": "mypy"},
    {"manager": "uv", "manifest": "pyproject.toml", "ci_lint": "ruff", "ci_dev_groups": ["dev"]},
    {"manager": "pip", "manifest": "pyproject.toml", "ci_lint": "black"},
    {"manager": "poetry", "manifest": "pyproject.toml", "lock_file": "poetry.lock"},
    {"manager": "pdm", "manifest": "pyproject.toml", "ci_image": "Dockerfile"},
    {"manager": "pipenv", "manifest": "Pipfile", "ci_lint": "none", "has_tests": False},
    {"manager": "none", "manifest": "", "has_tests": False},
]


def workflow(**answers: object) -> dict[str, Any]:
    given = {"has_tests": True, **answers}
    loaded: dict[str, Any] = YAML(typ="safe").load(rendered("ci", **given)[WORKFLOW])
    return loaded


def commands(job: dict[str, Any]) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_the_commits_in_the_template_are_those_of_the_data_file() -> None:
    text = (find_root() / "recipes/ci/action_pins.jinja").read_text("utf-8")
    found = re.findall(r"'([\w.-]+/[\w.-]+)': '([0-9a-f]{40}) # (\S+)'", text)

    assert found
    for name, sha, tag in found:
        pin = pins()[name.lower()]
        assert (pin.sha, pin.tag, pin.is_verified) == (sha, tag, True)


def test_every_commit_in_the_data_file_is_whole() -> None:
    assert len(pins()) == 41
    for pin in pins().values():
        assert re.fullmatch(r"[0-9a-f]{40}", pin.sha)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", pin.date)


@pytest.mark.parametrize("answers", MATRIX, ids=str)
def test_every_workflow_is_one_that_hardening_leaves_alone(answers: dict[str, object]) -> None:
    text = rendered("ci", **{"has_tests": True, **answers})[WORKFLOW].decode()

    outcomes = list(harden("ci.yml", text))

    assert [outcome for outcome in outcomes if not isinstance(outcome, Good)] == []


@pytest.mark.parametrize("answers", MATRIX, ids=str)
def test_every_job_is_limited(answers: dict[str, object]) -> None:
    loaded = workflow(**answers)

    assert loaded["permissions"] == {}
    for job in loaded["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        assert job["timeout-minutes"] <= 20
        assert job["name"]
    expected = {"lint", "test", "security", "audit", "types", "image"}
    assert set(loaded["jobs"]) <= expected


@pytest.mark.parametrize(
    ("answers", "install", "test"),
    [
        ({}, "python -m pip install --requirement requirements.txt", "python -m pytest"),
        (
            {"ci_test_declared": False, "python_version": "3.12"},
            "python -m pip install --requirement requirements.txt pytest==9.2.0",
            "python -m pytest",
        ),
        (
            {"ci_dev_requirements": ["requirements-dev.txt"]},
            "--requirement requirements.txt --requirement requirements-dev.txt",
            "python -m pytest",
        ),
        (MATRIX[2], "uv sync --locked", "uv run --no-sync python -m pytest"),
        (MATRIX[3], "--requirements pyproject.toml --group dev", "uv run --no-project python -m"),
        (MATRIX[5], "poetry install --no-root", "poetry run python -m pytest"),
        (MATRIX[6], "pdm install --dev --no-self", "pdm run python -m pytest"),
    ],
    ids=str,
)
def test_tests_run_in_the_projects_own_environment(
    answers: dict[str, object], install: str, test: str
) -> None:
    job = workflow(**answers)["jobs"]["test"]

    assert install in commands(job)
    assert test in commands(job).splitlines()[-1]


def test_a_project_without_tests_has_no_such_job() -> None:
    assert "test" not in workflow(has_tests=False)["jobs"]


def test_tests_that_cannot_run_in_ci_have_no_job() -> None:
    jobs = workflow(ci_test_command="", ci_lint="none", ci_types="none")["jobs"]

    assert next(iter(jobs)) == "security"
    assert "test" not in jobs


def test_a_linter_that_nobody_chose_looks_for_errors_alone() -> None:
    jobs = workflow()["jobs"]

    assert "ruff check --select E9,F63,F7,F82 ." in commands(jobs["lint"])
    assert "types" not in jobs


@pytest.mark.parametrize(
    ("lint", "command"),
    [("ruff", "ruff check ."), ("flake8", "flake8 ."), ("black", "black --check .")],
)
def test_the_projects_own_linter_is_run(lint: str, command: str) -> None:
    assert commands(workflow(ci_lint=lint)["jobs"]["lint"]).endswith(command)


def test_a_service_in_a_folder_works_there() -> None:
    loaded = workflow(service_root="backend", ci_image="backend/Dockerfile")

    assert loaded["defaults"]["run"]["working-directory"] == "backend"
    build = loaded["jobs"]["image"]["steps"][-1]
    assert build["working-directory"] == "."
    assert build["run"] == "docker build --file backend/Dockerfile --tag proto:ci backend"


def test_services_of_tests_have_no_password() -> None:
    job = workflow(
        ci_services=["postgresql", "redis"],
        ci_test_env={"DATABASE_URL": "postgresql://postgres@localhost:5432/test"},
    )["jobs"]["test"]

    assert list(job["services"]) == ["postgres", "redis"]
    assert job["services"]["postgres"]["env"] == {
        "POSTGRES_DB": "test",
        "POSTGRES_HOST_AUTH_METHOD": "trust",
    }
    assert job["env"] == {"DATABASE_URL": "postgresql://postgres@localhost:5432/test"}


def test_old_advisories_do_not_stop_a_change() -> None:
    loaded = workflow()

    assert "schedule" in loaded["on"]
    assert "schedule" in loaded["jobs"]["audit"]["if"]
    assert "if" not in loaded["jobs"]["security"]


@pytest.mark.parametrize(
    ("answers", "ecosystems"),
    [
        ({}, {"pip": "/", "github-actions": "/"}),
        (
            {**MATRIX[2], "service_root": "backend", "ci_image": "backend/Dockerfile"},
            {"uv": "/backend", "github-actions": "/", "docker": "/backend"},
        ),
        ({"manager": "none", "manifest": ""}, {"github-actions": "/"}),
    ],
    ids=str,
)
def test_dependabot_watches_what_there_is(
    answers: dict[str, object], ecosystems: dict[str, str]
) -> None:
    updates = YAML(typ="safe").load(rendered("ci", **answers)[DEPENDABOT])["updates"]

    assert {u["package-ecosystem"]: u["directory"] for u in updates} == ecosystems
    assert all(u["cooldown"] == {"default-days": 7} for u in updates)


def test_what_the_project_has_already_is_not_made() -> None:
    assert list(rendered("ci", ci_workflow="none", ci_dependabot=False)) == [
        ".copier-answers.ci.yml"
    ]


def test_a_project_with_tests_in_ci_gets_the_security_jobs_alone() -> None:
    files = rendered("ci", ci_workflow="security", has_tests=True, ci_image="Dockerfile")
    text = files[".github/workflows/security.yml"].decode()

    assert WORKFLOW not in files
    assert list(YAML(typ="safe").load(text)["jobs"]) == ["security", "audit"]
    assert "jobs:\n  security:" in text


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"ci_test_command": "pytest; rm -rf x"}, "one plain command"),
        ({"ci_test_command": "echo ${{ secrets.X }}"}, "one plain command"),
        ({"ci_test_env": ["A=b"]}, "names and values"),
        ({"ci_test_env": {"A-B": "c"}}, "not the name"),
        ({"ci_services": ["mysql"]}, "Give a list"),
        ({"ci_image": "/etc/Dockerfile"}, "path of a Dockerfile"),
    ],
    ids=str,
)
def test_answers_that_could_not_work_are_refused(answers: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        rendered("ci", **{"has_tests": True, **answers})
