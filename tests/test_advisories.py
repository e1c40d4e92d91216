"""The data of advisories is made from a checkout of their database."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ENTRY = """\
id: PYSEC-2024-1
aliases: [CVE-2024-1, GHSA-1]
affected:
- package: {name: flask, ecosystem: PyPI}
  ranges:
  - type: GIT
    events: [{introduced: '0'}, {fixed: abc}]
  - type: ECOSYSTEM
    events: [{introduced: '0'}, {fixed: 2.2.5}, {introduced: 2.3.0}, {fixed: 2.3.2}]
  versions: ['1.0', '2.3.0']
"""
OPEN = """\
id: PYSEC-2024-2
affected:
- package: {name: flask, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events: [{introduced: '0'}]
  versions: ['1.1', '1.0']
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parent.parent / "generator" / "advisories.py"
    spec = importlib.util.spec_from_file_location("advisories", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_keeps_ids_and_ranges_of_versions(script: ModuleType, tmp_path: Path) -> None:
    _write(tmp_path, "PYSEC-2024-1.yaml", ENTRY)

    assert script.of_package(tmp_path, "flask") == [
        ["PYSEC-2024-1", "CVE-2024-1", [["0", "2.2.5"], ["2.3.0", "2.3.2"]], []]
    ]


def test_names_only_known_versions_where_none_is_fixed(script: ModuleType, tmp_path: Path) -> None:
    _write(tmp_path, "PYSEC-2024-2.yaml", OPEN)

    assert script.of_package(tmp_path, "flask") == [["PYSEC-2024-2", "", [], ["1.0", "1.1"]]]


def test_leaves_out_what_was_withdrawn(script: ModuleType, tmp_path: Path) -> None:
    _write(tmp_path, "PYSEC-2024-1.yaml", ENTRY + "withdrawn: '2024-02-01T00:00:00Z'\n")

    assert script.of_package(tmp_path, "flask") == []


def _write(folder: Path, name: str, text: str) -> None:
    package = folder / "vulns" / "flask"
    package.mkdir(parents=True, exist_ok=True)
    (package / name).write_text(text, encoding="utf-8")
