"""TOML manifests: one line more, everything else byte for byte as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source import toml_editor
from buttress.source.refusal import RefusedError

DEPENDENCIES = ("project", "dependencies")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('["a", "b"]', '["a", "b", "new>=1"]', id="one line"),
        pytest.param("['a']", "['a', 'new>=1']", id="single quotes"),
        pytest.param('["a",]', '["a", "new>=1",]', id="one line with trailing comma"),
        pytest.param("[]", '["new>=1"]', id="empty"),
        pytest.param("[ ]", '["new>=1"]', id="empty with a blank"),
        pytest.param("[\n]", '[\n    "new>=1",\n]', id="empty over lines"),
        pytest.param('[\n  "a",\n]', '[\n  "a",\n  "new>=1",\n]', id="over lines"),
        pytest.param('[\n\t"a"\n]', '[\n\t"a",\n\t"new>=1"\n]', id="no trailing comma, tabs"),
        pytest.param(
            '[\n  "a",  # why\n]', '[\n  "a",  # why\n  "new>=1",\n]', id="comment behind the last"
        ),
        pytest.param('[\n  "a" # why\n]', '[\n  "a", # why\n  "new>=1"\n]', id="comment, no comma"),
        pytest.param(
            '[\n  "z",\n  # the end\n]', '[\n  "z",\n  # the end\n  "new>=1",\n]', id="comment last"
        ),
        pytest.param(
            '[\n  "a",\n  "c[x,y]",\n  "z; os_name == \'nt\'",\n]',
            '[\n  "a",\n  "c[x,y]",\n  "new>=1",\n  "z; os_name == \'nt\'",\n]',
            id="sorted",
        ),
        pytest.param('["b", "c", "z"]', '["b", "c", "new>=1", "z"]', id="sorted on one line"),
        pytest.param(
            '[\n  "p",\n  "q",\n  "r",\n]', '[\n  "new>=1",\n  "p",\n  "q",\n  "r",\n]', id="first"
        ),
        pytest.param('["a # no comment",]', '["a # no comment", "new>=1",]', id="hash in a string"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_list_keeps_its_form(before: str, after: str, newline: str) -> None:
    head, tail = "# top\n[project]\nname = 'x'\ndependencies = ", "\n\n[tool.x]\ny = 1  # z\n"
    text, expected = ((head + part + tail).replace("\n", newline) for part in (before, after))

    assert toml_editor.add_to_list(text, DEPENDENCIES, "new>=1") == expected
    assert toml_editor.add_to_list(expected, DEPENDENCIES, "New") == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", '[tool.x]\nkey = "v"\n', id="empty file"),
        pytest.param("a = 1\n", 'a = 1\n\n[tool.x]\nkey = "v"\n', id="new table"),
        pytest.param("a = 1", 'a = 1\n\n[tool.x]\nkey = "v"', id="no final newline"),
        pytest.param(
            "[tool.x]\nb = 1  # c\n\n# about y\n[tool.y]\n",
            '[tool.x]\nb = 1  # c\nkey = "v"\n\n# about y\n[tool.y]\n',
            id="after the last key",
        ),
        pytest.param(
            "[tool.x.sub]\na = 1\n",
            '[tool.x.sub]\na = 1\n\n[tool.x]\nkey = "v"\n',
            id="implied table",
        ),
        pytest.param("[tool.x]\n", '[tool.x]\nkey = "v"\n', id="table without keys"),
        pytest.param(
            "[tool.x]\nb = 1\n[tool.x.sub]\nc = 2\n",
            '[tool.x]\nb = 1\nkey = "v"\n[tool.x.sub]\nc = 2\n',
            id="before a sub-table",
        ),
        pytest.param(
            "[tool.x]\nb = '''\nkey = 1\n'''\n",
            "[tool.x]\nb = '''\nkey = 1\n'''\nkey = \"v\"\n",
            id="after a long string",
        ),
    ],
)
def test_a_key_is_set_if_absent(before: str, after: str) -> None:
    assert toml_editor.set_if_absent(before, ("tool", "x", "key"), "v") == after


@pytest.mark.parametrize("value", ["'mine'", "false", "0", "[]", "{}"])
def test_a_key_that_is_there_is_the_users(value: str) -> None:
    text = f"[tool.x]\nkey = {value}\n"

    assert toml_editor.set_if_absent(text, ("tool", "x", "key"), "v") == text


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"project\.dependencies is no list"):
        toml_editor.add_to_list("[project]\ndependencies = 'a'\n", DEPENDENCIES, "b")


def test_what_is_no_toml_is_refused() -> None:
    with pytest.raises(RefusedError, match="no TOML"):
        toml_editor.lookup("[project", ("project",))


@pytest.mark.parametrize("text", ["tool.x.a = 1\n", "tool = { x = { a = 1 } }\n"])
def test_dotted_keys_and_inline_tables_are_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="a form that cannot be edited safely"):
        toml_editor.set_if_absent(text, ("tool", "x", "key"), "v")


def test_a_key_below_a_value_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"tool\.x is no table"):
        toml_editor.set_if_absent("[tool]\nx = 1\n", ("tool", "x", "key"), "v")


NAMES = st.lists(st.sampled_from(["a", "b>=1", "C[x]", "m~=2", "z"]), unique=True, max_size=5)
COMMENTS = st.sampled_from(["", "  # note", ' # ] , "'])


@given(NAMES, COMMENTS, st.booleans(), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_adding_twice_is_adding_once(
    names: list[str], comment: str, long: bool, comma: bool, newline: str
) -> None:
    items = [f'"{name}"' for name in names]
    if long:
        lines = [item + "," for item in items[:-1]] + [item + "," * comma for item in items[-1:]]
        array = newline.join(["[", *("  " + line + comment for line in lines), "]"])
    else:
        array = f"[{', '.join(items)}{',' * (comma and bool(items))}]"
    text = f"[project]{newline}dependencies = {array}{comment}{newline}"

    once = toml_editor.add_to_list(text, DEPENDENCIES, "new>=1")

    assert toml_editor.add_to_list(once, DEPENDENCIES, "new>=1") == once
    found = toml_editor.lookup(once, DEPENDENCIES)
    assert isinstance(found, list)
    assert sorted(found) == sorted([*names, "new>=1"])
    assert ("\r\n" in once) == (newline == "\r\n")
    assert once.count(comment) >= text.count(comment)
