"""One inspection, several reports, each where it was asked for."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from buttress.reports.formats import FORMATS
from tests.cli.conftest import APP, Run, git, make_project


def test_one_run_writes_several_reports_and_still_prints(
    run: Run, project: Path, tmp_path: Path
) -> None:
    files = {name: tmp_path / f"report.{name}" for name in FORMATS}
    options = [part for name, file in files.items() for part in ("--report", f"{name}={file}")]

    result = run("inspect", project, *options)

    assert (result.code, result.err) == (0, "")
    assert "NOT READY" in result.out
    read = {name: file.read_text("utf-8") for name, file in files.items()}
    assert json.loads(read["json"])["schema_version"] == 1
    assert json.loads(read["sarif"])["version"] == "2.1.0"
    assert json.loads(read["shields"])["schemaVersion"] == 1
    assert ET.fromstring(read["junit"]).tag == "testsuites"
    assert ET.fromstring(read["badge"]).attrib["role"] == "img"
    assert read["markdown"].startswith("## Production readiness: not ready")
    assert read["html"].startswith("<!doctype html>")
    assert "\x1b" not in read["terminal"]


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_report_on_the_screen_is_that_of_the_file(
    run: Run, project: Path, tmp_path: Path, name: str
) -> None:
    run("inspect", project, "--all", "--format", name, "--output", tmp_path / "report")

    printed = run("inspect", project, "--all", "--format", name)

    assert printed.out == (tmp_path / "report").read_text("utf-8")


def test_reports_are_written_also_where_the_gate_fails(
    run: Run, project: Path, tmp_path: Path
) -> None:
    result = run("inspect", project, "--fail-on", "low", "--report", f"sarif={tmp_path / 'x'}")

    assert result.code == 1
    assert json.loads((tmp_path / "x").read_text())["runs"][0]["results"]


def test_a_full_disk_leaves_no_half_report(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    command = f"{sys.executable} -m buttress inspect {project} --format json --output {file}"

    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 8; {command}"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: --output {file}: File too large.\n"
    assert not file.exists()


def test_without_a_terminal_the_report_is_as_wide_as_in_a_file(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{'services/' * 5}very_long_name_of_a_module.py"
    (project / path).parent.mkdir(parents=True)
    (project / path).write_text("import os\n\n\ndef run(:\n")
    monkeypatch.delenv("COLUMNS")

    assert f"{path}:4" in run("inspect", project, "--all").out


def test_a_hyphen_is_the_screen_and_no_file(
    run: Run, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    printed = run("inspect", project, "--format", "shields", "--output", "-")
    refused = run("inspect", project, "--report", "sarif=-")

    assert json.loads(printed.out)["schemaVersion"] == 1
    assert (refused.code, refused.out) == (2, "")
    assert "--report sarif=-: this needs a file" in refused.err
    assert not (tmp_path / "-").exists()


def test_all_findings_are_shown_if_asked(run: Run, project: Path) -> None:
    short, long = run("inspect", project).out, run("inspect", project, "--all").out

    assert "--all shows" in short
    assert "--all shows" not in long
    assert len(long.splitlines()) > len(short.splitlines())


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """A project in a folder of a repository."""
    files = {"back end/main.py": APP, "back end/requirements.txt": "fastapi\n", "README.md": ""}
    return make_project(tmp_path / "repository", files) / "back end"


def test_platforms_get_paths_of_the_repository(run: Run, nested: Path) -> None:
    log = json.loads(run("inspect", nested, "--format", "sarif").out)

    for result in log["runs"][0]["results"]:
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert place["uri"].startswith("back%20end/")
    assert "back end/main.py:3: " in run("inspect", nested, "--format", "junit").out
    report = json.loads(run("inspect", nested, "--format", "json").out)
    assert {item["path"] for item in report["findings"]} <= {"main.py", "requirements.txt"}


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        (
            {
                "GITHUB_SERVER_URL": "https://git.example",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_SHA": "abc",
            },
            "https://git.example/o/r/blob/abc/back%20end/main.py#L3",
        ),
        (
            {"CI_PROJECT_URL": "https://lab.example/o/r", "CI_COMMIT_SHA": "abc"},
            "https://lab.example/o/r/-/blob/abc/back%20end/main.py#L3",
        ),
    ],
)
def test_on_a_platform_places_are_links_to_its_files(
    run: Run,
    nested: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    address: str,
) -> None:
    for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert f"({address})" in run("inspect", nested, "--format", "markdown").out
    assert f'href="{address}"' in run("inspect", nested, "--format", "html").out


@pytest.mark.parametrize("name", list(FORMATS))
def test_what_lies_around_a_folder_of_a_repository_was_not_read_and_that_is_said(
    run: Run, nested: Path, name: str
) -> None:
    printed = run("inspect", nested, "--format", name).out

    says = name not in {"badge", "shields", "junit"}
    top = "" if name in {"markdown", "html", "sarif"} else f" {nested.parent}"
    assert unescape(printed).count(f"inspect{top} --service 'back end'") == says


def test_the_command_that_reads_a_folder_with_its_repository_works(
    run: Run, nested: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(nested)
    around = json.loads(run("inspect", "--format", "json").out)["repository"]

    assert around["folder"] == "back end/"
    assert "no workflow, image or Terraform above it" in around["message"]
    assert around["command"] == "buttress inspect .. --service 'back end'"
    whole = json.loads(run(*shlex.split(around["command"])[1:], "--format", "json").out)
    assert (whole["service"]["root"], whole["repository"]) == ("back end", None)


def test_no_command_names_a_folder_whose_app_lies_elsewhere_in_the_repository_too(
    run: Run, nested: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = nested.parent / "a"
    shutil.copytree(nested, copy)
    git(nested.parent, "add", "-A")
    monkeypatch.chdir(nested)

    around = json.loads(run("inspect", "--format", "json").out)["repository"]

    assert around["command"] == "buttress inspect .."
    assert run(*shlex.split(around["command"])[1:], "--format", "json").code == 0


def test_the_next_command_can_be_pasted(run: Run, nested: Path) -> None:
    assert f"buttress harden '{nested}'" in run("inspect", nested).out


@pytest.mark.parametrize("name", ["markdown", "html", "sarif"])
def test_what_others_read_names_commands_for_the_repository_and_no_folder_of_this_machine(
    run: Run, nested: Path, name: str
) -> None:
    printed = unescape(run("inspect", nested, "--format", name).out)

    assert str(nested.parent) not in printed
    assert ("buttress harden 'back end'" in printed) == (name != "sarif")


@pytest.mark.parametrize("name", list(FORMATS))
def test_no_format_prints_raw_what_steers_its_reader(run: Run, tmp_path: Path, name: str) -> None:
    evil = "a\x1b]0;owned\x07\x1b[31m\n\u202e<script>x"
    project = make_project(
        tmp_path / "evil",
        {
            "main.py": f"{APP}\nSECRET_KEY = 'hunter2\u202e-Correct\x9b9Horse'\n",
            f"{evil}.py": "def (:\n",
            f"{evil}/job.py": "import requests\nrequests.get('http://a', verify=False)\n",
            "requirements.txt": "fastapi\n",
        },
    )

    printed = run("inspect", project, "--all", "--format", name)

    assert printed.code == 0
    assert not set("\x1b\x07\x9b\u202e") & set(printed.out + printed.err)
    assert "hunter2" not in printed.out
    if name == "html":
        assert "<script>x" not in printed.out


def test_a_page_says_which_project_it_is_about(run: Run, nested: Path) -> None:
    page = run("inspect", nested, "--format", "html").out

    assert "<title>At risk: " in page or "<title>Not ready: " in page
    assert "production readiness of back end · fastapi · main:app</title>" in page


def test_what_was_accepted_is_told_in_every_format(run: Run, tmp_path: Path) -> None:
    code = (
        "import requests\n\n\n@app.get('/b')\ndef b():\n    requests.get('http://a', verify=False)"
    )
    accepted = f"{APP}\n\n{code}  # buttress: ignore[SEC-WEAK-CRYPTO] an appliance of ours\n"
    files = {"main.py": accepted, "requirements.txt": "fastapi\nrequests\n"}
    project = make_project(tmp_path / "project", files)

    def report(name: str) -> str:
        return run("inspect", project, "--all", "--format", name).out

    (result,) = (
        item
        for item in json.loads(report("sarif"))["runs"][0]["results"]
        if item["ruleId"] == "SEC-WEAK-CRYPTO"
    )
    assert result["suppressions"] == [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": "inline: an appliance of ours",
        }
    ]
    assert json.loads(report("json"))["counts"]["accepted"] == 1
    for name in ("terminal", "markdown", "junit", "html"):
        assert "inline: an appliance of ours" in report(name)
