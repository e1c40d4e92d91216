"""A pipeline counts for the commands that it runs and that can fail."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, REQUIREMENTS, places, status

TEST = (
    "from fastapi.testclient import TestClient\nfrom main import app\n\n"
    'def test_root():\n    assert TestClient(app).get("/").status_code == 404\n'
)
APP = {"main.py": FASTAPI, "requirements.txt": REQUIREMENTS, "tests/test_app.py": TEST}
NOWHERE = ["requirements.txt:1"]


def workflow(*steps: str, on: str = "[push, pull_request]", top: str = "") -> dict[str, str]:
    text = f"on: {on}\n{top}jobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n"
    text += "".join(f"      - {step}\n" for step in steps)
    return {**APP, ".github/workflows/ci.yml": text}


class TestPipeline:
    @pytest.mark.parametrize(
        "files",
        [
            APP,
            workflow("run: pytest", on="workflow_dispatch"),
            workflow("run: echo all tests pass"),
            workflow("uses: actions/checkout@v4"),
            {**APP, ".github/workflows/ci.yml": "on: push\nname: pytest ruff\n"},
        ],
        ids=["none", "by hand", "prints", "only fetches", "no job"],
    )
    def test_no_pipeline(self, files: dict[str, str]) -> None:
        assert places("CICD-NONE", files) == NOWHERE

    @pytest.mark.parametrize(
        "files",
        [
            workflow("run: pytest"),
            workflow("uses: docker/build-push-action@v6"),
            {**APP, ".gitlab-ci.yml": "test:\n  script:\n    - pytest\n"},
            {**APP, "Jenkinsfile": "pipeline { steps { sh 'pytest' } }\n"},
        ],
        ids=["tests", "builds an image", "gitlab", "jenkins"],
    )
    def test_a_pipeline(self, files: dict[str, str]) -> None:
        assert places("CICD-NONE", files) == []

    @pytest.mark.parametrize(
        "text",
        [
            "on: [push\njobs: }{\n",
            "a: &a [x, x]\n"
            + "".join(f"b{i}: &b{i} [*a, *a, *a, *a]\n" for i in range(40))
            + "jobs: : :\n",
            "x: 1\n" * 300_000,
            "[" * 3000,
        ],
        ids=["no yaml", "aliases", "large", "deep"],
    )
    def test_what_cannot_be_read_is_unknown(self, text: str) -> None:
        files = {**APP, ".github/workflows/ci.yml": text}
        assert status("CICD-NONE", files) == "unknown"

    def test_aliases_are_not_followed_for_ever(self) -> None:
        bomb = "a0: &a0 [pytest]\n" + "".join(
            f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
        )
        assert status("CICD-NONE", {**APP, ".gitlab-ci.yml": bomb}) == "fail"


class TestTests:
    @pytest.mark.parametrize(
        "step",
        [
            "run: pip install pytest",
            "run: pytest || true",
            "run: echo pytest",
            "name: pytest",
            "run: npm test",
        ],
    )
    def test_nothing_runs_them(self, step: str) -> None:
        assert places("CICD-NO-TESTS", workflow("run: make build", step)) == [
            ".github/workflows/ci.yml:2"
        ]

    @pytest.mark.parametrize(
        "step",
        [
            "run: uv run pytest -q",
            "run: cd backend && poetry run coverage run -m pytest",
            "run: DATABASE_URL=x python -m unittest discover",
            "run: docker compose run --rm web pytest",
        ],
    )
    def test_something_runs_them(self, step: str) -> None:
        assert places("CICD-NO-TESTS", workflow(step)) == []

    def test_a_makefile_is_followed(self) -> None:
        files = {
            **workflow("run: make check"),
            "Makefile": "check: test\n\ntest:\n\t@uv run pytest\n",
        }
        assert places("CICD-NO-TESTS", files) == []

    def test_without_tests_there_is_nothing_to_run(self) -> None:
        files = {"main.py": FASTAPI, "requirements.txt": REQUIREMENTS}
        assert status("CICD-NO-TESTS", files) == "not-applicable"


def test_no_pipeline_is_one_finding() -> None:
    dependants = ["CICD-NO-TESTS", "CICD-NO-LINT-TYPES", "CICD-NO-SECURITY-SCAN"]

    assert status("CICD-NONE", APP) == "fail"
    assert {status(name, APP) for name in dependants} == {"not-applicable"}


class TestLint:
    @pytest.mark.parametrize(
        "files", [workflow("run: npm run lint"), workflow("run: ruff check . || true")]
    )
    def test_nothing_lints(self, files: dict[str, str]) -> None:
        assert len(places("CICD-NO-LINT-TYPES", files)) == 1

    def test_linters_and_hooks(self) -> None:
        assert places("CICD-NO-LINT-TYPES", workflow("run: uvx ruff check .")) == []
        assert places("CICD-NO-LINT-TYPES", workflow("uses: astral-sh/ruff-action@v3")) == []
        hooks = {".pre-commit-config.yaml": "repos:\n  - repo: x\n    hooks:\n      - id: ruff\n"}
        assert (
            places("CICD-NO-LINT-TYPES", {**workflow("run: pre-commit run --all-files"), **hooks})
            == []
        )


class TestScans:
    def test_each_kind_that_is_missing_is_a_finding(self) -> None:
        assert len(places("CICD-NO-SECURITY-SCAN", workflow("run: pytest"))) == 3
        assert len(places("CICD-NO-SECURITY-SCAN", workflow("run: bandit -r app"))) == 2

    def test_all_three(self) -> None:
        steps = (
            "uses: github/codeql-action/analyze@v3",
            "run: pip-audit",
            "uses: gitleaks/gitleaks-action@v2",
        )
        assert places("CICD-NO-SECURITY-SCAN", workflow(*steps)) == []


class TestSoftFailures:
    @pytest.mark.parametrize(
        "step",
        [
            "run: mypy . || true",
            "{run: pytest, continue-on-error: true}",
            "run: flake8 . --exit-zero",
        ],
    )
    def test_gates_that_cannot_fail(self, step: str) -> None:
        assert places("CICD-SOFT-FAIL", workflow("run: make", step)) == [
            ".github/workflows/ci.yml:7"
        ]

    @pytest.mark.parametrize(
        "step",
        [
            "run: mypy .",
            "run: rm -f cache || true",
            "{uses: codecov/codecov-action@v4, continue-on-error: true}",
        ],
    )
    def test_what_may_fail(self, step: str) -> None:
        assert places("CICD-SOFT-FAIL", workflow(step)) == []


class TestHardening:
    def test_rights_and_tags(self) -> None:
        files = workflow("uses: someone/action@v1", "uses: actions/checkout@v4")
        assert places("CICD-WORKFLOW-HARDENING", files) == [
            ".github/workflows/ci.yml:1",
            ".github/workflows/ci.yml:6",
        ]

    def test_a_hardened_workflow(self) -> None:
        sha = "0123456789abcdef0123456789abcdef01234567"
        files = workflow(f"uses: someone/action@{sha} # v1", top="permissions: {}\n")
        assert places("CICD-WORKFLOW-HARDENING", files) == []

    def test_other_services_are_not_asked(self) -> None:
        files = {**APP, ".gitlab-ci.yml": "test:\n  script: [pytest]\n"}
        assert status("CICD-WORKFLOW-HARDENING", files) == "not-applicable"


class TestTemplates:
    @pytest.mark.parametrize(
        "text", ["github.event.pull_request.title", "github.head_ref", "github.event.comment.body"]
    )
    def test_text_of_strangers_in_a_script(self, text: str) -> None:
        step = 'run: echo "${{ ' + text + ' }}"'
        assert places("CICD-TEMPLATE-INJECTION", workflow(step)) == [".github/workflows/ci.yml:6"]

    def test_the_line_inside_of_a_block(self) -> None:
        step = "run: |\n          true\n          echo ${{ github.head_ref }}"
        assert places("CICD-TEMPLATE-INJECTION", workflow(step)) == [".github/workflows/ci.yml:8"]

    @pytest.mark.parametrize(
        "step",
        [
            'run: echo "${{ github.sha }}"',
            '{run: echo "$TITLE", env: {TITLE: "${{ github.event.issue.title }}"}}',
        ],
    )
    def test_values_that_are_safe(self, step: str) -> None:
        assert places("CICD-TEMPLATE-INJECTION", workflow(step)) == []


class TestUpdates:
    @pytest.mark.parametrize(
        "text", ["version: 2\nupdates: []\n", "version: 2\nupdates:\n  - package-ecosystem: npm\n"]
    )
    def test_no_python_packages(self, text: str) -> None:
        assert places("CICD-NO-DEP-UPDATES", {**APP, ".github/dependabot.yml": text}) == NOWHERE

    def test_dependabot_and_renovate(self) -> None:
        text = "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n"
        assert places("CICD-NO-DEP-UPDATES", {**APP, ".github/dependabot.yml": text}) == []
        renovate = {"renovate.json": '{"extends": ["config:recommended"]}'}
        assert places("CICD-NO-DEP-UPDATES", {**APP, **renovate}) == []
