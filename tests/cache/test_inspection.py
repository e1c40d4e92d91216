"""What was inspected before is not inspected again, and nothing but the very same files counts as that."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from buttress.cache.folder import Folder, cache_folder
from buttress.cache.inspection import Inspection
from buttress.checks.model import Subject
from buttress.errors import UserError
from buttress.reports.inspection_json import scorecard_json
from buttress.reports.overview import Setting
from buttress.reports.sarif import sarif
from buttress.scorecard import Scorecard
from buttress.source import Tree

APP = """\
from fastapi import FastAPI

app = FastAPI()


@app.get("/items")
def items(limit: str = "a-default-of-the-code") -> list[str]:
    print("listing")
    return []
"""
BROKEN = "def broken(:\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "main.py").write_text(APP)
    (root / "broken.py").write_text(BROKEN)
    (root / "chat.js").write_text(f'const key = "sk-proj-{"a1B2c3D4e5F6g7H8i9J0"}";\n')
    (root / "image.py").write_bytes(b"\0\1")
    (root / "requirements.txt").write_text("fastapi\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    subprocess.run(["git", "-C", root, "add", "."], check=True)
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "cache" / "inspections")


def inspect(root: Path, folder: Folder | None, ran: list[str] | None = None) -> Scorecard:
    """Inspect a folder; ``ran`` is told the checks that had to run."""
    inspection = Inspection(folder)
    project = inspection.project(Tree.open(root))
    say = (lambda _: None) if ran is None else ran.append
    return inspection.scorecard(project, project.services[0], progress=say)


def test_the_second_run_of_the_same_files_runs_no_check(project: Path, folder: Folder) -> None:
    first = scorecard_json(inspect(project, folder))
    ran: list[str] = []
    second = inspect(project, folder, ran)

    assert ran == []
    assert scorecard_json(second) == first
    assert scorecard_json(inspect(project, None)) == first


def test_what_is_remembered_is_reported_without_importing_a_check(
    project: Path, folder: Folder
) -> None:
    first = sarif(inspect(project, folder), Setting())
    code = f"""\
import json, sys
from pathlib import Path
from buttress.cache.folder import Folder
from buttress.cache.inspection import Inspection
from buttress.reports.overview import Setting
from buttress.reports.sarif import sarif
from buttress.source import Tree
inspection = Inspection(Folder(Path({str(folder.path)!r})))
known = inspection.project(Tree.open(Path({str(project)!r})))
report = sarif(inspection.scorecard(known, known.services[0]), Setting())
print(json.dumps([report, sorted(sys.modules)]))
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    second, imported = json.loads(ran.stdout)

    assert second == first
    assert {name for name in imported if name.startswith("buttress.checks.")} == {
        "buttress.checks.model"
    }


def test_a_check_that_is_remembered_can_be_run(project: Path, folder: Folder) -> None:
    inspect(project, folder)
    card = inspect(project, folder)
    subject = Subject(card.project, card.service)
    (printed,) = [result for result in card.results if result.check.id == "OBS-PRINT"]

    (found,) = printed.check.function(subject)
    assert found.place == printed.findings[0].place


def test_facts_come_back_as_they_were(project: Path, folder: Folder) -> None:
    first = inspect(project, folder)
    second = inspect(project, folder)

    assert second.project.services == first.project.services
    assert second.project.roles == first.project.roles
    assert second.project.role_reasons == first.project.role_reasons
    assert second.project.packages == first.project.packages


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("main.py", APP.replace("print", "str")),
        ("requirements.txt", "fastapi==0.110\n"),
        ("Dockerfile", "FROM python:3.12\n"),
        ("broken.py", "def mended(): ...\n"),
    ],
)
def test_another_byte_or_another_file_is_another_project(
    project: Path, folder: Folder, path: str, content: str
) -> None:
    inspect(project, folder)
    (project / path).write_text(content)
    ran: list[str] = []
    changed = inspect(project, folder, ran)

    assert ran
    assert scorecard_json(changed) == scorecard_json(inspect(project, None))


def test_what_git_tracks_counts(project: Path, folder: Folder) -> None:
    (project / ".env").write_text("SECRET_KEY=4f8a1c2b9d7e6f5a3b2c1d0e9f8a7b6c\n")
    inspect(project, folder)
    subprocess.run(["git", "-C", project, "add", "-f", ".env"], check=True)

    assert scorecard_json(inspect(project, folder)) == scorecard_json(inspect(project, None))


def test_an_entry_tells_nothing_about_the_project(project: Path, folder: Folder) -> None:
    inspect(project, folder)
    (entry,) = folder.path.iterdir()
    held = entry.read_bytes()

    for word in (b"a-default-of-the-code", b"main.py", b"items", b"fastapi", b"OBS-"):
        assert word not in held
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600


@pytest.mark.parametrize("keep", [0, 10, 40, 100, -1])
def test_a_damaged_entry_is_ignored_and_written_again(
    project: Path, folder: Folder, keep: int
) -> None:
    expected = scorecard_json(inspect(project, folder))
    (entry,) = folder.path.iterdir()
    entry.write_bytes(entry.read_bytes()[:keep])

    assert scorecard_json(inspect(project, folder)) == expected
    ran: list[str] = []
    inspect(project, folder, ran)
    assert ran == []


@pytest.mark.parametrize("place", [30, 60, 90, 200])
def test_a_changed_entry_is_ignored(project: Path, folder: Folder, place: int) -> None:
    expected = scorecard_json(inspect(project, folder))
    (entry,) = folder.path.iterdir()
    data = bytearray(entry.read_bytes())
    data[place] ^= 1
    entry.write_bytes(data)

    assert scorecard_json(inspect(project, folder)) == expected


def test_a_folder_that_cannot_be_written_is_done_without(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = Folder(tmp_path / "file" / "inspections")

    assert inspect(project, folder).findings == inspect(project, None).findings


def test_a_folder_that_others_may_write_is_not_trusted(project: Path, folder: Folder) -> None:
    inspect(project, folder)
    folder.path.chmod(0o777)
    ran: list[str] = []
    inspect(project, folder, ran)

    assert ran


def test_two_projects_keep_an_entry_each(project: Path, folder: Folder, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "main.py").write_text(APP)
    inspect(project, folder)
    inspect(other, folder)
    ran: list[str] = []
    inspect(project, folder, ran)
    inspect(other, folder, ran)

    assert ran == []
    assert len(list(folder.path.iterdir())) == 2


def test_each_service_of_a_project_has_its_own_findings(tmp_path: Path, folder: Folder) -> None:
    root = tmp_path / "several"
    for name in ("one", "two"):
        (root / name).mkdir(parents=True)
        (root / name / "main.py").write_text(APP)
        (root / name / "requirements.txt").write_text("fastapi\n")
    names = []
    for _ in range(2):
        for number in (0, 1):
            inspection = Inspection(folder)
            project = inspection.project(Tree.open(root))
            card = inspection.scorecard(project, project.services[number])
            names.append(card.service.root)
            paths = {f.place.path.split("/")[0] for f in card.findings if "/" in f.place.path}
            assert paths == {card.service.root}

    assert names == ["one", "two", "one", "two"]


def test_the_folder_is_bounded(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buttress.cache.folder.LARGEST_FOLDER", 2500)
    for number in range(4):
        folder.write(f"entry{number}", b"x" * 1000)
        os.utime(folder.path / f"entry{number}", (number, number))

    assert sorted(path.name for path in folder.path.iterdir()) == ["entry2", "entry3"]


def test_a_cache_inside_the_project_is_refused(project: Path) -> None:
    inside = project / ".cache"

    with pytest.raises(UserError, match="inside the project"):
        cache_folder(project, {"BUTTRESS_CACHE_DIR": str(inside)})


def test_entries_are_no_pickles(project: Path, folder: Folder) -> None:
    inspect(project, folder)
    (entry,) = folder.path.iterdir()
    entry.write_bytes(b"buttress inspection 1\n0\n" + json.dumps([]).encode())

    assert inspect(project, folder).findings
