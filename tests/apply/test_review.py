"""The review writes what a person chose, and nothing that they left out."""

from collections.abc import Sequence
from typing import Any

import pytest

from buttress.apply.review import Action, Decision, review
from buttress.planning.changes import ChangeSet
from buttress.source import FileChange, Tree

LONG = b"".join(b"%d\n" % number for number in range(40))
MAIN = FileChange("main.py", LONG, LONG.replace(b"\n3\n", b"\nx\n").replace(b"\n30\n", b"\ny\n"))
NEW = FileChange("new.py", None, b"new\n")
CHANGES = ChangeSet(Tree.of({}), Tree.of({}), (), (MAIN, NEW))


class Script:
    """Answers questions from a list, as a person would one by one."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.shown: list[str] = []
        self.offered: list[Sequence[str]] = []

    def select(self, message: str, choices: Sequence[str]) -> Any:
        self.offered.append(choices)
        return self.answers.pop(0)

    def checkbox(self, message: str, choices: Sequence[str]) -> Any:
        return self.answers.pop(0)

    def text(self, message: str, default: str) -> Any:
        return self.answers.pop(0)

    def confirm(self, message: str) -> Any:
        return self.answers.pop(0)

    def show(self, changes: Sequence[FileChange]) -> None:
        self.shown += [change.path for change in changes]


def decided(*answers: Any) -> Decision:
    script = Script(*answers)
    decision = review(CHANGES, script, script.show)
    assert script.answers == []
    return decision


def test_apply_takes_everything() -> None:
    assert decided("apply") == Decision(Action.APPLY, (MAIN, NEW))


@pytest.mark.parametrize("answer", ["quit", None])
def test_quitting_or_cancelling_writes_nothing(answer: str | None) -> None:
    assert decided(answer) == Decision(Action.QUIT, ())


def test_chosen_files_alone_are_applied() -> None:
    assert decided("choose files", ["new.py"], "apply") == Decision(
        Action.APPLY, (NEW,), whole=False
    )


def test_choosing_no_file_keeps_the_choice_as_it_was() -> None:
    assert decided("choose files", [], "apply").files == (MAIN, NEW)
    assert decided("choose files", None, "apply").files == (MAIN, NEW)


def test_chosen_hunks_alone_are_applied() -> None:
    decision = decided("choose hunks", False, True, False, "apply")

    assert decision.files == (FileChange("main.py", LONG, LONG.replace(b"\n30\n", b"\ny\n")),)


def test_cancelling_between_hunks_keeps_the_choice_as_it_was() -> None:
    assert decided("choose hunks", True, None, "apply").files == (MAIN, NEW)


def test_a_patch_and_a_branch_ask_for_their_name() -> None:
    assert decided("save as patch", "x.patch") == Decision(Action.PATCH, (MAIN, NEW), "x.patch")
    assert decided("write to a branch", "hard") == Decision(Action.BRANCH, (MAIN, NEW), "hard")


def test_an_empty_name_asks_again() -> None:
    assert decided("save as patch", "", "quit").action is Action.QUIT


def test_a_branch_is_offered_for_the_whole_alone() -> None:
    script = Script("choose files", ["new.py"], "quit")

    review(CHANGES, script, script.show)

    assert "write to a branch" in script.offered[0]
    assert "write to a branch" not in script.offered[1]
