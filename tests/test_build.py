"""What is built carries its templates: every release of them, and without a network."""

import json
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.planning.installation import commit, install

ROOT = Path(__file__).resolve().parents[1]
URL = "https://templates.invalid/team/templates.git"

pytestmark = pytest.mark.slow


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of this package with small templates and two releases."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = ignore_patterns("__pycache__", "_store")
    copytree(ROOT / "generator", root / "generator", ignore=ignored)
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    for name in ("README.md", "LICENSE"):
        (root / name).write_text("x\n")
    install(root)
    (root / "recipes/logs/files/NOTES.md").write_text("first\n")
    commit(root, "v0.1.0")
    (root / "recipes/logs/files/NOTES.md").write_text("second\n")
    commit(root, "v0.2.0")
    return root


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source distribution, and the wheel that was built from it."""
    target = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, cwd=checkout)
    return target


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel; its dependencies are those of here."""
    folder = tmp_path_factory.mktemp("environment")
    _run(sys.executable, "-m", "venv", folder, cwd=folder)
    python = folder / "bin/python"
    [wheel] = built.glob("*.whl")
    _run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel, cwd=folder)
    [site] = folder.glob("lib/python*/site-packages")
    # files of this name inside of that folder are not read, so the checkout is not found through it
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def test_the_wheel_holds_the_package_and_its_store_alone(built: Path) -> None:
    [wheel] = built.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"buttress"}
    stored = {name.removeprefix("buttress/_store/") for name in names if "/_store/" in name}
    assert {"copier.yml", "releases.bundle", "source.json", "recipes/logs/recipe.yml"} <= stored
    assert "recipes/image/files/.dockerignore" in stored
    assert "recipes/logs/files/{{ _copier_conf.answers_file }}.jinja" in stored
    assert len(names) == len(set(names))


def test_the_source_distribution_holds_the_bundle_too(built: Path) -> None:
    [archive] = built.glob("*.tar.gz")

    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}

    assert {"generator/_store/releases.bundle", "generator/_store/source.json"} <= names


def test_the_bundle_has_every_release_and_the_same_bytes_again(
    built: Path, checkout: Path, tmp_path: Path
) -> None:
    [wheel] = built.glob("*.whl")
    first = zipfile.ZipFile(wheel).read("buttress/_store/releases.bundle")
    _run(sys.executable, "-m", "build", "-n", "-w", "--outdir", tmp_path, cwd=checkout)
    [again] = tmp_path.glob("*.whl")

    (tmp_path / "releases.bundle").write_bytes(first)
    _run("git", "clone", "-q", "releases.bundle", "clone", cwd=tmp_path)

    assert _run("git", "tag", cwd=tmp_path / "clone").split() == ["v0.1.0", "v0.2.0"]
    notes = "recipes/logs/files/NOTES.md"
    assert _run("git", "show", f"v0.1.0:{notes}", cwd=tmp_path / "clone") == "first\n"
    assert not (tmp_path / "clone/generator").exists()
    assert zipfile.ZipFile(again).read("buttress/_store/releases.bundle") == first
    assert json.loads(zipfile.ZipFile(again).read("buttress/_store/source.json")) == {
        "commit": "v0.2.0"
    }


def test_a_build_between_two_releases_says_so(checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    _run("git", "clone", "-q", checkout, root, cwd=tmp_path)
    (root / "recipes/logs/files/NOTES.md").write_text("third\n")
    commit(root)

    _run(sys.executable, "-m", "build", "-n", "-w", "--outdir", tmp_path, cwd=root)

    [wheel] = tmp_path.glob("*.whl")
    assert json.loads(zipfile.ZipFile(wheel).read("buttress/_store/source.json")) == {
        "commit": None
    }


def test_a_build_without_git_has_the_files_alone(checkout: Path, tmp_path: Path) -> None:
    root = tmp_path / "folder"
    copytree(checkout, root, ignore=ignore_patterns(".git"))

    _run(sys.executable, "-m", "build", "-n", "-w", "--outdir", tmp_path, cwd=root)

    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "buttress/_store/copier.yml" in names
    assert "buttress/_store/releases.bundle" not in names


def test_the_installed_wheel_renders_and_updates_without_a_network(
    python: Path, tmp_path: Path
) -> None:
    script = f"""
import pathlib, subprocess
from copier import Settings, run_copy, run_update
from buttress.planning.location import find_templates, reachable
from buttress.planning.render import render_unit

templates = find_templates(source="{URL}")
assert templates.root.name == "_store", templates
assert (templates.commit, templates.doubt) == ("v0.2.0", ""), templates
rendered = render_unit(templates, "recipes/logs", defaults={{}}, answers={{"logs_level": "debug"}})
assert rendered.files["NOTES.md"] == b"second\\n"
project = pathlib.Path("project")
with reachable(templates):
    run_copy("{URL}", project, data={{"unit": "recipes/logs", "logs_level": "debug"}}, vcs_ref="v0.1.0",
             defaults=True, quiet=True, settings=Settings())
assert (project / "NOTES.md").read_text() == "first\\n"
for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "x"]):
    subprocess.run(["git", "-C", project, *command], check=True)
with reachable(templates):
    run_update(project, answers_file=".copier-answers.logs.yml", defaults=True, overwrite=True,
               quiet=True, settings=Settings())
for name, data in rendered.files.items():
    assert (project / name).read_bytes() == data, name
print(find_templates().doubt)
"""
    out = _run(python, "-I", "-c", script, cwd=tmp_path)

    assert "it is not known where this installation came from" in out


def test_the_installed_wheel_inspects_from_python(python: Path, tmp_path: Path) -> None:
    code = 'from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/")\ndef a():\n    print(1)\n    return ""\n'
    (tmp_path / "app.py").write_text(code)
    script = "import buttress; print([f.check.id for f in buttress.inspect('.', select=['OBS-PRINT']).open])"

    assert _run(python, "-I", "-c", script, cwd=tmp_path).strip() == "['OBS-PRINT']"
