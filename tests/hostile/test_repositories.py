"""A repository is what a stranger made it: nothing in it is started, nothing outside of it is read."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
from pathlib import Path

import pytest

from buttress.apply.repository import uncommitted
from buttress.errors import ChangedUnderneathError
from buttress.source import Tree

PROGRAMS = (
    "core.fsmonitor",
    "core.pager",
    "core.sshCommand",
    "core.editor",
    "core.alternateRefsCommand",
    "diff.external",
    "diff.evil.textconv",
    "diff.evil.command",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.evil.process",
    "filter.e=vil.clean",
    "merge.evil.driver",
    "credential.helper",
)


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", root, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q")
    (root / "main.py").write_text("a = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "start")
    return root


@pytest.mark.parametrize("setting", PROGRAMS)
def test_no_program_of_its_configuration_is_started(
    repository: Path, tmp_path: Path, setting: str
) -> None:
    mark = tmp_path / "started"
    (repository / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    if "=" in setting:
        (repository / ".gitattributes").write_text("* filter=e=vil\n")
    git(repository, "config", setting, f"touch {mark}; false")
    # of the same length, so that git has to look inside
    (repository / "main.py").write_text("b = 1\n")

    assert "main.py" in Tree.open(repository).paths
    assert uncommitted(repository, ["main.py"]) == ("main.py",)
    assert not mark.exists()


def test_no_hook_is_started(repository: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\n")
        (hooks / name).chmod(0o755)
    git(repository, "config", "core.hooksPath", str(hooks))

    Tree.open(repository)
    uncommitted(repository, ["main.py"])

    assert not (tmp_path / "started").exists()


def test_a_forged_index_does_not_lead_out(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("KEY = 1\n")
    (repository / "ab_secret.py").write_text("")
    git(repository, "add", ".")
    index = repository / ".git" / "index"
    body = index.read_bytes()[:-20].replace(b"ab_secret.py", b"../secret.py")
    index.write_bytes(body + hashlib.sha1(body).digest())

    assert "../secret.py" in git(repository, "ls-files")
    assert "../secret.py" not in Tree.open(repository).paths


def test_a_work_tree_elsewhere_does_not_lead_out(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "secret.py").write_text("KEY = 1\n")
    git(repository, "config", "core.worktree", str(other))

    assert "secret.py" not in Tree.open(repository).paths


def test_a_folder_that_became_a_link_is_passed_over(repository: Path, tmp_path: Path) -> None:
    (repository / "app").mkdir()
    (repository / "app" / "secret.py").write_text("")
    git(repository, "add", ".")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.py").write_text("KEY = 1\n")
    (repository / "app" / "secret.py").unlink()
    (repository / "app").rmdir()
    (repository / "app").symlink_to(tmp_path / "outside")

    tree = Tree.open(repository)

    assert tree.paths == ("main.py",)
    assert ("app", "link") in {(item.path.rstrip("/"), item.reason) for item in tree.skipped}


@pytest.mark.parametrize("content", ["gitdir: /nowhere\n", "gitdir: .git\n", "", "\0\0", "gitdir:"])
def test_a_git_file_that_is_no_repository(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    (tmp_path / "main.py").write_text("")

    assert "main.py" in Tree.open(tmp_path).paths


def test_broken_alternates_do_not_matter(repository: Path) -> None:
    (repository / ".git" / "objects" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "objects" / "info" / "alternates").write_text("/nowhere\n../../..\n")

    assert Tree.open(repository).paths == ("main.py",)


@pytest.mark.parametrize("has_git", [True, False])
def test_pipes_sockets_and_circles_are_passed_over(tmp_path: Path, *, has_git: bool) -> None:
    root = tmp_path / "r"
    (root / "deep").mkdir(parents=True)
    (root / "main.py").write_text("")
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listener:
        previous = Path.cwd()
        os.chdir(root)
        try:
            listener.bind("s.py")
        finally:
            os.chdir(previous)
    (root / "circle").symlink_to(root)
    (root / "self.py").symlink_to("self.py")
    (root / "deep" / "up").symlink_to("..")
    if has_git:
        git(root, "init", "-q")

    tree = Tree.open(root)

    assert tree.paths == ("main.py",)
    assert {item.reason for item in tree.skipped} <= {"link", "special"}


def test_a_file_that_becomes_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    tree = Tree.open(tmp_path)
    (tmp_path / "main.py").unlink()
    os.mkfifo(tmp_path / "main.py")

    with pytest.raises(ChangedUnderneathError, match=r"main\.py"):
        tree.text("main.py")


def test_a_file_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    (root / "main.py").write_text("")
    (tmp_path / "secret.py").write_text("KEY = 1\n")
    tree = Tree.open(root)
    (root / "main.py").unlink()
    (root / "main.py").symlink_to(tmp_path / "secret.py")

    with pytest.raises(ChangedUnderneathError, match=r"main\.py"):
        tree.text("main.py")


def test_a_file_that_grows_meanwhile_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    tree = Tree.open(tmp_path)
    (tmp_path / "main.py").write_bytes(b"#" * 2_000_000)

    with pytest.raises(ChangedUnderneathError, match=r"main\.py"):
        tree.text("main.py")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    (tmp_path / "main.py").chmod(0)

    tree = Tree.open(tmp_path)

    assert [(item.path, item.reason) for item in tree.skipped] == [("main.py", "unreadable")]


def test_names_that_differ_in_case_alone_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("a = 1\n")
    (tmp_path / "MAIN.py").write_text("b = 1\n")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system takes them for one")

    tree = Tree.open(tmp_path)

    assert [tree.module(path).text for path in tree.paths] == ["b = 1\n", "a = 1\n"]


@pytest.mark.parametrize("has_git", [True, False])
def test_a_name_that_is_no_text_is_counted(tmp_path: Path, *, has_git: bool) -> None:
    root = tmp_path / "r"
    root.mkdir()
    (root / "main.py").write_text("")
    os.close(os.open(os.fsencode(root) + b"/\xff\xfe.py", os.O_CREAT | os.O_WRONLY))
    if has_git:
        git(root, "init", "-q")

    tree = Tree.open(root)

    assert tree.paths == ("main.py",)
    assert [item.reason for item in tree.skipped] == ["name"]
