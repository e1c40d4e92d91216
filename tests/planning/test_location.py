"""What an answers file records is something that an update can fetch, or nothing."""

import json
from pathlib import Path

import pytest
from plumbum import local

from buttress.planning.location import (
    Templates,
    find_root,
    find_templates,
    reachable,
    without_credentials,
)
from tests.planning.installation import commit, install

URL = "https://git.example.org/team/templates.git"


def _published(root: Path) -> str:
    """Commit everything and make it look as if a remote had it."""
    head = commit(root)
    local["git"]("-C", root, "remote", "add", "origin", URL)
    local["git"]("-C", root, "update-ref", "refs/remotes/origin/main", head)
    return head


def test_the_root_of_this_installation_is_found() -> None:
    assert (find_root() / "copier.yml").is_file()
    assert (find_root() / "recipes").is_dir()


def test_a_plain_folder_is_recorded_without_a_version(tmp_path: Path) -> None:
    root = install(tmp_path)

    found = find_templates(root)

    assert (found.source, found.commit, found.repository) == (str(root), None, None)
    assert "No `buttress update` can follow" in found.doubt
    assert "the templates are in no git repository" in found.doubt


def test_a_clean_checkout_on_a_tag_records_the_tag(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.2.0")

    found = find_templates(root)

    assert (found.source, found.commit, found.repository) == (str(root), "v1.2.0", root)
    assert "works on this computer alone" in found.doubt


def test_a_clean_checkout_behind_a_tag_records_what_git_calls_it(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.2.0")
    head = commit(root)

    assert find_templates(root).commit == f"v1.2.0-1-g{head[:7]}"


def test_a_checkout_without_tags_records_the_commit(tmp_path: Path) -> None:
    root = install(tmp_path)
    head = commit(root)

    assert find_templates(root).commit == head[:7]


def test_changed_templates_are_recorded_without_a_version(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.2.0")
    (root / "recipes/logs/files/extra.txt").write_text("new\n")

    found = find_templates(root)

    assert found.commit is None
    assert "the templates have changes that are not committed" in found.doubt


def test_a_change_beside_the_templates_does_not_matter(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.2.0")
    (root / "notes.txt").write_text("new\n")

    assert find_templates(root).commit == "v1.2.0"


def test_a_published_commit_records_where_teammates_reach_it(tmp_path: Path) -> None:
    root = install(tmp_path)
    _published(root)

    found = find_templates(root)

    assert (found.source, found.doubt) == (URL, "")


def test_a_commit_that_only_this_computer_has_records_this_computer(tmp_path: Path) -> None:
    root = install(tmp_path)
    _published(root)
    commit(root)

    assert find_templates(root).source == str(root)


def test_a_given_source_wins(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.0.0")

    found = find_templates(root, "https://example.org/fork.git")

    assert (found.source, found.commit) == ("https://example.org/fork.git", "v1.0.0")


def test_a_folder_inside_another_repository_is_no_checkout(tmp_path: Path) -> None:
    root = install(tmp_path / "vendor/templates")
    (tmp_path / "main.py").touch()
    commit(tmp_path)

    assert find_templates(root).commit is None


@pytest.mark.parametrize("commit_", ["v1.0.0", None])
def test_a_store_knows_its_release(tmp_path: Path, commit_: str | None) -> None:
    root = install(tmp_path / "_store")
    (root / "source.json").write_text(json.dumps({"commit": commit_}))
    (root / "releases.bundle").touch()

    found = find_templates(root, URL)

    assert (found.source, found.commit, found.repository) == (
        URL,
        commit_,
        root / "releases.bundle",
    )
    assert ("between two releases" in found.doubt) is (commit_ is None)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://user:secret@example.org/x.git", "https://example.org/x.git"),
        ("https://token@example.org:8443/x.git", "https://example.org:8443/x.git"),
        ("https://example.org/x.git", "https://example.org/x.git"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
        ("git@example.org:team/x.git", "git@example.org:team/x.git"),
        ("/srv/templates", "/srv/templates"),
    ],
)
def test_credentials_are_never_recorded(url: str, clean: str) -> None:
    assert without_credentials(url) == clean


def test_the_recorded_source_is_reached_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copier import Settings, run_copy

    root = install(tmp_path / "templates")
    commit(root, "v1.0.0")
    templates = Templates(root, URL, "v1.0.0", "", root)
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))

    with reachable(templates):
        run_copy(
            URL,
            tmp_path / "to",
            data={"unit": "recipes/logs"},
            defaults=True,
            quiet=True,
            settings=Settings(),
        )

    answers = (tmp_path / "to/.copier-answers.logs.yml").read_text()
    assert f"_commit: v1.0.0\n_src_path: {URL}\n" in answers
    assert not (tmp_path / "cache").exists(), "a mirror made through the redirect was shared"
    assert "GIT_CONFIG_COUNT" not in local.env
