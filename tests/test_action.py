"""The GitHub Action does what its steps say: they are run here as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import APP, make_project

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
FILES = {"main.py": APP, "requirements.txt": "fastapi\n"}


@dataclass(frozen=True)
class Job:
    """A job after one step: how that ended, and what it left for others."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass(frozen=True)
class Runner:
    """A workspace on a runner."""

    workspace: Path
    temp: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, **inputs: str) -> Job:
        """Run a step with inputs as a runner does: expressions only in ``env``, a file for bash."""
        step = STEPS[name]
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        output, summary = self.temp / "output", self.temp / "summary"
        output.write_text("")
        summary.write_text("# Earlier\n")
        defaults = {key: str(item["default"]) for key, item in ACTION["inputs"].items()}
        given = defaults | {key.replace("_", "-"): value for key, value in inputs.items()}
        variables = {
            key: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: given[found[1]], value)
            for key, value in step["env"].items()
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.temp),
                "RUNNER_TEMP": str(self.temp),
                "GITHUB_ACTION_PATH": str(ROOT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                **variables,
                **self.environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        pairs = (line.split("=", 1) for line in output.read_text().splitlines())
        return Job(done.returncode, done.stdout + done.stderr, dict(pairs), summary.read_text())


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner on which Buttress is installed: from this checkout, in place of a new environment."""
    bin_ = tmp_path / "temp" / "buttress" / "bin"
    bin_.mkdir(parents=True)
    python = shlex.quote(sys.executable)
    source = shlex.quote(str(ROOT / "generator"))
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'generator')!r}); from buttress.cli import main; main()"
    for name, line in (
        ("python", f'exec {python} "$@"'),
        ("buttress", f'PYTHONPATH={source} exec {python} -I -c {shlex.quote(start)} "$@"'),
    ):
        (bin_ / name).write_text(f"#!/bin/sh\n{line}\n")
        (bin_ / name).chmod(0o755)
    return Runner(make_project(tmp_path / "work space", FILES), tmp_path / "temp")


def test_no_expression_reaches_a_script() -> None:
    for step in STEPS.values():
        assert "${{" not in step.get("run", "")


def test_actions_of_others_are_pinned_by_commit() -> None:
    for step in STEPS.values():
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


def test_every_input_is_used_and_every_output_is_given(runner: Runner) -> None:
    text = json.dumps(ACTION["runs"])

    for name in ACTION["inputs"]:
        assert f"inputs.{name} }}}}" in text
    assert runner.run("Inspect").outputs.keys() == ACTION["outputs"].keys()


def test_a_job_gets_reports_outputs_and_a_summary(runner: Runner) -> None:
    job = runner.run("Inspect")

    assert job.code == 0
    assert job.outputs["verdict"] == "not ready"
    assert re.fullmatch(r"\d*", job.outputs["score"])
    assert json.loads(Path(job.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert json.loads(Path(job.outputs["json"]).read_text())["service"]["app"] == "main:app"
    assert Path(job.outputs["html"]).read_text().startswith("<!doctype html>")
    assert job.summary.startswith("# Earlier\n## Production readiness: not ready")
    assert "NOT READY" in job.log


@pytest.mark.parametrize(("risk", "code"), [("critical", 0), ("high", 1), ("", 0)])
def test_the_gate_fails_the_job_after_it_has_reported(runner: Runner, risk: str, code: int) -> None:
    job = runner.run("Inspect", fail_on=risk)

    assert job.code == code
    assert "## Production readiness" in job.summary
    assert job.outputs["verdict"] == "not ready"


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"path": "nowhere"}, "nowhere: no such folder"),
        ({"fail_on": "huge"}, "--fail-on huge: use one of"),
        ({"service": "web"}, "--service web: no service"),
        ({"path": "--help"}, "--help: no such folder"),
    ],
)
def test_a_wrong_input_is_told_and_nothing_is_claimed(
    runner: Runner, inputs: dict[str, str], said: str
) -> None:
    job = runner.run("Inspect", **inputs)

    assert job.code == 2
    assert said in job.log
    assert job.outputs == {}


def test_only_some_checks_count_if_asked(runner: Runner) -> None:
    job = runner.run("Inspect", select="CICD", ignore="CICD-NONE")

    report = json.loads(Path(job.outputs["json"]).read_text())
    assert {item["id"].split("-")[0] for item in report["checks"]} == {"CICD"}
    assert "CICD-NONE" not in {item["id"] for item in report["checks"]}


def test_inputs_are_words_and_never_commands(runner: Runner) -> None:
    hostile = (
        '$(touch "$RUNNER_TEMP/owned")`touch "$RUNNER_TEMP/owned"`"; touch "$RUNNER_TEMP/owned"; "'
    )

    for name in ("path", "service", "fail_on", "baseline", "diff_base", "select", "ignore"):
        runner.run("Inspect", **{name: hostile})

    assert not (runner.temp / "owned").exists()


def test_no_module_of_the_project_is_imported(runner: Runner) -> None:
    for name in ("json", "venv", "pip", "buttress", "rich", "sitecustomize"):
        (runner.workspace / f"{name}.py").write_text("open('owned', 'w')\n")

    job = runner.run("Inspect")

    assert job.code == 0
    assert not (runner.workspace / "owned").exists()


def test_buttress_is_installed_apart_from_the_project(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\necho "$0 $*" >> {shlex.quote(str(log))}\n')
    fake.chmod(0o755)
    home = runner.temp / "buttress"
    (home / "bin" / "python").write_text(fake.read_text())

    job = replace(runner, environment={"PYTHON": str(fake)}).run("Install Buttress")

    assert (job.code, job.log) == (0, "")
    made, installed = log.read_text().splitlines()
    assert made == f"{fake} -I -m venv {home}"
    assert installed.startswith(f"{home}/bin/python -I -m pip install ")
    assert installed.endswith(f"--constraint {ROOT}/constraints.txt {ROOT}")
