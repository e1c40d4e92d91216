"""What speaks to a database is told by what it is called on and by what it is asked."""

from __future__ import annotations

import pytest

from buttress.analysis.database.calls import database_calls
from buttress.project import inspect_project
from buttress.source import Tree

HEAD = (
    "from fastapi import FastAPI\nfrom sqlalchemy import select, text, update\n\napp = FastAPI()\n"
)


def acts(code: str, head: str = HEAD) -> list[str]:
    project = inspect_project(Tree.of({"main.py": head + code}))
    module = project.tree.module("main.py")
    return [str(call.act) for call in database_calls(module, project.services[0])]


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("db.query(User).filter(User.id == 1).first()", "read"),
        ("db.query(User).filter(User.id == 1).delete()", "write"),
        ("session.execute(select(User).where(User.id == 1)).scalars().all()", "read"),
        ("session.execute(update(User).values(name='a'))", "write"),
        ("session.execute(text('SELECT 1'))", "read"),
        ("self.session.get(User, 1)", "read"),
        ("self.db.add(user)", "write"),
        ("cursor.execute('  select a from b')", "read"),
        ("cursor.execute(f'INSERT INTO a VALUES ({b})')", "write"),
        ("cursor.execute(statement)", "run"),
        ("User.query.filter_by(id=1).all()", "read"),
        ("Order.objects.filter(a=1).update(b=2)", "write"),
        ("db.session.commit()", "commit"),
        ("conn.rollback()", "rollback"),
    ],
)
def test_calls_of_databases(code: str, act: str) -> None:
    assert acts(code + "\n") == [act]


@pytest.mark.parametrize(
    "code",
    [
        "import requests\nsession = requests.Session()\nsession.get(url)\nsession.delete(url)\n",
        "from flask import session\nsession.get('user')\n",
        "tree.find('a').text\nqueue.get(item)\n",
        "names = {}\nnames.get(User, 1)\n",
        "executor.execute(task)\nservice.update_one(slug, recipe)\n",
        "factory()()\nhandlers['a'](b)\n",
    ],
)
def test_calls_that_speak_to_no_database(code: str) -> None:
    assert acts(code) == []


def test_a_statement_is_followed_to_what_it_was_given() -> None:
    code = "def load(db):\n    statement = select(User)\n    return db.execute(statement).all()\n"
    assert acts(code) == ["read"]


def test_a_cursor_is_known_by_what_made_it() -> None:
    code = "def load(db):\n    c = db.cursor()\n    c.execute('SELECT 1')\n"
    assert acts(code) == ["read"]


def test_a_file_is_read_with_the_libraries_of_the_service_that_asks() -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n"
    project = inspect_project(
        Tree.of(
            {
                "a/main.py": app + "import tortoise\nUser.filter(id=1)\n",
                "a/requirements.txt": "fastapi\ntortoise-orm\n",
                "b/main.py": app,
                "b/requirements.txt": "fastapi\n",
            }
        )
    )
    module = project.tree.module("a/main.py")
    by_root = {service.root: service for service in project.services}

    assert database_calls(module, by_root["b"]) == ()
    assert [str(call.act) for call in database_calls(module, by_root["a"])] == ["read"]
