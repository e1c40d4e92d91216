"""TOML, YAML and JSON files as plain data; what is damaged reads as empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from buttress.source import Tree
from buttress.source.toml_reading import read_toml_text

Table = Mapping[str, Any]
_LARGEST = 512 * 1024


def _text(tree: Tree, path: str) -> str:
    text = tree.text(path) if path in tree else None
    return text.content if text is not None and len(text.content) <= _LARGEST else ""


def text_of(tree: Tree, path: str) -> str:
    """Return the characters of a file; nothing for one that is missing, binary or huge."""
    return _text(tree, path)


def read_toml(tree: Tree, path: str) -> Table:
    """Return a TOML file."""
    return _toml(_text(tree, path))


@lru_cache(maxsize=8)
def _toml(text: str) -> Table:
    # several facts are read from one `pyproject.toml`
    try:
        return read_toml_text(text)
    except ValueError:
        return {}


def read_json(tree: Tree, path: str) -> Table:
    """Return a JSON file that holds an object."""
    try:
        data = json.loads(_text(tree, path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def read_yaml(tree: Tree, path: str) -> Table:
    """Return the first document of a YAML file that holds a mapping."""
    return _yaml(_text(tree, path))


@lru_cache(maxsize=64)
def _yaml(text: str) -> Table:
    # a plan reads the facts anew for each recipe, and hardly ever does one change these files
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    reader.allow_duplicate_keys = True
    try:
        data = next(iter(reader.load_all(text)), None)
    except (YAMLError, RecursionError, ValueError, TypeError, KeyError, AttributeError):
        # the reader itself fails in many ways on hostile input (bad dates, unhashable keys)
        return {}
    return data if isinstance(data, dict) else {}


def table(data: object, *keys: str) -> Table:
    """Return the table below ``keys``, empty where there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def line_of(text: str, *words: str) -> int:
    """Return the first line, from 1, on which the words stand one after another in the text.

    Each word is looked for behind the one before; where one is missing, the line so far is given.
    """
    position = 0
    found = 0
    for word in words:
        at = text.find(word, position)
        if at < 0:
            break
        found, position = at, at + len(word)
    return text.count("\n", 0, found) + 1
