"""``buttress harden`` with a person at a terminal: choose, answer, review, and stop at any point."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import DOWN, ENTER, SPACE, Terminal, files, git

Start = Callable[..., Terminal]


def choose(terminal: Terminal, down: int) -> None:
    """Choose the entry that stands so many lines below the first at the review prompt."""
    terminal.expect("What now?")
    terminal.send(DOWN * down + ENTER)


def test_the_whole_way_from_scorecard_to_files(terminal: Start, project: Path) -> None:
    session = terminal("harden")
    session.expect("Which recipes?")
    session.send("a" + ENTER)
    session.expect("How much is logged")
    session.send(DOWN + DOWN + ENTER)
    session.expect("Who runs the app")
    session.send(ENTER)
    choose(session, 0)

    assert session.end() == 0
    assert "of 100" in session.text or "too small" in session.text
    assert "+install_logs(app)" in session.text
    assert "buttress undo" in session.text
    assert "takes all of it back" in session.text
    assert {"Dockerfile", "errors.py", "logs.py"} <= {*files(project)}


def test_named_recipes_are_not_asked_for(terminal: Start, project: Path) -> None:
    session = terminal("apply", "errors", "-d", "logs_level=debug")
    choose(session, 0)

    assert session.end() == 0
    assert "Which recipes?" not in session.text
    assert "How much is logged" not in session.text
    assert 'info("debug")' in (project / "logs.py").read_text()


def test_a_refused_answer_is_asked_again(terminal: Start, project: Path) -> None:
    session = terminal("apply", "image")
    session.expect("Who runs the app")
    session.send("\b\b\broot" + ENTER)
    session.expect("Not as root.")
    session.send("\b" * 4 + "web" + ENTER)
    choose(session, 0)

    assert session.end() == 0
    assert "USER web" in (project / "Dockerfile").read_text()


def test_only_the_chosen_files_are_written(terminal: Start, project: Path) -> None:
    session = terminal("apply", "image", "-d", "image_user=web")
    choose(session, 1)
    session.expect("Which files?")
    # the first is the answers file
    session.send(DOWN + SPACE + ENTER)
    choose(session, 0)

    assert session.end() == 0
    assert ".dockerignore" not in files(project)
    assert "Dockerfile" in files(project)


def test_only_the_chosen_hunks_are_written(terminal: Start, project: Path) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, 2)
    for answer in ("y", "y", "n", "y"):
        session.expect("this change (")
        session.send(answer)
    choose(session, 0)

    assert session.end() == 0
    assert git(project, "status", "--porcelain").splitlines() == [
        " M requirements.txt",
        "?? .copier-answers.logs.yml",
        "?? logs.py",
    ]


def test_changes_can_be_saved_as_a_patch(terminal: Start, project: Path) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, 3)
    session.expect("Patch file:")
    session.send(ENTER)

    assert session.end() == 0
    assert git(project, "status", "--porcelain") == "?? buttress.patch\n"
    git(project, "apply", "--check", "buttress.patch")


def test_a_patch_that_cannot_be_written_is_one_sentence(terminal: Start, project: Path) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, 3)
    session.expect("Patch file:")
    session.send("\x15nowhere/x.patch" + ENTER)

    assert session.end() == 2
    assert "No such file or directory" in session.text
    assert "Traceback" not in session.text


def test_changes_can_go_to_a_branch(terminal: Start, project: Path) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, 4)
    session.expect("Branch name:")
    session.send(ENTER)

    assert session.end() == 0
    assert git(project, "log", "--format=%s", "main..buttress/harden") == "Log what happens\n"
    assert git(project, "status", "--porcelain") == ""


def test_quitting_writes_nothing(terminal: Start, project: Path) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, 5)

    assert session.end() == 0
    assert "Nothing was written." in session.text
    assert git(project, "status", "--porcelain") == ""


PROMPTS = ["Which recipes?", "How much is logged", "Who runs the app", "What now?"]


@pytest.mark.parametrize("stop", range(len(PROMPTS)))
def test_ctrl_c_at_any_prompt_changes_nothing(terminal: Start, project: Path, stop: int) -> None:
    session = terminal("harden")
    for number, prompt in enumerate(PROMPTS):
        session.expect(prompt)
        if number == stop:
            session.interrupt()
            break
        session.send(("a" if number == 0 else "") + ENTER)

    assert session.end() == 130
    assert "Traceback" not in session.text
    assert "Interrupted; nothing was changed." in session.text
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("down", "prompt"),
    [(1, "Which files?"), (2, "this change ("), (3, "Patch file:"), (4, "Branch name:")],
)
def test_ctrl_c_while_choosing_changes_nothing(
    terminal: Start, project: Path, down: int, prompt: str
) -> None:
    session = terminal("apply", "logs", "-d", "logs_level=info")
    choose(session, down)
    session.expect(prompt)
    session.interrupt()

    assert session.end() == 130
    assert "Interrupted; nothing was changed." in session.text
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "branch", "--list") == "* main\n"


def test_of_several_services_one_is_asked_for(
    terminal: Start, tmp_path: Path, project: Path
) -> None:
    for name in ("api", "shop"):
        (project / name).mkdir()
        (project / name / "main.py").write_text((project / "main.py").read_text())
        (project / name / "requirements.txt").write_text("fastapi\n")
    (project / "main.py").unlink()
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "two")

    session = terminal("apply", "logs", "-d", "logs_level=info")
    session.expect("Which service?")
    session.send(DOWN + ENTER)
    choose(session, 0)

    assert session.end() == 0
    assert "shop/logs.py" in files(project)
    assert "api/logs.py" not in files(project)
