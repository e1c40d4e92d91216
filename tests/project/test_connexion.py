"""Connexion keeps its routes in an OpenAPI document."""

from tests.project.trees import routes, service

CONFIG = """\
import connexion

outer = connexion.App(__name__, specification_dir="./specs")
outer.add_api("api.yml")
"""
FILES = {
    "config.py": CONFIG,
    "app.py": "from config import outer\nouter.run(port=5000)\n",
    "specs/api.yml": """\
openapi: 3.0.1
servers:
  - url: http://localhost:5000/v1
components:
  securitySchemes:
    bearer:
      x-bearerInfoFunc: models.user.decode
paths:
  /users/{name}:
    get:
      operationId: api.users.one
    delete:
      x-openapi-router-controller: api.users
      operationId: drop
    parameters: []
  /gone:
    get:
      operationId: nowhere.at.all
""",
    "api/users.py": "def one(name): ...\ndef drop(name): ...\n",
    "models/user.py": "",
    "other.py": "",
}


def test_routes() -> None:
    assert routes(FILES) == ["DELETE /v1/users/{name}", "GET /v1/gone", "GET /v1/users/{name}"]
    by_handler = {route.handler: route.place for route in service(FILES).routes}
    assert str(by_handler["one"]) == "api/users.py:1"
    assert str(by_handler["nowhere.at.all"]) == "specs/api.yml:17"


def test_handlers_belong_to_the_app() -> None:
    assert service(FILES).reachable == {"config.py", "app.py", "api/users.py", "models/user.py"}


def test_a_damaged_document_has_no_routes() -> None:
    assert routes({**FILES, "specs/api.yml": "paths: [\n"}) == []
