"""The hook for pre-commit: a valid manifest, started for the files that matter."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import APP, Run, make_project

ROOT = Path(__file__).parents[2]
(HOOK,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))


def test_pre_commit_takes_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path))
    manifest = ROOT / ".pre-commit-hooks.yaml"

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", manifest],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "path",
    [
        "main.py",
        "backend/pyproject.toml",
        "requirements-dev.txt",
        "uv.lock",
        "Dockerfile",
        "deploy/Dockerfile.prod",
        ".github/workflows/ci.yml",
        "infra/main.tf",
        ".env.example",
        "templates/page.html",
    ],
)
def test_it_runs_for_what_a_check_reads(path: str) -> None:
    assert re.search(HOOK["files"], path)


@pytest.mark.parametrize("path", ["README.md", "logo.png", "notes.txt", "docs/guide.rst"])
def test_it_does_not_run_for_other_files(path: str) -> None:
    assert not re.search(HOOK["files"], path)


@pytest.mark.parametrize(("secret", "code"), [("", 0), ('KEY = "AKIAZQ3DRSTUVWXY2345"\n', 1)])
def test_its_command_refuses_a_critical_finding(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str, code: int
) -> None:
    hook: dict[str, Any] = HOOK
    monkeypatch.chdir(make_project(tmp_path / "project", {"main.py": secret + APP}))
    program, *arguments = shlex.split(hook["entry"]) + hook["args"]

    assert program == "buttress"
    assert hook["pass_filenames"] is False
    assert run(*arguments).code == code
