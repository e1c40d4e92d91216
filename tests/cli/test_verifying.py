"""``buttress verify``: does everything that worked still work?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, files, prototype
from tests.planning.installation import commit


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Flask prototype with tests, and an environment that has what it needs."""
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    return prototype("shop", tmp_path / "shop")


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of a table by the first one of their row."""
    cells = [[cell for cell in line.split("   ") if cell.strip()] for line in text.splitlines()]
    return {row[0].strip(): [cell.strip() for cell in row[1:]] for row in cells if len(row) > 1}


def write_module(installation: Path, text: str) -> None:
    """Let the recipe `logs` write another module."""
    (module,) = installation.glob("recipes/logs/files/*/*.jinja")
    module.write_text(text)


def test_the_present_state_alone_is_run_where_no_run_is_recorded(run: Run, shop: Path) -> None:
    before = files(shop)

    result = run("verify", shop)

    assert "This runs the project's own code" in result.out
    assert sys.prefix in result.out
    table = rows(result.out)
    assert table["starts"] == ["ok"]
    assert table["GET /crash"] == ["500"]
    assert table["tests"] == ["3 passed"]
    assert (result.code, "GET /crash is 500" in result.out) == (1, True)
    assert files(shop) == before


def test_a_run_that_broke_nothing_is_fine(run: Run, installation: Path, shop: Path) -> None:
    assert run("apply", "image", "--path", shop, "--yes").code == 0

    result = run("verify", shop)

    assert result.code == 0
    table = rows(result.out)
    assert table["starts"] == ["ok", "ok"]
    assert table["GET /crash"] == ["500", "500"]
    assert table["tests"] == ["3 passed", "3 passed"]
    assert "Everything that worked before works." in result.out


def test_what_worked_before_and_does_not_now_ends_with_1(
    run: Run, installation: Path, shop: Path
) -> None:
    write_module(installation, "def install_logs(app):\n    app.before_request(lambda: 1 / 0)\n")
    assert run("apply", "logs", "--path", shop, "--yes").code == 0

    result = run("verify", shop)

    assert result.code == 1
    assert rows(result.out)["starts"] == ["ok", "ok"]
    assert "was 200, and is 500 now" in result.out


def test_a_missing_package_tells_how_to_install(run: Run, installation: Path, shop: Path) -> None:
    write_module(installation, "import not_installed_here\n\ninstall_logs = print\n")
    assert run("apply", "logs", "--path", shop, "--yes").code == 0

    result = run("verify", shop)

    assert result.code == 1
    assert rows(result.out)["starts"] == ["ok", "failed"]
    assert "pip install -r requirements.txt" in result.out


def test_secrets_in_an_error_are_not_whole(run: Run, shop: Path) -> None:
    key = "AKIAQ3EGRIZ5W7PLTUV2"
    (shop / "run.py").write_text(f"raise ValueError('{key}')\n" + (shop / "run.py").read_text())

    result = run("verify", shop)

    assert "ValueError" in result.out
    assert key not in result.out + result.err


def test_without_an_environment_the_way_to_one_is_told(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV")

    result = run("verify", shop)

    assert result.code == 2
    assert "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt" in result.err


@pytest.mark.slow
@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
def test_the_bundled_prototypes_work_after_every_recipe(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pytest.importorskip("structlog")
    pytest.importorskip("pydantic_settings")
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    for variable in ("API_TOKEN", "SECRET_KEY"):
        monkeypatch.setenv(variable, "a-new-one-for-this-test")
    project = prototype(name, tmp_path / name)
    assert run("harden", project, "--all", "--yes").code == 0
    commit(project)

    result = run("verify", project)

    assert (result.code, rows(result.out)["starts"]) == (0, ["ok", "ok"]), result.out
