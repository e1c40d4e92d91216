"""What a person sees in a terminal, wide or narrow, with or without colour."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from buttress.checks.model import Pillar
from buttress.project import inspect_project, select_service
from buttress.reports.overview import Setting
from buttress.reports.scorecard_terminal import print_scorecard
from buttress.scorecard import (
    Acceptance,
    AcceptedBy,
    PillarScore,
    Result,
    Scorecard,
    Status,
    inspect_service,
)
from buttress.source import Tree
from tests.reports.cards import APP, GUESS, NO_CI, QUIET, SQL, At, card, prototype, untested

ACCEPTED = Acceptance(AcceptedBy.CONFIGURATION, "behind the VPN", "ops")
MIXED = card(
    {
        SQL: [
            *(At(f"main.py:{line}:1") for line in range(1, 9)),
            At("main.py:9:1", "Other.", ACCEPTED),
        ],
        NO_CI: [At("main.py:3:1", "No pipeline.")],
        GUESS: [At("main.py:3:1", "Perhaps.")],
    },
    Result(QUIET, Status.UNKNOWN, reason="there is no lock file"),
)


def screen(
    found: Scorecard, *, width: int = 100, is_complete: bool = False, **console: object
) -> str:
    page = StringIO()
    shown = Console(file=page, width=width, **console)  # type: ignore[arg-type]
    print_scorecard(shown, found, Setting(next_step="buttress harden"), is_complete=is_complete)
    return page.getvalue()


def causes(shown: str) -> list[str]:
    """Return the lines below the heading of what matters most."""
    lines = shown.splitlines()
    heading = next(n for n, line in enumerate(lines) if line.startswith("  What matters most"))
    return lines[heading + 1 :]


@pytest.mark.parametrize("name", ["notes", "shop", "tracker"])
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_project_fits_the_screen(name: str, width: int) -> None:
    lines = screen(prototype(name), width=width).splitlines()

    assert len(lines) <= {60: 60, 80: 46}.get(width, 40)
    assert max(map(len, lines)) <= width
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_verdict_comes_first_and_what_to_run_last() -> None:
    lines = [line for line in screen(MIXED).splitlines() if line.strip()]

    assert lines[0].strip().startswith("NOT READY")
    assert lines[1].strip() == "because 1 check of critical risk fails"
    assert lines[-1].strip() == "Next: buttress harden"


def test_what_was_not_read_is_one_line_before_what_to_run_that_can_be_copied() -> None:
    page = StringIO()
    whole = f"buttress inspect {'very/' * 20} --service backend"
    setting = Setting("backend/", next_step="buttress harden", whole=whole)
    print_scorecard(Console(file=page, width=60), MIXED, setting)

    lines = [line.strip() for line in page.getvalue().splitlines() if line.strip()]

    assert lines[-2] == f"Read without its repository around backend/. With it: {whole}"
    assert lines[-1] == "Next: buttress harden"


def test_what_was_judged_has_a_line_of_its_own_where_the_first_is_too_short() -> None:
    files = {f"{'long' * 12}/main.py": APP, f"{'long' * 12}/requirements.txt": "fastapi\n"}

    lines = screen(card({}, Result(QUIET, Status.PASS), files=files), width=80).splitlines()

    assert lines[1].strip() == "READY   100 of 100"
    assert lines[2].startswith(f"  {'long' * 12}/ · fastapi")


def test_findings_are_grouped_by_cause_with_the_first_places() -> None:
    shown = screen(MIXED)

    sql, places, no_ci, place = causes(shown)[:4]
    assert sql == f"  critical  {'What a client sends becomes part of this statement.':81}SEC-SQL"
    assert places == "            main.py:1, main.py:2, main.py:3 and 5 more"
    assert no_ci == f"  high      {'No pipeline.':78}CICD-NO-CI"
    assert place == f"            {'main.py:3':84}→ ci"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (
            "a.py",
            [
                f"  high      {'Long. ' * 13}Long.",
                f"            {'a.py:1, z.py:2':72}→ ci  CICD-NO-CI",
            ],
        ),
        (
            f"{'deep/' * 13}a.py",
            [
                f"  high      {'Long. ' * 13}Long.",
                f"            {'deep/' * 13}a.py:1 and 1 more",
                f"            {'':72}→ ci  CICD-NO-CI",
            ],
        ),
    ],
    ids=["short", "long"],
)
def test_what_does_not_fit_beside_a_text_stands_below_it(path: str, shown: list[str]) -> None:
    message = f"{'Long. ' * 13}Long."
    found = card(
        {NO_CI: [At(f"{path}:1:1", message), At("z.py:2:1", message)]},
        files={"main.py": APP, path: "x = 1\n", "z.py": "y = 1\n" * 2},
    )

    assert causes(screen(found))[: len(shown)] == shown


def test_some_of_many_services_are_named() -> None:
    found = card({})
    others = [replace(found.service, root=name) for name in "abcdef"]
    found = replace(found, project=replace(found.project, services=(found.service, *others)))

    assert "6 more services (--service a, b, c, d …)" in screen(found)
    assert "6 more services (--service a, b, c, d, e, f)" in screen(found, is_complete=True)


def test_why_a_file_does_not_parse_is_cut_to_a_line() -> None:
    found = card({}, files={"main.py": APP, f"{'deep/' * 9}a.py": "print 'hello'\n"})

    (line,) = [line for line in screen(found, width=80).splitlines() if "a.py:1" in line]

    assert (len(line), line[-1]) == (80, "…")
    assert "Did you mean print(...)?" in " ".join(screen(found, width=80, is_complete=True).split())


def test_files_that_do_not_parse_take_few_lines() -> None:
    broken = {f"{name}.py": "def (:\n" for name in "abcdef"}
    found = card({NO_CI: [At("main.py:3:1")]}, files={"main.py": APP, **broken})

    assert "  6 files do not parse\n    a.py:1  " in screen(found)
    assert "    and 4 more\n" in screen(found)
    assert "    and 1 more\n" in screen(found, is_complete=True)


def test_a_finding_of_many_places_is_counted_once() -> None:
    found = card({SQL: untested("GET /a", "GET /b", "GET /c", "GET /d")})

    shown, complete = screen(found), screen(found, is_complete=True)

    assert "1 finding" in shown
    assert "No test calls 4 of 9 routes: GET /a, GET /b, GET /c and 1 more." in shown
    assert "\n            main.py:6, main.py:7, main.py:8 and 1 more\n" in shown
    assert "\n            main.py:6, main.py:7, main.py:8, main.py:9\n" in complete


def test_what_is_not_shown_is_counted_and_said_how_to_see() -> None:
    shown = screen(MIXED)

    assert "9 findings · 1 to review · 1 accepted (strict score " in shown
    assert "--all shows what is to review and what was accepted" in shown
    assert "Perhaps." not in shown
    assert "1 check could not be decided" in shown


def test_all_shows_every_place_reason_and_question_left() -> None:
    shown = screen(MIXED, is_complete=True)

    assert ", ".join(f"main.py:{line}" for line in range(1, 9)) in shown.replace(
        "\n" + " " * 12, " "
    )
    assert "Perhaps." in shown
    assert "main.py:9  SEC-SQL  configuration: behind the VPN (ops)" in shown
    assert "ARCH-QUIET: there is no lock file" in shown
    assert "--all" not in shown


def test_with_a_baseline_new_and_known_are_told_apart() -> None:
    places = [At("main.py:8:1"), At("main.py:9:1", is_new=False)]

    shown = screen(card({SQL: places}, compared_with="baseline.json"))

    assert "1 new finding · 1 known before (baseline.json)" in shown
    assert "main.py:9" not in shown


def test_nothing_to_mend_is_one_short_screen() -> None:
    shown = screen(card({}))

    assert "0 findings" in shown
    assert "What matters most" not in shown


def test_a_pillar_without_a_score_says_why() -> None:
    pillars = {
        PillarScore(Pillar.CICD, None, 1, 2, 4): "-  2 of 3 checks pass, 4 unknown",
        PillarScore(Pillar.CICD, None, 0, 0, 4): "-  nothing could be decided",
        PillarScore(Pillar.CICD, None, 0, 0): "-  nothing to judge",
        PillarScore(Pillar.CICD, 40.4, 1, 2, 1): "40  2 of 3 checks pass",
    }

    for pillar, said in pillars.items():
        lines = screen(replace(card({}), pillars=(pillar,))).splitlines()
        assert lines[3].endswith(f" {said}")


def test_a_pipe_gets_no_escape_at_all() -> None:
    assert "\x1b" not in screen(MIXED)


def test_no_color_leaves_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    shown = screen(MIXED, force_terminal=True)

    assert "\x1b[31m" not in shown
    assert "41m" not in shown
    assert "NOT READY" in shown


def test_places_are_links_in_a_terminal_of_a_project_on_disk(tmp_path: Path) -> None:
    root = tmp_path / "a project"
    root.mkdir()
    (root / "main.py").write_text(APP)
    project = inspect_project(Tree.open(root))
    found = inspect_service(project, select_service(project, None))

    linked = screen(found, force_terminal=True, color_system="standard")
    plain = screen(found, force_terminal=True, color_system=None)

    assert "\x1b]8;id=" in linked
    assert "/a%20project/main.py" in linked
    assert "\x1b]8" not in plain


def test_names_that_steer_a_terminal_are_shown_as_escapes() -> None:
    evil = "a\x1b[31m\nall is fine.py"
    found = card({SQL: [At(f"{evil}:1:1", f"See {evil}.")]}, files={"main.py": APP, evil: ""})

    for is_complete in (False, True):
        shown = screen(found, is_complete=is_complete)
        assert "\x1b" not in shown
        assert r"a\x1b[31m\nall is fine.py:1" in shown


def test_apps_that_are_not_judged_are_counted_tests_and_second_apps_apart() -> None:
    served = "if __name__ == '__main__':\n    app.run()\n"
    small = "from flask import Flask\napp = Flask(__name__)\n"
    files = {
        "main.py": APP,
        "main_old.py": APP,
        "tests/test_main.py": APP,
        "examples/hello.py": small,
        "uploads.py": small + "@app.post('/files')\ndef files(): ...\n" + served,
        "Procfile": "web: uvicorn main:app\n",
    }

    assert "2 apps set aside (--facts says why)" in screen(card({}, files=files))
    assert "set aside" not in screen(card({}))
