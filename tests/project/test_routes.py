"""Routes are read with their methods, whole paths, handlers and parameters."""

import pytest

from buttress.project.model import Parameter
from tests.project.trees import FASTAPI, FLASK, routes, service


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("@app.get('/a')\ndef a(): ...", "GET /a"),
        ("@app.delete(path='/a')\nasync def a(): ...", "DELETE /a"),
        ("@app.api_route('/a', methods=['post', 'GET'])\ndef a(): ...", "GET,POST /a"),
        ("@app.websocket('/ws')\nasync def a(ws): ...", "WEBSOCKET /ws"),
        ("P = '/a'\n@app.get(P + '/b')\ndef a(): ...", "GET /a/b"),
        ("P = '/a'\n@app.get(f'{P}/{{x}}')\ndef a(x): ...", "GET /a/{x}"),
        ("@app.get(settings.path)\ndef a(): ...", "GET  ?"),
        ("def a(): ...\napp.add_api_route('/a', a, methods=['PUT'])", "PUT /a"),
        ("async def a(ws): ...\napp.add_api_websocket_route('/w', a)", "WEBSOCKET /w"),
    ],
)
def test_fastapi(code: str, expected: str) -> None:
    assert routes({"main.py": FASTAPI + code + "\n"}) == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("@app.route('/a')\ndef a(): ...", "GET /a"),
        ("@app.route('/a/<int:x>', methods=('POST',))\ndef a(x): ...", "POST /a/<int:x>"),
        ("@app.patch('/a')\ndef a(): ...", "PATCH /a"),
        ("@app.route('/a', methods=METHODS)\ndef a(): ...", " /a"),
        ("def a(): ...\napp.add_url_rule('/a', view_func=a)", "GET /a"),
        ("def a(): ...\napp.add_url_rule('/a', 'name', a, methods=['POST'])", "POST /a"),
    ],
)
def test_flask(code: str, expected: str) -> None:
    assert routes({"main.py": FLASK + code + "\n"}) == [expected]


@pytest.mark.parametrize(
    "code",
    [
        "@app.middleware('http')\nasync def m(request, call_next): ...",
        "@app.exception_handler(404)\ndef h(request, error): ...",
        "@app.on_event('startup')\ndef start(): ...",
        "@app.errorhandler(404)\ndef h(error): ...",
        "@app.cli.command('init')\ndef init(): ...",
        "import requests\nrequests.get('/x')",
        "from unittest import mock\n@mock.patch('/x')\ndef test(): ...",
        "@cache.get('key')\ndef f(): ...",
        "@app.get\ndef f(): ...",
    ],
)
def test_what_is_no_route(code: str) -> None:
    assert routes({"main.py": FASTAPI + code + "\n"}) == []


def test_a_route_under_two_paths_is_two_routes() -> None:
    code = "@app.route('/')\n@app.route('/index')\ndef index(): ...\n"
    assert routes({"main.py": FLASK + code}) == ["GET /", "GET /index"]


def test_parameters_stand_as_they_are_written() -> None:
    code = "@app.post('/a')\nasync def a(item: Item, q: str | None = None, *, db=Depends(get_db)): ...\n"
    (route,) = service({"main.py": FASTAPI + code}).routes
    assert route.parameters == (
        Parameter("item", "Item"),
        Parameter("q", "str | None", "None"),
        Parameter("db", None, "Depends(get_db)"),
    )
    assert route.is_async
    assert (route.handler, route.place.line, route.owner) == ("a", 5, "app")


def test_prefixes_of_routers_add_up_over_modules() -> None:
    files = {
        "app/main.py": "from fastapi import FastAPI\nfrom app.api import api\napp = FastAPI()\napp.include_router(api, prefix='/api/v1')\n",
        "app/api.py": "from fastapi import APIRouter\nfrom . import users\nfrom .items import router as items\napi = APIRouter(prefix='/x')\napi.include_router(users.router, prefix='/users')\napi.include_router(items)\n",
        "app/users.py": "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/{id}')\ndef one(id): ...\n@router.get('')\ndef all(): ...\n",
        "app/items.py": "from fastapi import APIRouter\nrouter = APIRouter(prefix='/items')\n@router.post('/')\ndef new(): ...\n",
    }
    assert routes(files) == [
        "GET /api/v1/x/users",
        "GET /api/v1/x/users/{id}",
        "POST /api/v1/x/items/",
    ]


def test_an_unknown_prefix_is_said_to_be_unknown() -> None:
    files = {
        "main.py": "from fastapi import FastAPI, APIRouter\nfrom config import settings\napp = FastAPI()\nr = APIRouter(prefix='/items')\n@r.get('/a')\ndef a(): ...\napp.include_router(r, prefix=settings.PREFIX)\n",
        "config.py": "settings = None\n",
    }
    assert routes(files) == ["GET /items/a ?"]


def test_routers_that_a_loop_includes() -> None:
    source = """\
from fastapi import APIRouter, FastAPI
app = FastAPI()
a = APIRouter()
b = APIRouter(prefix="/b")
@a.get("/one")
def one(): ...
@b.get("/two")
def two(): ...
for router in [a, b]:
    app.include_router(router, prefix="/api")
"""
    assert routes({"main.py": source}) == ["GET /api/b/two", "GET /api/one"]


def test_a_router_that_a_function_makes() -> None:
    files = {
        "main.py": "from fastapi import FastAPI\nfrom users import make\napp = FastAPI()\napp.include_router(make(), prefix='/api')\n",
        "users.py": "from fastapi import APIRouter\ndef make():\n    router = APIRouter(prefix='/users')\n    @router.get('/me')\n    def me(): ...\n    return router\n",
    }
    assert routes(files) == ["GET /api/users/me"]


def test_blueprints_in_a_factory() -> None:
    files = {
        "shop/__init__.py": """\
from flask import Flask
def create_app():
    app = Flask(__name__)
    from shop.auth import bp
    from shop.items import bp as items
    app.register_blueprint(bp)
    app.register_blueprint(items, url_prefix="/v2")
    @app.route("/health")
    def health(): ...
    return app
""",
        "shop/auth.py": "from flask import Blueprint\nbp = Blueprint('auth', __name__, url_prefix='/auth')\n@bp.route('/login', methods=['POST'])\ndef login(): ...\n",
        "shop/items.py": "from flask import Blueprint\nbp = Blueprint('items', __name__, url_prefix='/items')\n@bp.get('/')\ndef all(): ...\n",
    }
    assert routes(files) == ["GET /health", "GET /v2/", "POST /auth/login"]


def test_a_function_that_takes_the_app_registers_routes() -> None:
    files = {
        "app.py": FLASK + "import routes.words\nroutes.words.load(app)\n",
        "routes/words.py": "def load(app):\n    @app.route('/words')\n    def words(): ...\n",
    }
    assert routes(files) == ["GET /words"]


def test_class_based_views() -> None:
    source = FLASK + """\
from flask.views import MethodView
class Items(MethodView):
    def get(self, id): ...
    def post(self): ...
    def helper(self): ...
app.add_url_rule("/items", view_func=Items.as_view("items"))
"""
    found = service({"main.py": source})
    assert [(r.methods, r.path, r.handler) for r in found.routes] == [
        (("GET",), "/items", "Items.get"),
        (("POST",), "/items", "Items.post"),
    ]
    assert found.routes[0].parameters == (Parameter("id"),)


def test_flask_restful_resources_of_another_module() -> None:
    files = {
        "app.py": FLASK
        + "from flask_restful import Api\nfrom resources import Todo\napi = Api(app, prefix='/api')\napi.add_resource(Todo, '/todos', '/todos/<int:id>')\n",
        "resources.py": "from flask_restful import Resource\nclass Todo(Resource):\n    def get(self): ...\n",
    }
    assert routes(files) == ["GET /api/todos", "GET /api/todos/<int:id>"]


def test_flask_classful_goes_by_the_names_of_functions() -> None:
    files = {
        "app.py": FLASK + "from views import api\napp.register_blueprint(api, url_prefix='/api')\n",
        "views.py": "from flask import Blueprint\nfrom flask_classful import FlaskView, route\napi = Blueprint('api', __name__)\n"
        "class NotesView(FlaskView):\n"
        "    def index(self): ...\n"
        "    def get(self, key): ...\n"
        "    def post(self): ...\n"
        "    def recent(self): ...\n"
        "    @route('/star/<key>', methods=['POST'])\n    def star(self, key): ...\n"
        "    def before_request(self, name): ...\n"
        "    def _stored(self): ...\n"
        "class Plain:\n    def get(self): ...\n"
        "NotesView.register(api)\nPlain.register(api)\n",
    }
    assert sorted(routes(files)) == [
        "GET /api/notes/",
        "GET /api/notes/<key>",
        "GET /api/notes/recent/",
        "POST /api/notes/",
        "POST /api/notes/star/<key>",
    ]


def test_flask_classful_is_told_where_its_routes_begin() -> None:
    code = (
        "from flask_classful import FlaskView\nclass NotesView(FlaskView):\n    def index(self): ...\n"
        "NotesView.register(app, route_base='/memos', route_prefix='/v1')\n"
    )
    assert routes({"main.py": FLASK + code}) == ["GET /v1/memos/"]


def test_flask_restx_namespaces() -> None:
    files = {
        "app.py": FLASK
        + "from flask_restx import Api\nfrom todo import ns\napi = Api(app)\napi.add_namespace(ns, path='/v1/todo')\n",
        "todo.py": "from flask_restx import Namespace, Resource\nns = Namespace('todo')\n@ns.route('/')\nclass Todos(Resource):\n    def get(self): ...\n",
    }
    assert routes(files) == ["GET /v1/todo/"]


def test_starlette_lists_its_routes() -> None:
    source = """\
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
async def home(request): ...
async def live(socket): ...
app = Starlette(routes=[
    Route("/", home),
    Mount("/api", routes=[Route("/items", home, methods=["POST"]), WebSocketRoute("/live", live)]),
])
"""
    assert routes({"main.py": source}) == ["GET /", "POST /api/items", "WEBSOCKET /api/live"]


def test_routes_of_files_that_the_app_does_not_import_are_none_of_its_own() -> None:
    files = {
        "main.py": FASTAPI,
        "old.py": "from fastapi import APIRouter\nr = APIRouter()\n@r.get('/old')\ndef old(): ...\n",
    }
    assert routes(files) == []
