"""A draft holds pending changes and touches nothing."""

import pytest

from buttress.source import Draft, FileChange, Tree


@pytest.fixture
def base() -> Tree:
    return Tree.of({"a.py": "a = 1\n", "b.py": "b = 1\n"})


def test_changes_say_what_is_created_modified_and_deleted(base: Tree) -> None:
    draft = Draft(base)

    draft.write("a.py", "a = 2\n")
    draft.write("c.py", "c = 1\n")
    draft.delete("b.py")

    assert draft.changes() == (
        FileChange("a.py", b"a = 1\n", b"a = 2\n"),
        FileChange("b.py", b"b = 1\n", None),
        FileChange("c.py", None, b"c = 1\n"),
    )
    assert [change.kind for change in draft.changes()] == ["modify", "delete", "create"]
    assert draft.paths == ("a.py", "c.py")
    assert base.paths == ("a.py", "b.py")


def test_writing_what_stands_there_already_cancels_the_change(base: Tree) -> None:
    draft = Draft(base)

    draft.write("a.py", "a = 2\n")
    draft.write("a.py", "a = 1\n")
    draft.write("c.py", "c = 1\n")
    draft.delete("c.py")

    assert draft.changes() == ()


def test_a_changed_module_is_parsed_again_and_the_others_are_shared(base: Tree) -> None:
    draft = Draft(base)
    unchanged = base.module("b.py")

    draft.write("a.py", "x = 3\n")

    assert draft.module("a.py").binds("x")
    assert draft.module("b.py") is unchanged


def test_a_draft_on_a_draft_changes_only_itself(base: Tree) -> None:
    first = Draft(base)
    first.write("a.py", "a = 2\n")
    second = Draft(first)

    second.write("a.py", "a = 3\n")

    assert first.read("a.py") == b"a = 2\n"
    assert second.changes() == (FileChange("a.py", b"a = 2\n", b"a = 3\n"),)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\\b"])
def test_nothing_is_written_outside_the_root(base: Tree, path: str) -> None:
    with pytest.raises(ValueError, match="no path inside"):
        Draft(base).write(path, "x")


def test_reading_what_the_draft_deleted_fails(base: Tree) -> None:
    draft = Draft(base)
    draft.delete("a.py")

    assert "a.py" not in draft
    with pytest.raises(KeyError):
        draft.read("a.py")
