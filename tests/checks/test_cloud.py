"""What describes the infrastructure counts by what it says, not by its name."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, REQUIREMENTS, places, status

APP = {"main.py": FASTAPI, "requirements.txt": REQUIREMENTS}
SECRET = {**APP, "main.py": 'import os\nKEY = os.environ["API_KEY"]\n' + FASTAPI}
POSTGRES = {**APP, "main.py": "import psycopg\n" + FASTAPI}
SERVICE = 'resource "aws_ecs_service" "app" {\n  name = "app"\n}\n'
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: api
          image: api:1
"""
BOUNDED = DEPLOYMENT + """\
          resources: {limits: {memory: 512Mi}}
          readinessProbe: {httpGet: {path: /, port: 8000}}
"""


def database(attributes: str) -> dict[str, str]:
    return {
        **POSTGRES,
        "infra/db.tf": f'resource "aws_db_instance" "app" {{\n  engine = "postgres"\n{attributes}}}\n',
    }


class TestDescription:
    @pytest.mark.parametrize(
        "files",
        [
            {"infra/main.tf": "# infrastructure comes here\n"},
            {"infra/main.tf": '# resource "aws_ecs_service" "app" {\n#   name = "app"\n# }\n'},
            {"infra/main.tf": 'resource "aws_s3_bucket" "files" {\n  bucket = "x"\n}\n'},
            {"infra/main.tf": 'resource "aws_ecs_service" "app" {}\n'},
            {"k8s/app.yaml": "kind: Deployment\n"},
            {"fly.toml": 'app = "x"\n'},
        ],
        ids=["comment", "commented out", "runs nothing", "empty", "no image", "name alone"],
    )
    def test_mentioned_is_not_described(self, files: dict[str, str]) -> None:
        assert places("INFRA-NO-IAC", {**APP, **files}) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "files",
        [
            {"infra/main.tf": SERVICE},
            {
                "infra/main.tf": '/* old */ resource "scaleway_container" "backend" {\n  port = 80\n}\n'
            },
            {"k8s/app.yaml": DEPLOYMENT},
            {"fly.toml": "[http_service]\ninternal_port = 8000\n"},
            {"render.yaml": "services:\n  - type: web\n    name: api\n"},
        ],
        ids=["terraform", "another cloud", "kubernetes", "fly", "render"],
    )
    def test_described(self, files: dict[str, str]) -> None:
        assert places("INFRA-NO-IAC", {**APP, **files}) == []


class TestBackup:
    def test_nothing_is_said_about_the_database(self) -> None:
        assert places("INFRA-NO-BACKUP", POSTGRES) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "attributes",
        ["", "  backup_retention_period = 0\n", "  backup_retention_period = 0 # later\n"],
    )
    def test_backups_that_are_off(self, attributes: str) -> None:
        assert places("INFRA-NO-BACKUP", database(attributes)) == ["infra/db.tf:1"]

    def test_a_variable_counts_with_its_default(self) -> None:
        files = database("  backup_retention_period = var.days\n")
        off = {**files, "infra/variables.tf": 'variable "days" {\n  default = 0\n}\n'}
        assert places("INFRA-NO-BACKUP", off) == ["infra/db.tf:1"]
        assert places("INFRA-NO-BACKUP", files) == []

    @pytest.mark.parametrize(
        "files",
        [
            database("  backup_retention_period = 14\n"),
            database('  replicate_source_db = "main"\n'),
            {
                **POSTGRES,
                ".github/workflows/backup.yml": (
                    "on:\n  schedule:\n    - cron: '0 3 * * *'\njobs:\n  dump:\n    steps:\n"
                    "      - run: pg_dump $URL > dump.sql\n"
                ),
            },
        ],
        ids=["retention", "replica", "scheduled dump"],
    )
    def test_backups_that_are_on(self, files: dict[str, str]) -> None:
        assert places("INFRA-NO-BACKUP", files) == []

    def test_without_a_database_there_is_nothing_to_back_up(self) -> None:
        assert status("INFRA-NO-BACKUP", APP) == "not-applicable"


class TestLimits:
    def test_each_missing_bound_is_a_finding(self) -> None:
        assert (
            len(places("INFRA-NO-ORCHESTRATION-LIMITS", {**APP, "k8s/app.yaml": DEPLOYMENT})) == 2
        )

    def test_a_service_that_neither_scales_nor_is_asked(self) -> None:
        files = {**APP, "infra/main.tf": SERVICE}
        assert places("INFRA-NO-ORCHESTRATION-LIMITS", files) == ["infra/main.tf:1"] * 2

    def test_bounds_that_are_there(self) -> None:
        assert places("INFRA-NO-ORCHESTRATION-LIMITS", {**APP, "k8s/app.yaml": BOUNDED}) == []

    @pytest.mark.parametrize("text", ["kind: Deployment\nspec: [\n", "kind: ConfigMap\ndata: {}\n"])
    def test_no_workload(self, text: str) -> None:
        assert (
            status("INFRA-NO-ORCHESTRATION-LIMITS", {**APP, "k8s/app.yaml": text})
            == "not-applicable"
        )


class TestEnvironments:
    @pytest.mark.parametrize(
        "code",
        ["", 'import os\nENV = os.getenv("ENV")\n', 'STAGES = ["production"]\n'],
        ids=["nothing", "read but not used", "only a word"],
    )
    def test_one_environment(self, code: str) -> None:
        assert places("INFRA-ENV-SEPARATION", {**APP, "main.py": code + FASTAPI}) == [
            "requirements.txt:1"
        ]

    def test_code_that_nothing_imports_does_not_count(self) -> None:
        code = 'import os\nIS_LIVE = os.getenv("ENV") == "production"\n'
        assert places("INFRA-ENV-SEPARATION", {**APP, "unused.py": code}) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "code",
        [
            'import os\nIS_LIVE = os.getenv("ENV", "dev") == "production"\n',
            "class DevelopmentConfig:\n    DEBUG = True\n\n\nclass ProductionConfig:\n    DEBUG = False\n",
            'def docs(settings: object) -> bool:\n    return settings.environment.lower() in {"dev", "local"}\n',
        ],
        ids=["comparison", "classes", "settings"],
    )
    def test_code_that_asks(self, code: str) -> None:
        assert places("INFRA-ENV-SEPARATION", {**APP, "main.py": code + FASTAPI}) == []

    def test_infrastructure_for_two(self) -> None:
        files = {
            f"infra/environments/{name}/main.tf": SERVICE for name in ("staging", "production")
        }
        assert places("INFRA-ENV-SEPARATION", {**APP, **files}) == []


class TestSecretStore:
    @pytest.mark.parametrize("files", [{}, {"infra/main.tf": SERVICE}])
    def test_no_store(self, files: dict[str, str]) -> None:
        assert places("SEC-NO-SECRET-STORE", {**SECRET, **files}) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "files",
        [
            {"infra/s.tf": 'resource "aws_secretsmanager_secret" "app" {\n  name = "app"\n}\n'},
            {"k8s/a.yaml": "kind: Deployment\nspec:\n  x:\n    secretKeyRef:\n      name: a\n"},
            {
                "main.py": 'import os\nimport boto3\nKEY = os.environ["API_KEY"]\n'
                'STORE = boto3.client("secretsmanager")\n' + FASTAPI
            },
        ],
        ids=["terraform", "kubernetes", "code"],
    )
    def test_a_store(self, files: dict[str, str]) -> None:
        assert places("SEC-NO-SECRET-STORE", {**SECRET, **files}) == []

    def test_an_app_without_secrets_needs_none(self) -> None:
        assert status("SEC-NO-SECRET-STORE", APP) == "not-applicable"
