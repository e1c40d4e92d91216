"""Files that only look like controls buy nothing: what counts is wired into what runs."""

from __future__ import annotations

import pytest

from buttress.checks.model import Kind
from buttress.project import inspect_project
from buttress.scorecard import Scorecard, inspect_service
from buttress.source import Tree

FASTAPI_PROTOTYPE = {
    "requirements.txt": "fastapi\nuvicorn\nsqlalchemy\nrequests\n",
    "main.py": """\
import os

import requests
from fastapi import FastAPI, HTTPException
from sqlalchemy import create_engine, text

app = FastAPI()
engine = create_engine(os.getenv("DATABASE_URL", "postgresql://localhost/shop"))


@app.get("/items")
def items():
    print("items")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM items"))]


@app.post("/items")
def create(data: dict):
    try:
        requests.post("https://example.com/hook", json=data)
    except Exception as error:
        raise HTTPException(status_code=500, detail=str(error))
    return data


@app.delete("/items/{item_id}")
def remove(item_id: int):
    return item_id
""",
}
FLASK_PROTOTYPE = {
    "requirements.txt": "flask\nflask-sqlalchemy\n",
    "app.py": """\
from flask import Flask, jsonify, request
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = "f3a9c1d27b80"
db = SQLAlchemy(app)


@app.route("/notes")
def notes():
    return jsonify([])


@app.route("/notes", methods=["POST"])
def add():
    data = request.get_json()
    print(data)
    return jsonify(data)


@app.route("/notes/<int:note_id>", methods=["DELETE"])
def remove(note_id):
    return ""


with app.app_context():
    db.create_all()

if __name__ == "__main__":
    app.run(debug=True)
""",
}
DJANGO_PROTOTYPE = {
    "requirements.txt": "django==5.2\nrequests\n",
    "manage.py": """\
import os
import sys

if __name__ == '__main__':
    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": """\
SECRET_KEY = 'django-insecure-f3a9c1d27b80x1'
DEBUG = True
ALLOWED_HOSTS = ['*']
ROOT_URLCONF = 'shop.urls'
INSTALLED_APPS = ['django.contrib.auth', 'items']
MIDDLEWARE = []
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}
""",
    "shop/urls.py": """\
from django.urls import path

from items import views

urlpatterns = [
    path('items', views.items),
    path('add', views.add),
    path('remove/<int:pk>', views.remove),
]
""",
    "items/__init__.py": "",
    "items/models.py": """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=100)
""",
    "items/views.py": """\
import requests
from django.http import JsonResponse

from items.models import Item


def items(request):
    print('items')
    return JsonResponse({'items': list(Item.objects.values())})


def add(request):
    try:
        Item.objects.create(name=request.POST['name'])
        requests.post('https://example.com/hook')
    except Exception as error:
        return JsonResponse({'error': str(error)}, status=500)
    return JsonResponse({})


def remove(request, pk):
    Item.objects.filter(pk=pk).delete()
    return JsonResponse({})
""",
}
MODEL_PROTOTYPE = {
    "requirements.txt": "fastapi\nopenai\n",
    "main.py": """\
from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI()


@app.post("/ask")
def ask(data: dict):
    answer = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": f"Answer: {data['question']}"}]
    )
    return {"answer": answer.choices[0].message.content}


@app.post("/summary")
def summary(data: dict):
    answer = client.chat.completions.create(model="gpt-4o", messages=data["messages"])
    return {"answer": answer.choices[0].message.content}


@app.get("/history")
def history():
    return []
""",
}
DEPENDENCIES = """\
structlog
prometheus-client
sentry-sdk
opentelemetry-sdk
opentelemetry-instrumentation
slowapi
flask-limiter
flask-talisman
secure
alembic
pydantic-settings
hvac
pyjwt
pytest
pytest-cov
tenacity
"""
STUBS = {
    ".github/workflows/ci.yml": "name: tests, ruff, mypy, bandit, pip-audit, gitleaks\non: push\njobs:\n"
    "  test:\n    steps:\n      - name: pytest\n        run: echo pytest ruff mypy bandit\n",
    ".github/dependabot.yml": "version: 2\nupdates: []\n",
    ".gitlab-ci.yml": "# pytest\n",
    ".pre-commit-config.yaml": "repos: []\n",
    "Dockerfile": "FROM python:3.12-slim\nUSER app\n",
    "k8s/deployment.yaml": "kind: Deployment\n# resources: limits, livenessProbe\n",
    "infra/main.tf": '# resource "aws_ecs_service" "app" {}\n',
    "infra/backup.tf": 'resource "null_resource" "backup" {}\n',
    "infra/environments/production/README.md": "Production.\n",
    "scripts/backup.sh": "pg_dump\n",
    "tests/__init__.py": "",
    "tests/test_app.py": "def test_app():\n    assert True\n",
    "tests/test_errors.py": "import pytest\n\n\ndef test_errors():\n    print(404)\n",
    ".coveragerc": "[report]\nfail_under = 90\n",
    "alembic.ini": "[alembic]\nscript_location = migrations\n",
    "migrations/versions/0001_first.py": "def upgrade():\n    pass\n",
    "rate_limit.py": "from slowapi import Limiter\n\nlimiter = Limiter(key_func=str)\n",
    "security_headers.py": 'HEADERS = {"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}\n',
    "auth.py": "from fastapi.security import HTTPBearer\n\nbearer = HTTPBearer()\n",
    "health.py": 'def health():\n    return "ok"\n',
    "metrics.py": "from prometheus_client import Counter\n\nrequests = Counter('r', 'r')\n",
    "error_handlers.py": "from fastapi import FastAPI\n\n\ndef handle(app: FastAPI):\n"
    "    @app.exception_handler(Exception)\n    def unexpected(request, error):\n        return None\n",
    "logging_setup.py": "import structlog\n\nstructlog.configure()\n",
}


MORE_DEPENDENCIES = """\
locust
playwright
testcontainers
deepeval
hypothesis
schemathesis
argon2-cffi
authlib
defusedxml
nh3
celery
litellm
instructor
langfuse
llm-guard
import-linter
"""
MORE_STUBS = {
    "docs/adr/0001-use-python.md": "# 1. Use Python\n",
    "docs/runbook.md": "# Runbook\n",
    "docs/api.md": "# API\n",
    "PRIVACY.md": "# Privacy\n",
    "SECURITY.md": "# Security\n",
    ".github/CODEOWNERS": "# * @team\n",
    ".github/pull_request_template.md": "",
    ".github/workflows/deploy.yml": """\
name: deploy staging production canary rollback
on: push
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - name: deploy to staging, then canary, then production
        run: echo deploy kubectl rollout undo
""",
    ".github/workflows/security.yml": """\
name: trivy pip-audit gitleaks licence
on: push
jobs:
  scan:
    runs-on: ubuntu-latest
    steps:
      - run: true || pip-audit
""",
    "renovate.json": "{}\n",
    "monitoring/alerts.yml": "groups: []\n",
    "monitoring/dashboard.json": "{}\n",
    "scripts/rollback.sh": "# kubectl rollout undo\n",
    "locustfile.py": "from locust import HttpUser\n",
    "tests/load/k6.js": "// load\n",
    "tests/e2e/test_flow.py": "from playwright.sync_api import Page\n\n\ndef test_flow(page: Page):\n    assert True\n",
    "tests/integration/test_database.py": "import testcontainers\n\n\ndef test_database():\n    assert 1 == 1\n",
    "evals/run.py": "import deepeval\n",
    "prompts/v1.txt": "Answer.\n",
    "llm_gateway.py": "MAX_TOKENS = 100\nTIMEOUT = 30\nFALLBACK = ['a', 'b']\n",
    "moderation.py": "def moderate(text):\n    return text\n",
    "docker-compose.prod.yml": "services: {}\n",
    "uv.lock": "version = 1\n",
}
PROTOTYPES = {
    "fastapi": FASTAPI_PROTOTYPE,
    "flask": FLASK_PROTOTYPE,
    "django": DJANGO_PROTOTYPE,
    "model": MODEL_PROTOTYPE,
}


def card(files: dict[str, str]) -> Scorecard:
    project = inspect_project(Tree.of(files))
    return inspect_service(project, project.services[0])


@pytest.mark.parametrize("prototype", PROTOTYPES.values(), ids=PROTOTYPES)
@pytest.mark.parametrize(
    ("stubs", "dependencies"),
    [(STUBS, DEPENDENCIES), (MORE_STUBS, MORE_DEPENDENCIES)],
    ids=["controls", "practices"],
)
def test_stubs_and_dependency_lines_do_not_raise_the_score(
    prototype: dict[str, str], stubs: dict[str, str], dependencies: str
) -> None:
    declared = {**prototype, "requirements.txt": prototype["requirements.txt"] + dependencies}

    before, after = card(prototype), card({**declared, **stubs})

    assert len(stubs) == 23
    assert len(dependencies.split()) == 16
    assert before.total is not None
    assert after.total is not None
    assert after.total <= before.total + 1.0, {
        str(old.check.id): (old.status, new.status)
        for old, new in zip(before.results, after.results, strict=True)
        if old.status != new.status
    }


@pytest.mark.parametrize(
    "command", ["echo pytest", "true || pytest", "pytest --version", ": pytest", "# pytest"]
)
def test_a_workflow_that_runs_nothing_is_none(command: str) -> None:
    workflow = f"on: push\njobs:\n  t:\n    steps:\n      - run: |\n          {command}\n"

    after = card({**FASTAPI_PROTOTYPE, ".github/workflows/ci.yml": workflow})

    assert "CICD-NONE" in {finding.check.id for finding in after.open}


DELIVERY_STUBS = {
    "CODEOWNERS": "# *  @acme/backend\n",
    ".github/workflows/deploy.yml": "name: flyctl deploy\non: push\njobs:\n  deploy-to-staging:\n    steps:\n"
    "      - name: kubectl apply, smoke test, rollback\n        run: echo deploy\n",
    ".github/workflows/rollback.yml": "on: workflow_dispatch\njobs:\n  rollback:\n    steps:\n"
    "      - run: echo kubectl rollout undo\n",
    "scripts/rollback.sh": "#!/bin/sh\n# kubectl rollout undo deployment/app\n",
    "Makefile": "rollback:\n\n# flyctl releases rollback\n",
    "render.yaml": "services: []\n",
    "ops/alerts.yml": "groups:\n  - name: app\n    rules:\n      - alert: Errors\n        expr: ''\n",
    "ops/dashboard.json": '{"panels": []}\n',
    "docs/runbook.md": "# Runbook\n\n## Database is full\nTODO\n\n## Roll back\nTODO\n\n## Restore\nTODO\n",
    "locustfile.py": "from locust import HttpUser\n",
    "load/k6.js": "import http from 'k6/http';\n",
    "e2e/app.spec.ts": "import { test } from '@playwright/test';\n",
    "infra/alarms.tf": '# resource "aws_cloudwatch_metric_alarm" "errors" {}\n',
    "audit.py": "import logging\n\naudit = logging.getLogger('audit')\n",
    "flags.py": "import openfeature\n",
}


@pytest.mark.parametrize("prototype", PROTOTYPES.values(), ids=PROTOTYPES)
def test_names_of_files_are_no_controls(prototype: dict[str, str]) -> None:
    before, after = card(prototype), card({**prototype, **DELIVERY_STUBS})

    passing = {result.check.id for result in before.results if result.status == "pass"}
    gained = {
        result.check.id
        for result in after.results
        if result.status == "pass" and result.check.id not in passing
        # a hazard that is not there earns nothing
        and result.check.kind is not Kind.INSTANCE
    }
    assert gained == set()


@pytest.mark.parametrize("prototype", PROTOTYPES.values(), ids=PROTOTYPES)
@pytest.mark.parametrize(
    "path", ["empty.py", "tests/test_empty.py", "Dockerfile", ".github/workflows/x.yml"]
)
def test_an_empty_file_never_raises_a_pillar(prototype: dict[str, str], path: str) -> None:
    before, after = card(prototype), card({**prototype, path: ""})

    assert [p.score for p in after.pillars] == [p.score for p in before.pillars]


def test_code_that_is_moved_into_a_folder_of_tests_is_still_inspected() -> None:
    moved = {
        "requirements.txt": "fastapi==1\n",
        "main.py": "from fastapi import FastAPI\nfrom tests.db import find\n\napp = FastAPI()\n",
        "tests/__init__.py": "",
        "tests/db.py": "def find(db, name):\n    db.execute(f\"SELECT * FROM u WHERE name = '{name}'\")\n",
    }

    assert "SEC-SQL-INJECTION" in {finding.check.id for finding in card(moved).findings}


def test_a_real_control_raises_the_score() -> None:
    more = {
        ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: ruff check .\n",
    }

    before, after = card(FASTAPI_PROTOTYPE), card({**FASTAPI_PROTOTYPE, **more})

    assert (after.total or 0) > (before.total or 0)
