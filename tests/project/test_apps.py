"""App objects are found in the syntax tree, whatever the files are called."""

import pytest

from buttress.project.model import Framework
from tests.project.trees import FACTORY, FASTAPI, FLASK, project, service


@pytest.mark.parametrize(
    ("source", "framework"),
    [
        ("from fastapi import FastAPI\napp = FastAPI()", Framework.FASTAPI),
        ("import fastapi\napp = fastapi.FastAPI(title='x')", Framework.FASTAPI),
        ("from fastapi import FastAPI as F\napp: F = F()", Framework.FASTAPI),
        ("from fastapi import *\napp = FastAPI()", Framework.FASTAPI),
        ("try:\n    from fastapi import FastAPI\nexcept ImportError:\n    raise\napp = FastAPI()",
         Framework.FASTAPI),
        ("from flask import Flask\napp = application = Flask(__name__)", Framework.FLASK),
        ("import flask\napp, debug = flask.Flask(__name__), True", Framework.FLASK),
        ("from apiflask import APIFlask\napp = APIFlask(__name__)", Framework.FLASK),
        ("from starlette.applications import Starlette\napp = Starlette()", Framework.STARLETTE),
        ("from fastapi import FastAPI\nclass Api(FastAPI): ...\napp = Api()", Framework.FASTAPI),
    ],
)  # fmt: skip
def test_a_call_that_makes_an_app_is_found(source: str, framework: Framework) -> None:
    found = service({"anything.py": source})
    assert (found.framework, found.app.target) == (framework, "anything:app")


@pytest.mark.parametrize(
    "source",
    [
        "class FastAPI: ...\napp = FastAPI()",
        "from mylib import Flask\napp = Flask(__name__)",
        "# app = FastAPI()\n'''app = Flask(__name__)'''",
        "from fastapi import APIRouter\nrouter = APIRouter()",
        "from fastapi import FastAPI\ndef f(app: FastAPI) -> None: ...",
        "from fastapi import FastAPI\nprint(FastAPI().routes)",
    ],
)
def test_what_only_looks_like_an_app_is_none(source: str) -> None:
    assert project({"app.py": source}).services == ()


def test_a_subclass_of_another_module_is_followed() -> None:
    found = service(
        {
            "core/web.py": "from fastapi import FastAPI\nclass Api(FastAPI): ...\n",
            "core/__init__.py": "from core.web import Api\n",
            "main.py": "from core import Api\n\napi = Api()\n",
        }
    )
    assert (found.app.target, found.app.place.path) == ("main:api", "main.py")


def test_the_place_is_the_call() -> None:
    place = service({"main.py": "from fastapi import FastAPI\n\n\napp = FastAPI()\n"}).app.place
    assert (place.line, place.column) == (4, 7)


def test_a_function_that_returns_the_app_is_a_factory() -> None:
    app = service({"shop/__init__.py": FACTORY}).app
    assert (app.factory, app.target, app.is_factory) == ("create_app", "shop:create_app", True)
    assert not app.factory_arguments


@pytest.mark.parametrize(
    ("signature", "needed"),
    [("", False), ("config=None", False), ("config", True), ("*, config", True), ("*args", False)],
)
def test_a_factory_may_need_arguments(signature: str, needed: bool) -> None:
    source = FACTORY.replace("create_app()", f"create_app({signature})")
    assert service({"web.py": source}).app.factory_arguments is needed


@pytest.mark.parametrize(
    "body",
    [
        "return Flask(__name__)",
        "web = Flask(__name__)\n    return web",
        "web = Flask(__name__)\n    return ProxyFix(web)",
        "return setup(Flask(__name__))",
    ],
)
def test_a_factory_returns_the_app_in_many_ways(body: str) -> None:
    found = service({"web.py": f"from flask import Flask\ndef make():\n    {body}\n"})
    assert found.app.target == "web:make"


def test_the_module_that_calls_the_factory_is_what_a_server_loads() -> None:
    app = service({"shop/__init__.py": FACTORY, "wsgi.py": "from shop import create_app\napp = create_app()\n"}).app  # fmt: skip
    assert (app.instance, app.target, app.is_factory) == ("wsgi:app", "wsgi:app", False)
    assert app.place.path == "shop/__init__.py"


def test_a_factory_behind_a_helper_is_reached() -> None:
    files = {
        "shop/factory.py": FACTORY,
        "shop/__init__.py": "from .factory import create_app\n",
        "run.py": "import shop\n\napplication = shop.create_app()\n",
    }
    assert service(files).app.target == "run:application"


def test_a_factory_that_only_wraps_another_one_is_the_outer_factory() -> None:
    files = {
        "shop/base.py": FACTORY.replace("create_app", "bare"),
        "shop/web.py": "from shop.base import bare\ndef create_app():\n    app = bare()\n    return app\n",
        "Procfile": "web: gunicorn 'shop.web:create_app()'\n",
    }
    app = service(files).app
    assert (app.factory, app.target, app.is_factory) == ("bare", "shop.web:create_app", True)


def test_a_script_that_makes_the_app_is_not_what_a_server_loads() -> None:
    files = {
        "shop/__init__.py": FACTORY,
        "seed.py": "from shop import create_app\napp = create_app()\n",
    }
    assert service(files).app.target == "shop:create_app"


def test_a_static_method_may_be_the_factory() -> None:
    source = """\
from flask import Flask
class Factory:
    @staticmethod
    def create():
        return Flask(__name__)
app = Factory.create()
"""
    assert service({"web.py": source}).app.target == "web:app"


def test_an_app_that_an_object_holds_is_found_by_the_name_that_takes_it_out() -> None:
    source = """\
from fastapi import FastAPI
class Server:
    def __init__(self):
        self.app = FastAPI()
server = Server()
app = server.app
"""
    app = service({"main.py": source}).app
    assert (app.name, app.function, app.target) == ("self.app", "Server.__init__", "main:app")


def test_an_app_made_and_served_in_main_has_no_target() -> None:
    source = """\
import uvicorn
from fastapi import FastAPI
def main():
    app = FastAPI()
    uvicorn.run(app)
"""
    app = service({"serve.py": source}).app
    assert (app.function, app.target) == ("main", "serve")


def test_a_global_declaration_makes_the_name_a_top_level_one() -> None:
    source = "from flask import Flask\ndef setup():\n    global app\n    app = Flask(__name__)\n"
    assert service({"web.py": source}).app.target == "web:app"


def test_what_wraps_an_app_is_served_but_is_not_the_app() -> None:
    source = "from fastapi import FastAPI\nfrom a import Wrapper\napp = Wrapper(FastAPI())\n"
    app = service({"main.py": source}).app
    assert (app.name, app.target) == ("", "main:app")


def test_an_app_inside_a_socket_server_is_served_through_it() -> None:
    source = FASTAPI + "import socketio\nsocket_app = socketio.ASGIApp(sio, other_asgi_app=app)\n"
    files = {"main.py": source, "Procfile": "web: uvicorn main:socket_app\n"}
    app = service(files).app
    assert (app.name, app.target) == ("app", "main:socket_app")


def test_connexion_holds_a_flask_app() -> None:
    source = "import connexion\nouter = connexion.App(__name__, specification_dir='.')\n"
    app = service({"config.py": source, "app.py": "from config import outer\nouter.run()\n"}).app
    assert (app.framework, app.via, app.name) == (Framework.FLASK, "connexion", "outer.app")
    assert app.target == "config:outer.app"


def test_two_apps_of_one_name_are_two_objects() -> None:
    source = """\
from fastapi import FastAPI
if DEBUG:
    app = FastAPI()
else:
    app = FastAPI(docs_url=None)
"""
    found = service({"main.py": source})
    assert [(app.target, app.place.line) for app in found.apps] == [
        ("main:app", 3),
        ("main:app", 5),
    ]


STARTED = """\
{imports}

{routes}

if __name__ == "__main__":
    app.run(port=5000)
"""
ROUTE = '@app.route("/items")\ndef items():\n    return []'


@pytest.mark.parametrize(
    ("imports", "routes", "target"),
    [
        ("from web import app", ROUTE, "server:app"),
        ("from web import *", ROUTE, "server:app"),
        ("from web import app as shop\napp = shop", "", "web:app"),
        # what makes the app knows all of its routes already
        ("from web import app", "", "web:app"),
        ("from web import app\nimport views", "", "server:app"),
    ],
)
def test_an_app_is_served_from_where_its_routes_are_known(
    imports: str, routes: str, target: str
) -> None:
    files = {
        "web.py": FLASK,
        "views.py": f"from web import app\n\n\n{ROUTE}\n",
        "server.py": STARTED.format(imports=imports, routes=routes),
    }

    found = service(files)

    assert found.app.target == target
    assert found.app.place.path == "web.py"


def test_a_file_that_the_app_imports_is_no_other_place_to_serve_from() -> None:
    files = {
        "web.py": FLASK + "\nimport server\n",
        "server.py": STARTED.format(imports="from web import app", routes=ROUTE),
    }

    assert service(files).app.target == "web:app"


def test_an_app_that_a_script_makes_for_itself_is_not_the_service() -> None:
    script = 'from flask import Flask\n\nif __name__ == "__main__":\n    app = Flask("fill")\n'
    readme = {"scripts/README.md": "    python fill.py -n 100\n"}

    both = project({"web.py": FLASK, "scripts/fill.py": script, **readme})

    assert [found.app.target for found in both.services] == ["web:app"]
    assert "run as a script" in both.set_aside[0].reason
    assert service({"fill.py": script}).app.target == "fill:app"
