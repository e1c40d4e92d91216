"""What a branch brings: findings on its lines, and controls that it takes away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.acceptance.comparing import changed_lines, only_changed
from buttress.errors import UserError
from buttress.project import inspect_project
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import Tree
from tests.acceptance.judged import HEAD, ROUTES

PRINT = '@app.get("/x")\ndef x():\n    print("x")\n\n\n'
HEALTH = '@app.get("/health")\ndef health():\n    return {"status": "ok"}\n\n\n'


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(root), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project on a branch, one commit after ``main``."""
    git(tmp_path, "init", "-q", "-b", "main")
    write(tmp_path, "main.py", HEAD + HEALTH + ROUTES + PRINT)
    write(tmp_path, "requirements.txt", "fastapi==0.128.0\n")
    commit(tmp_path)
    git(tmp_path, "switch", "-qc", "feature")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


def compared(root: Path, revision: str = "main") -> Scorecard:
    project = inspect_project(Tree.open(root))
    return only_changed(inspect_service(project, project.services[0]), revision)


def new(root: Path, revision: str = "main") -> list[str]:
    return [f"{f.check.id} {f.place}" for f in compared(root, revision).findings]


def test_nothing_is_new_where_nothing_changed(root: Path) -> None:
    assert new(root) == []
    assert compared(root).compared_with == "main"


@pytest.mark.parametrize("how", ["committed", "staged", "edited"])
def test_a_finding_on_a_changed_line_is_new(root: Path, how: str) -> None:
    write(root, "main.py", "\n" + HEAD + HEALTH + ROUTES + PRINT + PRINT.replace("x", "y"))
    if how == "staged":
        git(root, "add", "-A")
    if how == "committed":
        commit(root)

    assert new(root) == ["OBS-PRINT main.py:34"]


def test_a_file_that_git_does_not_know_counts_as_changed(root: Path) -> None:
    write(root, "main.py", "import other\n" + HEAD + HEALTH + ROUTES + PRINT)
    write(
        root, "other.py", "def f():\n    try:\n        g()\n    except Exception:\n        pass\n"
    )

    assert new(root) == ["ARCH-SWALLOWED-EXCEPTION other.py:4"]


def test_a_change_inside_a_statement_touches_it(root: Path) -> None:
    lines = PRINT.replace('print("x")', "print(\n        1,\n        2,\n    )")
    write(root, "main.py", HEAD + HEALTH + ROUTES + lines)
    commit(root)
    git(root, "branch", "-f", "main")
    write(root, "main.py", HEAD + HEALTH + ROUTES + lines.replace("2,", "3,"))

    assert new(root) == ["OBS-PRINT main.py:28"]


def test_a_control_that_is_taken_away_is_new(root: Path) -> None:
    write(root, "main.py", HEAD + ROUTES + PRINT)

    assert [item.split()[0] for item in new(root)] == ["OBS-NO-HEALTH"]


def test_only_what_the_branch_did_counts_when_main_moved_on(root: Path) -> None:
    git(root, "switch", "-q", "main")
    write(root, "main.py", HEAD + HEALTH + ROUTES)
    commit(root)
    git(root, "switch", "-q", "feature")

    assert new(root) == []


def test_a_file_that_was_moved_is_compared_with_what_it_was(root: Path) -> None:
    git(root, "mv", "main.py", "server.py")

    assert [item for item in new(root) if item.startswith("OBS-PRINT")] == []


def test_a_folder_inside_a_repository_is_a_project_of_its_own(root: Path) -> None:
    write(root, "api/main.py", HEAD + HEALTH + ROUTES)
    write(root, "api/requirements.txt", "fastapi==0.128.0\n")
    commit(root)
    git(root, "branch", "-f", "main")
    write(root, "api/main.py", HEAD + HEALTH + ROUTES + PRINT)

    assert new(root / "api") == ["OBS-PRINT main.py:28"]


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("nowhere", "there is no such revision here"),
        ("--help", "there is no such revision here"),
        ("main:main.py", "there is no such revision here"),
        ("", "there is no such revision here"),
    ],
)
def test_a_revision_that_does_not_exist_is_one_sentence(
    root: Path, revision: str, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        compared(root, revision)


def test_histories_without_a_common_commit_are_told(root: Path) -> None:
    git(root, "switch", "-q", "--orphan", "other")
    write(root, "main.py", HEAD)
    commit(root)

    with pytest.raises(UserError, match="no commit in common"):
        compared(root, "main")


def test_a_folder_without_git_is_told(tmp_path: Path) -> None:
    write(tmp_path, "main.py", HEAD + ROUTES)

    with pytest.raises(UserError, match="is in no git repository"):
        compared(tmp_path)


def test_a_repository_of_another_user_is_told_with_the_way_out(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    with pytest.raises(UserError, match=f"safe.directory {root}$"):
        compared(root)


def test_a_base_without_a_service_makes_everything_new(root: Path) -> None:
    first = git(root, "commit-tree", git(root, "mktree"), "-m", "empty")
    git(root, "replace", "--graft", "main", first)

    assert "OBS-PRINT main.py:28" in new(root, first)
    assert "CICD-NONE requirements.txt:1" in new(root, first)


def test_no_program_of_the_repository_is_run(root: Path) -> None:
    marker = root / "ran"
    for key in ("filter.evil.clean", "diff.evil.textconv", "diff.external", "core.fsmonitor"):
        git(root, "config", key, f"touch {marker}; cat")
    write(root, ".gitattributes", "*.py filter=evil diff=evil\n")
    write(root, "main.py", HEAD + HEALTH + ROUTES + PRINT + PRINT.replace("x", "y"))
    os.utime(root / "main.py", (1, 1))

    new(root)

    assert not marker.exists()


@given(
    old=st.lists(st.sampled_from("abc"), max_size=12),
    new=st.lists(st.sampled_from("abc"), max_size=12),
)
def test_the_lines_that_are_left_stand_in_the_old_text(old: list[str], new: list[str]) -> None:
    changed = changed_lines("\n".join(old), "\n".join(new))
    left = [line for number, line in enumerate(new, 1) if number not in changed]

    rest = iter(old)
    assert all(line in rest for line in left)
