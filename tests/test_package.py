"""What holds for the package as a whole."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import buttress

ROOT = Path(__file__).parents[1]
HEAVY = ("black", "copier", "jinja2", "pydantic", "questionary", "ruamel.yaml", "tomlkit")


def test_package_and_project_have_one_version() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert buttress.__version__ == declared


@pytest.mark.parametrize("heavy", [*HEAVY, "importlib.metadata", "buttress.checks"])
def test_the_command_line_starts_without_what_only_some_commands_need(heavy: str) -> None:
    code = "import sys, buttress.cli; print(sys.argv[1] in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, heavy], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"
