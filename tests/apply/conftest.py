"""A small project on disk, in git or not."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Files = dict[str, bytes]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without git whose journal goes into a state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "main.py").write_bytes(b"a = 1\n")
    (root / "app/x.py").write_bytes(b"x = 1\r\n")
    return root


@pytest.fixture
def git() -> Callable[..., str]:
    """Run git in a folder and return what it prints."""

    def run(root: Path, *arguments: str) -> str:
        command = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run([*command, *arguments], capture_output=True, check=True)
        return done.stdout.decode()

    return run


@pytest.fixture
def repository(project: Path, git: Callable[..., str]) -> Path:
    """The same project as a git repository with one commit."""
    git(project, "init", "-q", "-b", "main")
    git(project, "config", "user.name", "t")
    git(project, "config", "user.email", "t@example.org")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "first")
    return project


@pytest.fixture
def files() -> Callable[[Path], Files]:
    """Read every file below a folder but git's own."""

    def read(root: Path) -> Files:
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(root).parts
        }

    return read
