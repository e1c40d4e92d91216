"""What an image has to know is read from the project; what is not known is left open."""

from __future__ import annotations

import pytest

from buttress.planning.providers import providers
from tests.planning.projects import FASTAPI_APP, project_of


def answer(name: str, files: dict[str, str]) -> object:
    project, service = project_of(files)
    return providers()[f"container-{name}"](project, service)


def app(code: str = "", requirements: str = "fastapi\n", **others: str) -> dict[str, str]:
    files = {"main.py": code + FASTAPI_APP, "requirements.txt": requirements}
    return files | {name.replace("__", "/"): text for name, text in others.items()}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", []),
        ("import os\nos.makedirs('uploads', exist_ok=True)\n", ["uploads"]),
        ("from pathlib import Path\nPath('data/files').mkdir()\n", ["data/files"]),
        ("def f(p):\n    open('out/log.txt', 'a')\n", ["out"]),
        ("def f(p):\n    open(p, mode='wb')\n", ["."]),
        ("def f(p):\n    p.write_text('x')\n", ["."]),
        ("import sqlite3\nDB = sqlite3.connect('app.db')\n", ["."]),
        ("URL = 'sqlite+aiosqlite:///./data/app.db'\n", ["data"]),
        ("import os\nos.makedirs('../outside')\n", ["."]),
        ("def f(p):\n    open(p)\n    open('x', 'r')\n", []),
        ("import sqlite3\nDB = sqlite3.connect(':memory:')\n", []),
        ("URL = 'sqlite:////data/app.db'\n", []),
        ("def f():\n    open('/tmp/x', 'w')\n", []),
    ],
)
def test_folders_that_the_code_writes_to(code: str, expected: list[str]) -> None:
    assert answer("writable-paths", app(code)) == expected


def test_tests_and_scripts_do_not_count() -> None:
    files = app(**{"tests__test_a.py": "def test_a():\n    open('x', 'w')\n"})

    assert answer("writable-paths", files) == []


def test_flask_sqlalchemy_writes_to_the_instance_folder() -> None:
    code = (
        "from flask import Flask\nfrom flask_sqlalchemy import SQLAlchemy\napp = Flask(__name__)\n"
        "app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///app.db'\ndb = SQLAlchemy(app)\n"
    )
    files = {"app.py": code, "requirements.txt": "flask\nflask-sqlalchemy\n"}

    assert answer("writable-paths", files) == [".", "instance"]


SITE = """\
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["django.contrib.auth"]
ROOT_URLCONF = "site_.urls"
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}\n",
            ["."],
        ),
        ("MEDIA_ROOT = BASE_DIR / 'media'\n", ["media"]),
        ("import os\nMEDIA_ROOT = os.path.join(BASE_DIR, 'files', 'media/')\n", ["files/media"]),
        ("DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n", []),
        ("MEDIA_ROOT = ''\n", []),
        ("MEDIA_ROOT = '/srv/media'\n", []),
        ("STATIC_ROOT = BASE_DIR / 'staticfiles'\n", []),
    ],
)
def test_django_writes_its_sqlite_file_and_what_is_uploaded(
    settings: str, expected: list[str]
) -> None:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n",
        "site_/settings.py": SITE + settings,
        "site_/urls.py": "urlpatterns = []\n",
        "requirements.txt": "django\n",
    }

    assert answer("writable-paths", files) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("@app.get('/healthz')\ndef h(): ...\n", "/healthz"),
        ("@app.get('/api/v1/health')\ndef h(): ...\n", "/api/v1/health"),
        ("@app.post('/health')\ndef h(): ...\n", "/"),
        ("@app.get('/health/{name}')\ndef h(name): ...\n", "/"),
        ("@app.get('/healthy-food')\ndef h(): ...\n", "/"),
    ],
)
def test_the_health_path_is_a_route_of_the_app(route: str, expected: str) -> None:
    assert answer("health-path", {"main.py": FASTAPI_APP + route}) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (app(), ["requirements.txt"]),
        (app(requirements="fastapi\n-r missing.txt\n"), ["."]),
        (
            {**app(requirements="-r deps/base.txt\n"), "deps/base.txt": "fastapi\n"},
            ["requirements.txt", "deps/base.txt"],
        ),
        (app(requirements="fastapi\n-e .\n"), ["."]),
        (app(requirements="fastapi\n./libs/thing\n"), ["."]),
        (app(requirements="fastapi\nx @ git+https://example.org/x.git\n"), ["requirements.txt"]),
        (
            {
                "main.py": FASTAPI_APP,
                "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['fastapi']\n",
                "uv.lock": "version = 1\n",
            },
            ["pyproject.toml", "uv.lock"],
        ),
        (
            {
                "main.py": FASTAPI_APP,
                "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['fastapi', 'y']\n"
                "[tool.uv.sources]\ny = { path = 'libs/y' }\n",
                "uv.lock": "version = 1\n",
            },
            ["."],
        ),
    ],
    ids=str,
)
def test_files_that_installing_reads(files: dict[str, str], expected: list[str]) -> None:
    assert answer("install-files", files) == expected


@pytest.mark.parametrize(
    ("requirements", "build", "runtime"),
    [
        ("fastapi\npsycopg2==2.9\n", ["build-essential", "libpq-dev"], ["libpq5"]),
        ("fastapi\npsycopg2-binary\npillow\nlxml\n", [], []),
        ("fastapi\npsycopg[binary]\n", [], []),
        ("fastapi\npsycopg\n", [], ["libpq5"]),
        ("fastapi\nopencv-python\npytesseract\n", [], ["libgl1", "libglib2.0-0", "tesseract-ocr"]),
        ("fastapi\nx @ git+https://example.org/x.git\n", ["git"], []),
    ],
)
def test_debian_packages_that_distributions_need(
    requirements: str, build: list[str], runtime: list[str]
) -> None:
    files = app(requirements=requirements)

    assert answer("build-packages", files) == build
    assert answer("runtime-packages", files) == runtime


POSTGRES = "import os\nimport psycopg\nURL = os.environ['DB_URL']\n"


def test_the_database_is_addressed_as_the_code_reads_it() -> None:
    files = app(POSTGRES, "fastapi\npsycopg\n")

    assert answer("services", files) == ["postgresql"]
    assert answer("database-url-env", files) == "DB_URL"
    assert answer("database-url-scheme", files) == "postgresql"


@pytest.mark.parametrize(
    ("code", "scheme"),
    [
        ("D = 'postgresql+asyncpg://a@localhost/b'\n", "postgresql+asyncpg"),
        ("D = 'postgres://a@localhost/b'\n", "postgresql"),
        ("import sqlalchemy\nimport asyncpg\n", "postgresql+asyncpg"),
    ],
)
def test_the_scheme_is_the_one_in_use(code: str, scheme: str) -> None:
    assert answer("database-url-scheme", app(POSTGRES + code)) == scheme


def test_a_variable_that_nobody_reads_is_not_invented() -> None:
    files = app("import psycopg\nimport redis\n")

    assert answer("services", files) == ["redis"]
    assert answer("database-url-env", files) == ""
    assert answer("redis-url-env", files) == ""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "HOST, PASSWORD = config('DB_HOST'), config('DB_PASSWORD')\nNAME = config('DB_NAME')\n",
            {"DB_HOST": "host", "DB_PASSWORD": "password", "DB_NAME": "name"},
        ),
        (
            (
                "from pydantic_settings import BaseSettings\n"
                "class Settings(BaseSettings):\n    postgres_server: str\n    postgres_password: str\n"
            ),
            {"POSTGRES_SERVER": "host", "POSTGRES_PASSWORD": "password"},
        ),
        ("URL = os.environ['DATABASE_URL'] or config('DB_HOST', config('DB_PASSWORD'))\n", {}),
        ("HOST = config('MAIL_HOST')\nPASSWORD = config('MAIL_PASSWORD')\n", {}),
        ("PASSWORD = config('DB_PASSWORD')\n", {}),
        ("HOST, PASSWORD = config('MYSQL_HOST'), config('MYSQL_PASSWORD')\n", {}),
        ("class Row:\n    db_host: str\n    db_password: str\n", {}),
    ],
)
def test_an_address_in_parts_is_told_as_the_code_reads_it(
    code: str, expected: dict[str, str]
) -> None:
    files = app("import os\nimport psycopg\nfrom decouple import config\n" + code)

    assert answer("database-env", files) == expected


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("D = dj_database_url.config(default='sqlite:///x')\n", "DATABASE_URL"),
        ("D = env.db()\n", "DATABASE_URL"),
        ("D = dj_database_url.config(env='OTHER')\n", ""),
        ("D = env.db('OTHER')\n", ""),
        ("D = dj_database_url.parse(value)\n", ""),
    ],
)
def test_libraries_have_a_variable_of_their_own(code: str, name: str) -> None:
    assert answer("database-url-env", app("import psycopg\n" + code)) == name


@pytest.mark.parametrize(
    ("copies", "expected"),
    [
        ("COPY .env .", True),
        ("COPY .env.${STAGE} /app/.env", True),
        ("COPY . .", False),
        ("COPY .env.example .env", False),
        ("COPY .environment .", False),
        ("COPY --from=build /app/.env .", False),
    ],
)
def test_a_dotenv_file_that_an_image_takes_by_name(copies: str, expected: bool) -> None:
    files = app(Dockerfile=f"FROM python:3.12-slim\n{copies}\n")

    assert answer("copies-env", files) is expected


def test_database_files_of_the_project_go_into_the_image() -> None:
    files = app(**{"data__seed.db": "x", "notes.txt": "y"})

    assert answer("seed-files", files) == ["data/seed.db"]


IMAGE = "FROM python:3.12\nCOPY {} /app\nRUN pip install -r /app/requirements.txt\n"
MONOREPO = {"backend/main.py": FASTAPI_APP, "backend/requirements.txt": "fastapi\n"}


@pytest.mark.parametrize(
    ("others", "needed"),
    [
        ({}, True),
        ({"backend/Dockerfile": IMAGE.format(".")}, True),
        ({"Dockerfile": IMAGE.format("backend/")}, False),
        ({"Dockerfile.backend": IMAGE.format("./backend")}, False),
        ({"Dockerfile": IMAGE.format("frontend")}, True),
        ({"frontend/Dockerfile": "FROM node:22\nCOPY . .\n"}, True),
        ({"backend/deploy/web/Dockerfile": IMAGE.format("backend/")}, False),
        (
            {
                "docker/Dockerfile.api": IMAGE.format("backend/"),
                "docker/compose.yaml": (
                    "services:\n  a:\n    build: {context: .., dockerfile: docker/Dockerfile.api}\n"
                ),
            },
            False,
        ),
        ({"docker/Dockerfile.web": "FROM node:22\nCOPY backend/static /s\n"}, True),
    ],
    ids=str,
)
def test_a_dockerfile_elsewhere_that_builds_the_service_is_enough(
    others: dict[str, str], needed: bool
) -> None:
    assert answer("dockerfile", MONOREPO | others) is needed


@pytest.mark.parametrize(
    ("others", "needed"),
    [
        ({}, True),
        ({"docker-compose.yml": "services: {}\n"}, False),
        # built by its usual name, or by none
        ({"backend/Dockerfile": "FROM python:3.12\n"}, True),
        ({"backend/Dockerfile.prod": "FROM python:3.12\n"}, False),
        ({"backend/docker/Dockerfile": "FROM python:3.12\n"}, False),
        ({"backend/.gitpod.Dockerfile": "FROM gitpod/workspace-base\n"}, True),
        ({"frontend/Dockerfile.prod": "FROM node:22\n"}, True),
    ],
    ids=str,
)
def test_a_compose_file_is_made_where_there_is_none_and_it_finds_what_to_build(
    others: dict[str, str], needed: bool
) -> None:
    assert answer("compose", MONOREPO | others) is needed
