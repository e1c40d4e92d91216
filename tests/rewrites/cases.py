"""Before and after: run a rewrite through the real engine on one module and look at its text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from textwrap import dedent

from buttress.project.model import AppObject, Framework, Place, Project, Role, Service
from buttress.rewrites.engine import Outcomes, run
from buttress.source import Draft, Tree

PATH = "main.py"


def check_transformed(
    rewrite: str,
    before: str,
    after: str,
    *,
    review: bool = False,
    others: Mapping[str, str] | None = None,
    answers: Mapping[str, object] | None = None,
    framework: Framework = Framework.FLASK,
) -> Outcomes:
    """Check that a rewrite turns ``before`` into ``after``, and that a second run changes nothing.

    Args:
        rewrite: The name of the rewrite.
        before: The text of the app's only module; common indentation is taken away.
        after: The text that must come out; it has to parse.
        review: Whether changes that need a review are made.
        others: Other app modules by path, which the rewrite may look at and must not change.
        answers: The recipe's answers.
        framework: What the service is written with.

    Returns:
        The outcomes of the first run.
    """
    expected = dedent(after)
    ast.parse(expected)
    draft = _draft(before, others)
    assert dedent(before) != expected, "for a case without a change there is check_noop"
    run_once = _runner(rewrite, draft, review, answers, framework)
    outcomes = run_once()
    assert _text(draft) == expected
    assert outcomes.changed
    assert all(item.rewrite == rewrite and item.reason for item in outcomes.changed)
    assert [change.path for change in draft.changes()] == [PATH]
    again = run_once()
    assert not again.changed, "the second run changed something"
    assert _text(draft) == expected
    return outcomes


def check_noop(
    rewrite: str,
    source: str,
    code: str | None = None,
    *,
    review: bool = False,
    others: Mapping[str, str] | None = None,
    answers: Mapping[str, object] | None = None,
    framework: Framework = Framework.FLASK,
) -> Outcomes:
    """Check that a rewrite leaves a module alone.

    Args:
        rewrite: The name of the rewrite.
        source: The text of the app's only module; common indentation is taken away.
        code: The code that every place was left alone with; ``None`` if no place is a candidate,
            or all of them are good.
        review: Whether changes that need a review are made.
        others: Other app modules by path.
        answers: The recipe's answers.
        framework: What the service is written with.

    Returns:
        The outcomes.
    """
    draft = _draft(source, others)
    outcomes = _runner(rewrite, draft, review, answers, framework)()
    assert _text(draft) == dedent(source)
    assert not outcomes.changed
    assert not draft.changes()
    assert {item.code for item in outcomes.abstained} == ({code} if code else set())
    assert all(item.reason for item in outcomes.abstained)
    return outcomes


def service_of(draft: Draft, framework: Framework = Framework.FLASK) -> tuple[Project, Service]:
    """Return the facts of a project in which every Python file is part of one app."""
    roles = dict.fromkeys(draft.python_paths(), Role.APP)
    app = AppObject("app", framework, Place(PATH), PATH.removesuffix(".py"))
    service = Service("", framework, (app,), "", "", "", reachable=frozenset(roles), roles=roles)
    return Project(draft, (service,), roles), service


def _draft(source: str, others: Mapping[str, str] | None) -> Draft:
    texts = {**{path: dedent(text) for path, text in (others or {}).items()}, PATH: dedent(source)}
    return Draft(Tree.of(dict(texts)))


def _text(draft: Draft) -> str:
    text = draft.text(PATH)
    assert text is not None
    return text.content


def _runner(
    rewrite: str,
    draft: Draft,
    review: bool,
    answers: Mapping[str, object] | None,
    framework: Framework,
) -> Callable[[], Outcomes]:
    return lambda: run(
        [rewrite],
        draft,
        lambda current: service_of(current, framework),
        answers=dict(answers or {}),
        review=review,
    )
