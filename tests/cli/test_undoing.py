"""``buttress undo``: every byte comes back, or nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, files


@pytest.fixture
def hardened(run: Run, installation: Path, project: Path) -> Path:
    """A project after a run."""
    assert run("harden", project, "--all", "--yes").code == 0
    return project


def test_runs_are_taken_back_one_after_the_other(
    run: Run, installation: Path, project: Path
) -> None:
    first = files(project)
    run("apply", "logs", "--path", project, "--yes")
    second = files(project)
    run("apply", "image", "--path", project, "--yes", "--allow-dirty")

    run("undo", project)
    assert files(project) == second
    run("undo", project)
    assert files(project) == first
    assert "nothing to undo" in run("undo", project).err


def test_without_git_every_byte_comes_back(run: Run, installation: Path, project: Path) -> None:
    (project / ".git").rename(project.with_name("away"))
    before = files(project)
    assert run("harden", project, "--all", "--yes").code == 0

    assert run("undo", project).code == 0
    assert files(project) == before


def test_a_file_that_was_edited_since_is_not_lost(run: Run, hardened: Path) -> None:
    (hardened / "main.py").write_text("mine = 1\n")
    before = files(hardened)

    result = run("undo", hardened)

    assert result.code == 2
    assert "main.py: edited since the run of" in result.err
    assert files(hardened) == before


@pytest.mark.parametrize("content", ["", "{", '{"schema_version": 7}', "[]"])
@pytest.mark.parametrize("command", ["undo", "verify", "harden"])
def test_a_damaged_journal_is_named_and_nothing_is_touched(
    run: Run, hardened: Path, content: str, command: str
) -> None:
    (record,) = hardened.glob(".git/buttress/*/*/record.json")
    record.write_text(content)
    before = files(hardened)

    result = run(command, hardened, *(["--all", "--yes"] if command == "harden" else []))

    assert result.code == 2
    assert f"{record}: the journal is damaged." in result.err
    assert files(hardened) == before


def test_old_content_that_is_gone_from_the_journal_is_told(run: Run, hardened: Path) -> None:
    for stored in hardened.glob(".git/objects/??/*"):
        stored.unlink()
    before = files(hardened)

    result = run("undo", hardened)

    assert result.code == 2
    assert "Traceback" not in result.err
    assert files(hardened) == before
