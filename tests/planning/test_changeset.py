"""Recipes run one after another in memory; what is the user's is never written over."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from textwrap import dedent

import pytest

from buttress.errors import UserError
from buttress.planning.catalogue import load_catalogue
from buttress.planning.changes import ChangeSet
from buttress.planning.changeset import Given, build, same_service
from buttress.planning.location import find_templates
from buttress.planning.plan import make_plan
from buttress.project import inspect_project, select_service
from buttress.project.model import Project
from buttress.rewrites.outcomes import Safety
from buttress.source import Draft, Tree
from tests.planning.installation import ERRORS, IMAGE, LOGS, commit, install
from tests.planning.projects import FASTAPI_APP

PROJECT = {
    "main.py": FASTAPI_APP,
    "requirements.txt": "fastapi\nuvicorn\n",
    "pyproject.toml": "[tool.black]\nline-length = 100\n",
    ".gitignore": "*.pyc\n",
}


class Installation:
    """An installation and what it makes of trees."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def apply(
        self,
        tree: Tree,
        *recipes: str,
        answers: Mapping[str, object] | None = None,
        asked: Mapping[str, Mapping[str, object]] | None = None,
        review: bool = False,
        inspect: Callable[[Tree], Project] = inspect_project,
    ) -> ChangeSet:
        catalogue = load_catalogue(self.root)
        project = inspect_project(tree)
        service = select_service(project)
        plan = make_plan(catalogue, service, recipes or list(catalogue.recipes))
        return build(
            plan,
            project,
            service,
            inspect=inspect,
            catalogue=catalogue,
            templates=find_templates(self.root),
            given=Given(answers or {}, asked or {}, review),
        )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    root = install(tmp_path / "templates")
    commit(root, "v1.0.0")
    return Installation(root)


def _tree(**changes: str) -> Tree:
    return Tree.of({path: dedent(text) for path, text in {**PROJECT, **changes}.items()})


def _after(changes: ChangeSet) -> Tree:
    """Return the result as a tree of its own, as the next run reads it."""
    return Tree.of({path: changes.after.read(path) for path in changes.after.paths})


def _texts(changes: ChangeSet) -> dict[str, str]:
    return {change.path: (change.after or b"").decode() for change in changes.files}


# -- what a plan does ------------------------------------------------------------------------------


def test_recipes_add_their_files_and_are_wired_declared_and_merged(
    installation: Installation,
) -> None:
    changes = installation.apply(_tree())

    texts = _texts(changes)
    assert [item.recipe for item in changes.recipes] == ["logs", "errors", "image"]
    assert texts["main.py"] == (
        "from fastapi import FastAPI\n\nfrom errors import install_errors\nfrom logs import install_logs\n\n"
        "app = FastAPI()\ninstall_logs(app)\ninstall_errors(app)\n"
        + FASTAPI_APP.partition("FastAPI()\n")[2]
    )
    assert texts["requirements.txt"] == "fastapi\nuvicorn\nstructlog>=25.4,<27\n"
    assert texts["Dockerfile"] == "FROM python:3.11\nUSER app\n"
    assert texts[".env.example"] == "# What the server listens on\nPORT=8000\n"
    assert texts["pyproject.toml"].endswith("[tool.image]\nport = 1\n")
    assert "_commit: v1.0.0\n" in texts[".copier-answers.logs.yml"]
    assert set(texts) == {
        *("main.py", "requirements.txt", "pyproject.toml", ".gitignore", ".env.example"),
        *("logs.py", "errors.py", "Dockerfile", ".dockerignore"),
        *(f".copier-answers.{name}.yml" for name in ("logs", "errors", "image")),
    }


def test_a_recipe_knows_the_answers_of_those_it_requires(installation: Installation) -> None:
    changes = installation.apply(_tree(), "errors", answers={"logs_module": "own_logs"})

    assert [item.recipe for item in changes.recipes] == ["logs", "errors"]
    assert "Uses own_logs." in _texts(changes)["errors.py"]


def test_each_recipe_is_the_difference_to_the_one_before(installation: Installation) -> None:
    changes = installation.apply(_tree())

    draft = Draft(changes.before)
    for recipe in changes.recipes:
        for change in recipe.files:
            assert (draft.read(change.path) if change.path in draft else None) == change.before
            draft.write(change.path, change.after or b"")
    assert draft.changes() == changes.files
    assert changes.recipes_of("main.py") == ("logs", "errors")


def test_every_path_has_the_safety_of_its_most_careful_change(installation: Installation) -> None:
    logs, errors, image = installation.apply(_tree()).recipes

    assert logs.safety["main.py"] is Safety.SAFE
    assert errors.safety["main.py"] is Safety.HARDENING
    assert set(image.safety.values()) == {Safety.SAFE}
    assert [(item.rewrite, item.path) for item in errors.applied] == [("wire", "main.py")]
    assert errors.applied[0].reason == "What is unexpected is logged, and not sent to clients."


def test_notes_are_filled_in_and_have_conditions(installation: Installation) -> None:
    quiet = installation.apply(_tree(), "logs", "image")
    loud = installation.apply(_tree(), "logs", answers={"logs_level": "debug"})

    assert "Build it for main:app." in [note.text for note in quiet.recipes[1].notes]
    assert "Read docs/logs.md." not in [note.text for note in quiet.recipes[0].notes]
    assert "Read docs/logs.md." in [note.text for note in loud.recipes[0].notes]


def test_notes_know_how_much_was_changed_and_left(installation: Installation) -> None:
    hidden = "if True:\n    " + FASTAPI_APP.replace("\n", "\n    ").rstrip() + "\n"

    wired = installation.apply(_tree(), "logs").recipes[0]
    left = installation.apply(_tree(**{"main.py": hidden}), "logs").recipes[0]

    assert not [note for note in wired.notes if "left." in note.text]
    assert "0 changed, 1 left." in [note.text for note in left.notes]


def test_asked_answers_reach_their_recipe_and_given_ones_win(installation: Installation) -> None:
    asked = {"logs": {"logs_level": "warning"}, "image": {"image_user": "web"}}

    changes = installation.apply(
        _tree(), "logs", "image", asked=asked, answers={"logs_level": "debug"}
    )

    assert "logs_level: debug" in _texts(changes)[".copier-answers.logs.yml"]
    assert "USER web" in _texts(changes)["Dockerfile"]


def test_files_of_a_service_in_a_sub_folder_go_there_and_others_to_the_root(
    installation: Installation,
) -> None:
    tree = Tree.of(
        {
            "README.md": "x\n",
            "backend/requirements.txt": "fastapi\n",
            "backend/app/__init__.py": "",
            "backend/app/main.py": "from app.db import x\n" + FASTAPI_APP,
            "backend/app/db.py": "x = 1\n",
        }
    )

    texts = _texts(installation.apply(tree))

    assert {"backend/app/logs.py", "backend/.copier-answers.logs.yml", "Dockerfile"} <= set(texts)
    assert "service_root: backend\n" in texts["backend/.copier-answers.logs.yml"]
    assert "from app.logs import install_logs\n" in texts["backend/app/main.py"]


def test_modules_get_other_names_where_the_first_are_taken(installation: Installation) -> None:
    changes = installation.apply(_tree(**{"logs.py": "x = 1\n"}), "logs")

    texts = _texts(changes)
    assert "logs.py" not in texts
    assert "install_logs" in texts["app_logs.py"]
    assert "from app_logs import install_logs\n" in texts["main.py"]


# -- again, in parts, in any order -----------------------------------------------------------------


def test_a_second_run_changes_nothing(installation: Installation) -> None:
    first = installation.apply(_tree())

    second = installation.apply(_after(first))

    assert second.files == ()
    assert [item.notes for item in second.recipes if item.recipe == "logs"] == [()]


@pytest.mark.parametrize("order", list(permutations(["logs", "errors", "image"])))
def test_one_after_the_other_gives_the_same_in_every_order(
    installation: Installation, order: tuple[str, ...]
) -> None:
    together = _texts(installation.apply(_tree()))
    tree = _tree()
    for name in order:
        tree = _after(installation.apply(tree, name))

    assert {path: tree.read(path).decode() for path in together} == together


def test_changed_answers_are_followed_by_files_that_nobody_edited(
    installation: Installation,
) -> None:
    applied = _after(installation.apply(_tree()))

    changes = installation.apply(applied, "image", answers={"image_user": "web"})

    assert _texts(changes)["Dockerfile"] == "FROM python:3.11\nUSER web\n"
    assert "image_user: web" in _texts(changes)[".copier-answers.image.yml"]
    assert len(changes.files) == 2


def test_a_file_that_was_edited_does_not_follow_changed_answers(
    installation: Installation,
) -> None:
    applied = Draft(_after(installation.apply(_tree())))
    applied.write("Dockerfile", "FROM python:3.11\nRUN true\nUSER app\n")

    changes = installation.apply(applied, "image", answers={"image_user": "web"})

    assert list(_texts(changes)) == [".copier-answers.image.yml"]
    assert "Dockerfile was edited here" in changes.recipes[0].notes[0].text


def test_a_file_that_is_gone_comes_back(installation: Installation) -> None:
    applied = Draft(_after(installation.apply(_tree())))
    applied.delete("logs.py")

    assert list(_texts(installation.apply(applied, "logs"))) == ["logs.py"]


def test_files_of_another_version_are_left_to_the_update(installation: Installation) -> None:
    applied = _after(installation.apply(_tree(), "logs"))
    commit(installation.root, "v1.1.0")

    changes = installation.apply(applied, "logs")

    assert changes.files == ()
    [note] = changes.recipes[0].notes
    assert "logs was applied at version v1.0.0" in note.text
    with pytest.raises(UserError, match="Run `buttress update` before you change its answers"):
        installation.apply(applied, "logs", answers={"logs_level": "debug"})


# -- what is the user's ----------------------------------------------------------------------------


def test_a_file_that_the_user_has_is_kept_now_and_in_updates(installation: Installation) -> None:
    changes = installation.apply(_tree(Dockerfile="FROM scratch\n"), "image")

    texts = _texts(changes)
    assert "Dockerfile" not in texts
    assert "keep:\n- Dockerfile\n" in texts[".copier-answers.image.yml"]
    assert "Your own image definition stays." in [n.text for n in changes.recipes[0].notes]
    assert installation.apply(_after(changes), "image").files == ()


@pytest.mark.parametrize("path", ["Containerfile", "docker/web.dockerfile", "dockerfile"])
def test_a_file_of_the_same_purpose_counts_as_well(installation: Installation, path: str) -> None:
    texts = _texts(installation.apply(_tree(**{path: "FROM scratch\n"}), "image"))

    assert "Dockerfile" not in texts
    assert path not in texts


def test_a_file_that_nobody_thought_of_is_kept_as_well(installation: Installation) -> None:
    changes = installation.apply(_tree(**{".dockerignore": "node_modules\n"}), "image")

    texts = _texts(changes)
    assert ".dockerignore" not in texts
    assert "keep:\n- .dockerignore\n" in texts[".copier-answers.image.yml"]
    assert any("was there already" in note.text for note in changes.recipes[0].notes)


def test_a_file_that_is_just_the_same_is_taken_over(installation: Installation) -> None:
    changes = installation.apply(_tree(**{".dockerignore": ".git\n"}), "image")

    assert "keep: []\n" in _texts(changes)[".copier-answers.image.yml"]


def test_a_file_that_git_ignores_is_pointed_out(installation: Installation) -> None:
    changes = installation.apply(_tree(**{".gitignore": "Docker*\n"}), "image")

    assert any("git ignores Dockerfile" in note.text for note in changes.recipes[0].notes)


def test_an_answers_file_of_another_template_is_left(installation: Installation) -> None:
    tree = _tree(**{".copier-answers.logs.yml": "_src_path: gh:someone/logs\n"})

    with pytest.raises(UserError, match="belongs to another template \\(gh:someone/logs\\)"):
        installation.apply(tree, "logs")


def test_a_damaged_answers_file_is_named(installation: Installation) -> None:
    tree = _tree(**{".copier-answers.logs.yml": "unit: [\n"})

    with pytest.raises(UserError, match=r"\.copier-answers\.logs\.yml: is damaged"):
        installation.apply(tree, "logs")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"logs_levl": "x"}, "No question of these recipes is called `logs_levl`. Did you mean"),
        ({"logs_level": "loud"}, "`loud` is none of: debug, info, warning."),
        ({"image_user": "root"}, "refuses this answer: Not as root."),
        ({"port": "0"}, "A port is a number from 1 to 65535."),
        ({"keep": "[x]"}, "`keep` is set by buttress itself"),
    ],
)
def test_a_bad_answer_stops_everything(
    installation: Installation, answers: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        installation.apply(_tree(), answers=answers)
    assert message in str(caught.value)


def test_an_app_that_is_wired_already_gets_no_second_module(
    installation: Installation,
) -> None:
    applied = Draft(_after(installation.apply(_tree(), "errors")))
    applied.delete(".copier-answers.logs.yml")

    changes = installation.apply(applied, "logs")

    assert changes.files == ()


def test_a_recipe_that_finds_nothing_to_do_leaves_nothing(tmp_path: Path) -> None:
    manifest = (
        dedent(LOGS["recipe.yml"]).partition("modules:")[0] + "rewrites: [swallowed-errors]\n"
    )
    root = install(tmp_path, logs={"recipe.yml": manifest})

    changes = Installation(root).apply(_tree(), "logs")

    assert changes.files == ()
    assert changes.recipes[0].files == ()


# -- proof -----------------------------------------------------------------------------------------


def _forgetting_routes(tree: Tree) -> Project:
    """Inspect like the real thing, but find no route once logs are installed."""
    project = inspect_project(tree)
    text = tree.text("main.py")
    if text is None or "install_logs(" not in text.content:
        return project
    return replace(project, services=tuple(replace(s, routes=()) for s in project.services))


def test_edits_that_would_change_the_routes_are_taken_back(installation: Installation) -> None:
    changes = installation.apply(_tree(), "logs", inspect=_forgetting_routes)

    [logs] = changes.recipes
    assert "main.py" not in _texts(changes)
    assert "logs.py" in _texts(changes)
    assert (logs.applied, [item.code for item in logs.abstained]) == ((), ["routes-changed"])
    assert "GET /items" in logs.abstained[0].reason


def test_a_recipe_may_say_that_it_changes_the_routes(tmp_path: Path) -> None:
    manifest = dedent(LOGS["recipe.yml"]) + "changes_routes: true\n"
    root = install(tmp_path, logs={**LOGS, "recipe.yml": manifest})

    changes = Installation(root).apply(_tree(), "logs", inspect=_forgetting_routes)

    assert "main.py" in _texts(changes)


def test_a_line_that_changes_behaviour_waits_for_a_review(tmp_path: Path) -> None:
    manifest = ERRORS["recipe.yml"].replace("hardening", "review")
    root = install(tmp_path, logs=LOGS, errors={**ERRORS, "recipe.yml": manifest})

    careful = Installation(root).apply(_tree(), "errors").recipes[1]
    reviewed = Installation(root).apply(_tree(), "errors", review=True).recipes[1]

    assert [item.code for item in careful.abstained] == ["needs-review"]
    assert "main.py" not in careful.safety
    assert reviewed.safety["main.py"] is Safety.REVIEW


def test_rewrites_of_a_recipe_run_and_leave_owned_files_alone(tmp_path: Path) -> None:
    recipe = {
        **LOGS,
        "recipe.yml": dedent(LOGS["recipe.yml"]) + "rewrites: [swallowed-errors]\n",
        "files/{{ package_dir }}/{{ logs_module }}.py.jinja": """\
            def install_logs(app):
                try:
                    app.x = 1
                except:
                    pass
            """,
    }
    installation = Installation(install(tmp_path, logs=recipe))
    source = FASTAPI_APP + "\n\ndef f():\n    try:\n        g()\n    except:\n        pass\n"
    tree = _tree(**{"main.py": source})

    changes = installation.apply(tree, "logs")
    [logs] = changes.recipes

    places = [(item.rewrite, item.path) for item in logs.applied]
    places += [(item.rewrite, item.path) for item in logs.abstained]
    assert set(places) == {("swallowed-errors", "main.py"), ("wire", "main.py")}
    again = installation.apply(_after(changes), "logs")
    assert again.files == ()


def test_what_an_update_cannot_follow_is_said_once(tmp_path: Path) -> None:
    changes = Installation(install(tmp_path)).apply(_tree())

    doubts = [n for r in changes.recipes for n in r.notes if "can follow" in n.text]

    assert [note.recipe for note in doubts] == ["logs"]
    assert "_commit" not in _texts(changes)[".copier-answers.logs.yml"]


def test_a_service_is_found_again_by_its_root_and_app() -> None:
    before = inspect_project(_tree())
    after = inspect_project(_tree(**{"main.py": "import os\n\n" + FASTAPI_APP}))

    assert same_service(after, before.services[0]) is after.services[0]
    with pytest.raises(UserError, match="the app is not found any more"):
        same_service(replace(after, services=()), before.services[0])


def test_a_recipe_that_names_a_rewrite_of_nobody_is_refused(tmp_path: Path) -> None:
    manifest = dedent(IMAGE["recipe.yml"]) + "rewrites: [swallowed-error]\n"
    root = install(tmp_path, image={**IMAGE, "recipe.yml": manifest})

    with pytest.raises(UserError, match="Did you mean `swallowed-errors`"):
        Installation(root).apply(_tree(), "image")
