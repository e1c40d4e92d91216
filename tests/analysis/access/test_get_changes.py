"""Requests that only ask, and change what the app keeps all the same."""

from __future__ import annotations

import pytest

from buttress.analysis.access.endpoints import endpoints
from buttress.analysis.access.get_changes import changes_when_asked
from buttress.project import inspect_project
from buttress.source import Tree

START = (
    "from flask import Flask, request\nfrom models import Note, db\n\napp = Flask(__name__)\n\n\n"
)
MODELS = (
    "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n\n\n"
    "class Note(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
)


def changes(route: str, *body: str) -> bool:
    """Tell whether a handler with this line of its route, and this body, changes anything when asked."""
    text = START + route + "\n" + "".join(f"    {line}\n" for line in body)
    project = inspect_project(Tree.of({"app.py": text, "models.py": MODELS}))
    service = project.services[0]
    (endpoint,) = endpoints(project, service)
    return changes_when_asked(project, service, endpoint)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ('@app.get("/fill")\ndef fill():', ["db.drop_all()", "return ''"]),
        ('@app.get("/new")\ndef new():', ["Note.query.delete()", "return ''"]),
        ('@app.get("/x")\ndef x():', ["db.session.execute('DROP TABLE notes')", "return ''"]),
        (
            '@app.get("/pin/<int:key>")\ndef pin(key):',
            ["note = Note.query.get(key)", "note.is_pinned = True", "db.session.commit()"],
        ),
        (
            '@app.get("/title/<int:key>/<title>")\ndef named(key, title):',
            ["note = Note.query.get(key)", "note.title = title", "db.session.commit()"],
        ),
    ],
)
def test_a_change_is_proven(route: str, body: list[str]) -> None:
    assert changes(route, *body)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        # another method changes things, too
        ('@app.route("/fill", methods=["GET", "POST"])\ndef fill():', ["db.drop_all()"]),
        # nothing says so, and the address does not decide it
        (
            '@app.get("/n/<int:key>")\ndef n(key):',
            ["note = Note.query.get(key)", "note.is_old = True", "db.session.commit()"],
        ),
        # it is called a change, and shows a page
        ('@app.get("/edit/<int:key>")\ndef edit(key):', ["return str(Note.query.get(key))"]),
        # somebody was here
        (
            '@app.get("/move/<int:key>")\ndef move(key):',
            ["note = Note.query.get(key)", "note.views += 1", "db.session.commit()"],
        ),
        # made when it is first needed
        (
            '@app.get("/of/<name>")\ndef of(name):',
            ["note = Note()", "note.name = name", "db.session.add(note)", "db.session.commit()"],
        ),
        # the link of a mail
        (
            '@app.get("/approve/<token>")\ndef approve(token):',
            ["note = Note.of(token)", "note.is_public = True", "db.session.commit()"],
        ),
        # nothing is stored
        (
            '@app.get("/move/<int:key>")\ndef move(key):',
            ["state = current()", "state.place = key", "state.seen.update(a=1)", "return ''"],
        ),
        # a condition, so not all of it
        (
            '@app.get("/x")\ndef x():',
            ["db.session.execute('DELETE FROM notes WHERE old < 1')", "return ''"],
        ),
    ],
)
def test_what_happens_by_the_way_is_no_change(route: str, body: list[str]) -> None:
    assert not changes(route, *body)
