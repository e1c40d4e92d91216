"""The reference pages say what the checks and recipes are now."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize(
    "name",
    [
        "images/scorecard.svg",
        "reference/checks.md",
        "reference/recipes.md",
        "reference/traceability.md",
    ],
)
def test_generated_pages_are_current(name: str) -> None:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)

    written = (DOCS / name).read_text(encoding="utf-8")

    assert written == generate.pages()[name], "run `python docs/generate.py`"
