"""Which files the app's package imports, and something else before it."""

from __future__ import annotations

import pytest
from tests.project.trees import project

from buttress.analysis.structure.import_order import needed_by_package

PACKAGE = """
from flask import Flask
from config import Config

def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)
    return app
"""
CONFIG = "import os\n\nclass Config:\n    KEY = os.environ['KEY']\n"


def needed(start: str, package: str = PACKAGE, config: str = CONFIG) -> set[str]:
    """Return the files that cannot import from ``app``, in a project that ``run.py`` starts."""
    files = {
        "app/__init__.py": package,
        "app/models.py": "",
        "config.py": config,
        "run.py": start + "\nfrom app import create_app\napp = create_app()\n",
        "requirements.txt": "flask\n",
    }
    facts = project(files)
    (service,) = facts.services
    return set(needed_by_package(facts, service))


@pytest.mark.parametrize(
    "start",
    ["from config import Config", "import config", "import config\nfrom app import models"],
)
def test_what_is_imported_before_the_package_that_needs_it_cannot_import_from_there(
    start: str,
) -> None:
    assert needed(start) == {"config.py"}


def test_a_file_that_is_run_by_itself_comes_first() -> None:
    assert needed("", config=CONFIG + "if __name__ == '__main__':\n    print(Config.KEY)\n") == {
        "config.py"
    }


@pytest.mark.parametrize(
    "start",
    [
        "",
        "from app import models\nfrom config import Config",
        "from app.models import *\nimport config",
        "def late():\n    import config",
    ],
)
def test_what_the_package_itself_brings_first_may(start: str) -> None:
    assert needed(start) == set()


@pytest.mark.parametrize(
    "package",
    [
        PACKAGE.replace("from config import Config\n", "").replace("Config)", "'config.Config')"),
        PACKAGE.replace("from config import Config\n", "").replace(
            "    app =", "    from config import Config\n    app ="
        ),
    ],
)
def test_what_the_package_imports_when_it_is_called_may(package: str) -> None:
    assert needed("from config import Config", package) == set()
