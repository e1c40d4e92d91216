"""Shared files get what has to be there, and keep everything else."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter

from buttress.errors import UserError
from buttress.planning.merge import Merged, merge
from buttress.planning.recipe import Merge
from buttress.source import Draft, Tree

IGNORE = {
    "kind": "lines",
    "file": ".gitignore",
    "heading": "Local files",
    "lines": [".env", "*.local"],
}
NAMES = {
    "kind": "names",
    "file": ".env.example",
    "names": [{"name": "PORT", "comment": "For {{ app }}", "example": "{{ port }}"}],
}
TOML = {
    "kind": "toml",
    "file": "pyproject.toml",
    "table": "tool.x",
    "values": {"port": "{{ port }}", "on": True},
}


def _merged(
    files: Mapping[str, str], edit: Mapping[str, Any], folder: str = "", **values: object
) -> tuple[dict[str, str], Merged | None]:
    draft = Draft(Tree.of(dict(files)))
    parsed: Merge = TypeAdapter[Merge](Merge).validate_python(edit)
    known = {"app": "main", "port": 8000, **values}
    result = merge(draft, folder, parsed, known, where="recipe.yml", owned={"Dockerfile"})
    again = merge(draft, folder, parsed, known, where="recipe.yml", owned={"Dockerfile"})
    assert again == result
    return {change.path: (change.after or b"").decode() for change in draft.changes()}, result


def test_missing_lines_are_appended() -> None:
    changed, _ = _merged({".gitignore": ".env\n"}, IGNORE)

    assert changed == {".gitignore": ".env\n\n# Local files\n*.local\n"}


def test_a_missing_file_is_made_in_the_folder_of_the_recipe() -> None:
    changed, result = _merged({}, IGNORE, "backend")

    assert changed == {"backend/.gitignore": "# Local files\n.env\n*.local\n"}
    assert result == Merged("backend/.gitignore")


def test_a_gitignore_above_the_folder_gets_the_lines() -> None:
    edit = {**IGNORE, "lines": [".env", "/data/", "!logs/keep"]}

    changed, result = _merged({".gitignore": "*.pyc\n"}, edit, "services/api")

    lines = ".env\n/services/api/data/\n!/services/api/logs/keep\n"
    assert changed == {".gitignore": "*.pyc\n\n# Local files\n" + lines}
    assert result == Merged(".gitignore")


def test_lines_can_come_from_an_answer() -> None:
    edit = {**IGNORE, "lines": "{{ folders | to_json }}"}

    changed, _ = _merged({}, edit, folders=["/data"])

    assert changed == {".gitignore": "# Local files\n/data\n"}


def test_names_keep_the_values_that_stand_there() -> None:
    assert _merged({".env.example": "PORT=9000\n"}, NAMES)[0] == {}
    assert _merged({}, NAMES)[0] == {".env.example": "# For main\nPORT=8000\n"}


def test_names_can_come_from_an_answer() -> None:
    edit = {**NAMES, "names": "{{ fields | to_nice_yaml }}", "heading": "Fill in"}

    changed, _ = _merged(
        {}, edit, fields=[{"name": "A", "comment": "", "example": ""}, {"name": "B"}]
    )

    assert changed == {".env.example": "# Fill in\nA=\nB=\n"}


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("", "# Fill in\nPORT=8000\n"),
        ("# Mine\nA=1\n", "\n# More\nPORT=8000\n"),
        ("# Fill in\nA=1\n", "PORT=8000\n"),
    ],
)
def test_names_below_those_of_the_project_have_their_own_heading(text: str, added: str) -> None:
    names = [{"name": "PORT", "example": "8000"}]
    edit = {**NAMES, "heading": "Fill in", "heading_below": "More", "names": names}
    files = {".env.example": text} if text else {}

    assert _merged(files, edit)[0] == {".env.example": text + added}


def test_keys_that_are_there_keep_their_values() -> None:
    changed, _ = _merged({"pyproject.toml": "[tool.x]\nport = 1\n"}, TOML)

    assert changed == {"pyproject.toml": "[tool.x]\nport = 1\non = true\n"}


def test_line_ends_and_the_encoding_are_kept() -> None:
    tree = Tree.of({".gitignore": "a\r\nb\r\n".encode("utf-16")})
    draft = Draft(tree)
    parsed: Merge = TypeAdapter[Merge](Merge).validate_python(IGNORE)

    merge(draft, "", parsed, {}, where="recipe.yml")

    assert (
        draft.read(".gitignore").decode("utf-16")
        == "a\r\nb\r\n\r\n# Local files\r\n.env\r\n*.local\r\n"
    )


# -- must not change -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", [".env\n*.local\n", "*.local\n.env*\n", ".env\r\n# x\r\n*.local"])
def test_lines_that_are_there_are_not_added(text: str) -> None:
    assert _merged({".gitignore": text}, IGNORE) == ({}, Merged(".gitignore"))


def test_an_edit_whose_condition_is_false_is_left_out() -> None:
    assert _merged({}, {**IGNORE, "when": "{{ port == 1 }}"}) == ({}, None)


def test_a_file_that_a_recipe_owns_is_not_edited() -> None:
    assert _merged({"Dockerfile": "x\n"}, {**IGNORE, "file": "Dockerfile"}) == ({}, None)


def test_a_file_that_may_not_be_made_is_not_made() -> None:
    assert _merged({}, TOML) == ({}, Merged("pyproject.toml", "there is no such file"))


@pytest.mark.parametrize(("text", "reason"), [("[tool.x\n", "it is no TOML"), ("tool.x = 1\n", "")])
def test_a_damaged_file_is_left_with_the_reason(text: str, reason: str) -> None:
    changed, result = _merged({"pyproject.toml": text}, TOML)

    assert changed == {}
    assert result is not None
    assert result.refusal.startswith(reason)
    assert result.refusal


def test_a_template_that_gives_no_list_is_a_mistake_of_the_recipe() -> None:
    with pytest.raises(UserError, match="gives `main`, not a list of words"):
        _merged({}, {**IGNORE, "lines": "{{ app }}"})
