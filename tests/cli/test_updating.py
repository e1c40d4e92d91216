"""``buttress update``: from one release of the templates to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run, git
from tests.planning.installation import commit

DOCKERFILE = "recipes/image/files/Dockerfile.jinja"


@pytest.fixture
def applied(run: Run, installation: Path, project: Path) -> Path:
    """A project to which `image` was applied at v1.0.0, before v1.1.0 was released."""
    assert run("apply", "image", "--path", project, "--yes").code == 0
    commit(project)
    source = installation / DOCKERFILE
    source.write_text(source.read_text().replace("FROM", "# One stage.\nFROM"))
    commit(installation, "v1.1.0")
    return project


def test_an_applied_recipe_moves_to_the_newest_release(run: Run, applied: Path) -> None:
    result = run("update", applied)

    branch = "buttress/update-v1.1.0"
    assert result.code == 0
    assert f"git merge {branch}" in result.out
    assert git(applied, "show", f"{branch}:Dockerfile").startswith("# One stage.\nFROM")
    assert git(applied, "status", "--porcelain") == ""
    git(applied, "merge", "-q", branch)
    assert run("update", applied).out == "Everything is up to date.\n"


def test_check_only_tells_what_is_behind(run: Run, applied: Path) -> None:
    result = run("update", applied, "--check")

    assert result.code == 1
    assert result.out == ".copier-answers.image.yml: v1.0.0 -> v1.1.0\n"
    assert git(applied, "branch", "--list") == "* main\n"


def test_a_version_can_be_named(run: Run, applied: Path, installation: Path) -> None:
    commit(installation, "v1.2.0")

    assert run("update", applied, "--to", "1.1.0").code == 0
    assert "buttress/update-v1.1.0" in git(applied, "branch", "--list")


def test_an_unknown_version_is_bad_input(run: Run, applied: Path) -> None:
    result = run("update", applied, "--to", "7")

    assert result.code == 2
    assert "Known: v1.0.0, v1.1.0" in result.err


def test_conflicts_are_listed_and_end_with_1(run: Run, applied: Path) -> None:
    text = (applied / "Dockerfile").read_text()
    (applied / "Dockerfile").write_text(text.replace("FROM", "# Ours.\nFROM"))
    commit(applied)

    result = run("update", applied)

    assert result.code == 1
    assert "conflict: Dockerfile" in result.out
    assert "1 file with conflicts" in result.out


def test_what_cannot_move_is_told_while_the_rest_moves(
    run: Run, applied: Path, installation: Path
) -> None:
    run("apply", "logs", "--path", applied, "--yes")
    answers = applied / ".copier-answers.logs.yml"
    answers.write_text(answers.read_text().replace("_commit: v1.1.0", "_commit: v9.0.0"))
    commit(applied)

    result = run("update", applied)

    assert result.code == 1
    assert "image: " in result.out
    assert "not updated: .copier-answers.logs.yml: it is at v9.0.0" in result.out


def test_nothing_that_can_move_is_bad_input(run: Run, applied: Path) -> None:
    answers = applied / ".copier-answers.image.yml"
    answers.write_text(answers.read_text().replace("_commit: v1.0.0", "_commit: abc1234"))
    commit(applied)

    result = run("update", applied)

    assert result.code == 2
    assert (
        ".copier-answers.image.yml: it was applied from abc1234, which is no release" in result.err
    )


def test_without_an_applied_recipe_there_is_nothing_to_update(
    run: Run, installation: Path, project: Path
) -> None:
    result = run("update", project)

    assert (result.code, result.out) == (
        0,
        "No recipe was applied here: there is nothing to update.\n",
    )


def test_without_a_release_one_sentence_tells_so(
    run: Run, installation: Path, project: Path
) -> None:
    run("apply", "image", "--path", project, "--yes")
    git(installation, "tag", "-d", "v1.0.0")

    result = run("update", project)

    assert result.code == 2
    assert "no release of the templates is here" in result.err
    assert len(result.err.splitlines()) == 1
