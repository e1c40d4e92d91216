"""What counts as a source: what clients send, in each framework, and whatever else is named."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.taint import REQUESTS, Kind, Sources, flows
from buttress.project import inspect_project
from buttress.source import Module, Modules, Tree


def lines(files: dict[str, str], sources: Sources | None = None) -> list[str]:
    """Return the places of the sinks that are reached, with the label of the source."""
    project = inspect_project(Tree.of(files))
    service = project.services[0]
    modules = Modules(project.tree.modules())
    found = flows(project, service, modules, sources or REQUESTS)
    return [f"{flow.module.path}:{flow.node.lineno} {flow.label}" for flow in found]


def fastapi(parameters: str, argument: str, path: str = "/x") -> list[str]:
    text = (
        "import os\nfrom typing import Annotated\nfrom uuid import UUID\n"
        "from fastapi import Depends, FastAPI, Query, Request, UploadFile\nfrom pydantic import BaseModel\n\n"
        "app = FastAPI()\n\nclass Item(BaseModel):\n    name: str\n    count: int\n    tags: list[str]\n\n"
        f'@app.post("{path}")\nasync def view({parameters}):\n    os.system({argument})\n'
    )
    return lines({"main.py": text})


@pytest.mark.parametrize(
    ("parameters", "argument"),
    [
        ("name: str", "name"),
        ("name", "name"),
        ("name: str | None = None", "name"),
        ("name: Annotated[str, Query(max_length=9)]", "name"),
        ("name: str = Query(...)", "name"),
        ("item: Item", "item.name"),
        ("item: Item", "item.tags[0]"),
        ("items: list[Item]", "items[0].name"),
        ("body: dict", "body['a']"),
        ("file: UploadFile", "file.filename"),
        ("request: Request", "request.query_params['a']"),
        ("request: Request", "(await request.json())['a']"),
        ("request: Request", "request.headers.get('x')"),
    ],
)
def test_parameters_that_clients_fill(parameters: str, argument: str) -> None:
    assert fastapi(parameters, argument) == ["main.py:16 client"]


@pytest.mark.parametrize(
    ("parameters", "argument"),
    [
        ("number: int", "number"),
        ("number: UUID", "str(number)"),
        ("number: Annotated[int, Query()]", "f'ls {number}'"),
        ("item: Item", "item.count"),
        ("user=Depends(current)", "user"),
        ("user: Annotated[str, Depends(current)]", "user"),
        ("request: Request", "request.method"),
        ("request: Request", "request.app.state.command"),
    ],
)
def test_parameters_that_they_do_not(parameters: str, argument: str) -> None:
    assert fastapi(parameters, argument) == []


def django(view: str) -> list[str]:
    return lines(
        {
            "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
            "web/settings.py": "ROOT_URLCONF = 'web.urls'\nINSTALLED_APPS = []\nSECRET_KEY = 'x'\n",
            "web/urls.py": (
                "from django.urls import path\nfrom web.views import view\n"
                "urlpatterns = [path('x/<int:number>/<str:name>/', view)]\n"
            ),
            "web/views.py": f"import os\n\n\n{view}",
        }
    )


@pytest.mark.parametrize(
    "argument",
    ["request.GET['a']", "request.POST.get('a')", "request.COOKIES['a']", "request.META['HTTP_X']",
     "request.FILES['f'].name", "request.body.decode()", "request.headers['X']", "name"],
)  # fmt: skip
def test_requests_of_django(argument: str) -> None:
    found = django(f"def view(request, number, name):\n    os.system({argument})\n")
    assert found == ["web/views.py:5 client"]


@pytest.mark.parametrize("argument", ["number", "request.user.id", "request.method"])
def test_what_django_has_looked_at(argument: str) -> None:
    assert django(f"def view(request, number, name):\n    os.system({argument})\n") == []


def test_a_part_of_the_path_holds_no_slash() -> None:
    text = (
        "from flask import Flask\n\napp = Flask(__name__)\n\n"
        '@app.get("/a/<name>")\ndef one(name):\n    return {"a": open(name).read()}\n\n'
        '@app.get("/b/<path:name>")\ndef two(name):\n    return {"a": open(name).read()}\n'
    )
    assert lines({"app.py": text}) == ["app.py:11 client"]


def is_answer(module: Module, node: ast.expr, what: str) -> bool:
    return what.endswith(".ask()")


ANSWERS = Sources("model", hints=("model",), expression=is_answer)


def test_sources_of_ones_own() -> None:
    text = (
        "import os\nimport model\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n\n"
        "def run(question):\n"
        "    answer = model.Client().ask(question)\n"
        "    os.system(question)\n"
        "    os.system(answer.text)\n"
        "    os.system(f'ls {answer[0]}')\n"
    )
    assert lines({"main.py": text}, ANSWERS) == ["main.py:11 model", "main.py:12 model"]


def test_a_flow_names_the_sink_and_the_source() -> None:
    text = (
        "from fastapi import FastAPI, Request\nfrom fastapi.responses import RedirectResponse\n\n"
        "app = FastAPI()\n\n\n"
        '@app.get("/x")\ndef go(request: Request):\n'
        '    target = request.query_params["to"]\n'
        "    return RedirectResponse(target)\n"
    )
    project = inspect_project(Tree.of({"main.py": text}))
    (flow,) = flows(project, project.services[0], Modules(project.tree.modules()))
    module, source = flow.source
    assert flow.kind is Kind.REDIRECT
    assert flow.module.source(flow.node) == "RedirectResponse(target)"
    assert module.source(source) == 'request.query_params["to"]'


def test_a_function_too_large_to_follow_is_left_in_the_middle() -> None:
    steps = "".join(f"    y = y + '{number}'\n" for number in range(9000))
    text = (
        "import os\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n"
        '@app.post("/x")\ndef view():\n    y = request.form["x"]\n    os.system(y)\n'
        f"{steps}    os.system(y)\n"
    )
    assert lines({"app.py": text}) == ["app.py:9 client"]


@pytest.mark.parametrize(
    "body",
    [
        "y = [x]\n" + "y = y + y\n" * 60 + "os.system(y[0])",
        "y = [x]\n" + "y.extend(y)\n" * 60 + "os.system(y[0])",
        "y = {'a': x}\n" + "y = {'a': y, 'b': y, **y}\n" * 60 + "os.system(str(y))",
        "y = 99\n" + "y = y * y\n" * 60 + "os.system(x)",
        "y = 'a b'.split()\n" + "y = y + y\n" * 60 + "os.system(x)",
        "y = 'aa'\n" + "y = y.replace('a', y)\n" * 60 + "os.system(x)",
        "y = x\n" + "y = ','.join([y, y])\n" * 60 + "os.system(y)",
        "y = 'a' * 9 ** 9\nos.system(x)",
    ],
    ids=["lists", "extended", "mappings", "numbers", "words", "replaced", "joined", "repeated"],
)
def test_values_that_double_stay_small(body: str) -> None:
    text = "import os\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n"
    text += '@app.post("/x")\ndef view():\n    x = request.form["x"]\n'
    text += "".join(f"    {line}\n" for line in body.splitlines())
    assert len(lines({"app.py": text})) == 1


def test_what_one_source_reached_is_not_taken_for_what_the_next_one_does() -> None:
    text = (
        "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get('/')\ndef view():\n"
    )
    project = inspect_project(Tree.of({"main.py": f"{text}    os.system(answer())\n"}))
    service, modules = project.services[0], Modules(project.tree.modules())

    def is_answer(module: Module, node: ast.expr, what: str) -> bool:
        return isinstance(node, ast.Call) and ast.unparse(node.func) == "answer"

    for label in ("first", "second", "third"):
        sources = Sources(label, ("answer",), expression=is_answer)
        found = flows(project, service, modules, sources)
        assert [flow.label for flow in found] == [label]
