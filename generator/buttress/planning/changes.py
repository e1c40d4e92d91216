"""The change set: what a plan would do, as a value that is printed, tested and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from buttress.rewrites.engine import Applied
from buttress.rewrites.outcomes import Abstained, Safety
from buttress.source import FileChange, Tree


@dataclass(frozen=True, slots=True)
class AddedDependency:
    """A requirement that a recipe adds, shown as a change of its own.

    Attributes:
        name: Canonical name.
        specifier: ``>=25.4``.
        group: ``""`` for run time, else ``dev``.
        manifest: The file it is declared in; ``None`` where the service has none.
        recipe: Which recipe needs it.
        lock_command: The command that brings the lock file up to date; empty without one.
    """

    name: str
    specifier: str
    group: str
    manifest: str | None
    recipe: str
    lock_command: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What a person has to do afterwards, and why."""

    recipe: str
    text: str


@dataclass(frozen=True)
class RecipeChanges:
    """What one recipe does to the result of the ones before it.

    Attributes:
        recipe: Its id.
        title: Its title, the first line of its commit.
        files: What changes, against the result of the recipe before.
        safety: The safety of each changed path: the most careful level among its changes.
        applied: The rewrites' changes, with their reasons.
        abstained: What was left alone.
        dependencies: Requirements that were added.
        notes: What is left for a person.
        good: How many places were as they should be already.
    """

    recipe: str
    title: str
    files: tuple[FileChange, ...]
    safety: dict[str, Safety]
    applied: tuple[Applied, ...] = ()
    abstained: tuple[Abstained, ...] = ()
    dependencies: tuple[AddedDependency, ...] = ()
    notes: tuple[Note, ...] = ()
    good: int = 0


@dataclass(frozen=True)
class ChangeSet:
    """The whole plan's result.

    Attributes:
        before: The tree that was read.
        after: The tree as it would be.
        recipes: In the order in which they run.
        files: The whole difference between ``before`` and ``after``.
        left_out: Why recipes that would have been chosen are not among them, by id.
    """

    before: Tree
    after: Tree
    recipes: tuple[RecipeChanges, ...]
    files: tuple[FileChange, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

    def recipes_of(self, path: str) -> tuple[str, ...]:
        """Return the ids of the recipes that change a path."""
        return tuple(
            item.recipe for item in self.recipes if any(f.path == path for f in item.files)
        )
