"""The infrastructure learns from the code what the app reads, and where its database's address goes."""

from collections.abc import Mapping

from buttress.planning.providers import providers
from tests.planning.projects import FASTAPI_APP, project_of

HEALTH = FASTAPI_APP + '\n\n@app.get("/healthz")\ndef health() -> dict[str, str]:\n    return {}\n'


def _answers(files: Mapping[str, str]) -> dict[str, object]:
    project, service = project_of(files)
    names = [name for name in providers() if name.startswith("terraform-")]
    return {name.removeprefix("terraform-"): providers()[name](project, service) for name in names}


def test_an_app_that_reads_one_address() -> None:
    source = HEALTH + (
        "\nimport os\n\nfrom sqlalchemy import create_engine\n\n"
        "engine = create_engine(os.environ['DATABASE_URL'])\n"
        "level = os.getenv('LOG_LEVEL', 'info')\nkey = os.getenv('STRIPE_API_KEY')\n"
        "site = os.environ['SITE']\n"
    )
    files = {"main.py": source, "requirements.txt": "fastapi\nsqlalchemy\nasyncpg\n"}

    answers = _answers(files)

    assert answers["database-url-env"] == "DATABASE_URL"
    assert answers["database-parts"] == []
    assert answers["health-path"] == "/healthz"
    assert answers["secrets"] == ["DATABASE_URL", "STRIPE_API_KEY"]
    assert answers["settings"] == [
        {"name": "LOG_LEVEL", "default": "info"},
        {"name": "SITE", "required": True},
    ]


def test_an_app_that_reads_the_parts_of_the_address() -> None:
    reads = "\n".join(
        f"{name} = os.environ['DB_{name}']" for name in ("HOST", "USER", "PASS", "NAME")
    )
    source = FASTAPI_APP + f"\nimport os\n\nimport psycopg2\n\n{reads}\n"

    answers = _answers({"main.py": source, "requirements.txt": "fastapi\npsycopg2\n"})

    assert answers["database-url-env"] == ""
    assert answers["database-parts"] == [
        {"part": "host", "variable": "DB_HOST"},
        {"part": "name", "variable": "DB_NAME"},
        {"part": "user", "variable": "DB_USER"},
        {"part": "password", "variable": "DB_PASS"},
    ]
    assert answers["secrets"] == ["DB_PASS"]


def test_an_app_that_reads_nothing() -> None:
    assert _answers({"main.py": FASTAPI_APP}) == {
        "database-parts": [],
        "database-url-env": None,
        "database-url-scheme": None,
        "health-path": "/",
        "secrets": [],
        "settings": [],
    }
