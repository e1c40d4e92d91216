"""Commits on a branch leave the working tree alone; uncommitted work is never written over."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from buttress.apply.repository import commit_to_branch, ignored, require_committed, uncommitted
from buttress.errors import UserError
from buttress.planning.changes import ChangeSet, RecipeChanges
from buttress.rewrites.engine import Applied
from buttress.rewrites.outcomes import Safety
from buttress.source import FileChange, Tree

Git = Callable[..., str]
Read = Callable[[Path], dict[str, bytes]]
FIRST = FileChange("main.py", b"a = 1\n", b"a = 2\n")
SECOND = FileChange("main.py", b"a = 2\n", b"a = 3\n")
NEW = FileChange("new/file.txt", None, b"new\n")


def change_set(*recipes: Sequence[FileChange]) -> ChangeSet:
    made = tuple(
        RecipeChanges(
            f"recipe-{number}",
            f"Recipe {number}",
            tuple(files),
            {},
            applied=(Applied("main.py", 1, "rewrite", Safety.SAFE, "because it is better"),),
        )
        for number, files in enumerate(recipes, 1)
    )
    everything = tuple(change for files in recipes for change in files)
    return ChangeSet(Tree.of({}), Tree.of({}), made, everything)


def test_one_commit_per_recipe_and_the_working_tree_stays(
    repository: Path, git: Git, files: Read
) -> None:
    before = files(repository)

    commits = commit_to_branch(repository, "hardened", change_set([FIRST], [SECOND, NEW]))

    assert [commit.subject for commit in commits] == ["Recipe 1", "Recipe 2"]
    assert git(repository, "log", "--format=%s", "hardened").split("\n")[:3] == [
        "Recipe 2",
        "Recipe 1",
        "first",
    ]
    assert "- because it is better" in git(repository, "log", "-1", "--format=%B", "hardened")
    assert git(repository, "show", "hardened:main.py") == "a = 3\n"
    assert git(repository, "show", "hardened:new/file.txt") == "new\n"
    assert git(repository, "show", "hardened~1:main.py") == "a = 2\n"
    assert files(repository) == before
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "branch", "--show-current") == "main\n"


def test_a_branch_is_made_without_any_program_that_the_repository_names(
    repository: Path, tmp_path: Path, git: Git
) -> None:
    mark = tmp_path / "started"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (hooks / "reference-transaction").chmod(0o755)
    git(repository, "config", "core.hooksPath", str(hooks))
    git(repository, "config", "filter.evil.clean", f"touch {mark}; cat")
    (repository / ".gitattributes").write_text("*.txt filter=evil\n")

    commit_to_branch(repository, "b", change_set([FileChange("main.py", b"a = 1\n", b"a = 2\n")]))

    assert not mark.exists()
    with pytest.raises(UserError, match=r"notes\.txt: git would run it through a filter"):
        commit_to_branch(repository, "c", change_set([FileChange("notes.txt", None, b"a\n")]))
    assert not mark.exists()


def test_a_recipe_without_changes_makes_no_commit(repository: Path) -> None:
    assert len(commit_to_branch(repository, "hardened", change_set([], [FIRST]))) == 1


def test_a_sub_folder_of_a_repository_is_committed_under_its_own_path(
    repository: Path, git: Git
) -> None:
    change = FileChange("x.py", b"x = 1\r\n", b"x = 2\r\n")

    commit_to_branch(repository / "app", "hardened", change_set([change]))

    assert git(repository, "diff", "--name-only", "main", "hardened") == "app/x.py\n"


def test_an_executable_file_stays_executable(repository: Path, git: Git) -> None:
    (repository / "main.py").chmod(0o755)
    git(repository, "commit", "-q", "-a", "-m", "executable")

    commit_to_branch(repository, "hardened", change_set([FIRST]))

    assert git(repository, "ls-tree", "hardened", "main.py").startswith("100755")


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        ("main", "exists already"),
        ("a b", "no name for a git branch"),
        ("-x", "no name"),
        ("", "no name"),
    ],
)
def test_a_branch_that_cannot_be_made_is_refused(repository: Path, branch: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        commit_to_branch(repository, branch, change_set([FIRST]))


def test_without_a_commit_there_is_no_branch(project: Path) -> None:
    with pytest.raises(UserError, match="needs a git repository with a commit"):
        commit_to_branch(project, "hardened", change_set([FIRST]))


def test_uncommitted_work_that_would_be_touched_stops_the_run(repository: Path) -> None:
    (repository / "main.py").write_bytes(b"a = 'work'\n")

    with pytest.raises(UserError, match=r"main\.py.*--allow-dirty"):
        require_committed(repository, [FIRST])
    require_committed(repository, [FileChange("app/x.py", b"x = 1\r\n", b"x = 2\r\n")])


def test_staged_and_untracked_work_counts_too(repository: Path, git: Git) -> None:
    (repository / "app/x.py").write_bytes(b"staged\n")
    git(repository, "add", "-A")
    (repository / "untracked.py").write_bytes(b"")

    assert uncommitted(repository, ["main.py", "app/x.py", "untracked.py"]) == (
        "app/x.py",
        "untracked.py",
    )


def test_without_git_nothing_is_known_of_commits(project: Path) -> None:
    assert uncommitted(project, ["main.py"]) is None
    require_committed(project, [FIRST])


def test_new_files_that_git_would_not_track_are_told(repository: Path) -> None:
    (repository / ".gitignore").write_text(".github\n")
    workflow = FileChange(".github/workflows/ci.yml", None, b"on: push\n")

    assert ignored(repository, [FIRST, NEW]) == ()
    assert ignored(repository, [FIRST, NEW, workflow]) == (".github/workflows/ci.yml",)
