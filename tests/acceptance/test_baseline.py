"""A baseline names what is known; what is reported and gated is the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from buttress.acceptance.baseline import (
    Entry,
    Update,
    only_new,
    read_baseline,
    update_baseline,
)
from buttress.errors import UserError
from buttress.scorecard import Scorecard
from tests.acceptance.judged import HEAD, ROUTES, judged

PRINT = '@app.get("/x")\ndef x():\n    print("x")\n\n\n'


def card_of(code: str, **more: str) -> Scorecard:
    return judged({"main.py": code, **more})


def baseline(path: Path, code: str) -> tuple[Entry, ...]:
    update_baseline(path, card_of(code), ())
    return read_baseline(path)


def new(known: tuple[Entry, ...], code: str) -> list[str]:
    """Return the checks of the findings that are new."""
    return [finding.check.id for finding in only_new(card_of(code), known, "known.json").findings]


@pytest.mark.parametrize(
    "code",
    [
        HEAD + ROUTES + PRINT,
        "\n\n# a comment\n" + HEAD + ROUTES + PRINT,
        HEAD + PRINT + ROUTES,
        HEAD + ROUTES + PRINT.replace('print("x")', "print(\n        'x',\n    )"),
        (HEAD + ROUTES + PRINT).replace("def a()", "def another()"),
        (HEAD + ROUTES + PRINT).replace("\n", "\r\n"),
    ],
    ids=["same", "moved down", "moved up", "reformatted", "neighbour renamed", "line ends"],
)
def test_what_is_known_stays_known(code: str, tmp_path: Path) -> None:
    known = baseline(tmp_path / "known.json", HEAD + ROUTES + PRINT)

    assert new(known, code) == []


def test_a_second_one_like_it_is_new(tmp_path: Path) -> None:
    known = baseline(tmp_path / "known.json", HEAD + ROUTES + PRINT)
    twice = PRINT.replace('    print("x")\n', '    print("x")\n    print("x")\n')

    assert new(known, HEAD + ROUTES + twice) == ["OBS-PRINT"]


def test_a_new_manifest_makes_no_missing_control_new(tmp_path: Path) -> None:
    known = baseline(tmp_path / "known.json", HEAD + ROUTES)
    moved = card_of(HEAD + ROUTES, **{"pyproject.toml": '[project]\nname = "x"\nversion = "1"\n'})

    missing = {f.check.id for f in only_new(moved, known, "known.json").findings}

    assert "OBS-NO-HEALTH" not in missing
    assert "CICD-NONE" not in missing


def test_one_more_place_of_a_known_finding_is_new_and_one_less_is_not(tmp_path: Path) -> None:
    def untested(known: tuple[Entry, ...], code: str, *called: str) -> list[str]:
        tests = "".join(f'    assert client.get("{path}")\n' for path in called)
        card = card_of(code, **{"tests/test_main.py": f"def test_it(client):\n{tests}"})
        update_baseline(tmp_path / "known.json", card, ())
        found = only_new(card, known, "known.json").open
        return [item.message for item in found if item.check.id == "TEST-ROUTE-COVERAGE"]

    assert untested((), HEAD + ROUTES, "/a") == ["No test calls 2 of 3 routes: GET /b, GET /c."]
    known = read_baseline(tmp_path / "known.json")

    one_more = HEAD + ROUTES + '@app.get("/d")\ndef d():\n    return 1\n'
    assert untested(known, one_more, "/a") == ["No test calls 1 of 4 routes: GET /d."]
    assert untested(known, HEAD + ROUTES, "/a", "/b") == []


def test_the_score_is_that_of_the_whole_project(tmp_path: Path) -> None:
    known = baseline(tmp_path / "known.json", HEAD + ROUTES + PRINT)
    card = card_of(HEAD + ROUTES + PRINT)

    compared = only_new(card, known, "known.json")

    assert (compared.total, compared.strict, compared.verdict) == (
        card.total,
        card.strict,
        card.verdict,
    )
    assert len(compared.known) == len(card.findings)
    assert compared.compared_with == "known.json"


def test_an_update_is_a_ratchet(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    known = baseline(path, HEAD + ROUTES + PRINT)

    mended = update_baseline(path, card_of(HEAD + ROUTES), known)
    later = read_baseline(path)

    assert [entry.check for entry in mended.removed] == ["OBS-PRINT"]
    assert mended.added == ()
    assert new(later, HEAD + ROUTES + PRINT) == ["OBS-PRINT"]


def test_what_a_gate_stops_does_not_become_known(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    known = baseline(path, HEAD + ROUTES)
    card = only_new(card_of(HEAD + ROUTES + PRINT), known, "known.json")

    update = update_baseline(path, card, known, refused=card.open)

    assert (update.added, read_baseline(path)) == ((), known)


def test_the_file_is_stable_and_holds_no_code(tmp_path: Path) -> None:
    secret = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    code = HEAD + ROUTES + f'STRIPE_API_KEY = "{secret}"\n' + PRINT
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    update_baseline(first, card_of(code), ())
    again = update_baseline(second, card_of("\n\n" + code), read_baseline(first))

    data = json.loads(first.read_text())
    assert first.read_bytes() == second.read_bytes()
    assert again == Update(len(data["findings"]), (), ())
    assert secret not in first.read_text()
    assert set(data["findings"][0]) == {"service", "path", "check", "fingerprint"}
    keys = [tuple(item.values()) for item in data["findings"]]
    assert keys == sorted(keys)
    assert list(tmp_path.iterdir()).__len__() == 2


def test_other_services_and_deselected_checks_keep_their_entries(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    other = Entry("web", "web/app.py", "OBS-PRINT", "f" * 20)
    known = (*baseline(path, HEAD + ROUTES + PRINT), other)
    card = judged({"main.py": HEAD + ROUTES + PRINT, "buttress.toml": 'select = ["SEC"]\n'})

    update = update_baseline(path, card, known)

    assert (update.added, update.removed) == ((), ())
    assert set(read_baseline(path)) == set(known)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such baseline. Write it once with --update-baseline."),
        (b"", "the baseline is damaged: it is no JSON."),
        (b"\xff\xfe", "the baseline is damaged: it is no JSON."),
        (b"[" * 100_000, "the baseline is damaged: it is no JSON."),
        (b"[]", "the baseline is damaged: it has no list of findings."),
        (b'{"findings": []}', "its schema_version is None, not 1."),
        (b'{"schema_version": 2, "findings": []}', "its schema_version is 2, not 1."),
        (b'{"schema_version": 1, "findings": [1]}', "finding 1 is not complete."),
        (
            b'{"schema_version": 1, "findings": [{"check": "X", "path": 1}]}',
            "finding 1 is not complete.",
        ),
    ],
)
def test_a_damaged_baseline_is_one_sentence(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "known.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UserError) as problem:
        read_baseline(path)

    assert said in str(problem.value)
    assert str(path) in str(problem.value)


def test_a_baseline_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "known.json"
    folder.mkdir()

    with pytest.raises(UserError, match="cannot be written"):
        update_baseline(folder, card_of(HEAD + ROUTES), ())

    assert list(tmp_path.iterdir()) == [folder]
