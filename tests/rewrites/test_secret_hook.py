"""A hook for secrets joins the project's own, once."""

from buttress.project.model import AppObject, Framework, Place, Project, Role, Service
from buttress.rewrites.engine import Outcomes, run
from buttress.rewrites.secret_hook import CONFIGURATION, REVISION
from buttress.source import Draft, Tree

BLACK = """\
# hooks of this project
repos:
  - repo: https://github.com/psf/black
    rev: 25.1.0  # style
    hooks:
      - id: black
"""


def facts(draft: Draft) -> tuple[Project, Service]:
    app = AppObject("app", Framework.FLASK, Place("main.py"), "main")
    roles = {"main.py": Role.APP}
    service = Service("", Framework.FLASK, (app,), "", "", "", roles=roles)
    return Project(draft, (service,), roles), service


def applied(configuration: str) -> tuple[str, Outcomes]:
    draft = Draft(Tree.of({"main.py": "", CONFIGURATION: configuration}))
    outcomes = run(["secret-hook"], draft, facts)
    text = draft.text(CONFIGURATION)
    assert text is not None
    return text.content, outcomes


def test_the_hook_is_added_behind_the_others() -> None:
    text, outcomes = applied(BLACK)

    assert text == BLACK + (
        "  - repo: https://github.com/gitleaks/gitleaks\n"
        f"    rev: {REVISION}\n"
        "    hooks:\n"
        "      - id: gitleaks\n"
    )
    assert len(outcomes.changed) == 1


def test_a_second_run_changes_nothing() -> None:
    once, _ = applied(BLACK)

    assert applied(once)[0] == once


def test_a_project_that_looks_for_secrets_already_is_left_as_it_is() -> None:
    other = BLACK.replace("psf/black", "Yelp/detect-secrets")

    text, outcomes = applied(other)

    assert text == other
    assert outcomes.good == 1


def test_what_is_no_list_is_left_alone() -> None:
    text, outcomes = applied("repos: none of your business\n")

    assert text == "repos: none of your business\n"
    assert [item.code for item in outcomes.abstained] == ["unclear-yaml"]


def test_without_a_configuration_there_is_nothing_to_do() -> None:
    draft = Draft(Tree.of({"main.py": ""}))

    assert run(["secret-hook"], draft, facts) == Outcomes()
