"""Answers files in a project: which units were applied to it, and with which answers."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache

from buttress.errors import UserError
from buttress.source import Tree
from buttress.source.patterns import lazy_pattern

_NAME = lazy_pattern(r"(?:.*/)?\.copier-answers(?:\.[\w-]+)?\.yml\Z")
_UNIT = lazy_pattern(r"(?:templates|recipes)/[a-z0-9-]+\Z")


def stored_answers(data: bytes, where: str) -> dict[str, object]:
    """Return the answers of an answers file.

    Raises:
        UserError: If it is damaged.
    """
    answers = _parsed(data)
    if not isinstance(answers, dict) or not all(isinstance(key, str) for key in answers):
        raise UserError(
            f"{where}: is damaged: it is no YAML mapping. Restore it from your version control, or "
            "delete it to apply the recipe anew."
        )
    return deepcopy(answers)


@lru_cache(maxsize=64)
def _parsed(data: bytes) -> object:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe").load(data.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError):
        return None


def answers_of(tree: Tree, path: str, unit: str) -> dict[str, object] | None:
    """Return the answers that a project keeps for a unit; ``None`` if it was not applied.

    Args:
        tree: The project.
        path: Where the unit's answers file would be.
        unit: ``recipes/<id>``.

    Raises:
        UserError: If the file is damaged, or belongs to another template.
    """
    if path not in tree:
        return None
    answers = stored_answers(tree.read(path), path)
    if answers.get("unit") != unit:
        raise UserError(
            f"{path}: belongs to another template ({answers.get('_src_path', 'unknown')}), and "
            f"{unit} needs a file of this name. Rename it to keep both."
        )
    return answers


def stored_units(tree: Tree) -> Mapping[str, dict[str, object]]:
    """Return the answers of every unit that was applied, by the path of its answers file.

    A damaged file, or one of another template, is left out here; applying its recipe reports it.
    """
    found = {}
    for path in tree.paths:
        if not _NAME.match(path):
            continue
        try:
            answers = stored_answers(tree.read(path), path)
        except UserError:
            continue
        unit = answers.get("unit")
        if isinstance(unit, str) and _UNIT.match(unit):
            found[path] = answers
    return found
