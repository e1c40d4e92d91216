"""Which column of a table an expression holds."""

import ast

import pytest

from buttress.analysis.requests.row_columns import RowColumns
from buttress.project.modules import own_modules
from buttress.source import Tree

TABLES = {"notes": ("id", "author", "body"), "marks": ("id", "colour")}
READING = """
def read(query, values=()):
    cursor = connect().cursor()
    cursor.execute(query, values)
    return cursor.fetchall()


def newest():
    return read("SELECT body, author FROM notes LIMIT 5")


def either(flag):
    if flag:
        return read("SELECT body FROM notes")
    return read("SELECT colour FROM marks")
"""


def column(code: str) -> str:
    """Return the column that ``shown`` is given in a function."""
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    files = {"app.py": f"from reading import *\n\n\ndef view(db):\n{lines}", "reading.py": READING}
    tree = Tree.of(files)
    module = tree.module("app.py")
    shown = next(call for call in module.nodes(ast.Call) if module.source(call.func) == "shown")
    return RowColumns(own_modules(tree), "", TABLES).of(module, shown.args[0])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("shown(db.execute('SELECT * FROM notes').fetchone()[2])", "body"),
        ("shown(db.execute('SELECT * FROM notes').fetchall()[0][1])", "author"),
        ("shown(db.execute('SELECT body, id FROM notes').fetchone()[0])", "body"),
        ("shown(db.execute('SELECT body, id FROM notes').fetchone()['id'])", "id"),
        ("shown(db.execute('SELECT n.body AS text FROM notes n').fetchone()[0])", "body"),
        ("shown(db.execute('SELECT COUNT(id), body FROM notes').fetchone()[1])", "body"),
        ("for row in db.execute('SELECT body FROM notes'):\n    shown(row[0])", "body"),
        ("[shown(row[0]) for row in read('SELECT body FROM notes')]", "body"),
        ("row = read('SELECT * FROM notes')[0]\nshown(row[2])", "body"),
        ("for row in newest():\n    shown(row[1])", "author"),
        ("cursor.execute('SELECT id FROM notes')\nrow = cursor.fetchone()\nshown(row[0])", "id"),
        ("query = 'SELECT body FROM notes'\nshown(db.execute(query).fetchone()[0])", "body"),
        ("note = load()\nshown(note.body)", "body"),
        # nothing that can be told
        ("shown(db.execute('SELECT COUNT(id) FROM notes').fetchone()[0])", ""),
        ("shown(db.execute('SELECT * FROM others').fetchone()[0])", ""),
        ("shown(db.execute('SELECT * FROM notes JOIN marks').fetchone()[2])", ""),
        ("shown(db.execute('SELECT * FROM notes').fetchone()[9])", ""),
        ("shown(db.execute('SELECT * FROM notes').fetchone())", ""),
        ("for row in either(True):\n    shown(row[0])", ""),
        ("row = row[0]\nshown(row[1])", ""),
        ("shown(parts[2])", ""),
        ("shown('a b c'.split()[2])", ""),
    ],
)
def test_columns(code: str, expected: str) -> None:
    assert column(code) == expected
