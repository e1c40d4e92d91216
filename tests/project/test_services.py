"""Apps are grouped into services, and the one that is deployed is told from the others."""

from buttress.project import inspect_project
from buttress.project.model import Role
from buttress.source import Draft, Tree
from tests.project.trees import FACTORY, FASTAPI, FLASK, project, service


def test_the_service_root_is_the_nearest_folder_with_a_manifest() -> None:
    found = service(
        {
            "backend/app/main.py": "from app.db import session\n" + FASTAPI,
            "backend/app/db.py": "session = None\n",
            "backend/requirements.txt": "fastapi\n",
            "frontend/package.json": "{}",
        }
    )
    assert (found.root, found.import_root) == ("backend", "backend")
    assert (found.package_folder, found.package) == ("backend/app", "app")
    assert found.app.target == "app.main:app"


def test_imports_that_need_a_folder_above_the_manifest_lift_the_service_root() -> None:
    found = service(
        {
            "server/main.py": "from server.app.config import settings\n" + FASTAPI,
            "server/app/config.py": "settings = None\n",
            "server/requirements.txt": "fastapi\n",
        }
    )
    assert (found.root, found.import_root, found.app.target) == ("", "", "server.main:app")
    assert (found.package_folder, found.package) == ("server", "server")
    assert found.manifest is not None
    assert found.manifest.path == "server/requirements.txt"


def test_a_source_layout_has_its_import_root_below_the_service_root() -> None:
    found = service(
        {
            "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['fastapi']\n",
            "src/shop/__init__.py": "",
            "src/shop/api/__init__.py": "",
            "src/shop/api/main.py": "from shop.db import connect\n" + FASTAPI,
            "src/shop/db.py": "def connect(): ...\n",
        }
    )
    assert (found.root, found.import_root) == ("", "src")
    assert (found.package_folder, found.package) == ("src/shop", "shop")
    assert found.app.target == "shop.api.main:app"


def test_flat_modules_have_no_package() -> None:
    found = service({"backend/app.py": "from models import db\n" + FLASK, "backend/models.py": "db = 1\n", "models.py": ""})  # fmt: skip
    assert (found.import_root, found.package_folder, found.package) == ("backend", "backend", "")


def test_relative_imports_keep_the_import_root_above_the_package() -> None:
    found = service({"web/api/main.py": "from ..db import x\n" + FASTAPI, "web/db.py": "x = 1\n"})
    assert (found.import_root, found.app.target) == ("", "web.api.main:app")


def test_a_relative_import_with_a_fallback_rules_nothing_out() -> None:
    source = "try:\n    from .db import x\nexcept ImportError:\n    from db import x\n" + FASTAPI
    found = service({"web/main.py": source, "web/db.py": "x = 1\n"})
    assert (found.import_root, found.app.target) == ("web", "main:app")


def test_a_module_named_like_one_of_the_standard_library_does_not_mislead() -> None:
    files = {
        "src/shop/main.py": "import logging\nimport types\nfrom shop.logging import setup\n"
        + FASTAPI,
        "src/shop/logging.py": "def setup(): ...\n",
        "src/shop/types.py": "",
        "src/shop/__init__.py": "",
    }
    found = service(files)
    assert found.import_root == "src"
    assert "src/shop/types.py" not in found.reachable


def test_a_command_decides_where_imports_do_not() -> None:
    files = {"src/__init__.py": "", "src/main.py": FASTAPI}
    beside = {**files, "docker-compose.yml": "services: {web: {command: uvicorn src.main:app}}\n"}
    inside = {**files, "Dockerfile": "FROM python:3.12\nCOPY src .\nCMD uvicorn main:app\n"}
    assert service(beside).app.target == "src.main:app"
    assert service(inside).app.target == "main:app"
    assert service(inside).import_root == "src"


def test_a_mounted_app_stands_behind_the_one_that_holds_it() -> None:
    source = """\
from fastapi import FastAPI
api = FastAPI()
app = FastAPI()
app.mount("/api", api)

@api.get("/items")
def items(): ...
"""
    found = service({"main.py": source})
    assert [app.target for app in found.apps] == ["main:app", "main:api"]
    assert found.apps[1].reason == "mounted in app"
    assert [route.path for route in found.routes] == ["/api/items"]


def test_the_app_that_a_command_names_comes_first() -> None:
    files = {
        "a.py": FASTAPI + "from b import app as b\n",
        "b.py": FASTAPI,
        "Procfile": "web: uvicorn b:app --port 9000\n",
    }
    found = service(files)
    assert found.app.target == "b:app"
    assert "Procfile" in found.app.reason
    assert found.port is not None
    assert (found.port.value, found.port.place.path) == ("9000", "Procfile")


def test_a_module_that_passes_the_app_on_is_what_the_command_says() -> None:
    files = {
        "app.py": FLASK + "import routes\n",
        "routes.py": "from app import app\n\n@app.route('/')\ndef index(): ...\n",
        "main.py": "from app import app\n\nif __name__ == '__main__':\n    app.run(port=5000)\n",
        "Procfile": "web: gunicorn main:app\n",
    }
    found = service(files)
    assert (found.app.target, found.app.place.path) == ("main:app", "app.py")
    assert found.reachable == {"app.py", "routes.py", "main.py"}


ROUTES = "".join(f"@app.get('/things/{n}')\ndef f{n}(): ...\n" for n in range(4))


def test_a_stale_copy_is_set_aside() -> None:
    result = project(
        {
            "backend/app.py": FASTAPI + ROUTES,
            "backend/requirements.txt": "fastapi\n",
            "app.py": FASTAPI + ROUTES,
            "Dockerfile": 'FROM python:3.12\nCOPY backend/ .\nCMD ["uvicorn", "app:app"]\n',
        }
    )
    assert [found.root for found in result.services] == ["backend"]
    assert [(app.place.path, app.reason) for app in result.set_aside] == [
        ("app.py", "copy of backend/app.py")
    ]


def test_a_second_entry_to_the_same_modules_is_set_aside_with_what_starts_it() -> None:
    result = project(
        {
            "backend/app/main.py": "from app.db import a\nfrom app.models import b\n" + FASTAPI + ROUTES,
            "backend/app/db.py": "a = 1\n",
            "backend/app/models.py": "b = 1\n",
            "backend/Dockerfile": "FROM python:3.12\nCMD uvicorn app.main:app\n",
            "backend/requirements.txt": "fastapi\n",
            "app.py": "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'backend'))\n"
            + FASTAPI
            + "from app.db import a\nfrom app.models import b\n",
            "Dockerfile": "FROM python:3.11\nCMD python app.py\n",
            "requirements.txt": "fastapi\n",
        }
    )  # fmt: skip
    assert [found.root for found in result.services] == ["backend"]
    (aside,) = result.set_aside
    assert aside.place.path == "app.py"
    assert aside.reason.startswith("second entry to the modules of backend/app/main.py; named by")

    assert [found.app.place.path for found in result.beside["backend"]] == ["app.py"]


SERVED = "if __name__ == '__main__':\n    app.run()\n"


def test_an_app_that_starts_itself_beside_the_deployed_one_stands_beside_its_service() -> None:
    result = project(
        {
            "app.py": FLASK + "from pages import page\napp.register_blueprint(page)\n" + SERVED,
            "uploads.py": FLASK + "import storage\n@app.post('/up')\ndef up(): ...\n" + SERVED,
            "pages.py": "from flask import Blueprint\npage = Blueprint('page', __name__)\n",
            "storage.py": "",
            "Procfile": "web: gunicorn app:app\n",
        }
    )
    (only,) = result.services
    (beside,) = result.beside[""]
    assert (only.app.target, beside.app.target) == ("app:app", "uploads:app")
    assert only.reachable == frozenset({"app.py", "pages.py"})
    assert beside.reachable == frozenset({"uploads.py", "storage.py"})
    # for everything that edits files they are scripts as before
    assert result.roles["uploads.py"] is only.roles["uploads.py"] is Role.SCRIPT
    assert beside.roles["uploads.py"] is beside.roles["storage.py"] is Role.APP


def test_a_second_file_that_serves_the_same_routes_is_no_copy() -> None:
    shared = FLASK + "from pages import page\napp.register_blueprint(page)\n"
    result = project(
        {
            "app.py": shared + "@app.get('/more')\ndef more(): ...\n" + SERVED,
            "app_ssl.py": shared + SERVED,
            "pages.py": "from flask import Blueprint\npage = Blueprint('page', __name__)\n"
            "@page.get('/a')\ndef a(): ...\n@page.get('/b')\ndef b(): ...\n",
        }
    )
    assert [app.reason for app in result.set_aside] == ["second entry to the modules of app.py"]
    assert [found.app.place.path for found in result.beside[""]] == ["app_ssl.py"]


def test_a_copy_that_could_start_itself_is_set_aside_all_the_same() -> None:
    result = project(
        {"app.py": FLASK + ROUTES + SERVED, "app_old.py": FLASK + ROUTES + SERVED, "Procfile": "web: gunicorn app:app\n"}
    )  # fmt: skip
    assert [app.reason for app in result.set_aside] == ["copy of app.py"]
    assert result.beside == {}


def test_where_nothing_says_which_app_is_started_the_others_stand_beside_the_likeliest() -> None:
    several = project(
        {
            "fetch.py": FLASK + "@app.get('/fetch')\ndef fetch(): ...\n",
            "pay.py": FLASK + "@app.get('/pay')\ndef pay(): ...\n",
        }
    )
    assert [found.app.place.path for found in several.services] == ["fetch.py"]
    assert [found.app.place.path for found in several.beside[""]] == ["pay.py"]
    told = project(
        {
            "fetch.py": FLASK + "@app.get('/fetch')\ndef fetch(): ...\n" + SERVED,
            "pay.py": FLASK + "@app.get('/pay')\ndef pay(): ...\n",
        }
    )
    assert told.beside == {}


def test_apps_with_their_own_manifests_are_services_of_their_own() -> None:
    result = project(
        {
            "orders/main.py": FASTAPI,
            "orders/requirements.txt": "fastapi\n",
            "users/app.py": FLASK,
            "users/requirements.txt": "flask\n",
        }
    )
    assert sorted(found.root for found in result.services) == ["orders", "users"]


def test_unrelated_apps_below_one_manifest_are_services_of_their_own() -> None:
    result = project(
        {
            "requirements.txt": "fastapi\n",
            "orders/main.py": FASTAPI + "@app.get('/orders')\ndef orders(): ...\n",
            "users/main.py": FASTAPI + "@app.get('/users')\ndef users(): ...\n",
        }
    )
    assert sorted(found.root for found in result.services) == ["orders", "users"]
    assert {found.manifest.path for found in result.services if found.manifest} == {
        "requirements.txt"
    }


def test_apps_of_tests_and_examples_are_set_aside() -> None:
    result = project(
        {
            "main.py": FASTAPI,
            "tests/test_app.py": FASTAPI,
            "examples/hello.py": FLASK,
            ".notes/try/main.py": FLASK,
            "tasks.py": "from flask import Flask\ndef init_db():\n    app = Flask(__name__)\n",
        }
    )
    assert [app.target for found in result.services for app in found.apps] == ["main:app"]
    assert {app.place.path: app.reason for app in result.set_aside} == {
        "tests/test_app.py": "in a test (folder tests)",
        "examples/hello.py": "in the folder examples, and nothing starts it",
        ".notes/try/main.py": "in the folder .notes, and nothing starts it",
        "tasks.py": "made inside init_db() and never returned or served",
    }


def test_an_example_that_an_image_starts_is_a_service() -> None:
    files = {
        "demo/app.py": FLASK,
        "demo/Dockerfile": "FROM python:3.12\nCOPY . .\nCMD python app.py",
    }
    assert service(files).root == "demo"


def test_files_of_a_damaged_project_are_still_read() -> None:
    result = project({"app.py": FLASK, "webhook.py": "def f(:\n", "pyproject.toml": "[[["})
    assert [found.app.target for found in result.services] == ["app:app"]
    assert result.roles["webhook.py"] == "script"


def test_the_call_that_starts_the_server_is_a_fact() -> None:
    source = FLASK + "import os\nif __name__ == '__main__':\n    app.run(port=int(os.environ.get('PORT', 7860)))\n"  # fmt: skip
    found = service({"app.py": source})
    assert found.start_file is not None
    assert found.start_file.line == 6
    assert found.port is not None
    assert (found.port.value, found.port.place) == ("7860", found.start_file)


def test_a_factory_in_a_package_with_entry_files_around() -> None:
    files = {
        "shop/__init__.py": FACTORY,
        "app.py": "from shop import create_app\napp = create_app()\nif __name__ == '__main__':\n    app.run()\n",
        "wsgi.py": "from shop import create_app\napp = create_app()\n",
        "Dockerfile": 'FROM python:3.11-slim\nCOPY . .\nCMD ["gunicorn","-b","0.0.0.0:8000","wsgi:app"]\n',
    }  # fmt: skip
    found = service(files)
    assert (found.app.target, found.app.module, found.package) == ("wsgi:app", "shop", "shop")
    assert found.reachable == {"shop/__init__.py", "app.py", "wsgi.py"}
    assert found.port is not None
    assert found.port.value == "8000"


def test_a_draft_is_inspected_like_a_tree() -> None:
    draft = Draft(Tree.of({"main.py": FASTAPI}))
    draft.write("routes.py", "from main import app\n\n@app.get('/a')\ndef a(): ...\n")
    draft.write("main.py", FASTAPI + "import routes\n")
    (found,) = inspect_project(draft).services
    assert [route.path for route in found.routes] == ["/a"]
    assert found.reachable == {"main.py", "routes.py"}


def test_of_a_collection_of_apps_only_some_stand_beside_the_service() -> None:
    files = {"app.py": FLASK, "Procfile": "web: gunicorn app:app\n"}
    for number in range(40):
        route = f"@app.get('/lesson/{number}')\ndef lesson{number}(): ...\n"
        files[f"lesson{number:02}.py"] = FLASK + route + SERVED

    result = project(files)
    assert len(result.set_aside) == 40
    assert len(result.beside[""]) == 25
