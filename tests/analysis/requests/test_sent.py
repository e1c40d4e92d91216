"""What an expression holds of what a client sends, after the statements before it."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.requests.sent import Sent, Shape
from buttress.analysis.requests.sent_names import Names
from buttress.source import Tree


def held(*lines: str) -> Sent | None:
    """Return what ``x`` holds at the end of a handler of Flask with these statements."""
    body = "".join(f"    {line}\n" for line in lines)
    tree = Tree.of({"app.py": f"from flask import request\n\n\ndef handler():\n{body}"})
    module = tree.module("app.py")
    function = module.tree.body[1]
    assert isinstance(function, ast.FunctionDef)
    names = Names(module, function, lambda _module, _node: None, {}, frozenset())
    for statement in function.body:
        for part in ast.walk(statement):
            if isinstance(part, ast.Compare):
                names.looked_at(part)
        names.bind(statement)
    return names.held.get("x")


@pytest.mark.parametrize(
    "line",
    [
        "x = request.json",
        "x = request.get_json(silent=True) or {}",
        "x = dict(request.form)",
        "x = request.form.to_dict().copy()",
        "x = {**request.json, 'seen': True}",
        "x = {k: v for k, v in request.json.items() if v is not None}",
    ],
)
def test_a_body_has_the_fields_that_a_client_chooses(line: str) -> None:
    found = held(line)

    assert found is not None
    assert (found.shape, found.is_open) == (Shape.MAPPING, True)


def test_what_the_code_sets_or_takes_out_is_known() -> None:
    found = held("x = request.json", "x['role'] = 'user'", "del x['id']")

    assert found is not None
    assert found.fixed == {"role", "id"}
    assert found.item("role") is None
    assert found.item("name") == Sent(Shape.VALUE, key="name")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("x = {'name': request.json['name'], 'role': 'user'}", {"name"}),
        ("x = {k: v for k, v in request.json.items() if k in ('name', 'city')}", {"name", "city"}),
    ],
)
def test_a_list_of_fields_lets_no_other_through(line: str, fields: set[str]) -> None:
    found = held(line)

    assert found is not None
    assert found.fields == frozenset(fields)


def test_a_list_that_is_not_seen_is_trusted() -> None:
    found = held("x = {k: v for k, v in request.json.items() if k in allowed()}")

    assert found is not None
    assert not found.is_open


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        (["x = request.form.get('role', 'user').strip()"], "role"),
        (["x = 'admin' in request.json"], "admin"),
        (["x = request.form.get('is_admin') == 'on'"], "is_admin"),
        (["x = True if request.json.get('admin') else False"], "admin"),
        (["x = request.form['role']", "if x not in ('admin', 'user'): x = x"], "role"),
    ],
)
def test_a_field_keeps_its_name(lines: list[str], key: str) -> None:
    assert held(*lines) == Sent(Shape.VALUE, key=key)


@pytest.mark.parametrize(
    "lines",
    [
        ["x = 'user'"],
        ["x = request.form['role']", "x = 'user'"],
        ["x = request.form['role']", "if x not in ('reader', 'writer'): raise ValueError(x)"],
        ["x = request.form['role']", "if x == 'admin': raise ValueError(x)"],
        ["x = lookup(request.form['role'])"],
    ],
)
def test_what_is_compared_or_looked_up_is_no_longer_the_clients(lines: list[str]) -> None:
    assert held(*lines) is None
