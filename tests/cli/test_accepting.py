"""``buttress inspect`` with a configuration, a baseline, a revision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import APP, Run, git
from tests.planning.installation import commit

PRINT = '\n\n@app.get("/x")\ndef x() -> None:\n    print("x")\n'


def add(project: Path, name: str, text: str) -> None:
    (project / name).write_text((project / name).read_text() + text)


def checks(run: Run, project: Path, *options: str | Path) -> set[str]:
    report = json.loads(run("inspect", project, "--format", "json", *options).out)
    return {finding["check"] for finding in report["findings"]}


def test_a_baseline_hides_what_is_known_and_gates_the_rest(
    run: Run, project: Path, tmp_path: Path
) -> None:
    known = tmp_path / "known.json"
    first = run("inspect", project, "--baseline", known, "--update-baseline")
    before = known.read_bytes()

    assert first.code == 0
    assert "0 findings known before" in first.err
    assert checks(run, project, "--baseline", known) == set()
    assert run("inspect", project, "--baseline", known, "--fail-on", "low").code == 0
    add(project, "main.py", PRINT)
    assert checks(run, project, "--baseline", known) == {"OBS-PRINT"}
    assert run("inspect", project, "--baseline", known, "--fail-on", "low").code == 1
    assert known.read_bytes() == before


def test_an_update_that_a_gate_stops_adds_nothing(run: Run, project: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    run("inspect", project, "--baseline", known, "--update-baseline")
    before = known.read_bytes()
    add(project, "main.py", PRINT)

    stopped = run("inspect", project, "--baseline", known, "--update-baseline", "--fail-on", "low")

    assert stopped.code == 1
    assert "1 new finding was not added: --fail-on stops it." in stopped.err
    assert known.read_bytes() == before
    assert run("inspect", project, "--baseline", known, "--update-baseline").code == 0
    assert checks(run, project, "--baseline", known) == set()


def test_the_configuration_gates_and_an_option_comes_first(run: Run, project: Path) -> None:
    (project / "buttress.toml").write_text('fail-on = "high"\nbaseline = "known.json"\n')

    assert run("inspect", project).code == 2
    assert run("inspect", project, "--update-baseline").code == 1
    assert run("inspect", project, "--update-baseline", "--fail-on", "critical").code == 0
    assert run("inspect", project).code == 0
    assert (project / "known.json").is_file()


@pytest.mark.parametrize("name", ["../known.json", "/tmp/known.json", "link.json", "a\\u0000b"])
def test_a_configured_baseline_never_leads_out_of_the_project(
    run: Run, project: Path, name: str
) -> None:
    (project / "link.json").symlink_to("../outside.json")
    (project / "buttress.toml").write_text(f'baseline = "{name}"\n')

    result = run("inspect", project, "--update-baseline")

    assert result.code == 2
    assert "leads out of the project" in result.err
    assert not (project.parent / "outside.json").exists()
    assert not (project.parent / "known.json").exists()


def test_a_link_that_is_named_as_baseline_is_replaced_and_not_followed(
    run: Run, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "known.json").symlink_to("gone.json")

    assert run("inspect", project, "--baseline", tmp_path / "known.json").code == 2
    run("inspect", project, "--baseline", tmp_path / "known.json", "--update-baseline")

    assert not (tmp_path / "known.json").is_symlink()
    assert not (tmp_path / "gone.json").exists()


def test_checks_are_chosen_by_their_first_words(run: Run, project: Path) -> None:
    (project / "buttress.toml").write_text('select = ["OBS"]\n')

    assert {name.split("-")[0] for name in checks(run, project)} == {"OBS"}
    chosen = checks(run, project, "--select", "sec, cicd", "--ignore", "CICD-NO")
    assert {name.split("-")[0] for name in chosen} == {"SEC", "CICD"}
    assert not any(name.startswith("CICD-NO-") for name in chosen)


def test_a_revision_limits_the_report_to_what_came_since(run: Run, project: Path) -> None:
    add(project, "main.py", PRINT)

    assert checks(run, project, "--diff-base", "HEAD") == {"OBS-PRINT"}
    commit(project)
    assert checks(run, project, "--diff-base", "HEAD") == set()
    assert checks(run, project, "--diff-base", "HEAD~1") == {"OBS-PRINT"}


def test_an_acceptance_is_in_the_report_and_passes_the_gate(run: Run, project: Path) -> None:
    (project / "main.py").write_text(
        APP + PRINT.replace('"x")\n', '"x")  # buttress: ignore[OBS-PRINT] read by the platform\n')
    )

    assert run("inspect", project, "--select", "OBS-PRINT", "--fail-on", "low").code == 0
    assert checks(run, project, "--select", "OBS-PRINT") == {"OBS-PRINT"}


def test_harden_has_the_score_of_inspect(run: Run, project: Path) -> None:
    (project / "buttress.toml").write_text(
        '[[accept]]\ncheck = "CICD"\nreason = "built elsewhere"\n'
    )
    commit(project)

    inspected = json.loads(run("inspect", project, "--format", "json").out)["score"]
    hardened = json.loads(
        run("apply", "error-handling", "--path", project, "--json", "--source", "x").out
    )["score"]["before"]

    assert (hardened["total"], hardened["strict"]) == (inspected["total"], inspected["strict"])
    assert hardened["pillars"] == inspected["pillars"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--select", "SEQ"], "--select: there is no check `SEQ`."),
        (["--ignore", "SEC-SQL-INJECTON"], "Did you mean `SEC-SQL-INJECTION`?"),
        (["--baseline", "nowhere.json"], "nowhere.json: there is no such baseline."),
        (["--baseline", "main.py"], "main.py: the baseline is damaged: it is no JSON."),
        (["--update-baseline"], "--update-baseline: name the file with --baseline FILE."),
        (
            ["--baseline", "nowhere/known.json", "--update-baseline"],
            "the baseline cannot be written (No such file or directory).",
        ),
        (
            ["--diff-base", "HEAD", "--baseline", "x", "--update-baseline"],
            "use it without --diff-base",
        ),
        (["--diff-base", "nowhere"], "--diff-base nowhere: there is no such revision here."),
        (["--diff-base", "\x1b[31m"], "there is no such revision here."),
    ],
)
def test_a_wrong_option_is_one_sentence(
    run: Run, project: Path, options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)

    result = run("inspect", *options)

    assert result.code == 2
    assert said in result.err
    assert "\x1b" not in result.err
    assert len(result.err.splitlines()) == 1
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("buttress.toml", "ignore = [\n"),
        ("buttress.toml", 'ignore = ["\\u001b[31mX"]\n'),
        ("buttress.toml", "accept = " + "[" * 5000 + "]" * 5000),
        ("pyproject.toml", "[tool.buttress]\naccept = 1\n"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(
    run: Run, project: Path, name: str, text: str
) -> None:
    (project / name).write_text(text)

    result = run("inspect", project)

    assert (result.code, result.out) == (2, "")
    assert name in result.err
    assert "\x1b" not in result.err


def test_choices_that_are_given_twice_count_twice(run: Run, project: Path) -> None:
    once = checks(run, project, "--select", "CICD,OBS", "--ignore", "OBS-NO,CICD-NO")

    twice = checks(
        run,
        project,
        *("--select", "CICD", "--select", "OBS", "--ignore", "OBS-NO", "--ignore", "CICD-NO"),
    )

    assert once == twice
    assert {id_.partition("-")[0] for id_ in twice} == {"CICD", "OBS"}


@pytest.mark.parametrize("format_", ["terminal", "markdown"])
def test_a_project_is_not_called_small_where_every_check_was_left_out(
    run: Run, project: Path, format_: str
) -> None:
    result = run("inspect", project, "--select", "OBS", "--ignore", "OBS", "--format", format_)

    assert "no check was chosen" in result.out
