"""What every test runs in: a git and a Copier that know nothing of the person at the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings
from plumbum import local

# a slow machine is no failure
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

GIT_CONFIG = """\
[user]
    name = Test
    email = test@example.com
[init]
    defaultBranch = main
[commit]
    gpgSign = false
[core]
    autocrlf = false
"""


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "slow: installs packages or starts servers; runs by default")


@pytest.fixture(scope="session", autouse=True)
def own_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the git configuration and the Copier settings of this machine out of the tests."""
    folder = tmp_path_factory.mktemp("configuration")
    (folder / "gitconfig").write_text(GIT_CONFIG)
    (folder / "copier.yml").write_text("{}\n")
    git = {"GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(folder / "copier.yml"))
        patch.setenv("BUTTRESS_CACHE_DIR", str(folder / "cache"))
        for name, value in git.items():
            patch.setenv(name, value)
        # Copier starts git through plumbum, whose environment is a copy made when it was imported.
        with local.env(**git):
            yield


@pytest.fixture(autouse=True)
def own_template_cache(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Give each test its own cache: two tests may serve different templates under one URL."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
