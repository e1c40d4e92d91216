"""What an import names, and where the project defines what an expression means."""

from __future__ import annotations

import ast

import pytest

from buttress.project.modules import OwnModules
from buttress.source import Tree

FILES = {
    "app/__init__.py": "from app.models import Order as Order\n",
    "app/models.py": "class Order: ...\n",
    "app/mail.py": "def send(): ...\n",
    "app/main.py": (
        "import json\n"
        "import app.mail\n"
        "from app import Order\n"
        "from . import models\n"
        "from .mail import send as post\n"
        "\n\ndef home(): ...\n"
    ),
}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("home", ("app/main.py", "home")),
        ("ItemView.get", ("app/main.py", "ItemView.get")),
        ("post", ("app/mail.py", "send")),
        ("app.mail.send", ("app/mail.py", "send")),
        ("models", ("app/models.py", "")),
        ("models.Order", ("app/models.py", "Order")),
        ("models.Order.total", ("app/models.py", "Order.total")),
        # passed on by the package
        ("Order", ("app/models.py", "Order")),
        ("json.dumps", None),
        ("print", None),
        ("home()", None),
        ("home().value", None),
    ],
)
def test_where_an_expression_is_defined(written: str, place: tuple[str, str] | None) -> None:
    tree = Tree.of({**FILES, "app/main.py": f"{FILES['app/main.py']}\n\n{written}\n"})
    module = tree.module("app/main.py")
    statement = module.tree.body[-1]
    assert isinstance(statement, ast.Expr)

    assert OwnModules(tree).defined_at(module, statement.value, "") == place


def test_the_standard_library_comes_before_a_file_beside_the_importer() -> None:
    tree = Tree.of({"app/main.py": "import logging\n", "app/logging.py": ""})
    modules = OwnModules(tree)

    assert modules.locate("logging", "app/main.py", "") is None
    assert modules.locate("logging", "app/main.py", "app") == "app/logging.py"


def test_names_that_pass_each_other_on_come_to_an_end() -> None:
    tree = Tree.of({"one.py": "from two import name\n", "two.py": "from one import name\n"})
    module = tree.module("one.py")

    assert OwnModules(tree).symbol("two.name", module.path, "") in {
        ("one.py", "name"),
        ("two.py", "name"),
    }


def test_a_package_that_names_a_class_like_the_module_it_is_from() -> None:
    tree = Tree.of(
        {
            "models/__init__.py": "from models.Order.order import Order\nfrom . import user\n",
            "models/Order/__init__.py": "",
            "models/Order/order.py": "class Order: ...\n",
            "models/user.py": "class User: ...\n",
            "views.py": "",
        }
    )
    modules = OwnModules(tree)

    assert modules.symbol("models.Order.total", "views.py", "") == (
        "models/Order/order.py",
        "Order.total",
    )
    assert modules.symbol("models.user.User", "views.py", "") == ("models/user.py", "User")


def test_a_package_that_names_a_function_like_its_module() -> None:
    tree = Tree.of(
        {"tools/__init__.py": "from tools.send import send\n", "tools/send.py": "def send(): ...\n"}
    )

    assert OwnModules(tree).symbol("tools.send", "views.py", "") == ("tools/send.py", "send")
