"""Structured edits of files that belong to the user: lines, names and keys that have to be there."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass

from buttress.errors import UserError
from buttress.planning.destination import stands
from buttress.planning.recipe import LinesMerge, Merge, NamesMerge, TomlMerge
from buttress.planning.templating import holds, render, value, words, yaml_value
from buttress.source import Draft, Text
from buttress.source.refusal import RefusedError


@dataclass(frozen=True)
class Merged:
    """What became of one structured edit.

    Attributes:
        path: The file.
        refusal: Why it was left alone; empty if it was not.
    """

    path: str
    refusal: str = ""


def merge(
    draft: Draft,
    folder: str,
    edit: Merge,
    values: Mapping[str, object],
    *,
    where: str,
    owned: Container[str] = (),
) -> Merged | None:
    """Make one structured edit; ``None`` if its condition does not hold or a recipe owns the file.

    Args:
        draft: The files; changed in place.
        folder: The recipe's destination relative to the root, ``""`` for the root itself.
        edit: What has to be there.
        values: The recipe's answers.
        where: The manifest, for errors.
        owned: Paths of files that are rendered, and hold what they need already.
    """
    if not holds(edit.when, values, where):
        return None
    name = render(edit.file, values, where)
    path = f"{folder}/{name}" if folder else name
    if path in owned:
        return None
    prefix = ""
    if isinstance(edit, LinesMerge) and name == ".gitignore" and path not in draft:
        path, prefix = _ignore_file_above(draft, folder) or (path, "")
    text = _text(draft, path, create=edit.create)
    if isinstance(text, str):
        return Merged(path, text)
    try:
        content = _merged(text.content, name, edit, values, where=where, prefix=prefix)
    except RefusedError as reason:
        return Merged(path, str(reason))
    if content != text.content:
        draft.write(path, text.with_content(content))
    return Merged(path)


def _ignore_file_above(draft: Draft, folder: str) -> tuple[str, str] | None:
    """Return the nearest ``.gitignore`` above a folder, and how the folder is called from there."""
    above = folder
    while above:
        above = above.rpartition("/")[0]
        path = f"{above}/.gitignore" if above else ".gitignore"
        if path in draft:
            return path, folder.removeprefix(above).strip("/")
    return None


def _seen_from_above(line: str, prefix: str) -> str:
    """Return a pattern as a ``.gitignore`` above its folder writes it; names alone hold anywhere."""
    negation = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!")
    if not prefix or "/" not in pattern.rstrip("/"):
        return line
    return f"{negation}/{prefix}/{pattern.lstrip('/')}"


def _text(draft: Draft, path: str, *, create: bool) -> Text | str:
    """Return what stands in a file, or why it cannot be edited."""
    if path in draft:
        text = draft.text(path)
        return text if text is not None else "it is no text"
    if stands(draft, path):
        return "it is not part of the project: git ignores it, or it is a link or too large"
    return Text("") if create else "there is no such file"


def _merged(
    text: str, name: str, edit: Merge, values: Mapping[str, object], *, where: str, prefix: str
) -> str:
    if isinstance(edit, LinesMerge):
        from buttress.source.ignore_file import Dialect, add

        dialect = Dialect.DOCKER if name.endswith(".dockerignore") else Dialect.GIT
        heading = render(edit.heading, values, where)
        lines = [_seen_from_above(line, prefix) for line in words(edit.lines, values, where)]
        return add(text, lines, heading, dialect)
    if isinstance(edit, NamesMerge):
        return _with_names(text, edit, values, where)
    return _with_keys(text, edit, values, where)


def _with_names(text: str, edit: NamesMerge, values: Mapping[str, object], where: str) -> str:
    from buttress.source.dotenv import NewVariable, append

    written: object
    if isinstance(edit.names, str):
        written = yaml_value(render(edit.names, values, where)) or []
    else:
        written = value([item.model_dump() for item in edit.names], values, where)
    if not isinstance(written, list) or not all(isinstance(item, Mapping) for item in written):
        raise UserError(f"{where}: `names` must be a list of mappings with name, comment, example.")
    new = [
        NewVariable(
            str(item["name"]),
            str(item.get("comment", "")),
            str(item.get("example", "")),
            is_optional=item.get("optional") is True,
        )
        for item in written
    ]
    heading = render(edit.heading, values, where)
    below = render(edit.heading_below, values, where)
    is_new = not text.strip() or f"# {heading}" in text.splitlines()
    return append(text, new, heading if is_new else below or heading)


def _with_keys(text: str, edit: TomlMerge, values: Mapping[str, object], where: str) -> str:
    from buttress.source.toml_editor import set_if_absent

    table = render(edit.table, values, where).split(".")
    for key, item in edit.values.items():
        text = set_if_absent(text, (*table, key), value(item, values, where))
    return text
