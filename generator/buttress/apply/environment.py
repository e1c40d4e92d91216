"""The virtual environment that a project runs in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from buttress.errors import UserError
from buttress.project.model import Manager, Service

_FOLDERS = (".venv", "venv", "env")
_ASK = {
    Manager.POETRY: ("poetry", "env", "info", "--path"),
    Manager.PIPENV: ("pipenv", "--venv"),
}
_INSTALL = {
    Manager.UV: "uv sync",
    Manager.POETRY: "poetry install",
    Manager.PDM: "pdm install",
    Manager.PIPENV: "pipenv install --dev",
}


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment.

    Attributes:
        folder: Where it lies.
        python: Its interpreter.
        origin: How it was found: ``.venv``, ``VIRTUAL_ENV``, ``poetry``.
    """

    folder: Path
    python: Path
    origin: str


def find_environment(
    root: Path, service: Service, variables: Mapping[str, str] = os.environ
) -> Environment:
    """Return the environment of a service.

    Args:
        root: The root of the project.
        service: The service.
        variables: Environment variables.

    Raises:
        UserError: If there is none; the message tells how to make one.
    """
    for folder, origin in _candidates(root, service, variables):
        python = _python_of(folder)
        if python is not None:
            return Environment(folder, python, origin)
    raise UserError(
        f"{root / service.root}: no virtual environment of the project was found (.venv, venv, env or"
        f" VIRTUAL_ENV), and its code runs nowhere else. Make one: {how_to_install(service)}"
    )


def how_to_install(service: Service) -> str:
    """Return the command that makes an environment with what the service declares."""
    manifest = service.manifest
    if manifest is not None and manifest.manager in _INSTALL:
        return _INSTALL[manifest.manager]
    name = Path(manifest.path).name if manifest is not None else ""
    what = f"-r {name}" if name.endswith((".txt", ".in")) else "." if name else "PACKAGES"
    return f"python3 -m venv .venv && .venv/bin/pip install {what}"


def _candidates(
    root: Path, service: Service, variables: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    for base in dict.fromkeys((root / service.root, root)):
        for name in _FOLDERS:
            yield base / name, (base / name).relative_to(root).as_posix()
    for name in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV"):
        if variables.get(name):
            yield root / service.root / variables[name], name
    command = _ASK.get(service.manifest.manager) if service.manifest else None
    if command is not None and shutil.which(command[0]):
        done = subprocess.run(
            command,
            cwd=root / service.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and done.stdout.strip():
            yield Path(done.stdout.strip().splitlines()[-1]), command[0]


def _python_of(folder: Path) -> Path | None:
    if not (folder / "pyvenv.cfg").is_file():
        return None
    for name in ("bin/python", "Scripts/python.exe"):
        if (folder / name).exists():
            # the link itself: the interpreter behind it knows nothing of the environment
            return folder / name
    return None
