"""The module as it stands in a project: formatted, valid on old Python, clean, in its place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import black
import pytest
from tests.recipes.rendering import rendered

FRAMEWORKS = ["fastapi", "flask"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("columns", [88, 100])
def test_black_changes_nothing(framework: str, columns: int) -> None:
    source = rendered("structured-logging", framework=framework)["logging_setup.py"].decode()

    assert black.format_str(source, mode=black.Mode(line_length=columns)) == source


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_python_3_9_understands_it(framework: str) -> None:
    source = rendered("structured-logging", framework=framework)["logging_setup.py"]

    ast.parse(source, feature_version=(3, 9))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_ruff_and_mypy_find_nothing(framework: str, tmp_path: Path) -> None:
    source = rendered("structured-logging", framework=framework)["logging_setup.py"]
    (tmp_path / "logging_setup.py").write_bytes(source)
    for check in (["ruff", "check", "--isolated", "--no-cache"], ["mypy", "--strict"]):
        command = [sys.executable, "-m", *check, "logging_setup.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_it_stands_in_the_package_under_the_name_that_is_free() -> None:
    answers = {"package_dir": "src/shop", "package": "shop", "logging_module": "request_logging"}

    files = rendered("structured-logging", **answers)

    assert set(files) == {"src/shop/request_logging.py", ".copier-answers.structured-logging.yml"}
