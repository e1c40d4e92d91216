"""What star imports bring."""

import ast

from buttress.project.modules import own_modules
from buttress.source import Tree


def resolved(files: dict[str, str], path: str = "app/views.py") -> dict[str, str | None]:
    """Return what each name stands for that is called in a file."""
    module = Tree.of(files).module(path)
    return {module.source(c.func): module.resolve(c.func) for c in module.nodes(ast.Call)}


def test_a_function_of_the_project() -> None:
    files = {
        "app/views.py": "from .shared import *\nfrom app.other import *\nsave(1)\nload(2)\n",
        "app/shared.py": "def save(x): ...\n",
        "app/other.py": "def load(x): ...\n",
    }
    assert resolved(files) == {"save": ".shared.save", "load": "app.other.load"}
    own = own_modules(Tree.of(files))
    assert own.symbol(".shared.save", "app/views.py") == ("app/shared.py", "save")


def test_a_library_that_the_other_file_imports() -> None:
    files = {
        "app/views.py": "from .shared import *\nos.system(x)\nmoved(x)\n",
        "app/shared.py": "import os\nfrom shutil import move as moved\n",
    }
    assert resolved(files) == {"os.system": "os.system", "moved": "shutil.move"}


def test_a_package_that_passes_on_what_its_files_hold() -> None:
    files = {
        "app/views.py": "from app.models import *\nUser()\n",
        "app/models/__init__.py": "from .user import *\n",
        "app/models/user.py": "class User: ...\n",
    }
    assert resolved(files) == {"User": "app.models.User"}
    own = own_modules(Tree.of(files))
    assert own.symbol("app.models.User", "app/views.py") == ("app/models/user.py", "User")


def test_the_last_one_and_what_the_file_binds_itself_come_first() -> None:
    files = {
        "app/views.py": "from .one import *\nfrom .two import *\ndef own(): ...\nsave()\nown()\n",
        "app/one.py": "def save(): ...\n",
        "app/two.py": "def save(): ...\ndef own(): ...\n",
    }
    assert resolved(files) == {"save": ".two.save", "own": None}


def test_only_what_is_listed_or_has_no_line_before_it() -> None:
    files = {
        "app/views.py": "from .one import *\nfrom .two import *\n_save()\nload()\nsave()\n",
        "app/one.py": "def _save(): ...\ndef load(): ...\n",
        "app/two.py": "__all__ = ['save']\ndef save(): ...\ndef load(): ...\n",
    }
    assert resolved(files) == {"_save": None, "load": ".one.load", "save": ".two.save"}


def test_the_one_library_that_everything_is_imported_from() -> None:
    one = {
        "app/views.py": "from flask import *\napp = Flask(__name__)\nopen('x')\nprint(__file__)\n"
    }
    assert resolved(one)["Flask"] == "flask.Flask"
    assert resolved(one)["open"] == "builtins.open"
    two = {"app/views.py": "from flask import *\nfrom sqlalchemy import *\nColumn()\n"}
    assert resolved(two) == {"Column": None}


def test_a_star_import_in_a_function_or_of_a_file_that_is_not_there() -> None:
    files = {"app/views.py": "from .gone import *\ndef f():\n    save()\n"}
    assert resolved(files) == {"save": None}


def test_files_that_import_everything_from_each_other() -> None:
    files = {
        "app/views.py": "from .one import *\nsave()\nload()\n",
        "app/one.py": "from .views import *\nfrom .one import *\ndef save(): ...\n",
    }
    assert resolved(files) == {"save": ".one.save", "load": None}


def test_calls_are_found_by_what_a_star_import_brings() -> None:
    tree = Tree.of(
        {
            "app.py": "from shared import *\nrun('ls')\n",
            "shared.py": "from os import system as run\n",
        }
    )
    calls = tree.module("app.py").calls_to({"os.system"})
    assert [call.lineno for call in calls] == [2]
