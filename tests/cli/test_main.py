"""The command as a whole: help, versions, exit codes, and what is said when something is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from buttress import __version__
from buttress.cli import listing
from tests.cli.conftest import Run

HEAVY = ["black", "copier", "jinja2", "pydantic", "questionary", "tomlkit"]
COMMANDS = {
    "inspect": ["PATH", "--format", "--output", "--fail-on", "--service", "--facts"],
    "harden": [
        *["PATH", "--recipes", "--all", "--yes", "--diff", "--patch", "--branch", "--answers"],
        *["-d", "--review", "--json", "--allow-dirty", "--service", "--source"],
    ],
    "apply": [
        *["RECIPE", "--path", "--yes", "--diff", "--patch", "--branch", "--answers", "-d"],
        *["--review", "--json", "--allow-dirty", "--service", "--source"],
    ],
    "new": ["DEST", "-d", "--recipes", "--all", "--yes", "--source"],
    "update": ["PATH", "--to", "--check", "--source"],
    "undo": ["PATH"],
    "verify": ["PATH", "--service"],
    "recipes": ["RECIPE"],
    "checks": ["CHECK"],
}


def imported_by(*arguments: str) -> set[str]:
    """Return the modules that a command line has imported when it ends."""
    code = (
        "import sys\n"
        "from buttress.cli import main\n"
        f"sys.argv = {['buttress', *arguments]!r}\n"
        "try:\n    main()\n"
        "except SystemExit:\n    pass\n"
        "sys.stderr.write('\\n'.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_every_option_of_a_command(run: Run, name: str) -> None:
    result = run(name, "--help")

    assert result.code == 0
    assert [word for word in COMMANDS[name] if word not in result.out] == []


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_shows_no_type_beside_a_switch_or_a_name(run: Run, name: str) -> None:
    result = run(*filter(None, [name]), "--help")

    assert [line for line in result.out.splitlines() if re.search(r"<\w+>", line)] == []


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")

    assert result.code == 0
    assert [name for name in COMMANDS if f" {name} " not in result.out] == []


def test_the_version_is_that_of_the_distribution(run: Run) -> None:
    assert run("--version").out == f"buttress {__version__}\n"


def test_without_a_command_the_help_is_printed_and_nothing_is_wrong(run: Run) -> None:
    result = run()

    assert "harden" in result.out
    assert result.err == ""


def test_help_imports_nothing_slow() -> None:
    loaded = imported_by("--help")

    assert [name for name in [*HEAVY, "buttress.project"] if name in loaded] == []


def test_inspecting_imports_neither_a_renderer_nor_a_formatter_nor_prompts(project: Path) -> None:
    loaded = imported_by("inspect", str(project))

    assert "buttress.scorecard" in loaded
    assert [name for name in ["black", "copier", "jinja2", "questionary"] if name in loaded] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'. Try --help."),
        (["inspect", "--colour"], "No such option: --colour. Try --help."),
        (["apply"], "Missing argument 'RECIPE'. Try --help."),
        (["new"], "Missing argument 'DEST'. Try --help."),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_2(
    run: Run, arguments: list[str], said: str
) -> None:
    result = run(*arguments)

    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: {said}\n"


def test_a_defect_is_told_without_a_traceback_and_ends_with_4(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr(listing, "print_recipes", fail)

    result = run("recipes")

    assert result.code == 4
    assert "Traceback" not in result.err
    assert "A defect in buttress (ZeroDivisionError at test_main.py:" in result.err
    assert "BUTTRESS_DEBUG=1" in result.err


def test_a_defect_shows_its_traceback_on_demand(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr(listing, "print_recipes", fail)
    monkeypatch.setenv("BUTTRESS_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["buttress", "recipes"])

    from buttress.cli import main

    with pytest.raises(ZeroDivisionError, match="of our own"):
        main()


def test_a_reader_that_has_had_enough_is_no_error(project: Path) -> None:
    command = f"{sys.executable} -m buttress checks | head -n 1"

    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize(
    "command", ["checks", "--version", "inspect {} --format json", "inspect {}"]
)
def test_output_that_cannot_be_written_is_no_defect(project: Path, command: str) -> None:
    line = f"{sys.executable} -m buttress {command.format(project)} > /dev/full"

    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "error: The output could not be written: No space left on device.\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_without_our_letters_is_no_reason_to_fail(project: Path, encoding: str) -> None:
    def printed(*arguments: str) -> bytes:
        command = [sys.executable, "-m", "buttress", "inspect", str(project), *arguments]
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(command, capture_output=True, check=True, env=environment)
        assert done.stderr == b""
        return done.stdout

    screen = printed().decode(encoding)
    assert re.search(r"Architecture +#+\.+ ", screen)
    assert "> error-handling" in screen
    assert "?" not in screen
    assert "█" in printed("--format", "markdown").decode("utf-8")


def test_ctrl_c_is_answered_also_while_the_command_is_being_read(tmp_path: Path) -> None:
    # as if the key had been pressed while this was imported
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-m", "buttress", "inspect"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "error: Interrupted; nothing was changed.\n"
