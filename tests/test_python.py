"""``import buttress``: one function, typed, that costs nothing until it is called."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import buttress
from buttress.acceptance.baseline import update_baseline
from buttress.errors import NothingToInspectError, UserError
from tests.acceptance.judged import HEAD, ROUTES
from tests.planning.installation import commit

PRINT = '@app.get("/x")\ndef x():\n    print("x")\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "main.py").write_text(HEAD + ROUTES + PRINT)
    (root / "requirements.txt").write_text("fastapi==0.128.0\n")
    commit(root)
    return root


def test_a_folder_has_a_scorecard(project: Path) -> None:
    card = buttress.inspect(project)

    assert card.service.app.target == "main:app"
    assert "OBS-PRINT" in {finding.check.id for finding in card.open}
    assert buttress.inspect(str(project)).total == card.total


def test_the_options_of_the_command_line_are_keywords(project: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    update_baseline(known, buttress.inspect(project), ())

    assert {r.check.id for r in buttress.inspect(project, select=["OBS-PRINT"]).results} == {
        "OBS-PRINT"
    }
    assert not buttress.inspect(project, ignore=["OBS"], select=["OBS-PRINT"]).results
    assert buttress.inspect(project, baseline=known).findings == ()
    assert buttress.inspect(project, diff_base="HEAD").findings == ()
    with pytest.raises(NothingToInspectError):
        buttress.inspect(project, exclude=["main.py"])


def test_one_text_is_no_list_of_letters(project: Path) -> None:
    card = buttress.inspect(project, select="OBS-PRINT,OBS-NO-HEALTH", exclude="docs/")

    assert {result.check.id for result in card.results} == {"OBS-PRINT", "OBS-NO-HEALTH"}


def test_a_day_can_be_given(project: Path) -> None:
    (project / "buttress.toml").write_text(
        '[[accept]]\ncheck = "OBS-PRINT"\nreason = "known"\nexpires = 2027-01-31\n'
    )

    before, after = date(2027, 1, 31), date(2027, 2, 1)

    assert buttress.inspect(project, today=before).remarks == ()
    assert len(buttress.inspect(project, today=after).remarks) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"service": "api"}, "no service has this folder"),
        ({"select": ["SEQ"]}, "there is no check `SEQ`"),
        ({"diff_base": "nowhere"}, "no such revision"),
        ({"baseline": "nowhere.json"}, "no such baseline"),
        ({"exclude": ["!"]}, "!: write globs as in .gitignore"),
    ],
)
def test_what_is_wrong_is_one_kind_of_error(
    project: Path, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        buttress.inspect(project, **arguments)  # type: ignore[arg-type]


def test_importing_it_imports_nothing_else_of_it() -> None:
    code = "import sys, buttress; print([m for m in sys.modules if m.startswith('buttress.')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
