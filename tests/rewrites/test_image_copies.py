"""An image that takes files by name takes the new modules, too."""

import pytest

from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.rewrites.engine import Outcomes, run
from buttress.source import Draft, Tree

APP = "from fastapi import FastAPI\nfrom settings import settings\n\napp = FastAPI()\n"
START = 'RUN pip install fastapi\nCMD ["uvicorn", "main:app"]\n'


def facts(draft: Draft) -> tuple[Project, Service]:
    project = inspect_project(draft)
    return project, select_service(project)


def image(copies: str, folder: str = "", at: str = "Dockerfile") -> tuple[str, Outcomes]:
    """Return a Dockerfile after two modules were brought, and check that a second run changes nothing."""
    inside = f"{folder}/" if folder else ""
    owned = frozenset({f"{inside}settings.py", f"{inside}error_handlers.py"})
    files = dict.fromkeys(owned, "settings = 1\n")
    files |= {f"{inside}main.py": APP, f"{inside}requirements.txt": "fastapi\n"}
    draft = Draft(Tree.of({**files, at: f"FROM python:3.12-slim\n{copies}{START}"}))
    outcomes = run(["image-copies"], draft, facts, owned=owned)
    again = run(["image-copies"], draft, facts, owned=owned)
    text = draft.text(at)
    assert text is not None
    assert not again.changed
    return text.content.removeprefix("FROM python:3.12-slim\n").removesuffix(START), outcomes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("COPY main.py .\n", "COPY main.py error_handlers.py settings.py .\n"),
        ("COPY main.py ./\n", "COPY main.py error_handlers.py settings.py ./\n"),
        (
            "COPY --chown=app main.py other.py /app/\n",
            "COPY --chown=app main.py other.py error_handlers.py settings.py /app/\n",
        ),
        (
            "COPY main.py /app/main.py\nUSER app\n",
            "COPY main.py /app/main.py\nCOPY error_handlers.py settings.py /app/\nUSER app\n",
        ),
        (
            "COPY --chown=app main.py main.py\n",
            "COPY --chown=app main.py main.py\nCOPY --chown=app error_handlers.py settings.py ./\n",
        ),
        (
            "COPY main.py \\\n    other.py \\\n    /app/\n",
            "COPY main.py \\\n    other.py \\\n    error_handlers.py settings.py /app/\n",
        ),
        ("COPY main.py settings.py .\n", "COPY main.py settings.py error_handlers.py .\n"),
        ("COPY mai[n].py .\n", "COPY mai[n].py error_handlers.py settings.py .\n"),
        (
            "WORKDIR /app\nCOPY main.py /app\n",
            "WORKDIR /app\nCOPY main.py /app\nCOPY error_handlers.py settings.py /app/\n",
        ),
        (
            "COPY --link --exclude=a --exclude=b main.py main.py\n",
            (
                "COPY --link --exclude=a --exclude=b main.py main.py\n"
                "COPY --link --exclude=a --exclude=b error_handlers.py settings.py ./\n"
            ),
        ),
        (
            "COPY main.py .\nCOPY probe.py /usr/local/bin/\n",
            "COPY main.py error_handlers.py settings.py .\nCOPY probe.py /usr/local/bin/\n",
        ),
        (
            "COPY . .\nFROM python:3.12-slim\nCOPY main.py .\n",
            "COPY . .\nFROM python:3.12-slim\nCOPY main.py error_handlers.py settings.py .\n",
        ),
        (
            "COPY main.py .\nFROM python:3.12-slim\nCOPY main.py .\n",
            (
                "COPY main.py error_handlers.py settings.py .\n"
                "FROM python:3.12-slim\nCOPY main.py error_handlers.py settings.py .\n"
            ),
        ),
    ],
)
def test_what_is_copied_by_name_has_company(before: str, after: str) -> None:
    assert image(before)[0] == after


def test_an_image_that_is_built_from_above() -> None:
    before = "COPY backend/main.py /app/\n"

    text, _ = image(before, "backend")

    assert text == "COPY backend/main.py backend/error_handlers.py backend/settings.py /app/\n"


@pytest.mark.parametrize(
    "copies",
    [
        "COPY . .\n",
        "COPY ./ /app\n",
        "COPY *.py /app/\n",
        "ADD . /app\n",
        "COPY main.py settings.py error_handlers.py /app/\n",
        "COPY --from=build /app/main.py .\n",
        "COPY requirements.txt .\n",
    ],
)
def test_what_comes_with_its_folder_needs_no_line(copies: str) -> None:
    text, outcomes = image(copies)

    assert text == copies
    assert not outcomes.abstained


@pytest.mark.parametrize(
    "copies",
    [
        "COPY main.py /app\n",
        "COPY main.py /usr/bin/app\n",
        "WORKDIR app\nCOPY main.py app\n",
        "COPY main.py $HOME\n",
        'COPY main.py "./"\n',
        'COPY ["main.py", "./"]\n',
    ],
)
def test_a_target_that_may_be_a_file_is_left_alone(copies: str) -> None:
    text, outcomes = image(copies)

    assert text == copies
    assert [item.code for item in outcomes.abstained] == ["not-copied"]


@pytest.mark.parametrize(
    ("ignored", "count"), [("*\n!main.py\n", 0), ("*\n!*.py\n", 1), ("tests\n", 1)]
)
def test_what_does_not_reach_the_builder_is_not_copied(ignored: str, count: int) -> None:
    files = {
        ".dockerignore": ignored,
        "main.py": APP,
        "settings.py": "settings = 1\n",
        "requirements.txt": "fastapi\n",
        "Dockerfile": f"FROM python:3.12-slim\nCOPY main.py .\n{START}",
    }

    outcomes = run(["image-copies"], Draft(Tree.of(files)), facts, owned=frozenset({"settings.py"}))

    assert len(outcomes.changed) == count
    assert len(outcomes.abstained) == 1 - count


def test_a_module_of_a_package_needs_a_folder_of_its_name() -> None:
    files = {
        "app/__init__.py": "",
        "app/main.py": APP.replace("from settings", "from app.settings"),
        "app/settings.py": "settings = 1\n",
        "requirements.txt": "fastapi\n",
        "Dockerfile": "FROM python:3.12-slim\nRUN pip install fastapi\nCOPY app/main.py ./\n"
        'CMD ["uvicorn", "app.main:app"]\n',
    }

    outcomes = run(
        ["image-copies"], Draft(Tree.of(files)), facts, owned=frozenset({"app/settings.py"})
    )

    assert not outcomes.changed
    assert [item.code for item in outcomes.abstained] == ["not-copied"]


def test_a_folder_that_comes_without_what_it_imports_is_named() -> None:
    owned = frozenset({"settings.py"})
    files = {
        "main.py": "from fastapi import FastAPI\nfrom jobs import work\n\napp = FastAPI()\n",
        "settings.py": "settings = 1\n",
        "jobs/work.py": "from settings import settings\n",
        "requirements.txt": "fastapi\n",
        "jobs/Dockerfile": "FROM python:3.12-slim\nCOPY jobs /app/jobs\nRUN pip install x\nCMD python -m jobs.work\n",
    }
    draft = Draft(Tree.of(files))

    outcomes = run(["image-copies"], draft, facts, owned=owned)

    assert not outcomes.changed
    assert [item.code for item in outcomes.abstained] == ["not-copied"]
    assert "settings.py" in outcomes.abstained[0].reason
