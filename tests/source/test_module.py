"""A module knows its nodes, places and names."""

import ast

import pytest

from buttress.source import Edit, Module, Text, Tree, apply_edits


def module(source: str) -> Module:
    return Module("m.py", Text(source))


def resolved_calls(source: str) -> list[str | None]:
    parsed = module(source)
    return [parsed.resolve(call.func) for call in parsed.nodes(ast.Call)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from flask import Flask\nFlask()", "flask.Flask"),
        ("from flask import Flask as F\nF()", "flask.Flask"),
        ("import flask\nflask.Flask()", "flask.Flask"),
        ("import os.path\nos.path.join()", "os.path.join"),
        ("import numpy.linalg as la\nla.norm()", "numpy.linalg.norm"),
        ("from .db import session\nsession()", ".db.session"),
        ("from . import db\ndb.session()", ".db.session"),
        ("print()", "builtins.print"),
        ("def f():\n    import json\n    json.dumps()", "json.dumps"),
        (
            "try:\n    import orjson\nexcept ImportError:\n    orjson = None\norjson.dumps()",
            "orjson.dumps",
        ),
    ],
)
def test_a_name_resolves_through_its_import(source: str, name: str) -> None:
    assert resolved_calls(source) == [name]


def test_names_that_are_bound_are_told_from_those_that_are_read() -> None:
    code = "for item in items:\n    total = total + item\ndel item\n"

    bound = [(name.id, name.lineno) for name in module(code).bound_names()]

    assert bound == [("item", 1), ("total", 2), ("item", 3)]


@pytest.mark.parametrize(
    "source",
    [
        "app = 1\napp.route()",
        "import json\ndef f(json):\n    json.dumps()",
        "def print(*a): ...\nprint()",
        "import json\ndef f():\n    json = 1\n    json.dumps()",
        "[print() for print in []]",
        "def f():\n    from flask import Flask\nFlask()",
        "x['a']()",
    ],
)
def test_a_name_that_means_something_else_does_not_resolve(source: str) -> None:
    assert resolved_calls(source) == [None]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import flask\nflask.Flask()\nFlask()", [2]),
        ("from flask import Flask as F, Blueprint\nF()\nFlask()\nBlueprint()", [2, 4]),
        ("import flask as f\nf.Blueprint()\nf.Flask()\nf.Blueprint()", [2, 3, 4]),
        ("def Flask(): ...\nFlask()\nx.flask.Flask()", []),
        ("print(1)\nrepr(2)\nprint(3)", [1, 3]),
    ],
)
def test_calls_to_some_names_stand_in_source_order(source: str, lines: list[int]) -> None:
    calls = module(source).calls_to({"flask.Flask", "flask.Blueprint", "builtins.print"})
    assert [call.lineno for call in calls] == lines


@pytest.mark.parametrize(
    "source",
    [
        "x = f('é', 1)\n",
        "x = 'é'; y = f(1)\n",
        "a = 1\r\nb = f(\r\n  1,\r\n)\r\n",
        "a = 1\rb = f(1)\r",
        '"""\fé\n"""\nf(1)',
        "\tif 1: pass\n".strip() + "\nf(1)",
        "s = '''\n😀''' + f(1)\n",
    ],
)
def test_spans_are_characters_of_the_text(source: str) -> None:
    parsed = module(source)
    (call,) = parsed.nodes(ast.Call)
    start, end = parsed.span(call)

    assert source[start:end].startswith("f(")
    assert source[start:end].endswith(")")
    assert parsed.source(call) == source[start:end]


def test_nodes_of_one_type_stand_in_source_order() -> None:
    parsed = module("f(a(), b())\nc()\n")

    assert [parsed.source(call)[0] for call in parsed.nodes(ast.Call)] == ["f", "a", "b", "c"]


def test_a_node_knows_what_it_stands_in() -> None:
    parsed = module("class A:\n    def f(self):\n        if x:\n            g()\n")
    (call,) = parsed.nodes(ast.Call)

    function = parsed.function(call)
    assert function is not None
    assert function.name == "f"
    assert parsed.symbol(call) == "A.f"
    assert isinstance(parsed.statement(call), ast.Expr)
    assert parsed.indent(parsed.statement(call)) == " " * 12


@pytest.mark.parametrize(
    ("source", "newer"),
    [
        ("def f(:\n", False),
        ("print 'python 2'\n", False),
        ("try:\n    pass\nexcept A, B:\n    pass\n", True),
        ("type X = int\n", True),
    ],
)
def test_what_does_not_parse_is_a_problem_and_no_crash(source: str, newer: bool) -> None:
    parsed = module(source)

    try:
        ast.parse(source)
    except SyntaxError:
        assert parsed.problem is not None
        assert parsed.problem.newer_syntax is newer
        assert parsed.nodes(ast.Call) == []


@pytest.mark.parametrize("source", ["(" * 5000 + ")" * 5000, "-" * 50_000 + "1", "a = 1\0\n"])
def test_hostile_code_is_a_problem_and_no_crash(source: str) -> None:
    assert module(source).problem is not None


def test_a_file_in_another_encoding_than_it_declares_is_a_problem() -> None:
    problem = Tree.of({"m.py": b"name = '\xff'\n"}).module("m.py").problem

    assert problem is not None
    assert "encoding" in problem.message


@pytest.mark.parametrize(
    ("source", "quote"),
    [("a = 'x'\nb = 'y'\nc = \"z\"\n", "'"), ('a = "x"\n', '"'), ('"""Doc."""\na = \'x\'\n', "'")],
)
def test_quote_is_the_files_own(source: str, quote: str) -> None:
    assert module(source).quote == quote


@pytest.mark.parametrize(
    ("source", "unit"),
    [("def f():\n  return 1\n", "  "), ("def f():\n\treturn 1\n", "\t"), ("a = 1\n", "    ")],
)
def test_indent_unit_is_the_files_own(source: str, unit: str) -> None:
    assert module(source).indent_unit == unit


def test_an_edit_at_a_span_replaces_just_the_node() -> None:
    parsed = module("naïve = old('ü')  # kept\n")
    (call,) = parsed.nodes(ast.Call)

    assert apply_edits(parsed.text, [Edit(*parsed.span(call), "new")]) == "naïve = new  # kept\n"
