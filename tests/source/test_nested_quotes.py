"""f-strings of newer Pythons are read by older ones, at the same positions."""

import ast
import sys

import pytest

from buttress.project import inspect_project
from buttress.project.model import Project, Service
from buttress.rewrites.engine import run
from buttress.source import Draft, Module, Tree
from buttress.source.nested_quotes import parse_nested_quotes
from buttress.source.text import Text


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("""f"{x["a"]}\"""", """f"{x['a']}\""""),
        ("""f'[{', '.join(names)}]'""", """f'[{", ".join(names)}]'"""),
        (r"""f'\'{b.decode('utf-8')}\''""", r"""f'\'{b.decode("utf-8")}\''"""),
        ("""f"{x:>{y["w"]}}\"""", """f"{x:>{y['w']}}\""""),
        ("""f"{x!r}{y["é"]}" + z""", """f"{x!r}{y['é']}" + z"""),
        ("""f"{{{x["a"]}}}\"""", """f"{{{x['a']}}}\""""),
        ("""'f"{x["a"]}"' + f"{y["b"]}"  # f"{""", """'f"{x["a"]}"' + f"{y['b']}\""""),
    ],
)
def test_quotes_inside_expressions_become_others(newer: str, older: str) -> None:
    tree = parse_nested_quotes(newer)

    assert tree is not None
    assert ast.dump(tree) == ast.dump(ast.parse(older))


@pytest.mark.parametrize(
    ("newer", "value"),
    [
        (r"""f'{'\n'.join(x)}'""", "\n"),
        (r"""f'{x.replace('\'', y)}'""", "'"),
        ("""f"{x["it's"]}\"""", "it's"),
        (r"""f"{x["\"'"]}" """, "\"'"),
    ],
)
def test_texts_inside_expressions_keep_their_value(newer: str, value: str) -> None:
    tree = parse_nested_quotes(newer)

    assert tree is not None
    assert value in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


@pytest.mark.parametrize(
    "text",
    [
        """f"{f"{x["a"]}"}\"""",
        'f"{x',
        'f"{x # y\n}"',
        "f'{x\n}'",
        "'''",
        'f"{x:"',
        r"""f'{'\x41'}'""",
        """f"{x['a']}\"""",
        "def f(:",
    ],
)
def test_what_needs_more_or_nothing_is_left(text: str) -> None:
    assert parse_nested_quotes(text) is None


NEWER = """\
from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    print("asked")
    return f"{names["a"]}"
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads it by itself")
def test_a_file_for_a_newer_python_is_read_and_not_edited() -> None:
    module = Module("main.py", Text(NEWER))
    draft = Draft(Tree.of({"main.py": NEWER}))

    assert module.problem is None
    assert module.is_newer
    assert module.source(module.nodes(ast.Subscript)[0].slice) == '"a"'
    outcomes = run(["print-to-log"], draft, _service)
    assert {item.code for item in outcomes.abstained} == {"newer-python"}
    assert not draft.changes()


def _service(draft: Draft) -> tuple[Project, Service]:
    project = inspect_project(draft)
    return project, project.services[0]
