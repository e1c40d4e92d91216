"""The recipe as it is in this checkout, rendered by plain Copier, and what Terraform says of the result."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import copier
import hcl2
import pytest

ROOT = Path(__file__).parents[3]
UNIT = "recipes/terraform"


@dataclass(frozen=True)
class Rendered:
    """What the recipe made of one set of answers."""

    folder: Path

    @property
    def paths(self) -> set[str]:
        """Its files, relative to the root of the repository."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix() for path in found}

    def text(self, path: str) -> str:
        """Read one file below `infra/aws`."""
        return (self.folder / "infra/aws" / path).read_text()

    def values(self, environment: str) -> dict[str, Any]:
        """Read what an environment sets, strings without their quotes."""
        found = parsed(self.text(f"environments/{environment}/terraform.tfvars"))
        return {key: _plain(value) for key, value in found.items() if key != "__comments__"}


@cache
def parsed(text: str) -> dict[str, Any]:
    """Parse HCL; most files are the same for many answers."""
    data: dict[str, Any] = hcl2.loads(text)
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix('"').removesuffix('"')
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if not key.startswith("__")}
    return value


class Render(Protocol):
    """Renders the recipe with the answers that are given, and the defaults of all others."""

    def __call__(self, **answers: object) -> Rendered: ...


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what rendering needs, without the history that Copier would look into."""
    folder = tmp_path_factory.mktemp("templates")
    shutil.copy(ROOT / "copier.yml", folder)
    for questions in ROOT.glob("recipes/*/questions.yml"):
        copy = folder / questions.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        shutil.copy(questions, copy)
    shutil.copytree(ROOT / UNIT, folder / UNIT, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def render(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Return what renders the recipe; the same answers are rendered once, so nothing may be written there."""
    done: dict[str, Rendered] = {}

    def rendered(**answers: object) -> Rendered:
        key = repr(sorted(answers.items()))
        if key not in done:
            done[key] = rendered_anew(**answers)
        return done[key]

    def rendered_anew(**answers: object) -> Rendered:
        folder = tmp_path_factory.mktemp("project")
        copier.run_copy(
            str(templates),
            folder,
            data={"unit": UNIT, "project_name": "shop", **answers},
            defaults=True,
            quiet=True,
            settings=copier.Settings(),
        )
        return Rendered(folder)

    return rendered


@pytest.fixture(scope="session")
def terraform() -> str:
    """Return the Terraform on this machine."""
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not installed")
    return found


class Offline(Protocol):
    """Runs `validate`, `plan` or `test` in a folder; returns the exit code and what was printed."""

    def __call__(self, verb: str, folder: Path, *arguments: str) -> tuple[int, str]: ...


@pytest.fixture(scope="session")
def offline(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> Offline:
    """Return what runs Terraform with the schemas of the providers, but without an account.

    TERRAFORM_OFFLINE may name a command that takes a verb, a folder and further arguments. Without it,
    Terraform installs the provider itself, which takes the network.
    """
    command = os.environ.get("TERRAFORM_OFFLINE")
    quiet = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

    def run(verb: str, folder: Path, *arguments: str) -> tuple[int, str]:
        if command is not None:
            return _run([*shlex.split(command), verb, str(folder), *arguments], folder, quiet)
        if verb == "plan":
            pytest.skip("a plan of the real provider needs an account")
        project = next(parent.parent for parent in folder.parents if parent.name == "infra")
        copy = tmp_path_factory.mktemp("apply") / "project"
        shutil.copytree(project, copy)
        place = copy / folder.relative_to(project)
        code, _ = _run([terraform, "init", "-backend=false", "-input=false"], place, quiet)
        if code:
            pytest.skip("terraform cannot install the provider here; set TERRAFORM_OFFLINE")
        return _run([terraform, verb, *arguments], place, quiet)

    return run


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
