"""``undo`` gives back every byte, in git or not."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from buttress.apply import journal
from buttress.errors import UserError
from buttress.source import FileChange

CHANGES = [
    FileChange("main.py", b"a = 1\n", b"a = 2\n"),
    FileChange("new/file.txt", None, b"new\n"),
    FileChange("app/x.py", b"x = 1\r\n", None),
]
Read = Callable[[Path], dict[str, bytes]]


@pytest.mark.parametrize("kind", ["project", "repository"])
def test_undo_restores_every_byte_and_folder(
    kind: str, request: pytest.FixtureRequest, files: Read
) -> None:
    root: Path = request.getfixturevalue(kind)
    (root / "app/x.py").chmod(0o600)
    before = files(root)

    journal.apply_changes(root, CHANGES, ["logging"])
    assert files(root) != before
    undone = journal.undo(root)

    assert files(root) == before
    assert undone.paths == ("main.py", "new/file.txt", "app/x.py")
    assert undone.recipes == ("logging",)
    assert not (root / "new").exists()
    assert (root / "app/x.py").stat().st_mode & 0o777 == 0o600


def test_runs_are_undone_one_by_one(project: Path, files: Read) -> None:
    before = files(project)
    journal.apply_changes(project, CHANGES[:1], ["one"])
    between = files(project)
    journal.apply_changes(project, [FileChange("main.py", b"a = 2\n", b"a = 3\n")], ["two"])

    assert journal.undo(project).recipes == ("two",)
    assert files(project) == between
    assert journal.undo(project).recipes == ("one",)
    assert files(project) == before
    with pytest.raises(UserError, match="nothing to undo"):
        journal.undo(project)


def test_undo_refuses_when_a_file_was_edited_since(project: Path, files: Read) -> None:
    journal.apply_changes(project, CHANGES, ["logging"])
    (project / "main.py").write_bytes(b"a = 'my own work'\n")
    edited = files(project)

    with pytest.raises(UserError, match=r"main\.py: edited since"):
        journal.undo(project)
    assert files(project) == edited


def test_a_damaged_journal_is_said_in_one_sentence(project: Path, files: Read) -> None:
    journal.apply_changes(project, CHANGES, ["logging"])
    after = files(project)
    (record,) = Path(os.environ["XDG_STATE_HOME"]).rglob("record.json")
    record.write_text('{"schema_version": 1, "ro')

    with pytest.raises(UserError, match="the journal is damaged"):
        journal.undo(project)
    assert files(project) == after


def test_content_that_git_has_is_not_stored_again(repository: Path) -> None:
    journal.apply_changes(repository, CHANGES, ["logging"])

    stored = [path.name for path in (repository / ".git/buttress").rglob("*") if path.is_file()]
    assert stored == ["record.json"]


def test_what_is_stored_is_for_its_owner_alone(project: Path) -> None:
    journal.apply_changes(project, CHANGES, ["logging"])

    stored = [path for path in Path(os.environ["XDG_STATE_HOME"]).rglob("*") if path.is_file()]
    assert len(stored) == 3
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o600}


def test_a_failed_run_leaves_no_journal(project: Path) -> None:
    (project / "main.py").write_bytes(b"changed\n")

    with pytest.raises(UserError, match="was changed while this ran"):
        journal.apply_changes(project, CHANGES, ["logging"])
    with pytest.raises(UserError, match="nothing to undo"):
        journal.undo(project)


KILLED = """
import os, sys
from pathlib import Path
from buttress.apply import journal
from buttress.source import FileChange
root, survived = Path(sys.argv[1]), int(sys.argv[2])
real, count = Path.replace, 0
def replace(self, target):
    global count
    done = real(self, target)
    if Path(target).parent.name != "000001":
        count += 1
        if count == survived:
            os._exit(9)
    return done
Path.replace = replace
journal.apply_changes(root, [
    FileChange("main.py", b"a = 1\\n", b"a = 2\\n"),
    FileChange("new/file.txt", None, b"new\\n"),
    FileChange("app/x.py", b"x = 1\\r\\n", b"x = 2\\r\\n"),
], ["logging"])
"""


@pytest.mark.parametrize("survived", [1, 2, 3])
def test_a_run_that_was_killed_is_put_back_by_the_next(
    project: Path, files: Read, survived: int
) -> None:
    before = files(project)
    done = subprocess.run([sys.executable, "-c", KILLED, str(project), str(survived)], check=False)
    assert done.returncode == 9
    assert files(project) != before

    assert journal.recover(project) is not None

    assert files(project) == before
    assert not (project / "new").exists()


def test_a_file_that_a_killed_run_had_deleted_comes_back(project: Path, files: Read) -> None:
    before = files(project)
    journal.apply_changes(project, CHANGES, ["logging"])
    (record,) = Path(os.environ["XDG_STATE_HOME"]).rglob("record.json")
    record.write_text(record.read_text().replace('"written"', '"writing"'))

    assert journal.recover(project) is not None

    assert files(project) == before


def test_an_empty_folder_of_the_users_survives_a_killed_run(project: Path) -> None:
    (project / "new").mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED, str(project), "2"], check=False)
    assert done.returncode == 9

    assert journal.recover(project) is not None

    assert not list((project / "new").iterdir())


def test_last_run_gives_the_changes_forward(project: Path) -> None:
    journal.apply_changes(project, CHANGES, ["logging"])

    assert journal.last_run(project) == (tuple(CHANGES), ("logging",))
