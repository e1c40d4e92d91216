"""The recipe `terraform`: what a project gets, and what it must never get."""

from __future__ import annotations

import re
import subprocess
from itertools import product
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from .conftest import ROOT, UNIT, Offline, Render, parsed

ENVIRONMENTS = ("staging", "production")
DATABASES = ("", "sqlite", "postgresql", "mysql")
DATABASE = (
    "${module.database.user}:$PASSWORD@${module.database.host}:${module.database.port}"
    "/${module.database.database_name}"
)

NOTHING: dict[str, object] = {}
ONE: dict[str, object] = {
    "terraform_settings": [{"name": "LOG_LEVEL", "default": "info"}],
    "terraform_secrets": ["SIGNING_KEY"],
    "terraform_data_paths": ["/data"],
    "terraform_domain": "shop.example.com",
    "terraform_alarm_email": "team@example.com",
}
MANY: dict[str, object] = {
    "terraform_settings": [
        {"name": "LOG_LEVEL", "default": "info"},
        {"name": "ACCESS_TOKEN_EXPIRE_MINUTES", "default": 30},
        {"name": "FRONTEND_URL", "default": "http://localhost:3000"},
        {"name": "SMTP_HOST", "required": True},
        {"name": "SENTRY_ENVIRONMENT"},
        {"name": "VERCEL_URL", "default": None},
    ],
    "terraform_secrets": ["SIGNING_KEY", "OPENAI_API_KEY", "DATABASE_URL"],
    "terraform_data_paths": ["/data", "/app/uploads"],
    "terraform_egress_ports": [587, 443],
    "terraform_health_path": "/api/health",
    "service_root": "backend",
}
NEEDED_ONLY: dict[str, object] = {
    "terraform_settings": [{"name": "SMTP_HOST", "required": True}, {"name": "PORT"}],
    "framework": "django",
    "terraform_single_task": True,
}
OPTIONAL_ONLY: dict[str, object] = {
    "terraform_settings": [{"name": "VERCEL_URL"}],
    "terraform_database_parts": [
        {"part": "host", "variable": "DB_HOST"},
        {"part": "password", "variable": "DB_PASSWORD"},
    ],
    "terraform_secrets": ["DB_PASSWORD"],
}
ANSWERS = {
    "nothing": NOTHING,
    "one": ONE,
    "many": MANY,
    "needed-only": NEEDED_ONLY,
    "optional-only": OPTIONAL_ONLY,
}
MATRIX = [
    pytest.param({"database": database, **answers}, id=f"{database or 'none'}-{name}")
    for database, (name, answers) in product(DATABASES, ANSWERS.items())
]
SAMPLE = [
    pytest.param({"database": "postgresql", **MANY}, id="postgresql-many"),
    pytest.param({"database": "mysql", **OPTIONAL_ONLY}, id="mysql-optional-only"),
    pytest.param({"database": "sqlite", **ONE}, id="sqlite-one"),
    pytest.param({"database": "", **NOTHING}, id="none-nothing"),
    pytest.param({"database": "", **NEEDED_ONLY}, id="none-needed-only"),
]


# ---- Every set of answers gives files that are in order ----------------------------------------


@pytest.mark.parametrize("answers", MATRIX)
def test_every_file_is_hcl_and_formatted(render: Render, answers: dict[str, object]) -> None:
    project = render(**answers)

    for path in sorted(project.folder.rglob("*")):
        if path.suffix in {".tf", ".tfvars", ".hcl"}:
            text = path.read_text()
            parsed(text)
            assert not re.search(r"[ \t]$|\n\n\n|\n\Z\n|\A\n", text, re.MULTILINE), path


@pytest.mark.parametrize("answers", MATRIX)
def test_terraform_would_format_nothing(
    render: Render, terraform: str, answers: dict[str, object]
) -> None:
    project = render(**answers)

    command = [terraform, "fmt", "-check", "-diff", "-recursive", str(project.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("answers", SAMPLE)
def test_every_root_is_valid_and_its_tests_pass(
    render: Render, offline: Offline, answers: dict[str, object]
) -> None:
    infra = render(**answers).folder / "infra/aws"
    environments = [infra / "environments" / name for name in ENVIRONMENTS]

    for root in (infra / "bootstrap", *environments):
        code, said = offline("validate", root)
        assert code == 0, said
    for tested in (*environments, *(path.parent for path in infra.glob("modules/*/tests"))):
        code, said = offline("test", tested)
        assert code == 0, said
        assert "0 failed" in said


@pytest.mark.parametrize("answers", SAMPLE)
def test_both_environments_can_be_planned(
    render: Render, offline: Offline, answers: dict[str, object]
) -> None:
    project = render(**answers)
    image = "registry.example.com/shop@sha256:" + "0" * 64
    given = {
        "domain_name": "shop.example.com",
        "hosted_zone_id": "Z0123456789",
        "alarm_email": "team@example.com",
        "image": image,
        "settings": '{SMTP_HOST="mail", FRONTEND_URL="https://shop.example.com", LOG_LEVEL="info"}',
    }
    arguments = [f"-var={name}={value}" for name, value in given.items()]

    for environment in ENVIRONMENTS:
        folder = project.folder / "infra/aws/environments" / environment
        code, said = offline("plan", folder, *arguments)
        assert code == 0, said
        assert "0 to change, 0 to destroy" in said
        assert "aws_ecs_service.this[0] will be created" in said


def test_nothing_is_left_of_the_templates(render: Render) -> None:
    project = render(database="postgresql", **MANY)

    for path in project.folder.rglob("*"):
        if path.is_file():
            assert not re.search(r"\{\{|\}\}\}|\{%-? |\{#", path.read_text()), path
    assert not [path for path in project.paths if "{" in path or path.endswith(".jinja")]


# ---- Files are there only when they are wanted --------------------------------------------------


@pytest.mark.parametrize(
    ("database", "engine"),
    [
        ("", None),
        ("sqlite", None),
        ("mongodb", None),
        ("postgresql", "postgres"),
        ("mysql", "mysql"),
    ],
)
def test_a_database_is_made_if_the_app_uses_one(
    render: Render, database: str, engine: str | None
) -> None:
    project = render(database=database)
    made = {path for path in project.paths if "/modules/database/" in path}

    if engine is None:
        assert made == set()
        assert "module.database" not in project.text("environments/staging/main.tf")
        assert "database" not in project.text("environments/staging/variables.tf")
    else:
        assert f'engine                     = "{engine}"' in project.text(
            "modules/database/main.tf"
        )
        assert "backup_retention_period" in project.text("modules/database/main.tf")


def test_an_app_with_sqlite_can_be_given_postgresql(render: Render) -> None:
    project = render(database="sqlite", terraform_database="postgresql")

    assert "infra/aws/modules/database/main.tf" in project.paths
    assert "single_task" not in project.values("staging")


def test_files_are_kept_where_the_app_writes_some(render: Render) -> None:
    kept = render(terraform_data_paths=["/data"])
    plain = render()

    assert kept.values("production")["data_paths"] == ["/data"]
    assert "infra/aws/modules/service/storage.tf" in kept.paths
    assert "infra/aws/modules/service/storage.tf" not in plain.paths
    assert not any(
        "data_paths" in plain.text(p.removeprefix("infra/aws/"))
        for p in plain.paths
        if p.endswith((".tf", ".tfvars", ".hcl"))
    )


def test_sqlite_runs_one_task(render: Render) -> None:
    values = render(database="sqlite", terraform_data_paths=["/data"]).values("production")

    assert (values["single_task"], values["min_tasks"], values["max_tasks"]) == (True, 1, 1)


def test_sqlite_without_a_kept_folder_is_said_to_be_lost(render: Render) -> None:
    lost = (render(database="sqlite").folder / "infra/README.md").read_text()
    kept = render(database="sqlite", terraform_data_paths=["/data"])

    assert "its file is in none of the folders that are kept" in lost
    assert "none of the folders" not in (kept.folder / "infra/README.md").read_text()


# ---- The app's own settings -------------------------------------------------------------------


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_settings_arrive_with_the_defaults_of_the_code(render: Render, environment: str) -> None:
    values = render(**MANY).values(environment)

    assert values["settings"] == {"LOG_LEVEL": "info", "ACCESS_TOKEN_EXPIRE_MINUTES": "30"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_setting_is_named(render: Render, environment: str) -> None:
    text = render(**MANY).text(f"environments/{environment}/terraform.tfvars")

    for name in ("FRONTEND_URL", "SMTP_HOST", "SENTRY_ENVIRONMENT", "VERCEL_URL"):
        assert f"  # {name} = " in text


@pytest.mark.parametrize(
    "setting",
    [
        {"name": "SMTP_HOST", "required": True},
        {"name": "FRONTEND_URL", "default": "http://localhost:3000"},
        {"name": "REDIS_HOST", "default": "127.0.0.1"},
        {"name": "APP_ENV", "default": "Development"},
        {"name": "FLASK_DEBUG", "default": "True"},
    ],
    ids=lambda setting: setting["name"],
)
def test_what_fits_only_a_developers_machine_has_to_be_decided(
    render: Render, setting: dict[str, object]
) -> None:
    project = render(terraform_settings=[setting])

    assert project.values("production")["settings"] == {}
    assert f'"{setting["name"]}",' in project.text("environments/production/variables.tf")


@pytest.mark.parametrize(
    "setting",
    [
        {"name": "LOG_LEVEL", "default": "debug-ish"},
        {"name": "FLASK_DEBUG", "default": "0"},
        {"name": "MODEL", "default": "test-model-1"},
        {"name": "APP_ENV", "default": "production"},
        {"name": "EMPTY", "default": ""},
    ],
    ids=lambda setting: setting["name"],
)
def test_other_defaults_are_taken_over(render: Render, setting: dict[str, object]) -> None:
    project = render(terraform_settings=[setting])

    assert project.values("production")["settings"] == {setting["name"]: setting["default"]}
    assert "setsubtract" not in project.text("environments/production/variables.tf")


def test_the_port_is_the_one_that_the_load_balancer_knows(render: Render) -> None:
    project = render(port=5000, terraform_settings=[{"name": "PORT", "default": "7860"}])
    values = project.values("staging")

    assert (values["port"], values["settings"]) == (5000, {"PORT": "5000"})


@pytest.mark.parametrize(
    ("default", "written"),
    [
        ('say "hi"', r'"say \"hi\""'),
        (r"C:\data", r'"C:\\data"'),
        ("${HOME} and %{if}", '"$${HOME} and %%{if}"'),
        ("two\nlines\tand a tab", r'"two\nlines\tand a tab"'),
        ("Grüße <b>&amp;</b>", '"Grüße <b>&amp;</b>"'),
        ("$5 100%", '"$5 100%"'),
    ],
)
def test_a_default_is_written_as_terraform_reads_it(
    render: Render, default: str, written: str
) -> None:
    project = render(terraform_settings=[{"name": "TEXT", "default": default}])

    assert f"  TEXT = {written}\n" in project.text("environments/staging/terraform.tfvars")


# ---- The app's own secrets, and how it reaches the database -----------------------------------


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_named_and_have_no_value_anywhere(render: Render, environment: str) -> None:
    project = render(**MANY)

    names = project.values(environment)["secret_names"]
    assert names == ["DATABASE_URL", "OPENAI_API_KEY", "SIGNING_KEY"]
    for path in project.paths:
        text = (project.folder / path).read_text()
        assert not re.search(r"(DATABASE_URL|OPENAI_API_KEY|SIGNING_KEY)\"?\s*[=:]\s*[\"'\w]", text)


def test_no_resource_holds_a_secret_value(render: Render) -> None:
    project = render(database="postgresql", **MANY)
    texts = [
        project.text(path.removeprefix("infra/aws/")) for path in project.paths if ".tf" in path
    ]

    assert not [text for text in texts if "aws_secretsmanager_secret_version" in text]
    assert not [text for text in texts if "random_password" in text]


@pytest.mark.parametrize("database", ["postgresql", "mysql"])
def test_the_address_of_a_managed_database_is_not_asked_for(render: Render, database: str) -> None:
    project = render(database=database, **MANY)

    assert project.values("staging")["secret_names"] == ["OPENAI_API_KEY", "SIGNING_KEY"]
    assert "    DATABASE_URL = " in project.text("environments/staging/main.tf")


@pytest.mark.parametrize(
    ("answers", "address"),
    [
        (
            {"database": "postgresql"},
            f'DATABASE_URL = "postgresql://{DATABASE}"',
        ),
        (
            {
                "database": "postgresql",
                "terraform_database_url_env": "DB_DSN",
                "terraform_database_url_scheme": "postgresql+asyncpg",
                "terraform_database_url_options": "?ssl=require",
            },
            f'DB_DSN = "postgresql+asyncpg://{DATABASE}?ssl=require"',
        ),
        (
            {"database": "mysql"},
            f'DATABASE_URL = "mysql+pymysql://{DATABASE}?ssl_check_hostname=false"',
        ),
    ],
    ids=["default", "asyncpg", "mysql"],
)
def test_the_address_is_what_the_app_reads(
    render: Render, answers: dict[str, object], address: str
) -> None:
    assert address in render(**answers).text("environments/production/main.tf")


def test_an_app_that_reads_the_parts_gets_the_parts(render: Render) -> None:
    parts = {
        "host": "DB_HOST",
        "port": "DB_PORT",
        "name": "DB",
        "user": "DB_USER",
        "password": "DB_PASS",
    }
    project = render(
        database="postgresql",
        terraform_database_parts=[{"part": k, "variable": v} for k, v in parts.items()],
        terraform_settings=[{"name": "DB_HOST", "default": "localhost"}],
        terraform_secrets=["DB_PASS"],
    )
    main = project.text("environments/staging/main.tf")

    assert "    DB_HOST = module.database.host\n" in main
    assert "    DB_PORT = tostring(module.database.port)\n" in main
    assert '    DB_PASS = "$PASSWORD"\n' in main
    assert "DATABASE_URL" not in main
    assert project.values("staging")["settings"] == {}
    assert project.values("staging")["secret_names"] == []


# ---- Environments, names, state --------------------------------------------------------------


def test_environments_differ_in_their_values_only(render: Render) -> None:
    project = render(database="postgresql", **MANY)

    for name in ("main.tf", "outputs.tf", "versions.tf", "tests/environment.tftest.hcl"):
        staging = project.text(f"environments/staging/{name}")
        assert staging.replace("staging", "production") == project.text(
            f"environments/production/{name}"
        )


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_environment_has_a_state_of_its_own_with_a_lock(
    render: Render, environment: str
) -> None:
    (block,) = parsed(render().text(f"environments/{environment}/versions.tf"))["terraform"]
    (backend,) = block["backend"]

    assert backend['"s3"']["key"] == f'"{environment}/terraform.tfstate"'
    assert backend['"s3"']["use_lockfile"] is True


@pytest.mark.parametrize(
    "project_name",
    ["a", "0kk02k-wg", "2048", "free-genai-bootcamp-2025-language-agent", "internals-of-it"],
)
def test_names_fit_a_load_balancer(render: Render, project_name: str) -> None:
    main = render(project_name=project_name).text("environments/production/main.tf")
    (name,) = re.findall(r'^  name    = "(.+)"$', main, re.MULTILINE)

    assert re.fullmatch(r"(?!internal-)[a-z][a-z0-9-]{0,30}[a-z0-9]", name)
    assert "--" not in name


def test_staging_gets_a_name_below_the_domain(render: Render) -> None:
    project = render(terraform_domain="shop.example.com")

    assert project.values("production")["domain_name"] == "shop.example.com"
    assert project.values("staging")["domain_name"] == "staging.shop.example.com"


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ({}, "200-499"),
        ({"terraform_health_path": "/health"}, "200"),
        ({"terraform_health_path": "/health", "framework": "django"}, "200-499"),
    ],
)
def test_a_path_that_may_be_missing_is_tolerated(
    render: Render, answers: dict[str, object], codes: str
) -> None:
    assert render(**answers).values("staging")["health_check_codes"] == codes


def test_every_suppression_gives_its_reason(render: Render) -> None:
    project = render(database="postgresql", **MANY)
    found = 0
    for path in project.paths:
        lines = (project.folder / path).read_text().splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            if "checkov:skip" in line:
                assert re.search(r"checkov:skip=CKV2?_AWS_\d+:\w.{15,}", line), path
                found += 1
            if "trivy:ignore" in line:
                assert re.match(r"# \w.{15,}", before), path
                found += 1
    assert 0 < found <= 16


# ---- Answers that are refused -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"terraform_name": "Shop"}, "lower-case letters"),
        ({"terraform_name": "a" * 21}, "at most 20 characters"),
        ({"terraform_name": "internal-shop"}, "AWS keeps names"),
        ({"terraform_region": "frankfurt"}, "A region is written like"),
        ({"terraform_region": "cn-north-1"}, "cloud of their own"),
        ({"terraform_domain": "https://shop.example.com"}, "without https://"),
        ({"terraform_alarm_email": "nobody"}, "one e-mail address"),
        ({"terraform_health_path": "health"}, "starts with a slash"),
        ({"terraform_health_path": '/"${x}'}, "starts with a slash"),
        ({"terraform_database": "oracle"}, "terraform_database"),
        (
            {"database": "postgresql", "terraform_database_url_env": ""},
            "never learns where its database is",
        ),
        (
            {"database": "mysql", "terraform_database_url_scheme": "postgresql"},
            "one that fits mysql",
        ),
        ({"terraform_database_url_options": "${x}"}, "Start with a question mark"),
        ({"terraform_database_url_options": "?a=%{x}"}, "Start with a question mark"),
        ({"terraform_database_parts": {"host": "DB_HOST"}}, "Give a list"),
        ({"terraform_database_parts": [{"part": "socket", "variable": "X"}]}, "no part called"),
        ({"terraform_data_paths": "/data"}, "Give a list"),
        ({"terraform_data_paths": ["data"]}, "not an absolute path"),
        ({"terraform_data_paths": ["/app"]}, "/app holds more than data"),
        ({"terraform_data_paths": ["/data/../etc"]}, "not an absolute path"),
        ({"terraform_egress_ports": [587]}, "Keep 443"),
        ({"terraform_egress_ports": [443, 70000]}, "70000 is not a port"),
        ({"terraform_settings": {"LOG_LEVEL": "info"}}, "Give a list"),
        ({"terraform_settings": ["LOG_LEVEL"]}, "needs the name"),
        ({"terraform_settings": [{"name": "LOG-LEVEL"}]}, "needs the name"),
        ({"terraform_settings": [{"name": "DEBUG", "default": False}]}, "put it in quotes"),
        ({"terraform_settings": [{"name": "DEBUG", "value": "1"}]}, "something else"),
        ({"terraform_secrets": ["KEY=abc"]}, "never values"),
        (
            {
                "terraform_settings": [{"name": "KEY", "default": "abc"}],
                "terraform_secrets": ["KEY"],
            },
            "must not hold a default for it",
        ),
    ],
)
def test_an_answer_that_cannot_work_is_refused(
    render: Render, answers: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        render(**answers)


def test_every_question_belongs_to_this_recipe_alone() -> None:
    questions = YAML(typ="safe").load(ROOT / UNIT / "questions.yml")

    for name, question in questions.items():
        assert name.startswith("terraform_")
        assert question["when"] == "{{ unit == 'recipes/terraform' }}"
        assert question["help"]
        assert "default" in question


def test_all_answers_are_stored_for_updates(render: Render) -> None:
    project = render(database="postgresql", **MANY)
    stored = YAML(typ="safe").load(project.folder / ".copier-answers.terraform.yml")
    questions = YAML(typ="safe").load(Path(ROOT / UNIT / "questions.yml"))

    assert set(questions) <= set(stored)
    assert stored["terraform_secrets"] == MANY["terraform_secrets"]
