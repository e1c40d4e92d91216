"""The manifest that a service really uses, and what it declares."""

import pytest

from buttress.project.model import Manager, Manifest
from tests.project.trees import FASTAPI, service

POETRY = """\
[tool.poetry]
name = "x"
[tool.poetry.dependencies]
python = "^3.11"
fastapi = "^0.110"
uvicorn = {extras = ["standard"], version = "*"}
[tool.poetry.group.dev.dependencies]
pytest = "^8"
"""
PEP_621 = """\
[project]
name = "x"
requires-python = ">=3.12"
dependencies = [
    "fastapi>=0.110",
]
[project.optional-dependencies]
s3 = ["boto3"]
[dependency-groups]
dev = ["pytest>=8", {include-group = "lint"}]
"""


def manifest(files: dict[str, str | bytes]) -> Manifest | None:
    """Return the manifest of an app in ``main.py``."""
    return service({"main.py": FASTAPI, **files}).manifest


def listed(found: Manifest | None) -> list[str]:
    """Return the dependencies as ``group:name specifier @line``."""
    assert found is not None
    return [f"{d.group}:{d.name} {d.specifier} @{d.place.line}" for d in found.dependencies]


@pytest.mark.parametrize(
    ("files", "path", "kind", "manager", "lock"),
    [
        ({"requirements.txt": "fastapi"}, "requirements.txt", "requirements", Manager.PIP, None),
        ({"requirements/base.txt": "fastapi"}, "requirements/base.txt", "requirements", Manager.PIP, None),
        ({"pyproject.toml": PEP_621}, "pyproject.toml", "pep621", Manager.PIP, None),
        ({"pyproject.toml": PEP_621, "uv.lock": ""}, "pyproject.toml", "pep621", Manager.UV, "uv.lock"),
        ({"pyproject.toml": PEP_621 + "[tool.uv]\ndev-dependencies=['x']"}, "pyproject.toml", "pep621", Manager.UV, None),
        ({"pyproject.toml": PEP_621 + "[tool.pdm]\ndistribution=false", "pdm.lock": ""}, "pyproject.toml", "pdm", Manager.PDM, "pdm.lock"),
        ({"pyproject.toml": POETRY, "poetry.lock": ""}, "pyproject.toml", "poetry", Manager.POETRY, "poetry.lock"),
        ({"Pipfile": "[packages]\nfastapi = '*'", "Pipfile.lock": "{}"}, "Pipfile", "pipfile", Manager.PIPENV, "Pipfile.lock"),
        ({"setup.py": "from setuptools import setup\nsetup(install_requires=['fastapi'])"}, "setup.py", "setup", Manager.PIP, None),
        ({"setup.cfg": "[options]\ninstall_requires =\n    fastapi>=0.1\n    # no\n[x]\na = 1\n"}, "setup.cfg", "setup", Manager.PIP, None),
    ],
)  # fmt: skip
def test_kinds(
    files: dict[str, str | bytes], path: str, kind: str, manager: Manager, lock: str | None
) -> None:
    found = manifest(files)
    assert found is not None
    assert (found.path, found.kind, found.manager, found.lock) == (path, kind, manager, lock)
    assert found.declares("fastapi") is not None


def test_poetry_tables() -> None:
    assert listed(manifest({"pyproject.toml": POETRY})) == [
        ":fastapi ^0.110 @5",
        ":uvicorn  @6",
        "dev:pytest ^8 @8",
    ]


def test_pep_621_tables() -> None:
    assert listed(manifest({"pyproject.toml": PEP_621})) == [
        ":fastapi >=0.110 @5",
        "s3:boto3  @8",
        "dev:pytest >=8 @10",
    ]


def test_files_for_development_beside_the_main_one_are_groups() -> None:
    files: dict[str, str | bytes] = {
        "requirements.txt": "fastapi\n",
        "requirements-dev.txt": "-r requirements.txt\npytest\n",
    }
    assert listed(manifest(files)) == [":fastapi  @1", "dev:pytest  @2"]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"},
        {"pyproject.toml": "[[[ damaged"},
        {"requirements-dev.txt": "pytest\n"},
        {"package.json": "{}"},
        {},
    ],
)
def test_what_is_no_manifest(files: dict[str, str | bytes]) -> None:
    assert manifest(files) is None


def test_a_manifest_that_declares_the_framework_wins_over_one_that_does_not() -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[project]\nname = 'console'\ndependencies = []\n",
        "uv.lock": "",
        "requirements.txt": "fastapi\n",
    }
    found = manifest(files)
    assert found is not None
    assert found.path == "requirements.txt"


@pytest.mark.parametrize(
    ("install", "path"),
    [
        ("pip install -r requirements.txt", "requirements.txt"),
        ("uv sync --frozen", "pyproject.toml"),
        ("pip install --no-cache-dir .", "requirements.txt"),
    ],
)
def test_among_equals_the_one_that_the_image_installs_wins(install: str, path: str) -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": PEP_621,
        "uv.lock": "",
        "requirements.txt": "fastapi\n",
        "Dockerfile": f"FROM python:3.12\nRUN {install}\nCMD uvicorn main:app\n",
    }
    if install.endswith("."):
        del files["uv.lock"]
        path = "pyproject.toml"
    found = manifest(files)
    assert found is not None
    assert found.path == path


def test_a_workspace_keeps_its_lock_above() -> None:
    found = service(
        {
            "backend/main.py": FASTAPI,
            "backend/pyproject.toml": PEP_621,
            "pyproject.toml": "[tool.uv.workspace]\nmembers = ['backend']\n",
            "uv.lock": "",
        }
    ).manifest
    assert found is not None
    assert (found.path, found.manager, found.lock) == (
        "backend/pyproject.toml",
        Manager.UV,
        "uv.lock",
    )


def test_the_image_tells_the_manager_where_no_lock_does() -> None:
    files: dict[str, str | bytes] = {
        "pyproject.toml": PEP_621,
        "Dockerfile": "FROM python:3.12\nRUN uv sync\nCMD uvicorn main:app\n",
    }
    found = manifest(files)
    assert found is not None
    assert (found.manager, found.lock) == (Manager.UV, None)
