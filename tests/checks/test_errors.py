"""Who hears of an error, and what a client is told."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, FLASK, places, status

ROUTE = '\n\n@app.get("/items")\ndef items():\n    try:\n        return read()\n'


@pytest.mark.parametrize(
    "handler",
    [
        "    except Exception:\n        pass\n",
        "    except:\n        return []\n",
        "    except BaseException: ...\n",
    ],
)
def test_errors_disappear(handler: str) -> None:
    found = places("ARCH-SWALLOWED-EXCEPTION", {"main.py": FASTAPI + ROUTE + handler})

    assert found == ["main.py:10"]


@pytest.mark.parametrize(
    "handler",
    [
        "    except KeyError:\n        pass\n",
        "    except Exception:\n        log.exception('no items')\n        return []\n",
        "    except:\n        undo()\n        raise\n",
    ],
)
def test_errors_are_handled(handler: str) -> None:
    assert places("ARCH-SWALLOWED-EXCEPTION", {"main.py": FASTAPI + ROUTE + handler}) == []


def test_an_orphan_file_is_not_the_app() -> None:
    seed = "try:\n    run()\nexcept:\n    pass\n"

    assert places("ARCH-SWALLOWED-EXCEPTION", {"main.py": FASTAPI, "seed.py": seed}) == []


@pytest.mark.parametrize(
    "app", [FASTAPI, FLASK, FASTAPI + "\n@app.exception_handler(404)\ndef h(r, e): ...\n"]
)
def test_nothing_catches_what_no_route_expects(app: str) -> None:
    assert len(places("ARCH-NO-ERROR-HANDLER", {"main.py": app})) == 1


@pytest.mark.parametrize(
    "app",
    [
        FASTAPI + "\n@app.exception_handler(Exception)\nasync def h(request, error): ...\n",
        FLASK + "\n@app.errorhandler(500)\ndef h(error): ...\n",
        FLASK + "\napp.register_error_handler(Exception, h)\n",
        FASTAPI.replace("FastAPI()", "FastAPI(exception_handlers={Exception: h})"),
        FASTAPI + "install_error_handlers(app)\n",
    ],
)
def test_a_handler_catches_everything(app: str) -> None:
    assert places("ARCH-NO-ERROR-HANDLER", {"main.py": app}) == []


@pytest.mark.parametrize(
    "handler",
    [
        "    except Exception as e:\n        return {'error': str(e)}\n",
        "    except Exception as e:\n        raise HTTPException(500, f'failed: {e}')\n",
        "    except sqlite3.Error as e:\n        raise HTTPException(500, detail=str(e))\n",
    ],
)
def test_exception_text_is_sent(handler: str) -> None:
    head = "import sqlite3\nfrom fastapi import HTTPException\n" + FASTAPI

    assert places("SEC-ERROR-LEAK", {"main.py": head + ROUTE + handler}) == ["main.py:13"]


@pytest.mark.parametrize(
    "handler",
    [
        "    except ValueError as e:\n        raise HTTPException(400, str(e))\n",
        "    except Exception as e:\n        log(str(e))\n        raise HTTPException(500, 'failed')\n",
    ],
)
def test_exception_text_stays_inside(handler: str) -> None:
    head = "from fastapi import HTTPException\n" + FASTAPI

    assert places("SEC-ERROR-LEAK", {"main.py": head + ROUTE + handler}) == []


def test_django_brings_a_handler_of_its_own() -> None:
    files = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
        "site/__init__.py": "",
        "site/settings.py": "INSTALLED_APPS = []\nROOT_URLCONF = 'site.urls'\n",
        "site/urls.py": "urlpatterns = []\n",
    }

    assert status("ARCH-NO-ERROR-HANDLER", files) == "not-applicable"
