"""Secrets in the code and in the repository, and where the environment is read."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, FLASK, places, run

from buttress.checks.model import NotApplicable, Subject, checks
from buttress.project import inspect_project
from buttress.source import Tree

OPENAI = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"


def tracked(files: dict[str, str]) -> list[str]:
    """Return the places that SEC-ENV-COMMITTED finds where git tracks every file."""
    tree = Tree(files, lambda path: files[path].encode(), tracked=frozenset(files))
    project = inspect_project(tree)
    found = checks()["SEC-ENV-COMMITTED"].function(Subject(project, project.services[0]))
    return [str(finding.place) for finding in found]


@pytest.mark.parametrize(
    "line",
    ['SECRET_KEY = "9f8a6b2c71"', 'app.secret_key = "9f8a6b2c71"', 'URL = "amqp://a:9f8a6b2c71@b"'],
)
def test_a_secret_stands_in_the_code(line: str) -> None:
    result = run("SEC-SECRET-HARDCODED", {"app.py": f"{FLASK}{line}\n"})

    assert [str(finding.place) for finding in result.findings] == ["app.py:4"]
    assert all("9f8a" not in finding.message for finding in result.findings)


@pytest.mark.parametrize(
    "line",
    [
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        'API_KEY = "your-api-key-here"',
        'TOKEN_URL = "https://example.org/token"',
        'render_template("x.html", token="expired-link")',
    ],
)
def test_no_secret_stands_in_the_code(line: str) -> None:
    head = "import os\nfrom flask import render_template\n"

    assert places("SEC-SECRET-HARDCODED", {"app.py": f"{head}{FLASK}{line}\n"}) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('class Testing:\n    TESTING = True\n    SECRET_KEY = "9f8a6b2c71"\n', []),
        ('class Staging:\n    TESTING = True\n    SECRET_KEY = "9f8a6b2c71"\n', [6]),
        ('class TestedConfig:\n    TESTING = False\n    SECRET_KEY = "9f8a6b2c71"\n', [6]),
        ('def get_test_settings():\n    return Settings(secret_key="9f8a6b2c71")\n', []),
        ('def test_connection():\n    return Database(password="9f8a6b2c71")\n', [5]),
        ('class Testing:\n    TESTING = True\n    URL = "amqp://a:9f8a6b2c71@b"\n', [6]),
    ],
)
def test_settings_that_only_tests_are_given(text: str, lines: list[int]) -> None:
    found = places("SEC-SECRET-HARDCODED", {"app.py": f"{FLASK}{text}"})

    assert found == [f"app.py:{line}" for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        'minio_access_key = "minioadmin-7"\nminio_secret_key = "carrots-and-9"\n',
        'ACCESS_KEY = "minioadmin-7"\nSECRET_ACCESS_KEY = "carrots-and-9"\n',
    ],
)
def test_the_name_of_an_account_is_no_secret(text: str) -> None:
    assert places("SEC-SECRET-HARDCODED", {"app.py": FLASK + text}) == ["app.py:5"]


def test_an_access_key_that_stands_alone_is_one() -> None:
    text = 'storage_access_key = "carrots-and-9"\nminio_secret_key = os.environ["KEY"]\n'

    assert places("SEC-SECRET-HARDCODED", {"app.py": FLASK + text}) == ["app.py:4"]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ('KEY = os.getenv("SECRET_KEY", "dev")', 1),
        ('KEY = os.environ.get("JWT_SECRET") or "dev-secret"', 1),
        ('KEY = os.getenv("SECRET_KEY")', 0),
        ('KEY = os.getenv("SECRET_KEY", "")', 0),
        ('HOURS = os.getenv("TOKEN_EXPIRE_HOURS", "12")', 0),
    ],
)
def test_defaults_of_secrets(line: str, count: int) -> None:
    found = places("SEC-SECRET-DEFAULT", {"main.py": f"import os\n{FASTAPI}{line}\n"})

    assert len(found) == count


@pytest.mark.parametrize(
    ("path", "count"),
    [("config/prod.yml", 1), ("README.md", 0), (".env.example", 0), ("tests/data.json", 0)],
)
def test_a_providers_key_is_in_the_repository(path: str, count: int) -> None:
    found = places("SEC-SECRET-COMMITTED", {"main.py": FASTAPI, path: f"key: {OPENAI}\n"})

    assert found == [f"{path}:1"] * count


@pytest.mark.parametrize(
    ("path", "text", "recipe"),
    [
        ("keys.py", f'import main\nAPI_KEY = "{OPENAI}"\n', "settings-and-secrets"),
        ("keys.py", f'import os\nKEY = os.getenv("API_KEY", "{OPENAI}")\n', "settings-and-secrets"),
        ("keys.py", f"# it was {OPENAI}\nimport main\n", None),
        ("static/chat.js", f'const key = "{OPENAI}";\n', None),
        ("config/prod.yml", f"key: {OPENAI}\n", None),
    ],
)
def test_only_a_key_in_the_apps_code_has_a_recipe(path: str, text: str, recipe: str | None) -> None:
    app = FASTAPI.replace("app =", "import keys\n\napp =", 1)

    (found,) = run("SEC-SECRET-COMMITTED", {"main.py": app, path: text}).findings

    assert (found.place.path, found.recipe) == (path, recipe)


@pytest.mark.parametrize(
    ("path", "text", "count"),
    [
        (".env", "API_KEY=abc123def\n", 1),
        ("backend/.env.production", "DB_PASSWORD=x9f8a7\n", 1),
        (".env", "PORT=8000\n", 0),
        (".env.example", "API_KEY=abc123def\n", 0),
        (".env", "API_KEY=\nSECRET_KEY=<your key>\n", 0),
    ],
)
def test_files_of_secrets_that_git_tracks(path: str, text: str, count: int) -> None:
    assert len(tracked({"main.py": FASTAPI, path: text})) == count


def test_without_git_nothing_is_tracked() -> None:
    project = inspect_project(Tree.of({"main.py": FASTAPI, ".env": "API_KEY=abc123def\n"}))

    with pytest.raises(NotApplicable, match="not in git"):
        list(checks()["SEC-ENV-COMMITTED"].function(Subject(project, project.services[0])))


def test_the_environment_is_read_all_over() -> None:
    files = {
        "main.py": f"import os\nimport mail\n{FASTAPI}HOST = os.getenv('HOST')\nmail.send()\n",
        "mail.py": "import os\n\n\ndef send():\n    return os.environ['SMTP_HOST']\n",
    }

    assert len(places("ARCH-CONFIG-SCATTERED", files)) == 2


@pytest.mark.parametrize("name", ["config.py", "settings.py", "main.py"])
def test_one_place_reads_the_environment(name: str) -> None:
    files = {
        "main.py": f"import os\nimport {name.removesuffix('.py')} as c\n{FASTAPI}",
        "logs.py": "import os\nLEVEL = os.getenv('LOG_LEVEL')\n",
    }
    files["main.py"] += "import logs\n"
    files[name] = files.get(name, "import os\n") + "HOST = os.getenv('HOST')\n"

    assert places("ARCH-CONFIG-SCATTERED", files) == []


@pytest.mark.parametrize(
    ("is_tracked", "said"),
    [(True, "A tracked file holds"), (False, "A file that nothing ignores holds")],
)
def test_no_file_is_called_tracked_where_there_is_no_git(is_tracked: bool, said: str) -> None:
    files = {"main.py": FASTAPI, "web/config.js": f"key: {OPENAI}\n"}

    (finding,) = run("SEC-SECRET-COMMITTED", files, is_tracked=is_tracked).findings

    assert finding.message.startswith(said)


ABOUT_SECRETS = [
    "SEC-ENV-COMMITTED",
    "SEC-SECRET-COMMITTED",
    "SEC-SECRET-HARDCODED",
    "SEC-SECRET-DEFAULT",
    "INFRA-INLINE-SECRETS",
    "INFRA-IMAGE-HYGIENE",
]


@pytest.mark.parametrize(
    ("path", "text", "owner"),
    [
        (".env", f"OPENAI_API_KEY={OPENAI}\nSECRET_KEY=k3v9q1x7\n", "SEC-ENV-COMMITTED"),
        (
            "certs/server.key",
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n",
            "SEC-ENV-COMMITTED",
        ),
        ("main.py", f"OPENAI_API_KEY = '{OPENAI}'\n", "SEC-SECRET-COMMITTED"),
        ("main.py", f"K = os.getenv('OPENAI_API_KEY', '{OPENAI}')\n", "SEC-SECRET-COMMITTED"),
        ("main.py", "K = os.getenv('API_KEY', default='k3v9q1x7')\n", "SEC-SECRET-DEFAULT"),
        ("main.py", "K = os.getenv('DB_PASSWORD', 'amqp://a:k3v9@b')\n", "SEC-SECRET-DEFAULT"),
        ("main.py", "API_KEY = 'k3v9q1x7'\n", "SEC-SECRET-HARDCODED"),
        (
            "compose.yaml",
            f"services:\n  api:\n    image: a:1\n    environment:\n      OPENAI_API_KEY: {OPENAI}\n",
            "SEC-SECRET-COMMITTED",
        ),
        (
            "Dockerfile",
            f"FROM python:3.12\nENV PORT=80 \\\n    OPENAI_API_KEY={OPENAI}\nCOPY a .\nCMD uvicorn main:app\n",
            "SEC-SECRET-COMMITTED",
        ),
    ],
)
def test_a_secret_is_one_finding_whatever_finds_it(path: str, text: str, owner: str) -> None:
    code = f"import os\n{FASTAPI}"
    files = {"main.py": code, path: code + text if path == "main.py" else text}

    found = {id_: run(id_, files, is_tracked=True).findings for id_ in ABOUT_SECRETS}

    assert {id_: len(findings) for id_, findings in found.items() if findings} == {owner: 1}


def test_a_key_in_a_file_that_git_does_not_track_still_stands_in_the_code() -> None:
    files = {"main.py": f"{FASTAPI}API_KEY = '{OPENAI}'\n", "README.md": ""}
    tree = Tree(files, lambda path: files[path].encode(), tracked=frozenset(["README.md"]))
    project = inspect_project(tree)
    subject = Subject(project, project.services[0])

    found = {id_: list(checks()[id_].function(subject)) for id_ in ABOUT_SECRETS[:4]}

    assert [id_ for id_, findings in found.items() if findings] == ["SEC-SECRET-HARDCODED"]
    (finding,) = found["SEC-SECRET-HARDCODED"]
    assert finding.message == "An OpenAI or OpenRouter key stands in the code."
