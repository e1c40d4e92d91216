"""An ignore file with a bad line ignores what its other lines say, as for git."""

from __future__ import annotations

from pathlib import Path

import pytest

from buttress.source import Tree
from buttress.source.ignore_spec import ignore_spec


@pytest.mark.parametrize("bad", ["!", "x\\", "\\"])
def test_a_line_that_is_no_pattern_is_passed_over(bad: str) -> None:
    spec = ignore_spec([bad, "*.log", "!keep.log"])

    assert spec.match_file("a.log")
    assert not spec.match_file("keep.log")


def test_a_folder_without_git_is_read_with_such_a_file(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("!\nx\\\n*.log\n")
    (tmp_path / "a.log").touch()
    (tmp_path / "app.py").touch()

    assert Tree.open(tmp_path).paths == (".gitignore", "app.py")
