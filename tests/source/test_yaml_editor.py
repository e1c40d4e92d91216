"""YAML files: lines that no edit has a reason to touch stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import apply_edits
from buttress.source.refusal import RefusedError
from buttress.source.yaml_editor import YamlText

WORKFLOW = """\
# Runs on every push
name: CI

on:
  push:
    branches: [main]  # only here

jobs:
    test:
        runs-on: ubuntu-latest
        steps:
        - uses: actions/checkout@v4
        - name: 'Tests'
          run: |
            pytest

            echo done

    # the other one
    lint:
        runs-on: "ubuntu-latest"
        steps:
        - uses: actions/checkout@v4   # why
"""


def with_key(
    text: str, path: tuple[str | int, ...], key: str, value: str, after: str | None = None
) -> str:
    return apply_edits(text, [YamlText(text).key_insertion(path, key, value, after=after)])


def with_scalar(text: str, value: str) -> str:
    return apply_edits(text, [YamlText(text).scalar_edit(("a",), value)])


def with_item(text: str, path: tuple[str, ...], value: str) -> str:
    return apply_edits(text, [YamlText(text).item_insertion(path, value)])


def test_nodes_are_found_by_their_path() -> None:
    document = YamlText(WORKFLOW)

    assert document.keys(()) == ("name", "on", "jobs")
    assert document.scalar(("jobs", "test", "steps", 1, "name")) == "Tests"
    assert document.items(("jobs", "test", "steps")) == 2
    assert document.line(("jobs", "lint")) == 20
    assert document.scalar(("jobs", "test")) is None
    assert document.node(("jobs", "deploy")) is None


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("path", "key", "value", "where", "old", "new"),
    [
        pytest.param(
            (), "permissions", "{}", "on",
            "# only here\n\njobs", "# only here\n\npermissions: {}\n\njobs", id="top, spaced",
        ),
        pytest.param(
            ("jobs", "test"), "timeout-minutes", "15", "runs-on",
            "ubuntu-latest\n        steps:\n        - uses: actions/checkout@v4\n",
            "ubuntu-latest\n        timeout-minutes: 15\n        steps:\n"
            "        - uses: actions/checkout@v4\n",
            id="the file's own indentation",
        ),
        pytest.param(
            ("jobs", "test"), "x", "1", None,
            "echo done\n\n", "echo done\n        x: 1\n\n", id="last, before the blank line",
        ),
        pytest.param(
            ("jobs", "test", "steps", 1), "env", "\n  A: ${{ x }}", "name",
            "'Tests'\n", "'Tests'\n          env:\n            A: ${{ x }}\n", id="in a list item",
        ),
        pytest.param(
            ("jobs", "lint", "steps", 0), "with", "\n  persist-credentials: false", None,
            "# why\n",
            "# why\n          with:\n            persist-credentials: false\n",
            id="after a comment at the end of the line",
        ),
    ],
)  # fmt: skip
def test_a_key_is_inserted(
    newline: str,
    path: tuple[str | int, ...],
    key: str,
    value: str,
    where: str | None,
    old: str,
    new: str,
) -> None:
    text, old, new = (part.replace("\n", newline) for part in (WORKFLOW, old, new))
    assert text.count(old) == 1

    inserted = with_key(text, path, key, value, where)

    assert inserted == text.replace(old, new)
    with pytest.raises(RefusedError, match=f"{key} is there already"):
        with_key(inserted, path, key, value, where)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "k: v\n", id="empty"),
        pytest.param("# only a comment\n", "# only a comment\nk: v\n", id="comments only"),
        pytest.param("a: 1", "a: 1\nk: v", id="no final newline"),
        pytest.param("a: 1\n\n\n", "a: 1\nk: v\n\n\n", id="blank lines at the end"),
        pytest.param("{a: 1}\n", "{a: 1, k: v}\n", id="braces"),
        pytest.param("{}\n", "{k: v}\n", id="empty braces"),
        pytest.param(
            "a: |\n  text\n\n# end\n", "a: |\n  text\nk: v\n\n# end\n", id="literal block"
        ),
        pytest.param("a: |+\n  text\n\n", "a: |+\n  text\n\nk: v\n", id="literal block that keeps"),
        pytest.param("a: &x 1\nb: *x\n", "a: &x 1\nb: *x\nk: v\n", id="alias last"),
        pytest.param(
            "a:\n- 1\n- 2  # two\n", "a:\n- 1\n- 2  # two\nk: v\n", id="list not indented"
        ),
        pytest.param("a:\n", "a:\nk: v\n", id="empty value"),
        pytest.param("a:\n  b:\n\n# end\n", "a:\n  b:\nk: v\n\n# end\n", id="empty value inside"),
        pytest.param(
            "a:\n  b: 1\n  # inner\n    # deeper\n# outer\n",
            "a:\n  b: 1\n  # inner\n    # deeper\nk: v\n# outer\n",
            id="comments of the value",
        ),
        pytest.param("a: [1,\n  2]\n", "a: [1,\n  2]\nk: v\n", id="brackets over lines"),
    ],
)
def test_a_key_comes_last(before: str, after: str) -> None:
    assert with_key(before, (), "k", "v") == after


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("a: [1]\n", ("a",), "a is no mapping"),
        ("a: 1\n", ("b",), "b is not there"),
        ("a: &x {b: 1}\nc: *x\n", ("c",), r"c is shared with another place"),
        ("a: {b: 1,\n  c: 2}\n", ("a",), "brackets spans several lines"),
        ("a: 1\n---\nb: 2\n", (), "several YAML documents"),
        ("a: [\n", (), r"no YAML \(line \d"),
    ],
)
def test_what_cannot_be_edited_safely_is_refused(
    text: str, path: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        with_key(text, path, "k", "v")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: old  # c\n", "new", "a: new  # c\n"),
        ("a: 'old'\n", "it's", "a: 'it''s'\n"),
        ('a: "old"\n', "new", 'a: "new"\n'),
        ("a: old\n", "3.12", 'a: "3.12"\n'),
        ("a: old\n", "on", 'a: "on"\n'),
        ("a: old\n", "x: y", 'a: "x: y"\n'),
        ("a: old\n", "actions/checkout@v4", "a: actions/checkout@v4\n"),
    ],
)
def test_a_scalar_is_replaced_in_its_own_quotes(before: str, value: str, after: str) -> None:
    assert with_scalar(before, value) == after


@pytest.mark.parametrize(
    "text", ["a: |\n  old\n", "a: old\n  text\n", "a: &n old\nb: *n\n", "a: [1]\n"]
)
def test_what_is_no_single_line_is_not_replaced(text: str) -> None:
    with pytest.raises(RefusedError):
        with_scalar(text, "new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - x  # c\n", "a:\n  - x  # c\n  - new\n"),
        ("a:\n-   x\nb: 1\n", "a:\n-   x\n-   new\nb: 1\n"),
        ("a: [x, y]  # c\n", "a: [x, y, new]  # c\n"),
        ("a: []\n", "a: [new]\n"),
        ("a:\n  - b: 1\n    c: |\n      t\n\nz: 1\n", "a:\n  - b: 1\n    c: |\n      t\n  - new\n\nz: 1\n"),
        ("a:\n  - x", "a:\n  - x\n  - new"),
    ],
)  # fmt: skip
def test_an_item_is_appended(before: str, after: str) -> None:
    assert with_item(before, ("a",), "new") == after


def test_an_item_of_several_lines_is_indented_as_the_others() -> None:
    text = "updates:\n  - package-ecosystem: pip\n    directory: /\n"

    appended = with_item(text, ("updates",), "package-ecosystem: docker\ndirectory: /")

    assert appended == text + "  - package-ecosystem: docker\n    directory: /\n"


VALUES = st.sampled_from(
    ["1", "'q'", "[1, 2]", "\n  x: 1\n  # c\n", "|\n  t\n\n", "&n v", "\n- 1\n- 2"]
)


@given(
    st.lists(VALUES, min_size=1, max_size=4),
    st.sampled_from(["", "\n", "\n# note\n", "\n\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 3),
)
def test_inserting_a_key_keeps_every_line(
    values: list[str], gap: str, newline: str, after: int
) -> None:
    lines = [f"k{i}:{v if v.startswith(chr(10)) else ' ' + v}" for i, v in enumerate(values)]
    text = ("\n" + gap).join(line.rstrip("\n") for line in lines).replace("\n", newline) + newline

    once = with_key(text, (), "new", "{}", f"k{after}")

    filled = [line for line in once.split(newline) if line and line != "new: {}"]
    assert filled == [line for line in text.split(newline) if line]
    kept = YamlText(once)
    assert [key for key in kept.keys(()) if key != "new"] == list(YamlText(text).keys(()))
    assert [kept.scalar((key,)) for key in YamlText(text).keys(())] == [
        YamlText(text).scalar((key,)) for key in YamlText(text).keys(())
    ]
