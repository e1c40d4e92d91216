"""A test counts where it reaches the app and can fail."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, REQUIREMENTS, places, run, status

ROUTES = FASTAPI + (
    '\n\n@app.get("/items/{item_id}")\ndef item(item_id: int):\n    return item_id\n'
    '\n\n@app.post("/items")\ndef create():\n    return 1\n'
)
APP = {"main.py": ROUTES, "requirements.txt": REQUIREMENTS}
HEAD = "from fastapi.testclient import TestClient\nfrom main import app\n\nclient = TestClient(app)\n\n\n"
OK = HEAD + 'def test_item():\n    assert client.get("/items/1").status_code == 200\n'


def suite(text: str, **more: str) -> dict[str, str]:
    return {**APP, "tests/test_app.py": text, **more}


class TestNone:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "def test_truth():\n    assert True\n",
            "def test_sum():\n    assert 1 + 1 == 2\n",
            'import requests\n\ndef test_up():\n    print(requests.get("http://localhost").status_code)\n',
            HEAD + "def check():\n    assert client\n",
        ],
        ids=["empty", "constant", "computed constant", "prints", "no test"],
    )
    def test_what_cannot_fail_is_no_test(self, text: str) -> None:
        assert places("TEST-NONE", suite(text)) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "text",
        [
            OK,
            "def test_item(client):\n    assert client.get('/items/1').json() == 1\n",
            (
                "import unittest\nimport main\n\n\nclass ItemTest(unittest.TestCase):\n"
                "    def test_it(self):\n        self.assertEqual(main.item(1), 1)\n"
            ),
            HEAD
            + "def ok(r):\n    assert r.status_code == 200\n\n\ndef test_it():\n    ok(client.get('/'))\n",
        ],
        ids=["client", "fixture", "unittest", "helper"],
    )
    def test_real_tests(self, text: str) -> None:
        assert places("TEST-NONE", suite(text)) == []


class TestVacuous:
    def test_each_is_reported_where_it_stands(self) -> None:
        text = (
            OK + "\n\ndef test_runs():\n    client.get('/')\n\n\ndef test_true():\n    assert 1\n"
        )
        assert places("TEST-VACUOUS", suite(text)) == [
            "tests/test_app.py:11",
            "tests/test_app.py:15",
        ]

    @pytest.mark.parametrize(
        "body",
        [
            "with pytest.raises(ValueError):\n        main.item('a')",
            "mock.assert_called_once()",
            "try:\n        main.item('a')\n        assert False\n    except ValueError:\n        pass",
            "assert_ok(client.get('/'))",
        ],
    )
    def test_other_ways_to_fail(self, body: str) -> None:
        assert (
            places(
                "TEST-VACUOUS",
                suite(f"import pytest\nimport main\n{OK}\n\ndef test_x(mock):\n    {body}\n"),
            )
            == []
        )

    def test_fixtures_are_no_tests(self) -> None:
        text = f"import pytest\n{OK}\n\n@pytest.fixture\ndef test_data():\n    return 1\n"
        assert places("TEST-VACUOUS", suite(text)) == []

    def test_without_tests_there_is_nothing_to_say(self) -> None:
        assert status("TEST-VACUOUS", APP) == "not-applicable"

    def test_a_file_may_end_with_its_last_test(self) -> None:
        text = f"{OK}\n\ndef test_sum():\n    print(1 + 1)"

        assert len(places("TEST-VACUOUS", suite(text))) == 1


class TestGate:
    @pytest.mark.parametrize(
        "files",
        [
            suite(OK),
            suite(OK, **{"pyproject.toml": "[tool.coverage.report]\nfail_under = 80\n"}),
            suite(OK, **{"setup.cfg": "[tool:pytest]\naddopts = --cov=app\n"}),
            {**APP, "pytest.ini": "[pytest]\naddopts = --cov=app --cov-fail-under=80\n"},
        ],
        ids=["nothing", "limit without measuring", "measuring without limit", "no tests"],
    )
    def test_coverage_may_fall(self, files: dict[str, str]) -> None:
        assert len(places("TEST-NO-COVERAGE-GATE", files)) == 1

    @pytest.mark.parametrize(
        "more",
        [
            {"pytest.ini": "[pytest]\naddopts = --cov=app --cov-fail-under=80\n"},
            {
                "pyproject.toml": "[tool.coverage.report]\nfail_under = 80\n",
                "Makefile": "test:\n\tpytest --cov\n",
            },
        ],
        ids=["options", "configuration and command"],
    )
    def test_coverage_is_kept(self, more: dict[str, str]) -> None:
        assert places("TEST-NO-COVERAGE-GATE", suite(OK, **more)) == []


class TestRoutes:
    def test_routes_that_no_test_names(self) -> None:
        assert places("TEST-ROUTE-COVERAGE", suite(OK)) == ["main.py:12"]

    def test_a_longer_path_is_another_route(self) -> None:
        text = HEAD + "def test_it():\n    assert client.get('/items/1/parts').status_code == 404\n"
        assert len(places("TEST-ROUTE-COVERAGE", suite(text))) == 2

    @pytest.mark.parametrize(
        "call",
        [
            "client.post('/items')",
            "client.post(f'{BASE}/items?dry=1')",
            "client.post('http://localhost:8000/items')",
            "client.post(app.url_path_for('create'))",
        ],
    )
    def test_ways_to_name_a_route(self, call: str) -> None:
        text = (
            f"BASE = 'http://x'\n{OK}\n\ndef test_create():\n    assert {call}.status_code == 200\n"
        )
        assert places("TEST-ROUTE-COVERAGE", suite(text)) == []

    def test_a_route_of_django_is_named_by_its_path_alone(self) -> None:
        django = {
            "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
            "shop/settings.py": 'ROOT_URLCONF = "shop.urls"\nINSTALLED_APPS = []\nSECRET_KEY = ""\n',
            "shop/urls.py": "from django.urls import path\nfrom shop import views\n\n"
            'urlpatterns = [path("about/", views.about)]\n',
            "shop/views.py": "def about(request):\n    return None\n",
            "requirements.txt": "django==5.2.8\n",
            "tests/test_app.py": "def test_it(client):\n    assert client.get('/').status_code == 200\n",
        }

        (finding,) = run("TEST-ROUTE-COVERAGE", django).findings

        assert finding.message == "No test calls /about/."

    def test_no_tests(self) -> None:
        assert status("TEST-ROUTE-COVERAGE", APP) == "not-applicable"


class TestFailurePaths:
    def test_only_what_works(self) -> None:
        assert places("TEST-NO-FAILURE-PATHS", suite(OK)) == ["requirements.txt:1"]
        text = OK.replace("== 200", "in (200, 201)")
        assert places("TEST-NO-FAILURE-PATHS", suite(text)) == ["requirements.txt:1"]

    @pytest.mark.parametrize(
        "expected", ["== 404", "in (401, 403)", "== status.HTTP_422_UNPROCESSABLE_ENTITY"]
    )
    def test_errors_that_are_expected(self, expected: str) -> None:
        assert places("TEST-NO-FAILURE-PATHS", suite(OK.replace("== 200", expected))) == []
