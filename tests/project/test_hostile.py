"""Whatever stands in the files, inspection ends and says something."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buttress.project import inspect_project
from buttress.project.commands import read_command
from buttress.project.facts import facts_as_json
from buttress.source import Tree
from tests.project.trees import FACTORY, FASTAPI, FLASK

NAMES = st.sampled_from(
    ["main.py", "app/__init__.py", "app/main.py", "app/a.py", "src/app/b.py", "manage.py", "app/urls.py",
     "settings.py", "tests/test_a.py", "requirements.txt", "pyproject.toml", "Pipfile", "setup.py",
     "setup.cfg", "Dockerfile", "compose.yaml", "Procfile", "fly.toml", "render.yaml", "railway.json",
     "vercel.json", ".replit", "package.json", "README.md", "run.sh", "Makefile", "ecosystem.config.js",
     ".env.example", "runtime.txt", "we ird/[x].py", "ünï/é.py", "{{ cookiecutter.slug }}/main.py"]
)  # fmt: skip
PIECES = st.sampled_from(
    [FASTAPI, FLASK, FACTORY, "from . import a\n", "from .. import a\n", "from ...x import *\n",
     "import app.a as a\n", "app = create_app()\n", "from app import app\n",
     "@app.get('/x')\ndef f(a: int = 1): ...\n", "app.include_router(app)\n",
     "r = APIRouter(prefix=r)\nr.include_router(r)\n",
     "INSTALLED_APPS = ['app', '..', '']\nROOT_URLCONF = 'app.urls'\n", "path('x', include('app.urls'))\n",
     "uvicorn.run('app.main:app', port='x')\n", "import streamlit as st\nst.title()\n",
     "class A(A): ...\n", "def f(:\n",
     "FROM a AS a\nFROM a\nCOPY --from=0 a b\nCMD [\"python\", \"main.py\"]\n",
     "services:\n  a: {build: ., command: [uvicorn, 'app.main:app'], ports: [x, 1]}\n",
     "[project]\ndependencies = ['fastapi', 1]\n",
     "[tool.poetry.dependencies]\nfastapi = {version = 1}\npython = []\n",
     "-r requirements.txt\nfastapi==\n", "web: uvicorn main:app\n",
     "{\"scripts\": {\"a\": \"python main.py\"}, \"builds\": [1, {\"src\": 2}]}", "\x00", "\ufeff", "'''",
     "\\\n", "&a [*a]\n", "import importlib\nimportlib.import_module(f'app.{x}')\n"]
)  # fmt: skip
CONTENT = st.one_of(
    st.lists(PIECES, max_size=6).map("".join), st.text(max_size=60), st.binary(max_size=60)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, CONTENT, max_size=8))
def test_any_files_give_facts(files: dict[str, str | bytes]) -> None:
    project = inspect_project(Tree.of(files))
    facts = facts_as_json(project)
    assert json.loads(json.dumps(facts)) == facts
    assert set(project.roles) == {path for path in files if path.endswith(".py")}
    for service in project.services:
        assert service.app.place.path in files
        assert set(service.roles) <= set(project.roles)


@given(st.text(max_size=200))
def test_any_command_line_can_be_read(text: str) -> None:
    assert all(command.module or command.script or command.server for command in read_command(text))


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000,
        "x = " + "[" * 90 + "]" * 90,
        "x = " + "+".join(["'a'"] * 4000),
        "@app.get(" + "+".join(["'/a'"] * 900) + ")\ndef f(): ...\n",
        "x." + "y." * 800 + "z = FastAPI()",
        "app = " + "f(" * 80 + "FastAPI()" + ")" * 80,
        "def a():\n"
        + "".join(" " * n + f"def a{n}():\n" for n in range(1, 90))
        + " " * 90
        + "pass",
        "".join(f"from a{n} import b{n}\n" for n in range(3000)),
    ],
    ids=["open", "nested", "sum", "decorator", "attributes", "wrapped", "functions", "imports"],
)
def test_deep_and_long_code(source: str) -> None:
    result = inspect_project(Tree.of({"main.py": FASTAPI + source, "app.py": FLASK}))
    assert set(result.roles) == {"main.py", "app.py"}


def test_imports_in_a_circle_end() -> None:
    files = {f"a{n}.py": f"from a{(n + 1) % 50} import app\n" for n in range(50)}
    assert inspect_project(Tree.of(files)).services == ()


def test_routers_in_a_circle_end() -> None:
    source = FASTAPI + "".join(
        f"r{n} = APIRouter(prefix='/r{n}')\n"
        f"r{n}.include_router(r{(n + 1) % 9})\n"
        f"r{n}.include_router(r{(n + 2) % 9})\n"
        for n in range(9)
    )
    source += "app.include_router(r0)\n@r0.get('/x')\ndef x(): ...\n"
    (service,) = inspect_project(Tree.of({"main.py": source})).services
    assert any(route.path.endswith("/x") for route in service.routes)
