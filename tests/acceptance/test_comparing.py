"""What a branch brings: findings on its lines, and controls that it takes away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from buttress import inspect
from buttress.acceptance.comparing import only_changed
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


QUERY = '    return sqlite3.connect("x").execute(f"SELECT * FROM {name}").fetchall()\n\n\n'
GUARDED = '@app.get("/t/{name}")\ndef table(name: str):\n    if name not in {"a", "b"}:\n        return []\n'
OPEN = '@app.get("/t/{name}")\ndef table(name: str):\n'


def test_a_place_that_a_change_elsewhere_makes_unsafe_is_new(root: Path) -> None:
    write(root, "main.py", "import sqlite3\n" + HEAD + HEALTH + GUARDED + QUERY + PRINT)
    commit(root)
    git(root, "branch", "-f", "main")
    write(root, "main.py", "import sqlite3\n" + HEAD + HEALTH + OPEN + QUERY + PRINT)

    assert new(root) == ["SEC-SQL-INJECTION main.py:14"]


def test_the_next_of_several_places_is_not_new_when_the_first_is_mended(root: Path) -> None:
    head = """\
from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

make = sessionmaker(create_engine("postgresql://"))


def get_db():
    with make() as db:
        yield db


"""
    query = """\
@app.get("/{0}")
async def {0}(db: Session = Depends(get_db)):
    found = db.query({0}).first()
    return found


"""
    write(root, "main.py", head + HEAD + HEALTH + query.format("p") + query.format("q"))
    commit(root)
    git(root, "branch", "-f", "main")
    mended = query.format("p").replace("async ", "")
    write(root, "main.py", head + HEAD + HEALTH + mended + query.format("q"))

    known = {f"{finding.check.id} {finding.place}" for finding in compared(root).known}
    assert "ARCH-BLOCKING-IN-ASYNC main.py:31" in known
    assert [item for item in new(root) if item.startswith("ARCH-BLOCKING")] == []


def test_code_that_is_only_laid_out_anew_brings_nothing(root: Path) -> None:
    lines = 'def x():\n    """Say.\n\n    Twice.\n    """\n    print("x", "y")\n    print("z")\n'
    write(root, "main.py", HEAD + HEALTH + ROUTES + '@app.get("/x")\n' + lines)
    commit(root)
    git(root, "branch", "-f", "main")
    formatted = lines.replace('print("x", "y")', 'print(\n        "x",\n        "y",\n    )')
    formatted = formatted.replace("\n    Twice.", "\n        Twice.")
    write(root, "main.py", "\n\n" + HEAD + HEALTH + ROUTES + '@app.get("/x")\n' + formatted)

    assert new(root) == []


def test_a_file_of_secrets_that_was_tracked_before_is_not_new(root: Path) -> None:
    write(root, ".env", "SECRET_KEY=h8Kq2vTz9mWd\n")
    commit(root)
    git(root, "branch", "-f", "main")

    assert "SEC-ENV-COMMITTED .env:1" in {
        f"{finding.check.id} {finding.place}" for finding in compared(root).known
    }
    assert new(root) == []


def test_a_function_that_was_renamed_brings_nothing_else(root: Path) -> None:
    write(root, "main.py", HEAD + HEALTH + ROUTES + PRINT.replace("def x", "def renamed"))

    assert new(root) == []


def test_a_file_that_was_moved_and_edited_is_compared_with_what_it_was(root: Path) -> None:
    git(root, "rm", "-q", "main.py")
    write(root, "api/server.py", HEAD + HEALTH + ROUTES + PRINT + PRINT.replace("x", "y"))

    assert new(root) == ["OBS-PRINT api/server.py:33"]


def test_a_service_that_moved_misses_no_more_than_before(root: Path) -> None:
    write(root, "backend/main.py", HEAD + HEALTH + ROUTES + PRINT)
    write(root, "backend/requirements.txt", "fastapi==0.128.0\n")
    git(root, "rm", "-q", "main.py", "requirements.txt")
    commit(root)
    git(root, "branch", "-f", "main")
    git(root, "mv", "backend", "api")

    assert new(root) == []


def test_what_is_excluded_is_excluded_at_the_base_too(root: Path) -> None:
    write(root, "examples/main.py", HEAD + HEALTH + ROUTES)
    commit(root)
    git(root, "branch", "-f", "main")
    write(root, "buttress.toml", 'exclude = ["examples/"]\n')

    card = inspect(root, diff_base="main")

    assert [item.check.id for item in card.findings] == []


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
