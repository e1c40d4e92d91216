"""The image that the recipe describes starts the app that was found, as a user without rights."""

import pytest
from ruamel.yaml import YAML
from tests.recipes.rendering import rendered

from buttress.errors import UserError
from buttress.source import ignore_file
from buttress.source.dockerfile import Dockerfile, parse
from buttress.source.ignore_file import Dialect

UV_LOCK = {"manager": "uv", "manifest": "pyproject.toml", "lock_file": "uv.lock"}
UV = {"manager": "uv", "manifest": "pyproject.toml"}
PEP621 = {"manager": "pip", "manifest": "pyproject.toml"}
POETRY = {"manager": "poetry", "manifest": "pyproject.toml", "lock_file": "poetry.lock"}
PDM = {"manager": "pdm", "manifest": "pyproject.toml", "lock_file": "pdm.lock"}
PIPENV = {"manager": "pipenv", "manifest": "Pipfile", "lock_file": "Pipfile.lock"}
PIP = {"manager": "pip", "manifest": "requirements.txt"}
MANAGERS: list[dict[str, object]] = [
    {**manager} for manager in (PIP, UV_LOCK, UV, PEP621, POETRY, PDM, PIPENV)
]


def dockerfile(**answers: object) -> Dockerfile:
    return parse(rendered("container", **answers)["Dockerfile"].decode())


def runs(image: Dockerfile) -> str:
    return "\n".join(" ".join(i.words) for stage in image.stages for i in stage.all("RUN"))


def compose(**answers: object) -> dict[str, dict[str, dict[str, object]]]:
    files = rendered("container", **answers)
    loaded: dict[str, dict[str, dict[str, object]]] = YAML(typ="safe").load(files["compose.yaml"])
    return loaded


@pytest.mark.parametrize(
    "answers",
    [
        {**manager, **kind}
        for manager in MANAGERS
        for kind in (
            {"framework": "fastapi", "python_version": "3.9"},
            {"framework": "flask", "container_writable_paths": [".", "data"]},
        )
    ],
    ids=str,
)
def test_every_image_is_two_stages_and_drops_its_rights(answers: dict[str, object]) -> None:
    image = dockerfile(**answers)

    assert image.problem is None
    build, runtime = image.stages[-2:]
    assert (build.name, runtime.name) == ("build", "runtime")
    assert build.reference == runtime.reference
    assert not any(i.keyword == "ARG" for i in image.instructions)
    assert "@sha256" not in image.text
    user, command, check = (runtime.last(k) for k in ("USER", "CMD", "HEALTHCHECK"))
    assert user is not None
    assert user.command == "10001:10001"
    assert not [i for i in runtime.all("RUN", "COPY") if i.start > user.start]
    assert command is not None
    assert command.exec_form is not None
    assert check is not None
    assert "status >= 500" in check.command


@pytest.mark.parametrize(
    ("answers", "install"),
    [
        (PIP, ".venv/bin/pip install --requirement requirements.txt"),
        (UV_LOCK, "uv sync --locked --no-dev --no-install-project"),
        (UV, "uv pip install --requirements pyproject.toml"),
        (PEP621, "uv pip install --requirements pyproject.toml"),
        (POETRY, "/opt/poetry/bin/poetry install --only=main --no-root"),
        (PDM, "/opt/pdm/bin/pdm sync --prod --no-self"),
        ({**PDM, "lock_file": ""}, "/opt/pdm/bin/pdm install --prod --no-self"),
        (PIPENV, "/opt/pipenv/bin/pipenv sync"),
        ({**PIPENV, "lock_file": ""}, "/opt/pipenv/bin/pipenv install"),
        ({**UV, "manifest": "requirements.txt"}, "uv pip install --requirements requirements.txt"),
        ({**UV_LOCK, "lock_file": "../uv.lock"}, "uv pip install --requirements pyproject.toml"),
    ],
    ids=str,
)
def test_dependencies_are_installed_by_the_projects_own_manager(
    answers: dict[str, object], install: str
) -> None:
    assert install in runs(dockerfile(**answers))


@pytest.mark.parametrize(
    ("answers", "command"),
    [
        (
            {"framework": "fastapi", "app_target": "app.main:app", "port": 9000},
            ("uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "9000"),
        ),
        (
            {"framework": "fastapi", "app_target": "app:create", "app_is_factory": True},
            ("uvicorn", "app:create", "--factory", "--host", "0.0.0.0", "--port", "8000"),
        ),
    ],
)
def test_fastapi_is_started_by_uvicorn(
    answers: dict[str, object], command: tuple[str, ...]
) -> None:
    started = dockerfile(**answers).stages[-1].last("CMD")

    assert started is not None
    assert started.exec_form == command


@pytest.mark.parametrize(
    ("answers", "target"),
    [
        ({"framework": "flask", "app_target": "wsgi:app"}, "wsgi:app"),
        (
            {"framework": "flask", "app_target": "app:create", "app_is_factory": True},
            "app:create()",
        ),
        ({"framework": "django", "app_target": "site.wsgi:application"}, "site.wsgi:application"),
    ],
)
def test_flask_and_django_are_started_by_gunicorn(answers: dict[str, object], target: str) -> None:
    started = dockerfile(**answers).stages[-1].last("CMD")

    assert started is not None
    assert (started.words[0], started.words[-1]) == ("gunicorn", target)
    assert "0.0.0.0:8000" in started.words


@pytest.mark.parametrize(
    ("version", "base"),
    [("3.13", "python:3.13-slim-trixie"), ("3.8", "python:3.8-slim")],
)
def test_the_base_is_the_projects_python(version: str, base: str) -> None:
    assert dockerfile(python_version=version).stages[-1].reference == base


@pytest.mark.parametrize(
    ("answers", "path", "target"),
    [
        ({"import_root": "."}, None, "."),
        ({"import_root": "src"}, "PYTHONPATH=/app/src", "."),
        ({"import_root": "..", "service_root": "server"}, "PYTHONPATH=/app ", "./server"),
        ({"import_root": "..", "service_root": "x/api"}, "PYTHONPATH=/app ", "./api"),
    ],
)
def test_the_app_is_importable(answers: dict[str, object], path: str | None, target: str) -> None:
    stage = dockerfile(**answers).stages[-1]

    environment = stage.all("ENV")[0].value
    assert (path in environment) if path else ("PYTHONPATH" not in environment)
    assert stage.all("COPY")[-1].words == (".", target)


def test_code_belongs_to_root_unless_the_app_writes_beside_it() -> None:
    closed = dockerfile(container_writable_paths=["uploads", "data/files"]).stages[-1]
    opened = dockerfile(container_writable_paths=["."]).stages[-1]

    assert closed.all("COPY")[-1].flags == {}
    assert closed.all("RUN")[-1].command == (
        "mkdir -p uploads data/files && chown -R 10001:10001 uploads data/files"
    )
    assert opened.all("COPY")[-1].flags == {"chown": "10001:10001"}


def test_debian_packages_for_building_stay_out_of_the_image() -> None:
    image = dockerfile(
        container_build_packages=["libpq-dev", "build-essential"],
        container_runtime_packages=["libpq5"],
    )
    build, runtime = image.stages

    assert "build-essential libpq-dev" in build.all("RUN")[0].command
    assert "build-essential" not in " ".join(i.value for i in runtime.instructions)
    assert "libpq5" in runtime.all("RUN")[0].command


def test_included_requirements_are_copied_before_they_are_installed() -> None:
    image = dockerfile(container_install_files=["requirements.txt", "requirements/base.txt"])
    everything = dockerfile(container_install_files=["."])

    assert [i.words for i in image.stages[0].all("COPY")] == [
        ("requirements.txt", "./"),
        ("requirements/base.txt", "./requirements/"),
    ]
    assert [i.words for i in everything.stages[0].all("COPY")] == [(".", ".")]


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        (".env", True),
        ("backend/.env.local", True),
        (".env.example", False),
        (".git/config", True),
        ("keys/server.pem", True),
        ("app/main.py", False),
        ("requirements.txt", False),
        ("dist/index.html", False),
        ("data/app.db", True),
        ("data/seed.db", False),
    ],
)
def test_secrets_and_local_state_stay_out_of_the_image(path: str, left_out: bool) -> None:
    text = rendered("container", container_seed_files=["data/seed.db"])[".dockerignore"].decode()

    assert ignore_file.covers(text, path, Dialect.DOCKER) is left_out


def test_compose_starts_what_the_app_needs_and_holds_no_password() -> None:
    services = compose(
        container_services=["postgresql", "redis"],
        container_database_url_scheme="postgresql+asyncpg",
        container_redis_url_env="REDIS_URL",
    )["services"]

    assert list(services) == ["app", "postgres", "redis"]
    assert services["app"]["environment"] == {
        "DATABASE_URL": "postgresql+asyncpg://app:${POSTGRES_PASSWORD:?set it in .env}@postgres:5432/app",
        "REDIS_URL": "redis://redis:6379/0",
    }
    assert services["app"]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }
    environment = services["postgres"]["environment"]
    assert isinstance(environment, dict)
    assert environment["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?set it in .env}"
    assert all("healthcheck" in services[name] for name in ("postgres", "redis"))
    assert all("ports" not in services[name] for name in ("postgres", "redis"))
    assert services["app"]["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize(
    ("kind", "name"), [("mysql", "mysql"), ("mongodb", "mongodb"), ("redis", "redis")]
)
def test_every_service_has_a_volume_of_its_own(kind: str, name: str) -> None:
    loaded = compose(container_services=[kind])

    assert name in loaded["services"]
    assert list(loaded["volumes"]) == [name]


def test_written_folders_get_volumes_but_the_code_does_not() -> None:
    app = compose(container_writable_paths=[".", "uploads", "data/files"])["services"]["app"]

    assert app["volumes"] == ["uploads:/app/uploads", "data-files:/app/data/files"]


@pytest.mark.parametrize(
    "answers",
    [{"manager": "none", "manifest": ""}, {"container_dockerfile": False}],
    ids=["nothing to install from", "built elsewhere"],
)
def test_nothing_is_made_where_it_could_not_work(answers: dict[str, object]) -> None:
    assert list(rendered("container", **answers)) == [".copier-answers.container.yml"]


@pytest.mark.parametrize(("kind", "port"), [("postgresql", "5432"), ("mysql", "3306")])
def test_an_address_in_parts_is_told_in_parts(kind: str, port: str) -> None:
    parts = {f"DB_{part.upper()}": part for part in ("host", "port", "user", "password", "name")}
    app = compose(
        container_services=[kind], container_database_url_env="", container_database_env=parts
    )["services"]["app"]

    host = "postgres" if kind == "postgresql" else "mysql"
    secret = f"${{{host.upper()}_PASSWORD:?set it in .env}}"
    assert app["environment"] == {
        "DB_HOST": host,
        "DB_PORT": port,
        "DB_USER": "app",
        "DB_PASSWORD": secret,
        "DB_NAME": "app",
    }


def test_a_whole_address_needs_no_parts() -> None:
    app = compose(container_services=["postgresql"], container_database_env={"DB_HOST": "host"})

    assert list(app["services"]["app"]["environment"]) == ["DATABASE_URL"]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("answers", "there", "gone"),
    [
        ({}, ["**/.env", "**/*.pem"], []),
        ({"keep": ["Dockerfile"]}, ["**/.env"], ["**/*.pem", "**/*.key"]),
        (
            {"keep": ["Dockerfile"], "container_copies_env": True},
            [".git"],
            ["**/.env", "**/.env.*", "!**/.env.example"],
        ),
    ],
    ids=str,
)
def test_an_image_of_the_projects_own_still_gets_what_it_copies(
    answers: dict[str, object], there: list[str], gone: list[str]
) -> None:
    lines = rendered("container", **answers)[".dockerignore"].decode().splitlines()

    assert set(there) <= set(lines)
    assert not set(gone) & set(lines)


def test_another_compose_file_is_not_doubled() -> None:
    assert "compose.yaml" not in rendered("container", container_compose=False)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"container_writable_paths": ["../data"]}, "no folder below the service"),
        ({"container_writable_paths": "data"}, "Give a list"),
        ({"container_services": ["oracle"]}, "is not one of"),
        ({"container_services": ["postgresql", "mysql"]}, "one SQL database"),
        ({"container_health_path": "health"}, "Give a path"),
        ({"container_install_files": ["../requirements.txt"]}, "lies outside of the service"),
    ],
    ids=str,
)
def test_answers_that_could_not_work_are_refused(answers: dict[str, object], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        rendered("container", **answers)
