"""The change set for machines: stable keys, documented in ``docs/reference/json.md``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from buttress import __version__
from buttress.apply.patch import file_diff
from buttress.planning.changes import AddedDependency, ChangeSet
from buttress.reports.inspection_json import score_json
from buttress.rewrites.outcomes import Abstained
from buttress.scorecard import Scorecard
from buttress.source import FileChange

SCHEMA_VERSION = 1


def changes_json(
    change_set: ChangeSet,
    before: Scorecard,
    after: Scorecard | None,
    *,
    applied: str | None,
    mask: Callable[[str], str],
    ignored: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the change set as plain data.

    Args:
        change_set: What the plan does.
        before: The scorecard of the tree as it was.
        after: The scorecard of the tree as it would be.
        applied: Where the changes went: ``disk``, ``branch NAME``, ``patch FILE``, or ``None``.
        mask: Hides secrets in a diff.
        ignored: New files that git does not track.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "buttress", "version": __version__},
        "applied": applied,
        "recipes": [
            {"recipe": item.recipe, "title": item.title, "files": [f.path for f in item.files]}
            for item in change_set.recipes
        ],
        "changes": [_change(change_set, change, mask) for change in change_set.files],
        "left_out": [
            {"recipe": recipe, "reason": reason} for recipe, reason in change_set.left_out.items()
        ],
        "abstained": [
            _abstained(item.recipe, left) for item in change_set.recipes for left in item.abstained
        ],
        "dependencies": [
            _dependency(added) for item in change_set.recipes for added in item.dependencies
        ],
        "notes": [
            {"recipe": note.recipe, "text": note.text}
            for item in change_set.recipes
            for note in item.notes
        ],
        "ignored": list(ignored),
        "score": {
            "before": score_json(before),
            "after": score_json(after) if after is not None else None,
        },
    }


def _abstained(recipe: str, left: Abstained) -> dict[str, Any]:
    return {
        "recipe": recipe,
        "path": left.path,
        "line": left.line,
        "rewrite": left.rewrite,
        "code": left.code,
        "reason": left.reason,
        "unlock": left.unlock,
    }


def _dependency(added: AddedDependency) -> dict[str, Any]:
    return {
        "name": added.name,
        "specifier": added.specifier,
        "group": added.group,
        "manifest": added.manifest,
        "recipe": added.recipe,
        "lock_command": added.lock_command,
    }


def _change(
    change_set: ChangeSet, change: FileChange, mask: Callable[[str], str]
) -> dict[str, Any]:
    involved = [item for item in change_set.recipes if change.path in item.safety]
    levels = [item.safety[change.path] for item in involved]
    return {
        "path": change.path,
        "kind": change.kind,
        "recipes": list(change_set.recipes_of(change.path)),
        "safety": max(levels, key=list(type(levels[0])).index).value if levels else "safe",
        "diff": mask(file_diff(change).decode("utf-8", "replace")),
    }
