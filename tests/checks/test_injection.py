"""What a client sends must not become code; what the code itself wrote may."""

from __future__ import annotations

import pytest
from tests.checks.running import FASTAPI, FLASK, places

CONSTANTS = "TABLES = ['users', 'orders']\nSORTABLE = {'name': 'u.name'}\n"


def handler(body: str, parameters: str = "name: str") -> dict[str, str]:
    text = FASTAPI + CONSTANTS + f'\n\n@app.get("/x")\ndef x({parameters}):\n'
    return {"main.py": text + "".join(f"    {line}\n" for line in body.splitlines())}


def function(body: str, parameters: str = "name") -> dict[str, str]:
    text = FASTAPI + CONSTANTS + f"\n\ndef find({parameters}):\n"
    return {"main.py": text + "".join(f"    {line}\n" for line in body.splitlines())}


@pytest.mark.parametrize(
    "files",
    [
        handler("db.execute(f\"SELECT * FROM users WHERE name = '{name}'\")"),
        handler("db.execute('SELECT * FROM users WHERE id = ' + name)"),
        handler("q = \"SELECT * FROM users WHERE name = '%s'\" % name\ndb.execute(q)"),
        handler("db.execute('SELECT * FROM users ORDER BY {}'.format(name))"),
        handler("db.execute(name)"),
        handler("value = name.strip()\ndb.execute(f'DELETE FROM users WHERE name = {value}')"),
        function("db.execute(f\"SELECT * FROM users WHERE name = '{name}'\")"),
        function(
            "db.execute(f\"SELECT * FROM users WHERE name LIKE '%{name}%'\")", "self, name: str"
        ),
    ],
    ids=["f-string", "plus", "percent", "identifier", "verbatim", "kept", "of a function", "like"],
)
def test_values_in_statements(files: dict[str, str]) -> None:
    assert len(places("SEC-SQL-INJECTION", files)) == 1


@pytest.mark.parametrize(
    "files",
    [
        handler("db.execute('SELECT * FROM users WHERE name = ?', (name,))"),
        handler("db.execute(f'SELECT * FROM users WHERE id = {name}')", "name: int"),
        handler("for table in TABLES:\n    db.execute(f'DELETE FROM {table}')"),
        handler("if name not in ('a', 'b'):\n    name = 'a'\ndb.execute(f'SELECT * FROM u ORDER BY {name}')"),
        handler("column = SORTABLE.get(name, 'id')\ndb.execute(f'SELECT * FROM u ORDER BY {column}')"),
        handler("order = 'DESC' if name == 'desc' else 'ASC'\ndb.execute(f'SELECT * FROM u ORDER BY id {order}')"),
        handler("marks = ','.join('?' for _ in names)\ndb.execute(f'SELECT * FROM u WHERE id IN ({marks})', names)"),
        handler(
            "where = []\nif name:\n    where.append('name = ?')\n"
            "db.execute(f\"SELECT * FROM u WHERE {' AND '.join(where)}\", (name,))"
        ),
        handler("db.execute(f'SELECT * FROM u LIMIT {int(name)}')"),
        function("fields = ', '.join(f'{k} = ?' for k in data)\ndb.execute(f'UPDATE u SET {fields} WHERE id = ?', v)", "data"),
        function("return db.execute(query, params)", "query, params"),
        handler("log.info(f'SELECT {name}')"),
        handler("runner.execute(f'job {name}')"),
    ],
    ids=[
        "bound", "number", "constant list", "allow-list", "mapping", "choice", "placeholders", "fragments",
        "converted", "columns of a model", "wrapper", "log", "no statement",
    ],
)  # fmt: skip
def test_statements_that_are_fine(files: dict[str, str]) -> None:
    assert places("SEC-SQL-INJECTION", files) == []


@pytest.mark.parametrize(
    "body",
    [
        "eval(request.args['rule'])",
        "os.system('ping ' + request.args.get('host'))",
        "subprocess.run(f\"ping {request.form['host']}\", shell=True)",
        "render_template_string('<h1>%s</h1>' % request.args.get('name'))",
    ],
)
def test_input_that_is_run(body: str) -> None:
    imports = "import os, pickle, subprocess\nfrom flask import render_template_string\n"
    text = imports + FLASK + f'\n\n@app.get("/x")\ndef x():\n    {body}\n'
    assert len(places("SEC-CODE-EXEC", {"app.py": text})) == 1


@pytest.mark.parametrize(
    "body",
    [
        "eval('1 + 1')",
        "subprocess.run(['ping', request.args['host']])",
        "os.system('ping ' + shlex.quote(request.args['host']))",
        "pickle.loads(cache)",
        "eval(config.rule)",
    ],
)
def test_what_may_be_run(body: str) -> None:
    imports = "import os, pickle, shlex, subprocess\n"
    text = imports + FLASK + f'\n\n@app.get("/x")\ndef x():\n    {body}\n'
    assert places("SEC-CODE-EXEC", {"app.py": text}) == []


@pytest.mark.parametrize(
    "options", ["options={'verify_signature': False}", "verify=False", "algorithms=['none']"]
)
def test_tokens_that_nobody_verifies(options: str) -> None:
    text = f"import jwt\n{FASTAPI}\n\ndef user(token):\n    return jwt.decode(token, {options})\n"
    assert len(places("SEC-JWT-UNVERIFIED", {"main.py": text})) == 1


@pytest.mark.parametrize(
    "body",
    [
        "return jwt.decode(token, KEY, algorithms=[settings.algorithm])",
        "return jwt.decode(token, KEY, options=options)",
        "kid = jwt.decode(token, options={'verify_signature': False})['kid']\n    return jwt.decode(token, keys[kid], algorithms=['RS256'])",
    ],
)
def test_tokens_that_are_verified(body: str) -> None:
    text = f"import jwt\n{FASTAPI}\n\ndef user(token):\n    {body}\n"
    assert places("SEC-JWT-UNVERIFIED", {"main.py": text}) == []
