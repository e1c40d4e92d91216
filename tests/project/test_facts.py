"""Facts are printed as plain data with stable keys."""

import json

from buttress.project.facts import facts_as_json
from tests.project.trees import FASTAPI, project

MAIN = "import sqlite3\n" + FASTAPI + "@app.get('/a/{x}')\nasync def a(x: int = 1): ...\n"
FILES = {
    "backend/main.py": MAIN,
    "backend/requirements.txt": "fastapi[all]>=0.1\n",
    "backend/Dockerfile": "FROM python:3.12\nCOPY . .\nCMD uvicorn main:app --port 80\n",
    "frontend/package.json": "{}",
    "examples/x.py": FASTAPI,
    ".github/workflows/ci.yml": "on: push\n",
    "infra/main.tf": "",
    "compose.yaml": "services: {}\n",
    "Procfile": "",
}


def test_a_project_as_json() -> None:
    facts = facts_as_json(project(FILES))
    assert json.loads(json.dumps(facts)) == facts
    (found,) = facts["services"]
    assert found["root"] == "backend"
    assert found["app"] == {
        "name": "app",
        "framework": "fastapi",
        "place": {"path": "backend/main.py", "line": 4, "column": 7},
        "module": "main",
        "target": "main:app",
        "is_factory": False,
        "factory": None,
        "factory_arguments": False,
        "function": None,
        "via": None,
        "reason": "named by Dockerfile CMD (backend/Dockerfile:3)",
    }
    assert found["python"] == {
        "value": "3.12",
        "place": {"path": "backend/Dockerfile", "line": 1, "column": 1},
        "reason": "Dockerfile FROM",
    }
    assert found["routes"][0]["parameters"] == [{"name": "x", "annotation": "int", "default": "1"}]
    assert found["manifest"]["dependencies"][0]["extras"] == ["all"]
    assert found["files"]["app"] == ["backend/main.py"]
    assert facts["set_aside"][0]["reason"] == "in the folder examples, and nothing starts it"
    assert facts["reasons"] == {"examples/x.py": "imported by nothing the app reaches"}
    assert facts["workflows"] == [".github/workflows/ci.yml"]
    assert facts["terraform"] == ["infra/main.tf"]
    assert (facts["compose_files"], facts["deploy_files"]) == (["compose.yaml"], ["Procfile"])
    assert [fact["value"] for fact in facts["other_ecosystems"]] == ["javascript"]


def test_what_is_not_known_is_null() -> None:
    (found,) = facts_as_json(project({"main.py": FASTAPI}))["services"]
    for key in ("manifest", "entry_command", "python", "port", "start_file"):
        assert found[key] is None
    assert (found["root"], found["package"]) == (".", "")
