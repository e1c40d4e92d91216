"""What compose files say about an image."""

import pytest

from buttress.project import inspect_project, select_service
from buttress.rewrites.image_facts import ImageFacts, image_facts
from buttress.source import Tree

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
IMAGE = "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"


def facts(files: dict[str, str], path: str = "Dockerfile") -> ImageFacts:
    tree = Tree.of({"main.py": APP, "requirements.txt": "fastapi\n", "Dockerfile": IMAGE, **files})
    project = inspect_project(tree)
    return image_facts(project, select_service(project), tree, path)


@pytest.mark.parametrize(
    ("service", "field"),
    [
        ("build: .\n    volumes: ['.:/app']", "has_mounts"),
        ("build: {context: .}\n    volumes:\n      - data:/app/data", "has_mounts"),
        ("build: .\n    volumes:\n      - {type: bind, source: ., target: /app}", "has_mounts"),
        ("build: .\n    volumes: ['/var/run/docker.sock:/var/run/docker.sock']", "has_socket"),
        ("build: .\n    command: uvicorn main:app --reload", "has_other_command"),
        ("build: .\n    entrypoint: [sh]", "has_other_command"),
    ],
)
def test_how_compose_uses_the_image(service: str, field: str) -> None:
    found = facts({"docker-compose.yml": f"services:\n  web:\n    {service}\n"})

    assert getattr(found, field) is True


@pytest.mark.parametrize(
    "service",
    [
        "image: postgres\n    volumes: ['data:/var/lib/postgresql/data']",
        "build: ./other\n    volumes: ['.:/app']",
        "build: .\n    volumes: ['./nginx.conf:/etc/nginx.conf:ro']",
        "build: {context: ., dockerfile: Dockerfile.dev}\n    volumes: ['.:/app']",
    ],
)
def test_other_services_and_read_only_mounts_do_not_count(service: str) -> None:
    found = facts({"compose.yaml": f"services:\n  web:\n    {service}\n"})

    assert (found.has_mounts, found.has_socket, found.has_other_command) == (False, False, False)


def test_the_stage_that_compose_builds() -> None:
    compose = "services:\n  web:\n    build: {context: ., target: production}\n"

    assert facts({"compose.yaml": compose}).target == "production"


def test_data_in_absolute_folders_is_known() -> None:
    assert facts({"main.py": APP + "URL = 'sqlite:////data/app.db'\n"}).writes_elsewhere
    assert not facts({"main.py": APP + "URL = 'sqlite:///app.db'\n"}).writes_elsewhere


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ('@app.get("/api/health")', "/api/health"),
        ('@app.get("/healthz/")', "/healthz/"),
        ('@app.post("/health")', "/"),
        ('@app.get("/{name}/health")', "/"),
        ('@app.get("/health-report")', "/"),
    ],
)
def test_where_health_is_asked_for(route: str, path: str) -> None:
    found = facts({"main.py": f"{APP}\n\n{route}\ndef health(): ...\n"})

    assert found.health_path == path
