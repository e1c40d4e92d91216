"""TOML files: add an item to a list or set a key; every other byte stays.

tomlkit says where a value stands, the change itself is made in the text, and the result is read
again: a change that would alter anything else is refused.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, cast

import tomlkit
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from buttress.source.edit import Edit, apply_edits
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError
from buttress.source.text import Text
from buttress.source.toml_array import Array

_MARK = "a-mark-that-no-file-holds-7c1e"
_BARE_KEY = lazy_pattern(r"[A-Za-z0-9_-]+\Z")

Path = Sequence[str]


def lookup(text: str, path: Path) -> object | None:
    """Return the value at a path as plain Python data; ``None`` if there is none.

    Raises:
        RefusedError: If the text is no TOML.
    """
    return at(read(text), path)


def add_to_list(text: str, path: Path, item: str) -> str:
    """Return the text with a string added to the list at a path; the list is made if absent.

    The list keeps its form: one line or many, quotes, indentation, trailing comma, comments. A
    sorted list of requirements stays sorted, ignoring case. What names a distribution that is
    in the list already is not added.

    Raises:
        RefusedError: If the text is no TOML, or there is something else than a list.
    """
    data = read(text)
    current = at(data, path)
    if current is None:
        newline = Text(text).newline
        literal = f"[{newline}    {_literal(item)},{newline}]"
        return add_key(text, path[:-1], path[-1], [item], literal)
    if not isinstance(current, list):
        raise RefusedError(f"{'.'.join(path)} is no list")
    name = requirement_name(item)
    if item in current or (name and any(requirement_name(other) == name for other in current)):
        return text
    start, end = _span(text, path)
    array = Array.read(text[start:end])
    position = _sorted_position(current, item)
    edit = array.insertion(position, item, Text(text).newline)
    changed = apply_edits(text, [Edit(edit.start + start, edit.end + start, edit.text)])
    _set(data, path, [*current[:position], item, *current[position:]])
    return _proved(changed, data)


def _sorted_position(current: Sequence[object], item: str) -> int:
    keys = [str(value).lower() for value in current]
    names = [canonicalize_name(requirement_name(value) or str(value)) for value in current]
    key: str = item.lower()
    if len(names) > 2 and names == sorted(names):
        keys, key = [str(name) for name in names], canonicalize_name(requirement_name(item) or item)
    if len(keys) > 2 and keys == sorted(keys) and all(isinstance(v, str) for v in current):
        return sum(other < key for other in keys)
    return len(keys)


def set_if_absent(text: str, path: Path, value: object) -> str:
    """Return the text with a key set, unless there is something at the path already.

    The key goes to the end of its table, before the blank lines that follow it; a table that is
    not there is appended to the file.

    Raises:
        RefusedError: If the text is no TOML, or the table is written in a form that is left alone
            (an inline table, or something that is no table).
    """
    return text if lookup(text, path) is not None else add_key(text, path[:-1], path[-1], value)


def add_key(text: str, table: Path, key: str, value: object, literal: str | None = None) -> str:
    """Return the text with a key that is not there yet added to a table, which is made if absent.

    Args:
        text: The file.
        table: The keys that lead to the table; empty for the top.
        key: The new key.
        value: Its value as plain data.
        literal: How to write the value, where the short form on one line is not wanted.

    Raises:
        RefusedError: As ``set_if_absent``.
    """
    data = read(text)
    current = at(data, table)
    if current is not None and not isinstance(current, Mapping):
        raise RefusedError(f"{'.'.join(table)} is no table")
    newline = Text(text).newline
    pair = f"{_key(key)} = {literal or _literal(value)}"
    if current is None or (table and not _has_header(text, table)):
        end = len(text.rstrip())
        header = f"[{'.'.join(_key(part) for part in table)}]"
        gap = newline * 2 if end else ""
        tail = text[end:] or ("" if text else newline)
        changed = f"{text[:end]}{gap}{header}{newline}{pair}{tail}"
    else:
        changed = apply_edits(text, [_pair_insertion(text, table, key, pair, newline)])
    _set(data, (*table, key), value)
    return _proved(changed, data)


def _pair_insertion(text: str, table: Path, key: str, pair: str, newline: str) -> Edit:
    keys = _keys_in_order(text, table)
    names = [str(canonicalize_name(item)) for item, _, _ in keys if item != "python"]
    wanted = str(canonicalize_name(key))
    if len(names) > 2 and names == sorted(names):
        after = [
            item for item in keys if item[0] == "python" or canonicalize_name(item[0]) < wanted
        ]
        if after:
            return _line_after(text, after[-1][2], pair, newline)
        return Edit(keys[0][1], keys[0][1], pair + newline)
    if keys:
        return _line_after(text, keys[-1][2], pair, newline)
    header = _header(text, table)
    return _line_after(text, header.end() if header else 0, pair, newline)


def _line_after(text: str, offset: int, line: str, newline: str) -> Edit:
    end = text.find("\n", offset)
    if end == -1:
        return Edit(len(text), len(text), (newline if text else "") + line)
    return Edit(end + 1, end + 1, line + newline)


def _keys_in_order(text: str, table: Path) -> list[tuple[str, int, int]]:
    """Return the keys under a table's header, each with the start of its line and its end."""
    current = at(read(text), table)
    header = _header(text, table)
    begin = header.end() if header else 0
    found: list[tuple[str, int, int]] = []
    for key, value in as_mapping(current).items():
        if isinstance(value, Mapping) and _has_header(text, (*table, key)):
            continue
        try:
            start, end = _span(text, (*table, key))
        except RefusedError:
            continue
        if start >= begin:
            found.append((key, text.rfind("\n", 0, start) + 1, end))
    return sorted(found, key=lambda item: item[1])


def _header(text: str, table: Path) -> re.Match[str] | None:
    if not table:
        return None
    parts = [rf"(?:{re.escape(part)}|\"{re.escape(part)}\"|'{re.escape(part)}')" for part in table]
    dotted = r"[ \t]*\.[ \t]*".join(parts)
    pattern = rf"^[ \t]*\[[ \t]*{dotted}[ \t]*\][ \t]*(?:#[^\r\n]*)?(?=\r?$)"
    return re.search(pattern, text, re.MULTILINE)


def _has_header(text: str, table: Path) -> bool:
    return not table or _header(text, table) is not None


def _span(text: str, path: Path) -> tuple[int, int]:
    """Return where the text of a value starts and ends, by putting a mark into its place."""
    document = _document(text)
    parent: Any = document
    for key in path[:-1]:
        parent = parent[key]
    if isinstance(parent, InlineTable):
        raise RefusedError(f"{'.'.join(path)} stands in an inline table")
    value = parent[path[-1]]  # tomlkit hands out a plain bool, which has no text of its own
    written = str(value).lower() if isinstance(value, bool) else value.as_string()
    try:
        marked = copy.deepcopy(document)
        holder: Any = marked
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = _MARK
        start = tomlkit.dumps(marked).index(f'"{_MARK}"')
    except (TOMLKitError, ValueError):
        raise RefusedError(f"{'.'.join(path)} cannot be found in the text") from None
    if text[start : start + len(written)] != written:
        raise RefusedError(f"{'.'.join(path)} cannot be found in the text")
    return start, start + len(written)


def _document(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as problem:
        raise RefusedError(f"it is no TOML ({problem})") from None


def read(text: str) -> dict[str, Any]:
    """Return the whole file as plain Python data.

    Raises:
        RefusedError: If the text is no TOML.
    """
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as problem:
        raise RefusedError(f"it is no TOML ({problem})") from None


def at(data: object, path: Path) -> object | None:
    """Return what stands at a path in plain data; ``None`` if there is nothing."""
    for key in path:
        if not isinstance(data, Mapping) or key not in data:
            return None
        data = data[key]
    return data


def _set(data: MutableMapping[str, Any], path: Path, value: object) -> None:
    for key in path[:-1]:
        data = data.setdefault(key, {})
    data[path[-1]] = value


def _proved(changed: str, expected: Mapping[str, Any]) -> str:
    try:
        holds = read(changed) == expected
    except RefusedError:
        holds = False
    if not holds:
        raise RefusedError("it is written in a form that cannot be edited safely")
    return changed


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return a table, an empty one for what is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def requirement_name(item: object) -> str | None:
    """Return the canonical name of the distribution that a requirement asks for."""
    if not isinstance(item, str):
        return None
    try:
        return canonicalize_name(Requirement(item).name)
    except InvalidRequirement:
        return None


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else tomlkit.item(key).as_string()


def _literal(value: object) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_literal(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return str(tomlkit.item(value).as_string())
