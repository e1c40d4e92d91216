"""Which functions are worth looking at."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.taint.danger import dangers
from buttress.analysis.taint.definitions import Definitions
from buttress.analysis.taint.templates import templates_of
from buttress.project import inspect_project
from buttress.source import Modules, Tree

APP = "from flask import Flask, redirect, render_template, request, url_for\nimport os, requests\n\napp = Flask(__name__)\n\n"


def dangerous(text: str, **others: str) -> list[str]:
    """Return the names of the functions, and the files whose top, may reach a sink."""
    files = {
        "app.py": APP + text,
        **{path.replace("__", "."): other for path, other in others.items()},
    }
    project = inspect_project(Tree.of(files))
    modules = Modules(project.tree.modules())
    definitions = Definitions(project, modules, project.services[0].import_root)
    found = dangers(modules, definitions, templates_of(project.tree)).functions
    names = [node.name for node in found if isinstance(node, ast.FunctionDef)]
    tops = [module.path for module in modules if module.tree in found]
    return sorted([*names, *tops])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def run(a):\n    os.system(a)\n", ["run"]),
        ("from os import system as shell\n\ndef run(a):\n    shell(a)\n", ["run"]),
        ("def run(db, a):\n    db.execute(f'SELECT {a}')\n", ["run"]),
        ("def run(a):\n    with requests.Session() as s:\n        s.get(a)\n", ["run"]),
        ("def run(a):\n    (a / 'x').read_text()\n", ["run"]),
        ("import pymongo\n\ndef run(db, a):\n    db.users.find_one({'a': a})\n", ["run"]),
        ("import pymongo\n\ndef run(db, a):\n    db.users.find_one({'a': 1})\n", []),
        ("def run(db, a):\n    db.users.find_one({'a': a})\n", []),
        ("def run(a):\n    os.system(a)\n\ndef view(b):\n    run(b)\n", ["run", "view"]),
        ("class Shell:\n    def run_it(self, a):\n        os.system(a)\n\ndef view(s, b):\n    s.run_it(b)\n", ["run_it", "view"]),
        ("def outer(a):\n    def inner():\n        os.system(a)\n    inner()\n", ["inner", "outer"]),
        ("name = input()\nos.system(name)\n", ["app.py"]),
    ],
)  # fmt: skip
def test_what_leads_to_a_sink(text: str, expected: list[str]) -> None:
    assert dangerous(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "def run():\n    os.system('ls')\n",
        "def run(db, a):\n    db.execute('SELECT ?', (a,))\n",
        "def run(router, a):\n    router.get('/x', a)\n",
        "def view():\n    return redirect(url_for('index'))\n",
        "def view(a):\n    return render_template('a.html', a=a)\n",
        "@app.post('/x')\ndef view():\n    return ''\n\nclass Client:\n    def post(self, a):\n        return a\n",
    ],
)
def test_what_leads_to_none(text: str) -> None:
    assert dangerous(text) == []


def test_a_function_that_is_given_nothing_is_left_to_itself() -> None:
    text = "def run():\n    os.system(request.args['a'])\n\ndef view():\n    run()\n"
    assert dangerous(text) == ["run"]


def test_functions_are_followed_through_imports_and_not_by_name_alone() -> None:
    text = "import other\nfrom tools import start\n\ndef one(a):\n    start(a)\n\ndef two(a):\n    other.start(a)\n"
    tools = "import os\n\ndef start(a):\n    os.system(a)\n"
    other = "def start(a):\n    return a\n"
    assert dangerous(text, tools__py=tools, other__py=other) == ["one", "start"]


def test_a_page_counts_whose_template_escapes_nothing() -> None:
    page = {"templates/a__html": "{{ a | safe }}"}
    text = "def view(a):\n    return render_template('a.html', a=a)\n"
    assert dangerous(text, **page) == ["view"]
