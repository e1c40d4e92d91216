"""Choosing what to write: whole, by file, by hunk; the questions are asked through ``Prompts``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from buttress.apply.patch import hunks, is_binary, with_hunks
from buttress.planning.changes import ChangeSet
from buttress.source import FileChange


class Action(StrEnum):
    """What a person can do with a change set."""

    APPLY = "apply"
    FILES = "choose files"
    HUNKS = "choose hunks"
    PATCH = "save as patch"
    BRANCH = "write to a branch"
    QUIT = "quit"


class Prompts(Protocol):
    """Asks a person; ``None`` means that the question was cancelled."""

    def select(self, message: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices."""

    def checkbox(self, message: str, choices: Sequence[str]) -> list[str] | None:
        """Ask for any of the choices, all of them preselected."""

    def text(self, message: str, default: str) -> str | None:
        """Ask for a line of text."""

    def confirm(self, message: str) -> bool | None:
        """Ask for yes or no."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, with what.

    Attributes:
        action: ``APPLY``, ``PATCH``, ``BRANCH`` or ``QUIT``.
        files: The changes that were chosen.
        target: The patch file or branch, where the action needs one.
        whole: Whether nothing was left out.
    """

    action: Action
    files: tuple[FileChange, ...]
    target: str = ""
    whole: bool = True


def review(
    change_set: ChangeSet, prompts: Prompts, show: Callable[[Sequence[FileChange]], None]
) -> Decision:
    """Ask until something is to be written, or nothing.

    Args:
        change_set: What could be written.
        prompts: Asks the person.
        show: Prints the diff of changes.
    """
    chosen = change_set.files
    while True:
        whole = chosen == change_set.files
        actions = [a for a in Action if whole or a is not Action.BRANCH]
        answer = prompts.select(
            _question(chosen, whole=whole), [action.value for action in actions]
        )
        action = Action(answer) if answer is not None else Action.QUIT
        if action is Action.FILES:
            chosen = _choose_files(change_set.files, prompts) or chosen
        elif action is Action.HUNKS:
            chosen = _choose_hunks(chosen, prompts, show)
        elif action is Action.QUIT:
            return Decision(Action.QUIT, ())
        elif action is Action.APPLY:
            return Decision(Action.APPLY, chosen, whole=whole)
        else:
            question, default = (
                ("Patch file:", "buttress.patch")
                if action is Action.PATCH
                else ("Branch name:", "buttress/harden")
            )
            target = prompts.text(question, default)
            if target:
                return Decision(action, chosen, target, whole)


def _question(chosen: Sequence[FileChange], *, whole: bool) -> str:
    count = f"{len(chosen)} file" + ("" if len(chosen) == 1 else "s")
    return f"{count} {'would change' if whole else 'chosen'}. What now?"


def _choose_files(files: Sequence[FileChange], prompts: Prompts) -> tuple[FileChange, ...]:
    names = [change.path for change in files]
    chosen = prompts.checkbox("Which files?", names)
    return tuple(change for change in files if chosen is not None and change.path in chosen)


def _choose_hunks(
    files: Sequence[FileChange],
    prompts: Prompts,
    show: Callable[[Sequence[FileChange]], None],
) -> tuple[FileChange, ...]:
    kept: list[FileChange] = []
    for change in files:
        count = 1 if is_binary(change) or change.kind != "modify" else len(hunks(change))
        chosen = set()
        for index in range(count):
            show([with_hunks(change, {index})] if count > 1 else [change])
            answer = prompts.confirm(f"{change.path}: this change ({index + 1} of {count})?")
            if answer is None:
                return tuple(files)
            if answer:
                chosen.add(index)
        partial = change if len(chosen) == count else with_hunks(change, chosen)
        if partial.before != partial.after:
            kept.append(partial)
    return tuple(kept)
