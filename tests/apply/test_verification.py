"""Running a project's own code: in copies, with a time limit, before and after."""

from __future__ import annotations

import venv
from pathlib import Path
from textwrap import dedent

import pytest
from tests.planning.projects import project_of

from buttress.apply import verification
from buttress.apply.environment import Environment, find_environment, how_to_install
from buttress.apply.verification import Observed, Outcomes, broken, observe, smoke_paths, worse
from buttress.errors import UserError
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.source import FileChange, Tree

FASTAPI = """\
    from contextlib import asynccontextmanager
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse

    ready = []

    @asynccontextmanager
    async def lifespan(app):
        ready.append(1)
        yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/ready")
    def read():
        return {"ready": ready[0]}

    @app.get("/items/{number}")
    def item(number: int):
        return number

    @app.post("/items")
    def create():
        return 1

    @app.get("/needs")
    def needs(q: int):
        return q

    @app.get("/crash")
    def crash():
        raise RuntimeError("no")

    async def forever():
        while True:
            yield b"x"

    @app.get("/stream")
    def stream():
        return StreamingResponse(forever())
    """
FACTORY = """\
    from flask import Flask

    def create_app():
        app = Flask(__name__)

        @app.get("/hello")
        def hello():
            return "hello"

        @app.route("/crash")
        def crash():
            raise RuntimeError("no")

        return app
    """
TESTS = """\
    import pytest

    def test_good():
        assert True

    def test_bad():
        assert False

    @pytest.mark.skip
    def test_later():
        pass
    """


UNITTEST = """\
    import unittest

    class Arithmetic(unittest.TestCase):
        def test_good(self):
            self.assertEqual(1 + 1, 2)

        def test_bad(self):
            self.assertEqual(1 + 1, 3)

        def test_parts(self):
            for number in (1, 2):
                with self.subTest(number=number):
                    self.assertEqual(number, 1)

        @unittest.skip("later")
        def test_later(self):
            pass

        @unittest.expectedFailure
        def test_known(self):
            self.fail()
    """


@pytest.fixture(scope="session")
def environment() -> Environment:
    """The environment that these tests run in: it has both frameworks."""
    import sys

    return Environment(Path(sys.prefix), Path(sys.executable), "the tests' own")


def on_disk(root: Path, files: dict[str, str]) -> tuple[Project, Service]:
    """Write a project and return its facts."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(dedent(text))
    project = inspect_project(Tree.open(root))
    return project, select_service(project)


def test_a_fastapi_app_answers_after_its_lifespan_began(
    tmp_path: Path, environment: Environment
) -> None:
    project, service = on_disk(tmp_path, {"main.py": FASTAPI})

    seen = observe(project, service, environment)

    assert seen.problem == ""
    assert seen.answers == {"/crash": 500, "/needs": 422, "/ready": 200, "/stream": 200}
    assert seen.tests.reason == "the project has none"


def test_a_flask_factory_is_called(tmp_path: Path, environment: Environment) -> None:
    project, service = on_disk(
        tmp_path, {"backend/shop/__init__.py": FACTORY, "backend/requirements.txt": "flask\n"}
    )

    seen = observe(project, service, environment)

    assert (seen.problem, seen.answers) == ("", {"/crash": 500, "/hello": 200})


def test_its_own_tests_are_counted(tmp_path: Path, environment: Environment) -> None:
    project, service = on_disk(tmp_path, {"main.py": FASTAPI, "tests/test_it.py": TESTS})

    tests = observe(project, service, environment).tests

    assert [tests.count(kind) for kind in ("passed", "failed", "skipped")] == [1, 1, 1]


@pytest.mark.parametrize("name", ["test_sum.py", "tests/test_sum.py", "pkg/tests/sum_test.py"])
def test_tests_of_unittest_need_no_pytest(tmp_path: Path, name: str) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = Environment(tmp_path / "bare", tmp_path / "bare" / "bin" / "python", "bare")
    files = {"main.py": FASTAPI, name: UNITTEST, "pkg/__init__.py": "", "pkg/tests/__init__.py": ""}

    found = observe(*on_disk(tmp_path / "proto", files), bare).tests

    named = {test.rpartition(".")[2]: outcome for test, outcome in found.outcomes.items()}
    assert named == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_parts (number=2)": "failed",
        "test_later": "skipped",
        "test_known": "passed",
    }


def test_tests_of_pytest_are_not_run_without_it(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = Environment(tmp_path / "bare", tmp_path / "bare" / "bin" / "python", "bare")
    files = {"main.py": FASTAPI, "test_it.py": TESTS}

    found = observe(*on_disk(tmp_path / "proto", files), bare).tests

    assert found == Outcomes(reason="pytest is not installed in bare")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "import nowhere_to_be_found",
            "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(7)", "it ended early"),
        ("print('out of', 'luck'); import os; os._exit(7)", "it ended early: out of luck"),
        ("x = (", "SyntaxError"),
    ],
)
def test_an_app_that_does_not_start_says_why(
    tmp_path: Path, environment: Environment, line: str, said: str
) -> None:
    project, service = on_disk(tmp_path, {"main.py": FASTAPI})
    (tmp_path / "main.py").write_text(f"{line}\n" + dedent(FASTAPI))

    assert observe(project, service, environment).problem.startswith(said)


def test_a_start_up_that_fails_is_no_start(tmp_path: Path, environment: Environment) -> None:
    code = dedent(FASTAPI).replace("ready.append(1)", "raise RuntimeError('no database')")
    project, service = on_disk(tmp_path, {"main.py": code})

    seen = observe(project, service, environment)

    assert "no database" in seen.problem
    assert seen.answers == {}


def test_code_that_hangs_is_ended(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "SMOKE_SECONDS", 3.0)
    project, service = on_disk(tmp_path, {"main.py": FASTAPI})
    (tmp_path / "main.py").write_text("import threading\nthreading.Event().wait()\n")

    assert observe(project, service, environment).problem == "it did not start in 3 s"


def test_nothing_is_written_into_the_project(tmp_path: Path, environment: Environment) -> None:
    code = "open('trace.txt', 'w').close()\n" + dedent(FASTAPI)
    project, service = on_disk(tmp_path, {"main.py": code, "tests/test_it.py": TESTS})
    before = sorted(tmp_path.rglob("*"))

    observe(project, service, environment)

    assert sorted(tmp_path.rglob("*")) == before


def test_the_state_before_is_rebuilt_in_the_copy(tmp_path: Path, environment: Environment) -> None:
    project, service = on_disk(
        tmp_path, {"main.py": "import extra\n" + dedent(FASTAPI), "extra.py": ""}
    )
    undo = [
        FileChange("main.py", dedent(FASTAPI).encode(), b""),
        FileChange("extra.py", None, b""),
    ]
    (tmp_path / "main.py").write_text("import nowhere\n")

    assert observe(project, service, environment).problem.startswith("ModuleNotFoundError")
    assert observe(project, service, environment, undo).problem == ""


def test_what_git_ignores_is_there_and_environments_are_not(
    tmp_path: Path, environment: Environment
) -> None:
    code = "import os\nassert os.path.exists('.env') and not os.path.exists('.venv')\n" + dedent(
        FASTAPI
    )
    files = {"main.py": code, ".env": "A=1\n", ".gitignore": ".env\n", ".venv/pyvenv.cfg": ""}
    project, service = on_disk(tmp_path, files)

    assert observe(project, service, environment).problem == ""


def test_a_module_from_elsewhere_is_not_taken_for_the_project(
    tmp_path: Path, environment: Environment
) -> None:
    project, service = on_disk(tmp_path, {"main.py": FASTAPI})
    (tmp_path / "main.py").unlink()
    (tmp_path / "main").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/__init__.py").write_text(dedent(FASTAPI))

    assert "not from this project" in observe(project, service, environment).problem


def test_a_file_named_like_a_module_of_python_harms_nothing(
    tmp_path: Path, environment: Environment
) -> None:
    project, service = on_disk(tmp_path, {"main.py": FASTAPI, "json.py": "x = 1\n"})

    assert observe(project, service, environment).problem == ""


def test_only_paths_without_parameters_are_asked_for() -> None:
    _, service = project_of({"main.py": FASTAPI})

    assert smoke_paths(service) == ("/crash", "/needs", "/ready", "/stream")


def seen(problem: str = "", tests: dict[str, str] | None = None, **answers: int | str) -> Observed:
    """Return what running showed, with paths written as names."""
    return Observed(
        problem, {f"/{name}": item for name, item in answers.items()}, Outcomes(tests or {})
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (seen(), seen("no"), ["it started before, and does not start now: no"]),
        (seen(a=200), seen(a=500), ["GET /a was 200, and is 500 now"]),
        (seen(a=200), seen(a=404), ["GET /a was 200, and is 404 now"]),
        (seen(a=404), seen(a=500), ["GET /a was 404, and is 500 now"]),
        (seen(a=200), seen(a="no answer"), ["GET /a was 200, and is no answer now"]),
        (
            seen(tests={"t": "passed"}),
            seen(tests={"t": "failed"}),
            ["t passed before; now: failed"],
        ),
        (seen(tests={"t": "passed"}), seen(), ["t passed before; now: not run"]),
        (seen("no"), seen("no"), []),
        (seen("no"), seen(a=500), []),
        (seen(a=500), seen(a=500), []),
        (seen(a=200), seen(a=307), []),
        (seen(a=422), seen(a=400), []),
        (seen(), seen(b=500), []),
        (seen(tests={"t": "failed"}), seen(tests={"t": "error"}), []),
        (seen(tests={"t": "passed"}), seen(tests={"t": "passed", "u": "failed"}), []),
    ],
)
def test_only_what_worked_before_can_be_worse(
    before: Observed, after: Observed, said: list[str]
) -> None:
    assert list(worse(before, after)) == said


def test_a_state_alone_is_judged_by_what_fails() -> None:
    assert broken(seen(a=200, b=404, tests={"t": "passed", "u": "skipped"})) == ()
    assert broken(seen("no", a=503, tests={"t": "error"})) == (
        "it does not start: no",
        "GET /a is 503",
        "t: error",
    )


def make_environment(folder: Path) -> Path:
    """Make what looks like a virtual environment and return its interpreter."""
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    (folder / "bin/python").symlink_to("/usr/bin/true")
    return folder / "bin/python"


def test_the_environment_beside_the_service_comes_first(tmp_path: Path) -> None:
    _, service = on_disk(tmp_path, {"api/main.py": FASTAPI, "api/requirements.txt": "fastapi\n"})
    outer = make_environment(tmp_path / "other")
    variables = {"VIRTUAL_ENV": str(tmp_path / "other")}

    assert find_environment(tmp_path, service, variables).python == outer
    root = make_environment(tmp_path / "venv")
    assert find_environment(tmp_path, service, variables).python == root
    own = make_environment(tmp_path / "api/.venv")
    found = find_environment(tmp_path, service, variables)
    assert (found.python, found.origin) == (own, "api/.venv")


def test_a_folder_of_that_name_alone_is_no_environment(tmp_path: Path) -> None:
    _, service = on_disk(tmp_path, {"main.py": FASTAPI, "env/readme": "", ".venv/x": ""})

    with pytest.raises(UserError, match="no virtual environment of the project was found"):
        find_environment(tmp_path, service, {})


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"requirements.txt": "fastapi\n"}, ".venv/bin/pip install -r requirements.txt"),
        ({"pyproject.toml": "[project]\nname='x'\ndependencies=['fastapi']\n"}, "pip install ."),
        (
            {
                "pyproject.toml": "[project]\nname='x'\ndependencies=['fastapi']\n",
                "uv.lock": "version = 1\n",
            },
            "uv sync",
        ),
        (
            {
                "pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\nfastapi='*'\n"
            },
            "poetry install",
        ),
    ],
)
def test_how_to_make_an_environment_is_told(files: dict[str, str], command: str) -> None:
    _, service = project_of({"main.py": FASTAPI, **files})

    assert command in how_to_install(service)
