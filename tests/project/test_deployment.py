"""Everything that starts a service: images, platforms, process managers, scripts, prose."""

import pytest

from tests.project.trees import FASTAPI, FLASK, service

APP = {"backend/shop/main.py": "from shop.db import x\n" + FASTAPI, "backend/shop/db.py": "x = 1\n"}


def entry(files: dict[str, str], sources: dict[str, str] = APP) -> tuple[str, str, str] | None:
    """Return the entry command, its place and its reason."""
    fact = service({**sources, **files}).entry_command
    return None if fact is None else (fact.value, str(fact.place), fact.reason)


@pytest.mark.parametrize(
    ("path", "text", "line", "reason"),
    [
        ("Procfile", "release: alembic upgrade head\nweb: cd backend && uvicorn shop.main:app\n", 2, "Procfile"),
        ("backend/Dockerfile", "FROM python:3.12\nCOPY . .\nCMD uvicorn shop.main:app\n", 3, "Dockerfile CMD"),
        ("Dockerfile", "FROM python:3.12\nWORKDIR /srv\nCOPY backend .\nENTRYPOINT uvicorn shop.main:app\n", 4, "Dockerfile ENTRYPOINT"),
        ("compose.yaml", "services:\n  web:\n    image: python\n    command: uvicorn shop.main:app\n", 4, "compose command"),
        ("fly.toml", "[processes]\napp = 'uvicorn shop.main:app'\n", 2, "fly.toml"),
        ("railway.json", '{"deploy": {\n"startCommand": "uvicorn shop.main:app"}}', 2, "railway.json"),
        ("render.yaml", "services:\n- type: web\n  rootDir: backend\n  startCommand: uvicorn shop.main:app\n", 4, "render.yaml"),
        ("app.yaml", "runtime: python312\nentrypoint: uvicorn shop.main:app\n", 2, "app.yaml"),
        (".replit", "modules = []\nrun = 'uvicorn shop.main:app'\n", 2, ".replit"),
        ("ecosystem.config.js", "module.exports = {apps: [{\n  args: 'shop.main:app --port 1234',\n}]}", 2, "ecosystem.config.js"),
        ("deploy/shop.service", "[Service]\nExecStart=/srv/venv/bin/uvicorn shop.main:app\n", 2, "shop.service"),
        ("package.json", '{"scripts": {\n"api": "cd backend && uvicorn shop.main:app"}}', 2, "package.json script"),
        ("backend/pyproject.toml", "[tool.pdm.scripts]\napi = {cmd = 'uvicorn shop.main:app'}\n", 2, "script api"),
        ("Makefile", "run:\n\tcd backend && uvicorn shop.main:app\n", 2, "Makefile"),
        ("run.sh", "#!/bin/sh\n# uvicorn old:app\ncd backend\nuvicorn \\\n  shop.main:app\n", 4, "run.sh"),
        ("README.md", "# Shop\n\n```\nuvicorn shop.main:app\n```\n", 4, "README"),
    ],
)  # fmt: skip
def test_where_a_start_command_stands(path: str, text: str, line: int, reason: str) -> None:
    found = entry({path: text})
    assert found is not None
    assert "shop.main:app" in found[0]
    assert found[1:] == (f"{path}:{line}", reason)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "Run `uvicorn other.main:app`\n"),
        ("compose.yaml", "services: [not, a, mapping]\n"),
        ("compose.yaml", "a: &a [*a]\n: : :\n"),
        ("railway.json", "{damaged"),
        ("fly.toml", "[processes\n"),
        (".claude/settings.sh", "uvicorn shop.main:app\n"),
        ("Dockerfile", "FROM node:20\nCMD npm start\n"),
    ],
)
def test_what_says_nothing(path: str, text: str) -> None:
    assert entry({path: text}) is None


def test_what_runs_wins_over_prose() -> None:
    files = {
        "README.md": "uvicorn shop.main:app --reload\n",
        "backend/Dockerfile": "FROM python:3.12\nCMD uvicorn shop.main:app\n",
    }
    found = service({**APP, **files})
    assert [fact.reason for fact in found.entry_commands] == ["Dockerfile CMD", "README"]


def test_a_compose_file_for_development_says_less_than_the_image() -> None:
    files = {
        "backend/Dockerfile": "FROM python:3.12\nCMD uvicorn shop.main:app\n",
        "compose.override.yml": "services: {web: {command: uvicorn shop.main:app}}\n",
        "compose.yml": "services: {web: {command: uvicorn shop.main:app --reload}}\n",
    }
    found = service({**APP, **files})
    assert [str(fact.place) for fact in found.entry_commands] == [
        "backend/Dockerfile:2",
        "compose.yml:1",
        "compose.override.yml:1",
    ]


@pytest.mark.parametrize(
    "manifest", ["", "[tool.fastapi]\nentrypoint = 'api:app'\n", "[tool.fastapi]\nentrypoint = 1\n"]
)
def test_fastapi_finds_its_app_by_name_or_by_the_manifest(manifest: str) -> None:
    name = "api" if "api:app" in manifest else "main"
    files = {
        "Procfile": "web: fastapi run --port 80\n",
        "pyproject.toml": manifest,
        f"{name}.py": FASTAPI,
    }
    found = service(files)
    assert found.entry_command is not None
    assert found.app.target == f"{name}:app"


def test_the_stage_for_production_wins_over_the_last_one() -> None:
    text = """\
FROM python:3.12 AS base
FROM base AS production
CMD uvicorn shop.main:app
FROM base AS development
CMD uvicorn shop.main:app --reload
"""
    found = entry({"backend/Dockerfile": text})
    assert found is not None
    assert found[1] == "backend/Dockerfile:3"


def test_a_script_that_the_image_starts_is_read() -> None:
    files = {
        "backend/Dockerfile": 'FROM python:3.12\nCOPY . .\nENTRYPOINT ["./boot.sh"]\n',
        "backend/boot.sh": "flask db upgrade\nexec gunicorn -b :5000 shop.main:app\n",
    }
    found = service({**APP, **files})
    assert found.entry_command is not None
    assert str(found.entry_command.place) == "backend/boot.sh:2"
    assert found.port is not None
    assert found.port.value == "5000"


def test_a_script_of_the_manifest_that_the_image_runs_is_read() -> None:
    files = {
        "backend/Dockerfile": 'FROM python:3.12\nCOPY . .\nCMD ["pdm", "run", "serve"]\n',
        "backend/pyproject.toml": "[tool.pdm.scripts]\nserve = 'uvicorn shop.main:app'\n",
    }
    found = entry(files)
    assert found == ("uvicorn shop.main:app", "backend/Dockerfile:3", "Dockerfile CMD")


def test_compose_tells_the_context_and_the_port() -> None:
    compose = """\
services:
  web:
    build: {context: backend, dockerfile: ../images/web.dockerfile}
    ports: ['80:8080']
"""
    files = {
        "compose.yaml": compose,
        "images/web.dockerfile": "FROM python:3.12\nCOPY . .\nCMD uvicorn shop.main:app\n",
    }
    found = service({**APP, **files})
    assert found.entry_command is not None
    assert found.entry_command.place.path == "images/web.dockerfile"
    assert found.port is not None
    assert found.port.value == "8080"
    assert found.python is not None


@pytest.mark.parametrize(
    ("files", "port"),
    [
        ({"Dockerfile": "FROM python:3.12\nEXPOSE 7860\nCOPY . .\nCMD python app.py\n"}, "7860"),
        ({"fly.toml": "[http_service]\ninternal_port = 8080\n"}, "8080"),
        ({"README.md": "flask --app app run --port 5005\n"}, "5005"),
        ({}, None),
    ],
)
def test_port(files: dict[str, str], port: str | None) -> None:
    fact = service({"app.py": FLASK, **files}).port
    assert (fact.value if fact else None) == port


def test_flask_finds_its_app_by_name_or_by_flaskenv() -> None:
    assert entry({"Procfile": "web: flask run\n"}, {"app.py": FLASK}) is not None
    files = {"Procfile": "web: flask run\n", ".flaskenv": "FLASK_APP=shop\n"}
    assert entry(files, {"shop.py": FLASK}) is not None
    assert entry({"Procfile": "web: flask run\n"}, {"shop.py": FLASK}) is None
