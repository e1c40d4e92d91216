"""Which Dockerfiles hold a service, and which of them start it."""

import pytest

from buttress.analysis.delivery.images import deployed_stage, images, service_images
from buttress.project import inspect_project, select_service
from buttress.source import Tree
from buttress.source.dockerfile import parse

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
COPIED = "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"
STARTED = COPIED + 'CMD ["uvicorn", "main:app"]\n'


def paths(files: dict[str, str], root: str = "") -> tuple[list[str], list[str]]:
    """Return the Dockerfiles that hold the service, and those that start it."""
    folder = root + "/" if root else ""
    own = {f"{folder}main.py": APP, f"{folder}requirements.txt": "fastapi\n"}
    project = inspect_project(Tree.of({**own, **files}))
    service = select_service(project, root or ".")
    holding = [image.path for image in service_images(project, service)]
    return holding, [image.path for image in images(project, service)]


@pytest.mark.parametrize("path", ["Dockerfile", "docker/Dockerfile.prod", "web.Dockerfile"])
def test_a_dockerfile_in_the_folder_that_starts_the_app(path: str) -> None:
    assert paths({path: STARTED}) == ([path], [path])


def test_without_a_command_it_holds_the_service_and_starts_nothing() -> None:
    assert paths({"Dockerfile": COPIED}) == (["Dockerfile"], [])


def test_a_command_in_compose_starts_it() -> None:
    compose = "services:\n  web:\n    build: .\n    command: ./start\n"

    assert paths({"Dockerfile": COPIED, "compose.yaml": compose})[1] == ["Dockerfile"]


def test_one_above_that_copies_the_files_of_the_service_stands_behind_its_own() -> None:
    above = STARTED.replace("COPY . .", "COPY backend/app ./app")

    found = paths({"Dockerfile": above, "backend/Dockerfile": STARTED}, "backend")

    assert found[1] == ["backend/Dockerfile", "Dockerfile"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("frontend/Dockerfile", 'FROM node:22\nCOPY . .\nRUN npm ci\nCMD ["node", "app.js"]\n'),
        ("Dockerfile.broken", "hello\n"),
        ("Dockerfile.md", STARTED),
    ],
)
def test_what_is_no_image_of_python(path: str, text: str) -> None:
    assert paths({path: text}) == ([], [])


@pytest.mark.parametrize(
    "copied",
    ["COPY frontend ./app", "COPY backend2/app ./app", "COPY --from=build backend/app ./app"],
)
def test_one_above_that_copies_other_files(copied: str) -> None:
    text = f'FROM python:3.12-slim\n{copied}\nRUN pip install celery\nCMD ["python", "work.py"]\n'

    assert paths({"Dockerfile": text}, "backend") == ([], [])


def test_one_above_that_starts_another_service() -> None:
    other = "from flask import Flask\napp = Flask(__name__)\n"
    text = (
        "FROM python:3.12\nCOPY backend/shared ./shared\nCOPY web ./web\n"
        'CMD ["gunicorn", "web.site:app"]\n'
    )
    files = {"Dockerfile": text, "web/site.py": other, "web/requirements.txt": "flask\n"}

    assert paths(files, "backend") == ([], [])


@pytest.mark.parametrize(
    ("stages", "target", "deployed"),
    [
        ("base production", "", "production"),
        ("base production development", "", "production"),
        ("runtime runtime-dev", "", "runtime"),
        ("build test", "", "build"),
        ("web worker", "web", "web"),
        ("web worker", "gone", "worker"),
        ("production development", "development", "production"),
        ("dev", "", "dev"),
    ],
)
def test_the_stage_that_is_deployed(stages: str, target: str, deployed: str) -> None:
    text = "".join(f'FROM python:3.12 AS {name}\nCMD ["x"]\n' for name in stages.split())

    assert deployed_stage(parse(text), target).name == deployed


def test_a_stage_that_says_what_to_run_is_deployed_before_one_that_is_called_so() -> None:
    text = (
        'FROM python:3.12 AS web\nCMD ["x"]\nFROM python:3.12 AS release-notes\nRUN x\n'
        "FROM web AS test\nRUN pytest\n"
    )

    assert deployed_stage(parse(text)).name == "web"
