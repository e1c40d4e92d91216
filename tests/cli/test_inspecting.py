"""``buttress inspect``: reports, gates, and every kind of hostile folder."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import APP, Run, make_project
from tests.planning.installation import commit

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


def test_the_scorecard_fits_one_screen_and_names_the_next_step(run: Run, project: Path) -> None:
    result = run("inspect", project)

    assert (result.code, result.err) == (0, "")
    assert "main:app" in result.out
    *lines, next_step = result.out.rstrip().splitlines()
    assert next_step.endswith(f"buttress harden {project}")
    assert len(lines) < 50
    assert max(map(len, lines)) <= 100


def test_a_report_can_go_to_a_file(run: Run, project: Path, tmp_path: Path) -> None:
    result = run("inspect", project, "--format", "json", "--output", tmp_path / "report.json")

    assert (result.code, result.out) == (0, "")
    assert json.loads((tmp_path / "report.json").read_text())["services"][0]["root"] == "."


@pytest.mark.parametrize(("risk", "code"), [("critical", 0), ("high", 1), ("HIGH", 1), ("low", 1)])
def test_a_gate_ends_with_1_where_a_finding_has_that_risk(
    run: Run, project: Path, risk: str, code: int
) -> None:
    assert run("inspect", project, "--fail-on", risk).code == code


def test_a_gate_that_stops_says_so_beside_the_report(run: Run, project: Path) -> None:
    options = ["--select", "OBS-NO-HEALTH", "--format", "json"]

    stopped = run("inspect", project, *options, "--fail-on", "medium")

    assert json.loads(stopped.out)["counts"]["open"] == 1
    assert (stopped.code, stopped.err) == (
        1,
        "Stopped by fail-on: 1 open finding has medium risk or more.\n",
    )
    assert run("inspect", project, *options, "--fail-on", "critical").err == ""


def test_facts_are_printed_as_data_with_their_places(run: Run, project: Path) -> None:
    facts = json.loads(run("inspect", project, "--facts").out)

    assert facts["services"][0]["framework"] == "fastapi"
    assert "main.py" in json.dumps(facts)


def test_facts_go_to_a_file_and_may_be_about_one_service(run: Run, tmp_path: Path) -> None:
    files = {
        "api/main.py": APP,
        "api/requirements.txt": "",
        "web/app.py": FLASK,
        "web/requirements.txt": "",
    }
    project, target = make_project(tmp_path / "two", files), tmp_path / "facts.json"

    printed = run("inspect", project, "--facts", "--service", "web", "--format", "json")
    written = run("inspect", project, "--facts", "--service", "web", "--output", target)
    whole = json.loads(run("inspect", project, "--facts").out)

    assert [service["root"] for service in json.loads(printed.out)["services"]] == ["web"]
    assert (written.out, target.read_text()) == ("", printed.out)
    assert [service["root"] for service in whole["services"]] == ["api", "web"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--format", "html"], "--format html"),
        (["--fail-on", "high", "--all"], "--all, --fail-on"),
        (["--baseline", "known.json", "--update-baseline"], "--baseline, --update-baseline"),
        (["--select", "SEC", "--diff-base", "main"], "--select, --diff-base"),
        (["--report", "json=x.json", "--ignore", "SEC"], "--report, --ignore"),
    ],
)
def test_facts_refuse_the_options_of_judging(
    run: Run, project: Path, options: list[str], named: str
) -> None:
    result = run("inspect", project, "--facts", *options)

    assert result.code == 2
    assert (result.out, result.err) == (
        "",
        f"error: --facts prints JSON and judges nothing: leave out {named}.\n",
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--facts", "--service", "backend"], "--service backend: no service has this folder as"),
        (["--facts", "--output", "nowhere/x"], "--output nowhere/x: No such file or directory."),
        (["--format", ""], "--format : use one of terminal, json,"),
        (["--format", "xml"], "--format xml: use one of terminal, json, sarif, markdown, junit,"),
        (
            ["--report", "sarif"],
            "--report sarif: write it as FORMAT=FILE, such as sarif=out.sarif.",
        ),
        (["--report", "pdf=x.pdf"], "--report pdf=x.pdf: use one of terminal, json, sarif,"),
        (["--report", "junit=nowhere/x"], "--report junit=nowhere/x: No such file or directory."),
        (["--report", "json=x", "--output", "x"], "x is named for two reports."),
        (["--fail-on", "huge"], "--fail-on huge: use one of critical, high, medium, low."),
        (["--output", "nowhere/report"], "--output nowhere/report: No such file or directory."),
        (["--service", "backend"], "--service backend: no service has this folder as its root."),
    ],
)
def test_a_wrong_option_is_bad_input(
    run: Run, project: Path, options: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)

    result = run("inspect", *options)

    assert result.code == 2
    assert said in result.err


@pytest.mark.parametrize("command", ["inspect", "harden", "update", "undo", "verify"])
@pytest.mark.parametrize(
    ("path", "said"), [("nowhere", "nowhere: no such folder"), ("main.py", "main.py is a file")]
)
def test_a_path_that_is_no_folder_is_bad_input(
    run: Run,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    path: str,
    said: str,
) -> None:
    monkeypatch.chdir(project)

    result = run(command, path)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize("command", ["inspect", "harden", "verify"])
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("README.md", "hello\n", "There is no Python file here"),
        ("lib.py", "x = 1\n", "No service found"),
        ("lib.py", "def (:\n", "These files do not parse: lib.py:1."),
    ],
)
def test_nothing_to_inspect_ends_with_3_and_names_the_folder(
    run: Run, tmp_path: Path, command: str, name: str, text: str, said: str
) -> None:
    project = make_project(tmp_path / "other", {name: text})

    result = run(command, project)

    assert (result.code, result.out) == (3, "")
    assert said in result.err
    assert str(project) in result.err


def test_a_folder_that_the_repository_around_it_ignores_is_told(run: Run, tmp_path: Path) -> None:
    files = {".gitignore": "mine/\n", "mine/main.py": APP, "mine/requirements.txt": ""}
    around = make_project(tmp_path / "around", files)

    ignored, empty = run("inspect", around / "mine"), run("inspect", around)

    assert (ignored.code, empty.code) == (3, 3)
    assert "Git ignores this folder, so its files were not looked at" in ignored.err
    assert "ignores" not in empty.err


def test_a_file_that_does_not_parse_is_told_and_the_rest_is_inspected(
    run: Run, project: Path
) -> None:
    (project / "broken.py").write_text("x = 1\ndef (:\n")

    assert "broken.py:2" in run("inspect", project).out
    report = json.loads(run("inspect", project, "--format", "json").out)
    assert [(item["path"], item["line"]) for item in report["unparsed"]] == [("broken.py", 2)]
    assert report["services"][0]["app"] == "main:app"


def test_of_several_services_the_main_one_is_shown_and_the_others_named(
    run: Run, tmp_path: Path
) -> None:
    project = make_project(
        tmp_path / "two",
        {
            "api/main.py": APP,
            "api/requirements.txt": "",
            "web/app.py": FLASK,
            "web/requirements.txt": "",
        },
    )

    result = run("inspect", project)

    assert result.code == 0
    assert "1 more service" in result.out
    assert run("inspect", project, "--service", "web").out.count("flask") >= 1


def last_line(printed: str) -> str:
    return printed.rstrip().splitlines()[-1].strip()


def test_what_to_run_next_can_be_run_where_there_are_several_services(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "-two/api/main.py": APP,
        "-two/api/requirements.txt": "",
        "-two/main.py": FLASK,
        "-two/requirements.txt": "",
    }
    make_project(tmp_path, files)
    monkeypatch.chdir(tmp_path)

    of_api = last_line(run("inspect", "./-two", "--service", "api").out)
    of_root = last_line(run("inspect", "./-two", "--service", ".").out)

    assert of_api == "Next: buttress harden ./-two --service api"
    assert of_root == "Next: buttress harden ./-two --service ."
    for command in of_api, of_root:
        done = run(*command.removeprefix("Next: buttress ").split(), "--diff")
        assert (done.code, done.err) == (0, "")


def test_where_no_recipe_helps_the_next_step_explains_what_matters_most(
    run: Run, project: Path
) -> None:
    command = last_line(run("inspect", project, "--select", "OBS-NO-HEALTH,OBS-NO-TRACING").out)

    assert command == "Next: buttress checks OBS-NO-HEALTH"
    assert (
        "Nothing answers whether the app is well"
        in run(*command.removeprefix("Next: buttress ").split()).out
    )


ESCAPES = "\x1b]0;owned\x07\x1b[31m"


def test_names_and_texts_that_steer_a_terminal_are_never_printed_raw(
    run: Run, tmp_path: Path, installation: Path
) -> None:
    evil = f"a{ESCAPES}\nerror: all is fine"
    project = make_project(
        tmp_path / "evil",
        {
            "main.py": APP,
            "requirements.txt": "fastapi\n",
            f"{evil}.py": "def (:\n",
            f"{evil}/app.py": f"{FLASK}app.secret_key = 'x{ESCAPES}'\n",
            f"{evil}/requirements.txt": "flask\n",
        },
    )
    outputs = [
        run("inspect", project),
        run("inspect", project, "--service", evil),
        run("inspect", project, "--service", "nope"),
        run("inspect", project, "--format", "json"),
        run("harden", project, "--all"),
        run("harden", project, "--all", "--yes", "--service", evil),
        run("undo", project),
        run("apply", evil, "--path", project),
        run("harden", project, "--all", "-d", f"{evil}=1"),
    ]

    for result in outputs:
        assert "\x1b" not in result.out + result.err
        assert "\x07" not in result.out + result.err
        assert "\nerror: all is fine" not in result.err


def test_a_line_of_900_kilobytes_is_inspected(run: Run, project: Path) -> None:
    (project / "data.py").write_text("DATA = [" + "1, " * 300_000 + "]\n")
    commit(project)

    assert run("inspect", project).code == 0


def test_code_that_is_nested_too_deeply_is_told(run: Run, project: Path) -> None:
    (project / "deep.py").write_text("x = " + "(" * 3000 + ")" * 3000 + "\n")
    (project / "sum.py").write_text("x = " + "1 + " * 20_000 + "1\n")
    (project / "chain.py").write_text("x = y" + ".a()" * 20_000 + "\n")

    result = run("inspect", project)

    assert result.code == 0
    assert "deep.py:1" in result.out


def test_deep_folders_and_loops_of_links_come_to_an_end(run: Run, project: Path) -> None:
    deep = project.joinpath(*["d"] * 200)
    deep.mkdir(parents=True)
    (deep / "x.py").write_text("x = 1\n")
    (project / "loop").symlink_to(project)
    (project / "self").symlink_to("self")
    (project / "out").symlink_to("/etc")

    result = run("inspect", project)

    assert result.code == 0
    assert "link" in result.out


def test_a_name_that_is_no_text_is_passed_over(run: Run, project: Path) -> None:
    (project / os.fsdecode(b"caf\xe9.py")).write_bytes(b"x = 1\n")

    result = run("inspect", project)

    assert result.code == 0
    assert "1 name" in result.out


def test_a_folder_that_may_not_be_read_is_no_crash(run: Run, project: Path) -> None:
    (project / "closed").mkdir()
    (project / "closed/x.py").write_text("x = 1\n")
    (project / "closed").chmod(0)
    try:
        assert run("inspect", project).code == 0
    finally:
        (project / "closed").chmod(0o755)


@pytest.mark.slow
def test_fifty_thousand_files_are_read_in_bounded_time(run: Run, project: Path) -> None:
    for number in range(250):
        folder = project / f"package{number}"
        folder.mkdir()
        for name in range(200):
            (folder / f"m{name}.py").touch()
    started = time.process_time()

    assert run("inspect", project).code == 0

    # twenty times of what it takes on a laptop: a bound against quadratic work, no benchmark
    assert time.process_time() - started < 120


def test_a_front_end_alone_is_recognised_and_not_inspected(run: Run, tmp_path: Path) -> None:
    manifest = '{"dependencies": {"vue": "3.5.26", "vite": "7.3.0"}}\n'
    project = make_project(tmp_path / "project", {"package.json": manifest})

    result = run("inspect", project)

    assert result.code == 3
    assert "package.json (JavaScript with vue, vite)" in result.err.replace("\n", " ")


def test_a_front_end_is_in_the_report(run: Run, tmp_path: Path) -> None:
    files = {
        "main.py": APP,
        "requirements.txt": "fastapi==0.128.0\n",
        "web/package.json": '{"dependencies": {"react": "^19.2.0"}}\n',
    }
    project = make_project(tmp_path / "project", files)

    report = json.loads(run("inspect", project, "--format", "json").out)

    assert [package["manifest"] for package in report["ecosystems"]] == ["web/package.json"]
    unlocked = [f for f in report["findings"] if f["check"] == "INFRA-DEPS-UNLOCKED"]
    assert [finding["path"] for finding in unlocked] == ["web/package.json"]
    assert unlocked[0]["message"] == (
        "web/package.json: the only dependency has no exact version, and no lock file of npm gives one."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_folder_of_files_that_may_not_be_read_names_them(run: Run, project: Path) -> None:
    (project / "main.py").chmod(0)

    result = run("inspect", project)

    assert result.code == 3
    assert "These may not be read by you: main.py." in result.err
