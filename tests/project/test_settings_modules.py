"""Settings that only a variable names belong to the app that runs with them."""

from __future__ import annotations

import pytest

from buttress.project.model import Role
from tests.project.trees import project

BASE = 'INSTALLED_APPS = []\nROOT_URLCONF = "site1.urls"\n'
PRODUCTION = "from .base import *\n\nDEBUG = False\n"
SITE = {
    "manage.py": "",
    "site1/__init__.py": "",
    "site1/urls.py": "urlpatterns = []\n",
    "site1/settings/__init__.py": "",
    "site1/settings/base.py": BASE,
    "site1/settings/hosted.py": PRODUCTION,
    "site1/settings/test.py": PRODUCTION,
}
COMPUTED = """\
import os

env = os.environ["STAGE"]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", {})
"""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings.hosted')"),
        ("site1/wsgi.py", "os.environ['DJANGO_SETTINGS_MODULE'] = 'site1.settings.hosted'"),
        ("site1/wsgi.py", "x = config('DJANGO_SETTINGS_MODULE', default='site1.settings.hosted')"),
        (
            "manage.py",
            """x = 'site1.settings.hosted' if PROD else 'site1.settings.test'
os.environ.setdefault('DJANGO_SETTINGS_MODULE', x)""",
        ),
        ("Dockerfile", "FROM python\nENV DJANGO_SETTINGS_MODULE=site1.settings.hosted\n"),
        ("docker-compose.yml", "x:\n  DJANGO_SETTINGS_MODULE: site1.settings.hosted\n"),
        (".env.example", 'DJANGO_SETTINGS_MODULE="site1.settings.hosted"\n'),
        ("start.sh", "export D=${DJANGO_SETTINGS_MODULE:-site1.settings.hosted}\n"),
        ("render.yaml", "- key: DJANGO_SETTINGS_MODULE\n  value: site1.settings.hosted\n"),
        ("Makefile", "run:\n\t./manage.py runserver --settings=site1.settings.hosted\n"),
    ],
)
def test_settings_that_something_names_are_the_app(path: str, text: str) -> None:
    found = project({**SITE, path: text})

    assert found.roles["site1/settings/hosted.py"] is Role.APP
    assert "site1/settings/hosted.py" in found.services[0].reachable


@pytest.mark.parametrize(
    "name",
    [
        'f"site1.settings.{env}"',
        '"site1.settings." + env',
        '"site1.settings.%s" % env',
        '"site1.settings.{}".format(env)',
    ],
)
def test_a_name_put_together_may_mean_each_module_of_the_folder(name: str) -> None:
    found = project({**SITE, "manage.py": COMPUTED.format(name)})

    assert found.roles["site1/settings/hosted.py"] is Role.APP


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("manage.py", "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings.base')"),
        ("manage.py", "os.environ.setdefault('OTHER', 'site1.settings.hosted')"),
        ("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = site1.settings.hosted\n"),
        ("tests/conftest.py", "os.environ['DJANGO_SETTINGS_MODULE'] = 'site1.settings.hosted'"),
        ("Dockerfile", "FROM python\nENV DJANGO_SETTINGS_MODULE=other.settings.hosted\n"),
    ],
)
def test_settings_that_nothing_names_are_not(path: str, text: str) -> None:
    assert project({**SITE, path: text}).roles["site1/settings/hosted.py"] is Role.SCRIPT


def test_settings_of_tests_stay_tests() -> None:
    files = {**SITE, ".env": "DJANGO_SETTINGS_MODULE=site1.settings.test\n"}

    assert project(files).roles["site1/settings/test.py"] is Role.TEST


def test_what_named_settings_name_is_loaded_too() -> None:
    production = PRODUCTION + 'MIDDLEWARE = ["site1.timing.Timer"]\n'
    files = {
        **SITE,
        "site1/settings/hosted.py": production,
        "site1/timing.py": "class Timer: ...\n",
        ".env": "DJANGO_SETTINGS_MODULE=site1.settings.hosted\n",
    }

    assert project(files).roles["site1/timing.py"] is Role.APP


DEVELOPMENT = {
    "site1/settings/local.py": PRODUCTION,
    "manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings.local')",
}


def test_beside_settings_for_developers_the_host_names_those_for_production() -> None:
    found = project({**SITE, **DEVELOPMENT, "site1/settings/production.py": PRODUCTION}).roles

    assert found["site1/settings/production.py"] is Role.APP
    assert found["site1/settings/local.py"] is Role.SCRIPT


def test_settings_for_developers_are_the_app_where_there_are_no_others() -> None:
    files = {**SITE, **DEVELOPMENT}
    del files["site1/settings/hosted.py"]

    assert project(files).roles["site1/settings/local.py"] is Role.APP
