"""Patches apply with plain ``git apply`` and give the bytes that were meant."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buttress.apply.patch import diff, hunks, summary, with_hunks
from buttress.source import FileChange


def applied(changes: list[FileChange]) -> dict[str, bytes]:
    """Return the files that ``git apply`` makes of the ``before`` side of the changes."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for change in changes:
            if change.before is not None:
                target = root / change.path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(change.before)
        subprocess.run(["git", "init", "-q", scratch], check=True)
        command = ["git", "-C", scratch, "apply", "--whitespace=nowarn", "-"]
        subprocess.run([*command[:-1], "--allow-empty", "-"], input=diff(changes), check=True)
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and ".git" not in path.parts
        }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\nc\r\n"),
        (b"a\nb", b"a\nb\n"),
        (b"a\nb\n", b"a\nb"),
        (b"a\r\nb\n", b"x\na\r\nb\n"),
        (b"a\rb\x0cc\n", b"a\rb\x0cd\n"),
        (b"", b"a\n"),
        (b"a\n", b""),
        (b"\xff\xfe\n", b"\xff\n"),
        ("flask\r\n".encode("utf-16"), "flask\r\nstructlog\r\n".encode("utf-16")),
        (None, b"new\n"),
        (None, b"no end"),
        (None, b""),
        (b"gone\n", None),
        (b"\0gone", None),
        (None, b"\0" * 300),
    ],
)
def test_a_patch_gives_the_bytes_that_were_meant(before: bytes | None, after: bytes | None) -> None:
    expected = {} if after is None else {"f.txt": after}

    assert applied([FileChange("f.txt", before, after)]) == expected


@pytest.mark.parametrize(
    "name", ["with space.py", "früh.py", 'quote".py', "tab\tname", "a/b/c.py", "b/x b/y"]
)
def test_names_are_quoted_as_git_reads_them(name: str) -> None:
    assert applied([FileChange(name, b"a\n", b"b\n")]) == {name: b"b\n"}
    assert applied([FileChange(name, None, b"b\n")]) == {name: b"b\n"}


def test_patches_of_several_recipes_apply_in_their_order() -> None:
    first = FileChange("m.py", b"a\nb\nc\n", b"a\nB\nc\n")
    second = FileChange("m.py", b"a\nB\nc\n", b"a\nB\nc\nd\n")
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "m.py").write_bytes(b"a\nb\nc\n")
        for change in (first, second):
            subprocess.run(["git", "apply", "-"], input=diff([change]), cwd=scratch, check=True)

        assert (Path(scratch) / "m.py").read_bytes() == b"a\nB\nc\nd\n"


lines = st.lists(
    st.sampled_from([b"a\n", b"b\n", b"c\r\n", b"\n", b"\xe9\n", b" d\n"]), max_size=30
)
ends = st.sampled_from([b"", b"end"])


@settings(max_examples=40, deadline=None)
@given(lines, ends, lines, ends)
def test_any_two_texts(old: list[bytes], old_end: bytes, new: list[bytes], new_end: bytes) -> None:
    before, after = b"".join(old) + old_end, b"".join(new) + new_end

    assert applied([FileChange("f", before, after)]) == {"f": after}


def test_chosen_hunks_are_made_and_the_others_are_not() -> None:
    before = b"".join(b"%d\n" % number for number in range(40))
    after = before.replace(b"\n3\n", b"\nthree\n").replace(b"\n30\n", b"\nthirty\n")
    change = FileChange("f", before, after)

    assert len(hunks(change)) == 2
    assert with_hunks(change, {1}).after == before.replace(b"\n30\n", b"\nthirty\n")
    assert with_hunks(change, {0, 1}).after == after
    assert with_hunks(change, ()).after == before


@pytest.mark.parametrize(
    "change", [FileChange("f", None, b"new\n"), FileChange("f", b"old\n", None)]
)
def test_a_new_or_deleted_file_is_chosen_whole(change: FileChange) -> None:
    assert with_hunks(change, {0}) == change
    assert with_hunks(change, ()).after == change.before


def test_summary_counts_lines() -> None:
    changes = [FileChange("a", b"1\n2\n", b"1\n3\n4\n"), FileChange("b", None, b"\0")]

    assert summary(changes) == (2, 1)
