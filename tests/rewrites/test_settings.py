"""The environment is read in one place, and no secret stands in the code."""

import pytest

from buttress.analysis.settings_fields import plan_settings
from buttress.project import inspect_project, select_service
from buttress.project.model import Project, Service
from buttress.rewrites.engine import run
from buttress.rewrites.outcomes import Safety
from buttress.source import Draft, Module, Text, Tree
from tests.rewrites.cases import check_noop, check_transformed

SETTINGS = "from settings import settings\n"


def facts(draft: Draft) -> tuple[Project, Service]:
    project = inspect_project(draft)
    return project, select_service(project)


def answers(source: str) -> dict[str, object]:
    """Return the answers that the recipe works out for a module."""
    fields = plan_settings([Module("main.py", Text(source))], []).fields
    return {"settings_fields": [item.as_answer() for item in fields]}


def transformed(before: str, after: str) -> list[Safety]:
    outcomes = check_transformed("settings", before, after, answers=answers(before))
    return [made.safety for made in outcomes.changed]


@pytest.mark.parametrize(
    ("read", "field"),
    [
        ('os.getenv("HOST")', "settings.host"),
        ('os.getenv("HOST", "localhost")', "settings.host"),
        ('os.environ.get("HOST", "localhost")', "settings.host"),
        ('os.environ["HOST"]', "settings.host"),
        ('os.getenv("HOST") or "localhost"', 'settings.host or "localhost"'),
        ('int(os.getenv("PORT", "8000"))', "settings.port"),
        ('int(os.getenv("PORT", 8000))', "settings.port"),
        ('float(os.getenv("RATE", "0.5"))', "settings.rate"),
        ('os.getenv("DEBUG", "false").lower() == "true"', 'settings.debug.lower() == "true"'),
        ('Path(os.getenv("UPLOADS", "uploads"))', "Path(settings.uploads)"),
        ('os.getenv("API_TOKEN", "")', "settings.api_token.get_secret_value()"),
        ('(os.getenv("API_TOKEN") or "").strip()', "settings.api_token.get_secret_value().strip()"),
        ('str(os.getenv("API_TOKEN") or "")', "str(settings.api_token.get_secret_value())"),
        ('not (os.getenv("API_TOKEN") or "")', "not settings.api_token.get_secret_value()"),
        ('not(os.getenv("API_TOKEN") or "")', "not (settings.api_token.get_secret_value())"),
        (
            '1 if (os.getenv("API_TOKEN") or "")else 2',
            "1 if (settings.api_token.get_secret_value()) else 2",
        ),
        ('(os.getenv("HOST") or "here").strip()', '(settings.host or "here").strip()'),
    ],
)
def test_a_read_becomes_a_field(read: str, field: str) -> None:
    head = "import os\nfrom pathlib import Path\n\n"
    safety = transformed(
        f"{head}value = {read}\nprint(Path, os.name)\n",
        f"import os\nfrom pathlib import Path\n\n{SETTINGS}\nvalue = {field}\nprint(Path, os.name)\n",
    )

    assert safety == [Safety.SAFE]


@pytest.mark.parametrize(
    ("head", "read"),
    [
        ("try:", 'os.getenv("HOST", "here")'),
        ("with lock:", 'int(os.getenv("PORT", "80"))'),
    ],
)
def test_a_read_that_cannot_fail_may_stand_in_a_try(head: str, read: str) -> None:
    tail = "except ValueError:\n    pass\n" if head == "try:" else ""
    field = "settings.host" if "HOST" in read else "settings.port"
    start = "import os\nfrom threading import lock\n\n"
    transformed(
        f"{start}{head}\n    value = {read}\n{tail}print(os.name, lock)\n",
        f"import os\nfrom threading import lock\n\n{SETTINGS}\n{head}\n    value = {field}\n{tail}"
        "print(os.name, lock)\n",
    )


def test_an_optional_secret_is_revealed_where_it_is_used() -> None:
    transformed(
        'import os\n\nkey = os.getenv("OPENAI_API_KEY")\nprint(os.name)\n',
        "import os\n\nfrom settings import reveal, settings\n\n"
        "key = reveal(settings.openai_api_key)\nprint(os.name)\n",
    )


@pytest.mark.parametrize(
    "secret",
    [
        'SECRET_KEY = os.getenv("SECRET_KEY", "dev-secret")',
        'SECRET_KEY = os.environ.get("SECRET_KEY") or "dev-secret"',
        'SECRET_KEY = "9f8a6b2c71d0e4"',
    ],
)
def test_a_secret_in_the_code_goes_to_the_environment(secret: str) -> None:
    safety = transformed(
        f"import os\n\n{secret}\nprint(os.name)\n",
        f"import os\n\n{SETTINGS}\nSECRET_KEY = settings.secret_key.get_secret_value()\nprint(os.name)\n",
    )

    assert safety == [Safety.HARDENING]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('app.config["SECRET_KEY"] = "9f8a6b2c71"', 'app.config["SECRET_KEY"] = VALUE'),
        ('app.secret_key = "9f8a6b2c71"', "app.secret_key = VALUE"),
        ('app.config.update(SECRET_KEY="9f8a6b2c71")', "app.config.update(SECRET_KEY=VALUE)"),
    ],
)
def test_secrets_of_flask_are_found_in_its_configuration(before: str, after: str) -> None:
    head = "from flask import Flask\n"
    value = "settings.secret_key.get_secret_value()"

    transformed(
        f"{head}\napp = Flask(__name__)\n{before}\n",
        f"{head}{SETTINGS}\napp = Flask(__name__)\n{after.replace('VALUE', value)}\n",
    )


def test_a_key_of_a_provider_gets_the_providers_variable() -> None:
    key = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0"
    transformed(
        f'from openai import OpenAI\n\nclient = OpenAI(api_key="{key}")\n',
        "from openai import OpenAI\nfrom settings import settings\n\n"
        "client = OpenAI(api_key=settings.openai_api_key.get_secret_value())\n",
    )


def test_a_default_with_a_password_in_it_is_not_copied() -> None:
    address = "postgresql://app:Xk29fjs8@db.example.org/app"
    source = f'import os\n\nurl = os.getenv("DATABASE_URL", "{address}")\nprint(os.name)\n'

    transformed(
        source,
        f"import os\n\n{SETTINGS}\nurl = settings.database_url.get_secret_value()\nprint(os.name)\n",
    )
    assert "Xk29fjs8" not in str(answers(source))


def test_a_default_for_the_local_machine_is_kept() -> None:
    address = "postgresql://postgres:postgres@localhost/app"
    source = f'import os\n\nurl = os.getenv("DATABASE_URL", "{address}")\nprint(os.name)\n'

    transformed(source, f"import os\n\n{SETTINGS}\nurl = settings.database_url\nprint(os.name)\n")
    assert address in str(answers(source))


def test_a_taken_name_gets_another_one() -> None:
    transformed(
        'import os\n\nsettings = {}\nhost = os.getenv("HOST")\nprint(os.name, settings)\n',
        "import os\n\nfrom settings import settings as app_settings\n\n"
        "settings = {}\nhost = app_settings.host\nprint(os.name, settings)\n",
    )


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("import os\n\n\ndef f(name):\n    return os.getenv(name)\n", "computed-name"),
        ('import os\n\nh = os.getenv("HOST", default())\n', "computed-default"),
        ('import os\n\nos.environ["HOST"] = "x"\nh = os.getenv("HOST")\n', "set-at-run-time"),
        ('import os\n\nh = os.getenv("DEBUG", False)\n', "mixed-types"),
        ('import os\n\nh = int(os.getenv("PORT", "eight"))\n', "mixed-types"),
        (
            'import os\n\ntry:\n    h = int(os.getenv("PORT", "80"))\nexcept ValueError:\n    h = 80\n',
            "answered-here",
        ),
        (
            'import os\n\ntry:\n    h = os.environ["HOST"]\nexcept (KeyError, OSError):\n    h = ""\n',
            "answered-here",
        ),
        ('import os\n\nh = os.getenv("COPY")\n', "reserved-name"),
        ('import os\n\na = os.getenv("HOST", "x")\nb = os.getenv("HOST", "y")\n', "two-defaults"),
        ('import os\n\n\ndef f():\n    return os.environ["HOST"]\n', "needed-at-use"),
        ('import os\n\nS = os.getenv("PASSWORD_SALT", "pepper")\n', "keeps-data-readable"),
        ('import os\n\nS = os.getenv("SERVICE_CREDENTIALS", "{}")\n', "no-secret"),
        ('import os\n\nK = os.getenv("API_KEY", "changeme")\nok = K != "changeme"\n', "asked-for"),
        (
            'import os\n\nK = os.getenv("API_KEY", "none")\nok = K not in ("", "none")\n',
            "asked-for",
        ),
        ('def login():\n    password = "hunter2hunter2"\n    return password\n', "unclear-secret"),
    ],
)
def test_what_cannot_be_proved_is_left_alone(source: str, code: str) -> None:
    check_noop("settings", source, code, answers=answers(source))


@pytest.mark.parametrize(
    "source",
    [
        "import os\n\nprint(os.path.join('a', 'b'))\n",
        'TOKEN_URL = "https://example.org/token"\n',
        'TOKEN_EXPIRE_MINUTES = "30 minutes"\n',
        'API_KEY = "your-api-key-here"\n',
        'PASSWORD_FIELD = "password_field"\n',
        'API_KEY = ""\n',
        'from flask import render_template\n\nrender_template("x.html", token="expired-link")\n',
        'def getenv(name): ...\n\n\nvalue = getenv("HOST")\n',
    ],
)
def test_what_is_no_setting_stays(source: str) -> None:
    check_noop("settings", source, answers=answers(source))


def test_an_app_with_a_settings_class_keeps_it() -> None:
    source = 'import os\n\nhost = os.getenv("HOST")\n'
    others = {
        "config.py": "from pydantic_settings import BaseSettings\n\n\nclass C(BaseSettings): ...\n"
    }

    check_noop("settings", source, "has-settings", others=others)


def test_a_secret_in_the_code_is_no_stand_in_for_an_optional_one() -> None:
    source = (
        'import os\n\nif os.getenv("SECRET_KEY"):\n    SECRET_KEY = os.getenv("SECRET_KEY")\nelse:\n'
        '    SECRET_KEY = "oF7hd82hf0s9xk2m4n6b"\nprint(os.name)\n'
    )

    transformed(
        source,
        "import os\n\nfrom settings import reveal, settings\n\n"
        "if reveal(settings.secret_key):\n    SECRET_KEY = reveal(settings.secret_key)\nelse:\n"
        '    SECRET_KEY = "oF7hd82hf0s9xk2m4n6b"\nprint(os.name)\n',
    )


def test_a_field_that_the_class_does_not_have_is_not_read() -> None:
    check_noop(
        "settings", 'import os\n\nhost = os.getenv("HOST")\n', answers={"settings_fields": []}
    )


@pytest.mark.parametrize(
    ("test", "left"),
    [
        ("import importlib\nimport main\nenv('HOST')\nimportlib.reload(main)\n", ["set-by-tests"]),
        ("import sys\nenv('HOST')\nsys.modules.pop('main')\n", ["set-by-tests"]),
        ("import main\nenv('HOST')\n", []),
        ("import importlib\nimport main\nimportlib.reload(main)\n", []),
    ],
)
def test_what_tests_load_again_is_read_again(test: str, left: list[str]) -> None:
    main = Module("main.py", Text('import os\n\nHOST = os.getenv("HOST")\n'))

    plan = plan_settings([main], [Module("test_main.py", Text(test))])

    assert [item.code for item in plan.left] == left


@pytest.mark.parametrize(
    ("first", "is_changed"),
    [("from app import create_app\nfrom config import Config\n", True), ("import config\n", False)],
)
def test_what_the_package_needs_before_it_is_whole_cannot_import_the_settings(
    first: str, is_changed: bool
) -> None:
    config = 'import os\n\n\nclass Config:\n    HOST = os.getenv("HOST", "localhost")\n'
    package = "from flask import Flask\nfrom config import Config\n\n\ndef create_app():\n    return Flask(__name__)\n"
    files = {
        "app/__init__.py": package,
        "config.py": config,
        "run.py": f"{first}from app import create_app\n\napp = create_app()\n",
        "requirements.txt": "flask\n",
    }

    outcomes = run(["settings"], Draft(Tree.of(files)), facts, answers=answers(config))

    assert [made.path for made in outcomes.changed] == (["config.py"] if is_changed else [])
    assert [left.code for left in outcomes.abstained] == ([] if is_changed else ["import-ring"])
