"""One unit is rendered to bytes, as Copier itself would have rendered and recorded it."""

from pathlib import Path

import pytest

from buttress.errors import UserError
from buttress.planning.location import Templates, find_templates, reachable
from buttress.planning.render import Rendered, render_unit
from tests.planning.installation import LOGS, commit, install

URL = "https://git.example.org/team/templates.git"


def _render(root: Path, **answers: object) -> Rendered:
    return render_unit(find_templates(root), "recipes/logs", defaults={}, answers=answers)


def test_the_files_and_the_answers_of_a_unit(tmp_path: Path) -> None:
    rendered = _render(install(tmp_path), logs_level="debug", package_dir="app")

    assert rendered.files["app/logs.py"].decode() == (
        "import structlog\n\n\ndef install_logs(app: object) -> None:\n"
        '    structlog.get_logger().info("debug")\n'
    )
    assert sorted(rendered.files) == [".copier-answers.logs.yml", "app/logs.py"]
    assert rendered.answers_file == ".copier-answers.logs.yml"
    assert rendered.answers["unit"] == "recipes/logs"
    assert rendered.answers["logs_level"] == "debug"
    assert "errors_module" not in rendered.answers


def test_the_result_is_what_copier_makes_of_the_recorded_version(tmp_path: Path) -> None:
    from copier import Settings, run_copy

    root = install(tmp_path / "templates")
    commit(root, "v1.0.0")
    templates = Templates(root, URL, "v1.0.0", "", root)
    with reachable(templates):
        run_copy(
            URL,
            tmp_path / "to",
            data={"unit": "recipes/logs", "logs_level": "debug", "port": 9000},
            defaults=True,
            quiet=True,
            settings=Settings(),
        )

    rendered = render_unit(
        templates,
        "recipes/logs",
        defaults={"port": 9000},
        answers={"logs_level": "debug"},
    )

    copied = {
        path.relative_to(tmp_path / "to").as_posix(): path.read_bytes()
        for path in (tmp_path / "to").rglob("*")
        if path.is_file()
    }
    assert rendered.files == copied


def test_changes_that_are_not_committed_are_rendered_and_have_no_version(tmp_path: Path) -> None:
    root = install(tmp_path)
    commit(root, "v1.0.0")
    (root / "recipes/logs/files/README.md").write_text("new\n")

    rendered = _render(root)

    assert rendered.files["README.md"] == b"new\n"
    assert "_commit" not in rendered.answers
    assert rendered.answers["_src_path"] == str(root)


def test_a_path_with_blanks_is_recorded_whole(tmp_path: Path) -> None:
    root = install(tmp_path / ("a folder with a rather long name " * 4))

    assert _render(root).answers["_src_path"] == str(root)


def test_facts_are_defaults_and_given_answers_win(tmp_path: Path) -> None:
    templates = find_templates(install(tmp_path))

    rendered = render_unit(
        templates,
        "recipes/logs",
        defaults={"logs_level": "warning", "port": 5000},
        answers={"port": "6000"},
    )

    assert (rendered.answers["logs_level"], rendered.answers["port"]) == ("warning", 6000)


def test_stored_answers_come_before_facts(tmp_path: Path) -> None:
    templates = find_templates(install(tmp_path))

    rendered = render_unit(
        templates,
        "recipes/logs",
        defaults={"port": 5000, "logs_level": "warning"},
        answers={"logs_level": "debug"},
        stored=b"unit: recipes/logs\nport: 7000\nlogs_level: info\n",
    )

    assert (rendered.answers["logs_level"], rendered.answers["port"]) == ("debug", 7000)


def test_a_file_that_the_project_keeps_is_not_rendered(tmp_path: Path) -> None:
    rendered = _render(install(tmp_path), keep=["/logs.py"])

    assert list(rendered.files) == [".copier-answers.logs.yml"]
    assert rendered.answers["keep"] == ["/logs.py"]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"port": 0}, "the question `port` refuses the answer `0`: A port is a number from 1 to"),
        (
            {"logs_level": "loud"},
            "the question `logs_level` refuses the answer `loud`: 'loud' is not",
        ),
        ({"port": "many"}, "many"),
    ],
)
def test_a_refused_answer_names_the_question(
    tmp_path: Path, answers: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        _render(install(tmp_path), **answers)
    assert message in str(caught.value)


# Copier leaves the listing of the folder open when it stops half-way
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_name_that_nothing_defines_stops_the_rendering(tmp_path: Path) -> None:
    files = {**LOGS, "files/README.md.jinja": "{{ logs_levle }}\n"}

    with pytest.raises(UserError, match=r"recipes/logs: cannot be rendered: .*logs_levle"):
        _render(install(tmp_path, logs=files))


def test_settings_of_the_person_at_the_keyboard_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults: {logs_level: debug}\n")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(settings))

    assert _render(install(tmp_path / "templates")).answers["logs_level"] == "info"


def test_a_unit_without_an_answers_file_is_refused(tmp_path: Path) -> None:
    root = install(tmp_path)
    (root / "recipes/logs/files/{{ _copier_conf.answers_file }}.jinja").unlink()

    with pytest.raises(UserError, match="renders no answers file"):
        _render(root)
