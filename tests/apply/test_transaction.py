"""All files are written, or all are as they were: at every point where a step can fail."""

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from buttress.apply import transaction
from buttress.errors import ChangedUnderneathError, UserError
from buttress.source import FileChange

CHANGES = [
    FileChange("main.py", b"a = 1\n", b"a = 2\n"),
    FileChange("new/deep/file.txt", None, b"new\n"),
    FileChange("app/x.py", b"x = 1\r\n", None),
    FileChange("settings.py", None, b"s = 1\n"),
]
AFTER = {"main.py": b"a = 2\n", "new/deep/file.txt": b"new\n", "settings.py": b"s = 1\n"}
Read = Callable[[Path], dict[str, bytes]]


def test_all_changes_are_written(project: Path, files: Read) -> None:
    created = transaction.write(project, CHANGES)

    assert files(project) == AFTER
    assert created == ["new", "new/deep"]


def test_a_file_keeps_its_mode(project: Path) -> None:
    (project / "main.py").chmod(0o755)

    transaction.write(project, CHANGES[:1])

    assert (project / "main.py").stat().st_mode & 0o777 == 0o755


CALLS = ["os.fsync", "os.link", "pathlib.Path.replace", "pathlib.Path.mkdir", "pathlib.Path.chmod"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_failure_at_any_step_leaves_every_byte(
    project: Path,
    files: Read,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    nth: int,
    error: BaseException,
) -> None:
    before = files(project)
    count = 0
    holder, attribute = (
        (os, name[3:]) if name.startswith("os.") else (Path, name.rpartition(".")[2])
    )
    real = getattr(holder, attribute)

    def failing(*arguments: Any, **named: Any) -> Any:
        nonlocal count
        count += 1
        if count == nth:
            raise error
        return real(*arguments, **named)

    monkeypatch.setattr(holder, attribute, failing)
    linkless = name == "os.link" and isinstance(error, OSError)
    if linkless:
        # no failure: such a file system is written another way
        transaction.write(project, CHANGES)
        monkeypatch.undo()
        assert files(project) == AFTER
        return
    expected = UserError if isinstance(error, OSError) else KeyboardInterrupt
    try:
        transaction.write(project, CHANGES)
    except expected:
        monkeypatch.undo()
        assert files(project) == before
        assert not (project / "new").exists()
    else:
        monkeypatch.undo()
        assert count < nth
        assert files(project) == AFTER


def test_an_interrupt_while_writing_puts_everything_back(
    project: Path, files: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(project)
    real = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        monkeypatch.undo()
        os.kill(os.getpid(), signal.SIGINT)
        return real(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)

    with pytest.raises(KeyboardInterrupt):
        transaction.write(project, CHANGES)
    assert files(project) == before


def test_a_file_changed_since_it_was_read_stops_everything(project: Path, files: Read) -> None:
    (project / "app/x.py").write_bytes(b"x = 'edited'\n")
    before = files(project)

    with pytest.raises(ChangedUnderneathError, match=r"app/x\.py"):
        transaction.write(project, CHANGES)
    assert files(project) == before


def test_a_file_that_appeared_meanwhile_is_not_overwritten(project: Path) -> None:
    (project / "settings.py").write_bytes(b"mine\n")

    with pytest.raises(ChangedUnderneathError, match=r"settings\.py"):
        transaction.write(project, CHANGES)
    assert (project / "settings.py").read_bytes() == b"mine\n"


def test_a_read_only_file_is_named(project: Path, files: Read) -> None:
    (project / "main.py").chmod(0o444)

    with pytest.raises(UserError, match=r"main\.py is read-only"):
        transaction.write(project, CHANGES)
    assert "settings.py" not in files(project)


def test_nothing_is_written_through_a_link(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "new").symlink_to(outside)

    with pytest.raises(UserError, match="new is a link"):
        transaction.write(project, CHANGES)
    assert list(outside.iterdir()) == []


def test_a_folder_in_the_way_is_named(project: Path) -> None:
    (project / "settings.py").mkdir()

    with pytest.raises(UserError, match="is a folder"):
        transaction.write(project, CHANGES)
