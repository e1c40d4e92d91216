"""Which functions of the project a call enters, those of objects among them."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.receivers import entered
from buttress.project import inspect_project
from buttress.project.modules import own_modules
from buttress.source import Tree

USERS = (
    "class Users:\n    def add(self, data):\n        return data\n\n\n"
    "class Guests:\n    def add(self, data):\n        return None\n\n\nusers = Users()\n"
)


def names(text: str) -> list[str]:
    """Return what the last call of ``handler`` enters."""
    files = {"main.py": f"from fastapi import FastAPI\n\napp = FastAPI()\n{text}", "shop.py": USERS}
    tree = Tree.of(files)
    service = inspect_project(tree).services[0]
    module = tree.module("main.py")
    function = next(f for f in module.nodes(ast.FunctionDef) if f.name == "handler")
    call = next(c for c in module.inside(function) if isinstance(c, ast.Call))
    found = entered(own_modules(tree), service, module, function, call)
    return [other.symbol(item) for other, item in found]


@pytest.mark.parametrize(
    "text",
    [
        "from shop import Users\n\n\ndef handler(store: Users):\n    store.add(1)\n",
        "from shop import users\n\n\ndef handler():\n    users.add(1)\n",
        "from shop import Users\n\nstore = Users()\n\n\ndef handler():\n    store.add(1)\n",
        "from shop import Users\n\n\ndef handler():\n    Users().add(1)\n",
    ],
)
def test_the_class_of_an_object_is_known(text: str) -> None:
    assert names(text) == ["Users.add"]


@pytest.mark.parametrize(
    "text",
    [
        "from shop import users\n\n\ndef handler(users):\n    users.add(1)\n",
        "def handler(store):\n    store.add(1)\n",
        "def handler():\n    things = make()\n    things.add(1)\n",
    ],
)
def test_what_nobody_names_is_not_guessed(text: str) -> None:
    assert names(text.replace("make()", "{}")) == []
