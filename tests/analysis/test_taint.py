"""Untrusted values reach sinks through everything that passes them on, and through nothing else.

Each example is the body of a view; ``shell(...)`` stands for a sink. The result is what its calls are given.
"""

from __future__ import annotations

import pytest

from buttress.analysis.taint import flows
from buttress.project import inspect_project
from buttress.source import Modules, Tree

HEAD = """
import base64, configparser, html, io, json, os, re, shlex, urllib.parse
from flask import Flask, request
from os import system as shell

app = Flask(__name__)
ALLOWED = ("a", "b")
"""


def reached(body: str, more: str = "") -> list[str]:
    """Return the arguments of ``shell`` that a client decides on, as written."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    text = f'{HEAD}{more}\n\n@app.post("/x")\ndef view():\n    x = request.form["x"]\n{lines}'
    project = inspect_project(Tree.of({"app.py": text}))
    found = flows(project, project.services[0], Modules(project.tree.modules()))
    return [flow.module.source(flow.argument) for flow in found if flow.kind == "shell"]


@pytest.mark.parametrize(
    "body",
    [
        "shell(x)",
        "shell('ls ' + x)",
        "shell(f'ls {x}')",
        "shell('ls %s' % x)",
        "shell('ls %s %s' % ('-l', x))",
        "shell('ls {}'.format(x))",
        "shell('ls {name}'.format(name=x))",
        "shell(' '.join(['ls', x]))",
        "shell(' '.join(part for part in [x]))",
        "shell(x.strip().lower().replace('a', 'b'))",
        "shell(x[2:])",
        "shell(x.split(' ')[0])",
        "shell(x.encode().decode())",
        "shell(base64.b64decode(base64.b64encode(x.encode())).decode())",
        "shell(urllib.parse.unquote(x))",
        "shell(json.loads(x)['name'])",
        "shell(str(x))",
        "y = ''\ny += x\nshell(y)",
        "a, b = 'ls', x\nshell(b)",
        "y = x if os.name == 'nt' else 'ls'\nshell(y)",
        "y = x or 'ls'\nshell(y)",
        "if (y := x):\n    shell(y)",
        "try:\n    y = x\nexcept ValueError:\n    y = 'ls'\nshell(y)",
        "with open('f') as f:\n    shell(x)",
        "for y in [x]:\n    shell(y)",
        "y = 'ls'\nwhile os.name:\n    shell(y)\n    y = x",
        "y = io.StringIO()\ny.write(x)\nshell(y.getvalue())",
        "f = lambda y: 'ls ' + y\nshell(f(x))",
        "def inner(y):\n    return y\nshell(inner(x))",
        "def inner():\n    return x\nshell(inner())",
        "for name in request.form.keys():\n    shell(name)",
        "shell(request.headers.get('X'))",
        "shell(request.cookies['c'])",
        "shell(request.args.getlist('a')[0])",
        "shell(request.get_json()['a']['b'])",
        "shell(request.query_string.decode())",
    ],
)
def test_what_passes_values_on(body: str) -> None:
    assert len(reached(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "shell('ls')",
        "shell(f'ls {int(x)}')",
        "shell(f'ls {len(x)}')",
        "shell('ls ' + shlex.quote(x))",
        "x = 'ls'\nshell(x)",
        "del x\nshell(y)",
        "y = 'ls'\nz = y\nz += x\nshell(y)",
        "y = x == 'a'\nshell(y)",
        "shell(unknown(x))",
        "def inner(y):\n    return 'ls'\nshell(inner(x))",
        "shell(request.method)",
        "shell(request.path)",
        "if x not in ALLOWED:\n    return ''\nshell(x)",
        "if x in {'a': 1}:\n    shell(x)",
        "if x == 'a':\n    shell(x)",
        "if not re.fullmatch('[a-z]+', x):\n    return ''\nshell(x)",
        "if not x.isalnum():\n    raise ValueError\nshell(x)",
        "if not x:\n    shell(x)",
        "y = [z for z in [x] if z in ALLOWED]\nshell(y[0])",
        "def check(y):\n    if y not in ALLOWED:\n        raise ValueError\ncheck(x)\nshell(x)",
    ],
)
def test_what_does_not(body: str) -> None:
    assert reached(body) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("d = {'a': x, 'b': 'ls'}\nshell(d['a'])\nshell(d['b'])", ["d['a']"]),
        ("d = {}\nd['a'] = x\nd['b'] = 'ls'\nshell(d.get('a'))\nshell(d.get('b'))", ["d.get('a')"]),
        ("d = dict(a=x, b='ls')\nshell(d['b'])\nshell(d.pop('a'))", ["d.pop('a')"]),
        ("d = {'a': x}\nd['a'] = 'ls'\nshell(d['a'])", []),
        ("d = {'a': x}\nfor k in d:\n    shell(k)", []),
        ("d = {'a': x}\nfor k, v in d.items():\n    shell(k)\n    shell(v)", ["v"]),
        ("e = {'a': 'ls', **{'b': x}}\nshell(e['a'])\nshell(e['b'])", ["e['b']"]),
        ("l = ['ls', x]\nshell(l[0])\nshell(l[1])", ["l[1]"]),
        ("l = ['ls', x]\nshell(l[-1])\nshell(l[-2])", ["l[-1]"]),
        ("l = []\nl.append('a')\nl.append(x)\nl.append('b')\nl.pop(0)\nshell(l[0])\nshell(l[1])", ["l[0]"]),
        ("l = ['a', x]\nl.insert(0, 'c')\nshell(l[1])\nshell(l[2])", ["l[2]"]),
        ("l = [x, 'a']\nl.remove('a')\nshell(l[0])", ["l[0]"]),
        ("l = ['a', 'b']\nl.extend([x])\nshell(l[0])\nshell(l[2])", ["l[2]"]),
        ("l = [x, 'a']\nl.reverse()\nshell(l[0])\nshell(l[1])", ["l[1]"]),
        ("a = ['ls']\nb = a\nb.append(x)\nshell(a[1])\nshell(a[0])", ["a[1]"]),
        ("a, *b = ['ls', x]\nshell(a)", []),
        ("c = configparser.ConfigParser()\nc.set('s', 'a', x)\nc.set('s', 'b', 'ls')\nshell(c.get('s', 'a'))\nshell(c.get('s', 'b'))", ["c.get('s', 'a')"]),
    ],
)  # fmt: skip
def test_keys_and_indices_are_told_apart(body: str, expected: list[str]) -> None:
    assert reached(body) == expected


@pytest.mark.parametrize(
    ("body", "is_reached"),
    [
        ("n = 86\ny = 'ls' if 7 * 42 - n > 200 else x\nshell(y)", False),
        ("n = 106\ny = 'ls' if 7 * 42 - n > 200 else x\nshell(y)", True),
        ("n = 86\nif 7 * 42 - n > 200:\n    y = 'ls'\nelse:\n    y = x\nshell(y)", False),
        ("y = 'never'\nif 'eve' not in y:\n    y = x\nshell(y)", False),
        ("y = 'never'\nif 'eve' in y:\n    y = x\nshell(y)", True),
        ("match 'ABC'[1]:\n    case 'A':\n        y = x\n    case 'B':\n        y = 'ls'\n    case _:\n        y = x\nshell(y)", False),
        ("match 'ABC'[2]:\n    case 'A':\n        y = 'ls'\n    case 'C' | 'D':\n        y = x\nshell(y)", True),
        ("match x:\n    case 'A':\n        shell(x)", False),
        ("match x:\n    case 'A':\n        pass\n    case _:\n        shell(x)", True),
        ("if False:\n    shell(x)", False),
        ("while False:\n    shell(x)", False),
        ("return ''\nshell(x)", False),
        ("raise ValueError\nshell(x)", False),
        ("s = 'help'\ns += x\ns += 'planes'\nshell(s[4:-6])", True),
        ("y = f'{\"ls\".upper()}'\nshell(y if len(y) == 2 else x)", False),
    ],
)  # fmt: skip
def test_branches_that_constants_decide(body: str, is_reached: bool) -> None:
    assert bool(reached(body)) is is_reached


WRAPPER = """
class Wrapper:
    def __init__(self, request):
        self.request = request

    def read(self, name):
        return self.request.form.get(name)

    def fixed(self, name):
        return "ls"


class Both:
    kind = "x"

    def __init__(self, one, two):
        self.one, self.two = one, two

    def first(self):
        return self.one


def first_of(request, name):
    return request.args.get(name) or request.form.get(name)


def run(command):
    shell(command)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("w = Wrapper(request)\nshell(w.read('a'))\nshell(w.fixed('a'))", ["w.read('a')"]),
        ("b = Both('ls', x)\nshell(b.first())\nshell(b.two)", ["b.two"]),
        ("shell(first_of(request, 'a'))", ["first_of(request, 'a')"]),
        ("run('ls')", []),
        ("run(x)", ["command"]),
        ("run(command=x)", ["command"]),
        ("run(*[x])", ["command"]),
    ],
)
def test_functions_and_classes_of_the_project(body: str, expected: list[str]) -> None:
    assert reached(body, WRAPPER) == expected
