"""What stands in the way of a new file, also where the tree does not list it."""

from pathlib import Path

import pytest

from buttress.planning.destination import Ignored, stands
from buttress.source import Tree


@pytest.mark.parametrize(
    ("path", "is_there"),
    [
        ("Dockerfile", True),
        ("dockerfile", True),
        ("app", True),
        ("app/main.py/x", True),
        ("infra/main.tf", False),
        ("app/other.py", False),
        ("Dockerfile.dev", False),
    ],
)
def test_a_listed_file_stands_in_the_way(path: str, is_there: bool) -> None:
    tree = Tree.of({"Dockerfile": "", "app/main.py": ""})

    assert stands(tree, path) is is_there


def test_what_only_the_disk_knows_stands_in_the_way_too(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("local/\n*.log\n")
    (tmp_path / "local").mkdir()
    (tmp_path / "local/settings.py").touch()
    (tmp_path / "x.log").touch()
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "main.py").touch()
    tree = Tree.open(tmp_path)

    assert stands(tree, "local/settings.py")
    assert stands(tree, "x.log")
    assert stands(tree, "gone")
    assert stands(tree, "gone/file.txt"), "a link is no folder to write into"
    assert not stands(tree, "local/other.py")


@pytest.mark.parametrize(
    ("path", "is_ignored"),
    [
        ("x.log", True),
        ("app/x.log", True),
        ("app/local/a.txt", True),
        ("local/a.txt", False),
        ("important.log", False),
        ("main.py", False),
    ],
)
def test_what_git_would_leave_out(path: str, is_ignored: bool) -> None:
    tree = Tree.of({".gitignore": "*.log\n!important.log\n", "app/.gitignore": "/local/\n"})

    assert (path in Ignored(tree)) is is_ignored
