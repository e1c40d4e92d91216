"""The tree lists what is the project's own, and nothing outside its root."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from buttress.errors import ChangedUnderneathError, UserError
from buttress.source import Skipped, Tree


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def test_git_decides_what_belongs_to_the_project(repository: Path) -> None:
    write(repository, {"app.py": "", ".env": "K=1", ".gitignore": ".env\n", "new.py": ""})
    git(repository, "add", "app.py", ".gitignore")

    tree = Tree.open(repository)

    assert tree.paths == (".gitignore", "app.py", "new.py")
    assert tree.tracked == frozenset({".gitignore", "app.py"})


def test_an_ignored_file_that_is_tracked_all_the_same_belongs_to_it(repository: Path) -> None:
    write(repository, {".env": "K=1", ".gitignore": ".env\n"})
    git(repository, "add", "-f", ".env")

    assert ".env" in Tree.open(repository)


def test_a_sub_folder_of_a_repository_is_a_tree_of_its_own(repository: Path) -> None:
    write(repository, {"backend/main.py": "", "frontend/index.js": ""})

    assert Tree.open(repository / "backend").paths == ("main.py",)


def test_without_git_ignore_files_are_honoured(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.py": "",
            "build/x.py": "",
            "sub/.gitignore": "local.py\n",
            "sub/local.py": "",
            "local.py": "",
            ".gitignore": "build/\n",
        },
    )

    assert Tree.open(tmp_path).paths == (".gitignore", "local.py", "main.py", "sub/.gitignore")


def test_a_committed_environment_is_passed_over_and_counted_once(repository: Path) -> None:
    write(
        repository,
        {
            "main.py": "",
            "backend/.venv/lib/a.py": "",
            "backend/.venv/lib/b.py": "",
            "myenv/pyvenv.cfg": "",
            "myenv/lib/c.py": "",
            "env/settings.py": "",
        },
    )
    git(repository, "add", "-A")

    tree = Tree.open(repository)

    assert tree.paths == ("env/settings.py", "main.py")
    assert tree.skipped == (Skipped("backend/.venv/", "foreign"), Skipped("myenv/", "foreign"))


def test_links_large_and_binary_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "", "big.json": b" " * 1_100_000, "logo.dat": b"\0\1"})
    (tmp_path / "outside").symlink_to("/etc")
    (tmp_path / "loop").symlink_to(tmp_path)

    tree = Tree.open(tmp_path)

    assert tree.text("logo.dat") is None
    assert set(tree.skipped) == {
        Skipped("big.json", "large"),
        Skipped("logo.dat", "binary"),
        Skipped("loop", "link"),
        Skipped("outside", "link"),
    }


def test_a_file_deleted_but_still_in_the_index_is_not_there(repository: Path) -> None:
    write(repository, {"main.py": "", "gone.py": ""})
    git(repository, "add", "-A")
    (repository / "gone.py").unlink()

    assert Tree.open(repository).paths == ("main.py",)


def test_names_with_newlines_and_unicode_are_read_as_they_are(repository: Path) -> None:
    write(repository, {"two\nlines.py": "a = 1\n", "früh.py": ""})

    tree = Tree.open(repository)

    assert tree.paths == ("früh.py", "two\nlines.py")
    assert tree.read("two\nlines.py") == b"a = 1\n"


def test_a_repository_cannot_make_git_start_a_program(repository: Path) -> None:
    mark = repository / "started"
    hook = repository / "hook.sh"
    write(repository, {"main.py": "", "hook.sh": f"#!/bin/sh\ntouch {mark}\n"})
    hook.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(hook))

    Tree.open(repository)

    assert not mark.exists()


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_a_path_that_is_no_folder_is_said_in_one_sentence(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"file.txt": ""})

    with pytest.raises(UserError, match="Give the root folder"):
        Tree.open(tmp_path / name)


@contextmanager
def without_rights_of_root() -> Iterator[None]:
    """Be somebody whom permissions bind; nothing to do for who is not root anyway."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that everybody may enter, with two folders in it that nobody may."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        write(root, {"main.py": "", "data/x.py": "", "lib/deep/y.py": "", "listed/z.py": ""})
        for folder, mode in (("data", 0), ("lib", 0), ("listed", 0o444)):
            (root / folder).chmod(mode)
        yield root
        for folder in ("data", "lib", "listed"):
            (root / folder).chmod(0o755)


def test_folders_that_may_not_be_read_are_passed_over_and_counted(closed: Path) -> None:
    with without_rights_of_root():
        tree = Tree.open(closed)

    assert tree.paths == ("main.py",)
    assert tree.skipped == tuple(
        Skipped(path, "unreadable") for path in ("data/", "lib/", "listed/")
    )


@pytest.mark.parametrize("name", ["data", "data/below"])
def test_a_root_that_may_not_be_read_is_not_taken_for_an_empty_one(closed: Path, name: str) -> None:
    with without_rights_of_root(), pytest.raises(UserError, match="Permission denied"):
        Tree.open(closed / name)


def test_a_file_that_goes_away_meanwhile_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": ""})
    tree = Tree.open(tmp_path)
    (tmp_path / "main.py").unlink()

    with pytest.raises(ChangedUnderneathError, match=r"main\.py: cannot be read"):
        tree.read("main.py")


def test_named_gives_the_shallowest_first() -> None:
    tree = Tree.of({"a/b/Dockerfile": "", "Dockerfile": "", "a/Dockerfile": ""})

    assert tree.named("Dockerfile") == ("Dockerfile", "a/Dockerfile", "a/b/Dockerfile")


def test_below_a_folder_stands_only_what_is_in_it() -> None:
    tree = Tree.of({"app/x.py": "", "app2/y.py": "", "z.py": ""})

    assert tree.below("app") == ("app/x.py",)
    assert tree.below("") == tree.below(".") == tree.paths
