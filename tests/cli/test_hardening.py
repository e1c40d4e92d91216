"""``buttress harden`` and ``apply`` without a person: every option, and everything that can be wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from buttress.planning.changeset import build
from tests.cli.conftest import APP, PROTOTYPES, Run, files, git, make_project, prototype
from tests.planning.installation import commit

ALL = {
    ".copier-answers.errors.yml",
    ".copier-answers.image.yml",
    ".copier-answers.logs.yml",
    ".dockerignore",
    ".env.example",
    ".gitignore",
    "Dockerfile",
    "errors.py",
    "logs.py",
    "main.py",
    "requirements.txt",
}


def test_yes_writes_every_recipe_that_fits_and_undo_takes_it_back(
    run: Run, installation: Path, project: Path
) -> None:
    before = files(project)

    done = run("harden", project, "--all", "--yes")

    assert (done.code, done.err) == (0, "")
    assert {*files(project)} == ALL
    assert "install_logs(app)\n" in (project / "main.py").read_text()
    undone = run("undo", project)
    assert undone.code == 0
    assert "main.py" in undone.out
    assert files(project) == before


def test_a_second_run_changes_nothing(run: Run, installation: Path, project: Path) -> None:
    run("harden", project, "--all", "--yes")
    commit(project)

    result = run("harden", project, "--all", "--yes")

    assert "Nothing to change." in result.out
    assert git(project, "status", "--porcelain") == ""
    shown = run("harden", project, "--all", "--diff")
    assert (shown.code, shown.out, shown.err) == (0, "", "Nothing to change.\n")


def test_named_recipes_bring_what_they_require(run: Run, installation: Path, project: Path) -> None:
    run("harden", project, "--recipes", "errors", "--yes")

    assert {"errors.py", "logs.py"} <= {*files(project)}
    assert "Dockerfile" not in files(project)


def test_an_option_that_is_given_twice_counts_twice(
    run: Run, installation: Path, project: Path
) -> None:
    run("harden", project, "--recipes", "image", "--recipes", "logs", "--yes")

    assert {"Dockerfile", "logs.py"} <= {*files(project)}


def test_apply_takes_several_recipes(run: Run, installation: Path, project: Path) -> None:
    assert run("apply", "image", "logs", "--path", project, "--yes").code == 0

    assert {"Dockerfile", "logs.py"} <= {*files(project)}


def test_without_a_terminal_and_without_an_option_the_diff_is_printed(
    run: Run, installation: Path, project: Path
) -> None:
    before = files(project)

    result = run("apply", "logs", "--path", project)

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("diff --git a/.copier-answers.logs.yml")
    assert "+install_logs(app)\n" in result.out
    assert files(project) == before


def test_the_printed_diff_applies_and_gives_what_the_direct_run_gives(
    run: Run, installation: Path, project: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(project), str(tmp_path / "other"))
    printed = run("harden", project, "--all", "--diff").out
    run("harden", project, "--all", "--yes")

    command = ["git", "-C", str(tmp_path / "other"), "apply", "-"]
    subprocess.run(command, input=printed.encode(), check=True)

    assert files(tmp_path / "other") == files(project)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.name for path in PROTOTYPES.iterdir()))
def test_patches_of_a_prototype_give_byte_for_byte_what_the_direct_run_gives(
    run: Run, tmp_path: Path, name: str
) -> None:
    direct, whole, parts = (prototype(name, tmp_path / way / name) for way in ("d", "w", "p"))

    assert run("harden", direct, "--all", "--yes").code == 0
    assert run("harden", whole, "--all", "--patch", tmp_path / "all.patch").code == 0
    assert run("harden", parts, "--all", "--patch", f"{tmp_path}/patches/").code == 0

    git(whole, "apply", str(tmp_path / "all.patch"))
    for patch in sorted((tmp_path / "patches").iterdir()):
        git(parts, "apply", str(patch))
    assert files(whole) == files(direct)
    assert files(parts) == files(direct)
    assert len(list((tmp_path / "patches").iterdir())) > 3


def test_a_patch_is_readable_by_its_owner_alone(
    run: Run, installation: Path, project: Path, tmp_path: Path
) -> None:
    before = files(project)

    result = run("apply", "logs", "--path", project, "--patch", tmp_path / "x.patch")

    assert f"Written to {tmp_path}/x.patch (apply it with git apply)." in result.out
    assert (tmp_path / "x.patch").stat().st_mode & 0o777 == 0o600
    assert files(project) == before


def test_one_recipe_is_one_commit_and_one_patch(
    run: Run, installation: Path, project: Path, tmp_path: Path
) -> None:
    branch = run("apply", "logs", "--path", project, "--branch", "hardened").out
    patch = run("apply", "logs", "--path", project, "--patch", f"{tmp_path}/patches/").out

    assert "Written to the branch hardened (1 commit)." in branch
    assert f"Written to {tmp_path}/patches (1 patch; apply it with git apply)." in patch


def test_a_branch_gets_a_commit_per_recipe_and_the_tree_stays(
    run: Run, installation: Path, project: Path
) -> None:
    before = files(project)

    result = run("harden", project, "--all", "--branch", "hardened")

    assert result.code == 0
    assert "Written to the branch hardened (3 commits)." in result.out
    assert git(project, "log", "--format=%s", "main..hardened").splitlines() == [
        "Build an image",
        "Answer every error in one form",
        "Log what happens",
    ]
    assert files(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_answers_come_from_the_line_and_from_a_file(
    run: Run, installation: Path, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "answers.yml").write_text("image_user: web\nlogs_level: warning\n")
    options = ["--answers", tmp_path / "answers.yml", "-d", "logs_level=debug"]

    result = run("apply", "image", "logs", "--path", project, "--yes", *options)

    assert result.code == 0
    assert "USER web\n" in (project / "Dockerfile").read_text()
    assert 'info("debug")' in (project / "logs.py").read_text()
    assert "Read docs/logs.md." in result.out


def test_uncommitted_work_is_not_written_over(run: Run, installation: Path, project: Path) -> None:
    (project / "main.py").write_text(APP + "\n\nx = 1\n")
    before = files(project)

    refused = run("apply", "logs", "--path", project, "--yes")

    assert refused.code == 2
    assert refused.err == (
        "error: uncommitted changes in files that would be touched: main.py."
        " Commit or stash them first, or pass --allow-dirty.\n"
    )
    assert files(project) == before
    assert run("apply", "logs", "--path", project, "--yes", "--allow-dirty").code == 0
    assert "x = 1\n" in (project / "main.py").read_text()


def test_uncommitted_work_elsewhere_is_no_obstacle(
    run: Run, installation: Path, project: Path
) -> None:
    (project / "notes.txt").write_text("mine\n")

    assert run("apply", "logs", "--path", project, "--yes").code == 0


SEVERAL = {
    "api/main.py": APP,
    "api/requirements.txt": "fastapi\n",
    "shop/app.py": "from flask import Flask\n\napp = Flask(__name__)\n",
    "shop/requirements.txt": "flask\n",
}


def test_of_several_services_one_has_to_be_named(
    run: Run, installation: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "several", SEVERAL)
    before = files(project)

    refused = run("harden", project, "--all", "--yes")

    assert refused.code == 2
    assert "--service api " in refused.err
    assert "--service shop" in refused.err
    assert files(project) == before
    assert run("harden", project, "--all", "--yes", "--service", "shop").code == 0
    assert "shop/logs.py" in files(project)
    assert "api/logs.py" not in files(project)


DJANGO = {
    "manage.py": "import os\n\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
    "mysite/__init__.py": "",
    "mysite/settings.py": "ROOT_URLCONF = 'mysite.urls'\nINSTALLED_APPS = ['django.contrib.auth']\n",
    "mysite/urls.py": "from django.urls import path\n\nurlpatterns = []\n",
    "mysite/wsgi.py": (
        "import os\n\nfrom django.core.wsgi import get_wsgi_application\n\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
        "application = get_wsgi_application()\n"
    ),
    "requirements.txt": "django\n",
}


def test_a_recipe_that_is_for_other_frameworks_says_so(
    run: Run, installation: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "mysite", DJANGO)

    result = run("apply", "logs", "--path", project, "--yes")

    assert result.code == 2
    assert result.err == (
        "error: The recipe `logs` does not apply: only for fastapi, flask; this service is"
        " written with django.\n"
    )


def test_harden_says_which_recipes_are_not_for_the_service(
    run: Run, installation: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "mysite", DJANGO)

    shown = run("harden", project, "--all", "--yes").out
    data = json.loads(run("harden", project, "--all", "--json").out)
    compared = run("harden", project, "--all", "--diff")

    assert "Left out" in shown
    assert (compared.out, "Left out" in compared.err) == ("", True)
    assert "logs: only for fastapi, flask; this service is written with django." in " ".join(
        shown.split()
    )
    assert {
        "recipe": "logs",
        "reason": "only for fastapi, flask; this service is written with django",
    } in data["left_out"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recipes", "loges"], "There is no recipe `loges`. Did you mean `logs`?"),
        (["--recipes", ","], "--recipes: name at least one recipe."),
        (["--recipes", "logs", "--all"], "--all and --recipes exclude each other."),
        (["--all", "--yes", "--diff"], "--yes and --diff exclude each other."),
        (["--all", "--patch", "x", "--branch", "y"], "--patch and --branch exclude each other."),
        (["--all", "-d", "logs_level"], "`-d logs_level`: write it as KEY=VALUE."),
        (["--all", "-d", "log_level=x"], "is called `log_level`. Did you mean `logs_level`?"),
        (["--all", "-d", "logs_level=x"], "`x` is none of: debug, info, warning."),
        (["--all", "-d", "image_user=root"], "refuses this answer: Not as root."),
        (["--all", "-d", "port=0"], "A port is a number from 1 to 65535."),
        (["--all", "-d", "port=many"], "this is no whole number"),
        (["--all", "-d", "unit=x"], "`unit` is set by buttress itself"),
        (["--all", "--answers", "nowhere.yml"], "nowhere.yml: cannot be read (No such file"),
        (["--all", "--service", "backend"], "--service backend: no service has this folder"),
        (["--all", "--branch", "no..name"], "'no..name' is no name for a git branch."),
        (["--all", "--branch", "main"], "the branch main exists already."),
        (["--all", "--patch", "nowhere/x.patch"], "--patch nowhere/x.patch: No such file"),
        (
            ["--all", "--patch", "nowhere/x.patch", "--json"],
            "--patch nowhere/x.patch: No such file",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(
    run: Run,
    installation: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(project)
    before = files(project)

    result = run("harden", *options)

    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err
    assert files(project) == before
    assert git(project, "branch", "--list") == "* main\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[1, 2", "answers.yml:1: is no YAML"),
        (b"- logs\n", "an answers file is a YAML mapping"),
        (b"\xff\xfe", "answers.yml: is not in UTF-8"),
    ],
)
def test_a_broken_answers_file_is_named(
    run: Run, installation: Path, project: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "answers.yml").write_bytes(content)

    result = run("harden", project, "--all", "--yes", "--answers", tmp_path / "answers.yml")

    assert result.code == 2
    assert said in result.err


def test_a_branch_needs_a_repository(run: Run, installation: Path, project: Path) -> None:
    (project / ".git").rename(project.with_name("away"))

    result = run("harden", project, "--all", "--branch", "x")

    assert result.code == 2
    assert "--branch needs a git repository with a commit" in result.err


def test_a_read_only_file_stops_everything(run: Run, installation: Path, project: Path) -> None:
    before = files(project)
    (project / "main.py").chmod(0o444)

    result = run("harden", project, "--all", "--yes")

    assert result.code == 2
    assert "main.py is read-only. Make it writable (chmod u+w)" in result.err
    assert files(project) == before


def test_a_tree_that_changes_meanwhile_stops_everything(
    run: Run, installation: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*arguments: Any, **named: Any) -> Any:
        built = build(*arguments, **named)
        (project / "main.py").write_text("someone = 'else'\n")
        return built

    monkeypatch.setattr("buttress.cli.hardening.build", slow)

    result = run("harden", project, "--all", "--yes", "--allow-dirty")

    assert result.code == 2
    assert "main.py was changed while this ran. Nothing was written" in result.err
    assert {*files(project)} == {"main.py", "requirements.txt"}


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (KeyboardInterrupt(), 130, "Interrupted; nothing was changed."),
    ],
)
def test_a_full_disk_or_ctrl_c_while_writing_changes_nothing(
    run: Run,
    installation: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    code: int,
    said: str,
) -> None:
    before = files(project)
    real, calls = Path.replace, []

    def failing(self: Path, target: Path) -> Path:
        if project in Path(target).parents and project / ".git" not in Path(target).parents:
            calls.append(target)
            if len(calls) == 3:
                raise raised
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)

    result = run("harden", project, "--all", "--yes")

    assert len(calls) >= 3
    assert result.code == code
    assert said in result.err
    assert files(project) == before
    assert git(project, "status", "--porcelain") == ""
    assert "nothing to undo" in run("undo", project).err


def test_ctrl_c_while_reading_is_one_word(
    run: Run, project: Path, installation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("buttress.cli.hardening.build", interrupted)

    result = run("harden", project, "--all", "--yes")

    assert (result.code, result.err) == (130, "error: Interrupted; nothing was changed.\n")


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a file system")
def test_a_disk_that_is_really_full_changes_nothing(
    run: Run, installation: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        project = make_project(disk / "p", {"main.py": APP, "requirements.txt": "fastapi\n"})
        before = files(project)
        room = os.statvfs(disk)
        (disk / "filler").write_bytes(b"x" * (room.f_bavail * room.f_frsize - 4096))

        result = run("harden", project, "--all", "--yes")

        assert result.code == 2
        assert "No space left on device" in result.err
        assert "Traceback" not in result.err
        assert files(project) == before
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_damaged_answers_file_is_named(run: Run, installation: Path, project: Path) -> None:
    (project / ".copier-answers.logs.yml").write_text("[not: a, mapping\n")
    commit(project)

    result = run("harden", project, "--all", "--yes")

    assert result.code == 2
    assert ".copier-answers.logs.yml: is damaged" in result.err


def test_a_run_that_was_killed_is_taken_back_by_the_next(
    run: Run, installation: Path, project: Path
) -> None:
    before = files(project)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from buttress.planning import location\n"
        f"location.find_root = lambda: Path({str(installation)!r})\n"
        "real, calls = Path.replace, []\n"
        "def dying(self, target):\n"
        "    done = real(self, target)\n"
        "    calls.append(target) if '.git' not in Path(target).parts else None\n"
        "    os._exit(9) if len(calls) == 2 else None\n"
        "    return done\n"
        "Path.replace = dying\n"
        "from buttress.cli import main\n"
        f"sys.argv = ['buttress', 'harden', {str(project)!r}, '--all', '--yes']\n"
        "main()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert files(project) != before

    undone = run("undo", project)

    assert undone.code == 0
    assert files(project) == before


def test_secrets_are_whole_in_no_output(run: Run, project: Path) -> None:
    secret = "nt_7f3a91c2d84e5b60"
    key = "AKIAQ3EGRIZ5W7PLTUV2"
    (project / "main.py").write_text(f'{APP}\n\nAPI_TOKEN = "{secret}"\nAWS_KEY = "{key}"\n')
    commit(project)
    outputs = [
        run("inspect", project),
        run("inspect", project, "--format", "json"),
        run("inspect", project, "--facts"),
        run("apply", "settings-and-secrets", "--path", project),
        run("apply", "settings-and-secrets", "--path", project, "--diff"),
        run("apply", "settings-and-secrets", "--path", project, "--json"),
        run("apply", "settings-and-secrets", "--path", project, "--yes"),
        run("undo", project),
    ]

    assert [item.code for item in outputs] == [0] * len(outputs)
    text = "".join(item.out + item.err for item in outputs)
    assert secret not in text
    assert key not in text
    records = [path for path in (project / ".git/buttress").rglob("*") if path.is_file()]
    assert [path for path in records if secret in path.read_text(errors="replace")] == []


def test_json_tells_where_the_changes_went(run: Run, installation: Path, project: Path) -> None:
    dry = json.loads(run("apply", "logs", "--path", project, "--json").out)
    wet = json.loads(run("apply", "logs", "--path", project, "--json", "--yes").out)

    assert dry["applied"] is None
    assert wet["applied"] == str(project)
    assert [item["path"] for item in wet["changes"]] == [
        ".copier-answers.logs.yml",
        "logs.py",
        "main.py",
        "requirements.txt",
    ]
    assert dry["changes"] == wet["changes"]
