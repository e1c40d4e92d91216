"""The normal form tells nodes apart by what they mean, not by how they are laid out."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.normal_form import normal_form


def form(code: str) -> str:
    return normal_form(ast.parse(code).body[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(1, 'a')", 'f(\n    1,\n    "a",\n)'),
        ("x = u'a'", "x = 'a'"),
        ("def f(a): return 1", "@d\ndef f(a, b):\n    return 2"),
        ("class A: x = 1", "class A(B):\n    y = 2"),
        ("if a:\n    b()", "if a:\n    c()\nelse:\n    d()"),
        ("try:\n    a()\nexcept E:\n    b()", "try:\n    c()\nfinally:\n    d()"),
    ],
)
def test_the_same_thing_has_one_form(one: str, other: str) -> None:
    assert form(one) == form(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("f(1)", "f('1')"),
        ("f(a, b)", "f((a, b))"),
        ("f(a=1)", "f(b=1)"),
        ("f(['a', 'b'])", "f(['a'], 'b')"),
        ("def f(): pass", "def g(): pass"),
        ("if a: pass", "if b: pass"),
        ("f(x, y=-1)", "f(x, y=1)"),
        ("f(1)", "f(True)"),
        ("f(lambda: a)", "f(lambda: b)"),
    ],
)
def test_another_thing_has_another_form(one: str, other: str) -> None:
    assert form(one) != form(other)


def test_it_does_not_depend_on_the_python_that_reads_it() -> None:
    assert form("f(a, *b, c=1.5)") == (
        "Expr ( value Call ( func Name ( id 'f' ) args [ Name ( id 'a' ) "
        "Starred ( value Name ( id 'b' ) ) ] keywords [ keyword ( arg 'c' value "
        "Constant ( value 1.5 ) ) ] ) )"
    )


def test_long_chains_and_long_numbers_have_a_form_too() -> None:
    chain = ast.parse("x").body[0]
    for _ in range(5000):
        chain = ast.Expr(ast.UnaryOp(ast.Not(), chain.value))  # type: ignore[attr-defined]

    assert normal_form(chain).count("Not") == 5000
    assert form("x = 0x" + "f" * 10_000) != form("x = 1")
