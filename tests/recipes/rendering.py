"""Render one recipe as the tool does, and import what came out."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from buttress.planning.location import find_templates
from buttress.planning.render import render_unit

FACTS: dict[str, object] = {
    "project_name": "proto",
    "framework": "fastapi",
    "service_root": ".",
    "import_root": ".",
    "package_dir": ".",
    "package": "",
    "app_target": "main:app",
    "python_version": "3.11",
}


def rendered(recipe: str, **answers: object) -> Mapping[str, bytes]:
    """Return the files of a recipe by their path."""
    templates = find_templates()
    return render_unit(templates, f"recipes/{recipe}", defaults=FACTS, answers=answers).files


def imported(folder: Path, name: str, source: bytes, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Write a module into a folder and import it from there, as an app would."""
    (folder / f"{name}.py").write_bytes(source)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.invalidate_caches()
    return importlib.import_module(name)
