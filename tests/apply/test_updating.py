"""Moving applied units to newer templates: on a branch, with every edit kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier
import pytest
from tests.planning.installation import commit, install

from buttress.apply import updating
from buttress.apply.outdated import Behind, behind, versions
from buttress.apply.updating import update
from buttress.errors import UserError
from buttress.planning.location import Templates, find_templates
from buttress.planning.render import render_unit
from buttress.source import Tree

Git = Callable[..., str]
BRANCH = "buttress/update"
DOCKERFILE = "FROM python:{{ python_version }}\nRUN pip install .\n\n\n\nUSER {{ image_user }}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Templates with one release."""
    root = install(tmp_path / "templates")
    release(root, "v1.0.0", {"image": DOCKERFILE})
    return root


def release(root: Path, tag: str, dockerfile: dict[str, str] | None = None) -> None:
    """Write the Dockerfile of `image`, if there is one, commit and tag."""
    for recipe, text in (dockerfile or {}).items():
        (root / f"recipes/{recipe}/files/Dockerfile.jinja").write_text(text)
    commit(root, tag)


def applied(root: Path, project: Path, *units: str, folder: str = "") -> Path:
    """Apply units to a project and commit."""
    project.mkdir(exist_ok=True)
    (project / "main.py").write_text("app = 1\n")
    for unit in units:
        for name, data in render_unit(
            find_templates(root), unit, defaults={}, answers={}
        ).files.items():
            path = project / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    commit(project)
    return project


def move(root: Path, project: Path, to: str | None = None) -> list[updating.Updated]:
    """Update everything that is behind."""
    templates = find_templates(root)
    return update(project, templates, behind(Tree.open(project), templates, to), BRANCH)


def on_branch(git: Git, project: Path, path: str) -> str:
    """Return a file as it stands on the branch."""
    return git(project, "show", f"{BRANCH}:{path}")


def state(git: Git, project: Path) -> tuple[str, ...]:
    """Return what an update must leave alone."""
    return (
        git(project, "status", "--porcelain"),
        git(project, "rev-parse", "HEAD"),
        git(project, "branch", "--list"),
        git(project, "worktree", "list"),
        git(project, "stash", "list"),
    )


def test_an_edit_and_a_new_release_come_together(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    text = (project / "Dockerfile").read_text()
    (project / "Dockerfile").write_text(text.replace("pip install .", "pip install --no-cache ."))
    commit(project)
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    (done,) = move(root, project)

    assert done.conflicts == done.kept == ()
    assert on_branch(git, project, "Dockerfile") == (
        "FROM python:3.11\nRUN pip install --no-cache .\n\n\n\nUSER app\nEXPOSE 8000\n"
    )
    assert "_commit: v1.1.0\n" in on_branch(git, project, ".copier-answers.image.yml")
    assert git(project, "log", "--format=%s", f"HEAD..{BRANCH}") == (
        "Update image from v1.0.0 to v1.1.0\n"
    )


def test_the_working_tree_stays_as_it_is_however_dirty(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    (project / "Dockerfile").write_text("FROM scratch\n")
    (project / "new.py").write_text("x = 1\n")
    git(project, "add", "new.py")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})
    status = git(project, "status", "--porcelain")

    move(root, project)

    assert git(project, "status", "--porcelain") == status
    assert (project / "Dockerfile").read_text() == "FROM scratch\n"
    assert git(project, "worktree", "list").count("\n") == 1


def test_plain_copier_gives_the_same_tree(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    release(root, "v1.1.0", {"image": DOCKERFILE.replace("3.11", "") + "EXPOSE {{ port }}\n"})
    git(tmp_path, "clone", "-q", str(project), str(tmp_path / "other"))
    move(root, project)

    copier.run_update(
        tmp_path / "other",
        answers_file=".copier-answers.image.yml",
        defaults=True,
        overwrite=True,
        quiet=True,
    )
    commit(tmp_path / "other")

    assert git(tmp_path / "other", "rev-parse", "HEAD^{tree}") == git(
        project, "rev-parse", f"{BRANCH}^{{tree}}"
    )


def test_each_unit_gets_a_commit_of_its_own(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image", "recipes/logs")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    done = move(root, project)

    assert [item.unit for item in done] == ["recipes/image", "recipes/logs"]
    assert git(project, "log", "--format=%s", f"HEAD..{BRANCH}").splitlines() == [
        "Update logs from v1.0.0 to v1.1.0",
        "Update image from v1.0.0 to v1.1.0",
    ]


def test_a_service_in_a_folder_is_updated_there(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image", folder="backend")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    (done,) = move(root, project)

    assert done.conflicts == ()
    assert on_branch(git, project, "backend/Dockerfile").endswith("EXPOSE 8000\n")
    assert git(project, "ls-tree", "-r", "--name-only", BRANCH).splitlines() == [
        "backend/.copier-answers.image.yml",
        "backend/.dockerignore",
        "backend/Dockerfile",
        "main.py",
    ]


def test_a_project_in_a_folder_of_its_repository_is_updated(
    root: Path, tmp_path: Path, git: Git
) -> None:
    applied(root, tmp_path / "repository", "recipes/image", folder="work")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    (done,) = move(root, tmp_path / "repository/work")

    assert on_branch(git, tmp_path / "repository", "work/Dockerfile").endswith("EXPOSE 8000\n")
    assert done.conflicts == ()


def test_a_conflict_is_told_and_committed_with_its_markers(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    text = (project / "Dockerfile").read_text()
    (project / "Dockerfile").write_text(text.replace("USER app", "USER 1001"))
    commit(project)
    release(root, "v1.1.0", {"image": DOCKERFILE.replace("USER", "USER --hard")})

    (done,) = move(root, project)

    assert done.conflicts == ("Dockerfile",)
    assert "<<<<<<< " in on_branch(git, project, "Dockerfile")
    assert "USER 1001" in on_branch(git, project, "Dockerfile")


@pytest.mark.parametrize("edited", [True, False])
def test_a_file_that_the_template_dropped_stays_where_it_was_edited(
    root: Path, tmp_path: Path, git: Git, *, edited: bool
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    if edited:
        with (project / ".dockerignore").open("a") as file:
            file.write("secrets/\n")
        commit(project)
    (root / "recipes/image/files/.dockerignore").unlink()
    release(root, "v1.1.0")

    (done,) = move(root, project)

    listed = git(project, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert done.kept == ((".dockerignore",) if edited else ())
    assert (".dockerignore" in listed) is edited


def test_an_edited_file_that_the_template_renamed_stays_under_its_old_name(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    (project / "Dockerfile").write_text("FROM scratch\n")
    commit(project)
    files = root / "recipes/image/files"
    (files / "Dockerfile.jinja").rename(files / "Containerfile.jinja")
    release(root, "v1.1.0")

    (done,) = move(root, project)

    assert done.kept == ("Dockerfile",)
    assert on_branch(git, project, "Dockerfile") == "FROM scratch\n"
    assert on_branch(git, project, "Containerfile").startswith("FROM python:3.11\n")


def test_a_file_that_the_user_deleted_stays_deleted(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    (project / ".dockerignore").unlink()
    commit(project)
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    move(root, project)

    assert ".dockerignore" not in git(project, "ls-tree", "-r", "--name-only", BRANCH)


def test_no_hook_runs_and_nothing_is_signed(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    ran = tmp_path / "ran"
    for name in (
        "pre-commit",
        "commit-msg",
        "post-commit",
        "post-checkout",
        "reference-transaction",
    ):
        hook = project / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> '{ran}'\nexit 1\n")
        hook.chmod(0o755)
    git(project, "config", "commit.gpgSign", "true")
    git(project, "config", "gpg.program", "false")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    (done,) = move(root, project)

    assert done.commit
    assert not ran.exists()


@pytest.mark.parametrize("moment", ["worktree", "checkout of the templates", "commit"])
def test_an_interrupt_leaves_nothing_behind(
    root: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})
    before = state(git, project)
    real = subprocess.run

    def interrupted(command: list[str], *arguments: Any, **named: Any) -> Any:
        done = real(command, *arguments, **named)
        if moment in command:
            raise KeyboardInterrupt
        return done

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    if moment == "checkout of the templates":
        monkeypatch.setattr(copier, "run_update", stop)

    with pytest.raises(KeyboardInterrupt):
        move(root, project)

    monkeypatch.undo()
    assert state(git, project) == before


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Copier's scandir
def test_a_failing_update_leaves_nothing_behind(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    release(root, "v1.1.0", {"image": "FROM {{ nowhere }}\n"})
    before = state(git, project)

    with pytest.raises(UserError, match=r"image\.yml: cannot be updated: .*nowhere"):
        move(root, project)

    assert state(git, project) == before


def test_a_branch_of_that_name_is_not_moved(root: Path, tmp_path: Path, git: Git) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    git(project, "branch", BRANCH)
    release(root, "v1.1.0")

    with pytest.raises(UserError, match=f"the branch {BRANCH} exists already"):
        move(root, project)

    assert git(project, "rev-parse", BRANCH) == git(project, "rev-parse", "HEAD")


def test_a_folder_without_git_cannot_be_updated(root: Path, tmp_path: Path) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    (project / ".git").rename(tmp_path / "away")
    release(root, "v1.1.0")

    with pytest.raises(UserError, match="needs a git repository with a commit"):
        move(root, project)


def test_an_application_that_no_commit_holds_is_refused(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    git(project, "rm", "-q", "--cached", ".copier-answers.image.yml")
    git(project, "commit", "-q", "-m", "forget it")
    release(root, "v1.1.0")

    with pytest.raises(UserError, match=r"image\.yml: is in no commit yet"):
        move(root, project)


def units(root: Path, answers: str, to: str | None = None) -> list[Behind]:
    """Return what is behind in a project with one answers file."""
    tree = Tree.of({".copier-answers.image.yml": f"{answers}\nunit: recipes/image\n"})
    return behind(tree, find_templates(root), to)


def test_versions_are_in_their_order_and_other_tags_are_none(root: Path) -> None:
    for tag in ("v1.10.0", "v1.9.0", "v2.0.0rc1", "nightly"):
        commit(root, tag)

    assert versions(find_templates(root)) == ["v1.0.0", "v1.9.0", "v1.10.0", "v2.0.0rc1"]


def test_a_unit_at_the_newest_version_is_not_behind(root: Path) -> None:
    assert units(root, f"_commit: v1.0.0\n_src_path: {root}") == []


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("", "it is not known from which version it was applied"),
        (
            "_commit: v1.0.0-3-gabc1234",
            "it was applied from v1.0.0-3-gabc1234, which is no release",
        ),
        ("_commit: v9.0.0", "it is at v9.0.0, this installation ends at v1.1.0; install a newer"),
        ("_commit: v1.0.5\n_src_path: {root}", "v1.0.5, which this installation does not have"),
        ("_commit: v1.0.0\n_src_path: gh:else/where", "pass --source gh:else/where if that is"),
    ],
)
def test_what_cannot_move_says_why(root: Path, answers: str, said: str) -> None:
    release(root, "v1.1.0")

    (unit,) = units(root, answers.format(root=root))

    assert said in unit.obstacle


def test_updates_do_not_go_back(root: Path) -> None:
    release(root, "v1.1.0")

    (unit,) = units(root, f"_commit: v1.1.0\n_src_path: {root}", to="1.0.0")

    assert "updates do not go back" in unit.obstacle


def test_an_unknown_version_is_refused_with_those_that_are_there(root: Path) -> None:
    with pytest.raises(UserError, match=r"--to 3: there is no such version\. Known: v1\.0\.0\."):
        units(root, "_commit: v1.0.0", to="3")


def test_without_any_release_there_is_nothing_to_update_to(tmp_path: Path) -> None:
    root = install(tmp_path / "templates")
    commit(root)

    with pytest.raises(UserError, match="no release of the templates is here"):
        units(root, "_commit: v1.0.0")


def test_templates_without_a_repository_have_no_versions(root: Path) -> None:
    assert versions(Templates(root, "gh:some/where")) == []


def test_a_bundle_serves_updates_without_a_network(root: Path, tmp_path: Path, git: Git) -> None:
    address = "https://git.example.org/tools/templates.git"
    project = applied(root, tmp_path / "project", "recipes/image")
    answers = project / ".copier-answers.image.yml"
    answers.write_text(answers.read_text().replace(str(root), address))
    commit(project)
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})
    bundle = tmp_path / "releases.bundle"
    git(root, "bundle", "create", "-q", str(bundle), "--all")
    templates = Templates(root, address, "v1.1.0", repository=bundle)

    (done,) = update(project, templates, behind(Tree.open(project), templates, None), BRANCH)

    assert done.conflicts == ()
    assert on_branch(git, project, "Dockerfile").endswith("EXPOSE 8000\n")
    assert f"_src_path: {address}\n" in on_branch(git, project, answers.name)


def evil(git: Git, project: Path, mark: Path, attributes: str) -> None:
    """Let the configuration of a repository name programs wherever it may."""
    (project / ".gitattributes").write_text(attributes)
    commit(project)
    hooks = project.parent / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "pre-commit", "post-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}-{name}\n")
        (hooks / name).chmod(0o755)
    git(project, "config", "core.hooksPath", str(hooks))
    git(project, "config", "commit.gpgSign", "true")
    for setting in (
        *("core.fsmonitor", "core.editor", "core.pager", "gpg.program", "diff.external"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process"),
        *("diff.evil.textconv", "diff.evil.command", "merge.evil.driver"),
    ):
        git(project, "config", setting, f"touch {mark}-{setting}; cat")


def test_no_program_that_the_repository_names_is_started(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    evil(git, project, tmp_path / "started", "main.py filter=evil\n* diff=evil merge=evil\n")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    (done,) = move(root, project)

    assert done.commit
    assert on_branch(git, project, "Dockerfile").endswith("EXPOSE 8000\n")
    assert list(tmp_path.glob("started*")) == []


def test_what_a_filter_of_the_repository_encodes_is_left_alone(
    root: Path, tmp_path: Path, git: Git
) -> None:
    project = applied(root, tmp_path / "project", "recipes/image")
    evil(git, project, tmp_path / "started", "Dockerfile filter=evil\n")
    release(root, "v1.1.0", {"image": DOCKERFILE + "EXPOSE {{ port }}\n"})

    with pytest.raises(UserError, match=r"would run Dockerfile through a filter"):
        move(root, project)

    assert list(tmp_path.glob("started*")) == []
    assert not (project / ".git/refs/heads" / BRANCH).exists()
