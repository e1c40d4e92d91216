"""A repository of templates that a test can release, and projects that are made from it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import copier
import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
PARTS = ("copier.yml", "templates", "recipes")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it says."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str = "Change") -> None:
    """Commit everything below a folder, which becomes a repository if it is in none."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        git(folder, "init", "-q")
    git(folder, "add", "--all", ".")
    git(folder, "commit", "-q", "-m", message)


def write(folder: Path, path: str, text: str) -> None:
    """Write a file and the folders that it is in."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(text)


def answers(folder: Path, name: str = ".copier-answers.yml") -> dict[str, Any]:
    """Read an answers file."""
    stored: dict[str, Any] = YAML(typ="safe").load(folder / name)
    return stored


@dataclass(frozen=True)
class Templates:
    """A copy of this repository's templates, with a history of its own."""

    root: Path

    def write(self, path: str, text: str) -> None:
        """Write a file of a template."""
        write(self.root, path, text)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the only occurrence of `old`."""
        text = (self.root / path).read_text()
        assert text.count(old) == 1
        self.write(path, text.replace(old, new))

    def release(self, tag: str) -> None:
        """Commit what is there and tag it."""
        commit(self.root, tag)
        git(self.root, "tag", tag)

    def copy(
        self, target: Path, unit: str, *, answers_file: str | None = None, **data: Any
    ) -> None:
        """Render a unit as a person without this tool does, taking the defaults of what is not given."""
        copier.run_copy(
            str(self.root),
            target,
            data={"unit": unit, **data},
            answers_file=answers_file,
            defaults=True,
            overwrite=True,
            quiet=True,
        )


def copy_templates(root: Path) -> Templates:
    """Copy the templates as they are in this checkout into a repository without a release."""
    root.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, root / part)
    git(root, "init", "-q")
    return Templates(root)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of this checkout as v1.0.0, to render from; tests that change them copy their own."""
    templates = copy_templates(tmp_path_factory.mktemp("released") / "templates")
    templates.release("v1.0.0")
    return templates
