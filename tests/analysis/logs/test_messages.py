"""A message is its text and its values, however it was put together."""

import ast

import pytest

from buttress.analysis.logs.messages import Message, message_of, percent_message
from buttress.source import Module, Text


def message(expression: str) -> Message | None:
    module = Module("m.py", Text(f"({expression})\n"))
    (statement,) = module.tree.body
    assert isinstance(statement, ast.Expr)
    return message_of(module, statement.value)


def parts(found: Message | None) -> list[str]:
    """Return text as it is and values in angle brackets, with conversion and format."""
    assert found is not None
    return [
        part if isinstance(part, str) else f"<{part.source}|{part.conversion}|{part.spec}>"
        for part in found.parts
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"text"', ["text"]),
        ('"a" "b"', ["ab"]),
        ('"=" * 3 + "!"', ["===!"]),
        ('f"plain {{}}"', ["plain {}"]),
        ('f"a {x} b"', ["a ", "<x||>", " b"]),
        ('f"{x!r}{y!s:>5}{z:.2f}"', ["<x|r|>", "<y||>5>", "<z||.2f>"]),
        ('f"{x=}"', ["x=", "<x|r|>"]),
        ('f"{x:{width}}"', ["<x||None>"]),
        ("f\"{d['k']} {'lit'}\"", ['<d["k"]||>', " lit"]),
        ('f"{str(x)}"', ["<x||>"]),
        ('"a " f"{x}" "b"', ["a ", "<x||>", "b"]),
        ("f'''{x\n}'''", ["<x||>"]),
        ('"%s and %d%%" % (x, y)', ["<x||>", " and ", "<y||>", "%"]),
        ('"%r %.2f %5s" % (x, y, z)', ["<x|r|>", " ", "<y||.2f>", " ", "<z||>5>"]),
        ('"%s" % x', ["<x||>"]),
        ('"{} {b:.1f} {!r}".format(x, y, b=z)', None),
        ('"{} {} {b:.1f}".format(x, y, b=z)', ["<x||>", " ", "<y||>", " ", "<z||.1f>"]),
        ('"a" + x + "b" + str(y)', ["a", "<x||>", "b", "<y||>"]),
        ("x + y", ["<x + y||>"]),
        ("x", ["<x||>"]),
        ("f(x)", ["<f(x)||>"]),
    ],
)
def test_text_and_values_are_told_apart(expression: str, expected: list[str] | None) -> None:
    found = message(expression)

    assert (found if expected is None else parts(found)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        '"%(a)s" % x',
        '"%s %s" % (x,)',
        '"%s" % (x, y)',
        '"%s" % (*x,)',
        '"%*d" % (x, y)',
        '"%q" % x',
        '"{0.a}".format(x)',
        '"{a[b]}".format(a=x)',
        '"{1} {0}".format(x, y)',
        '"{}".format(*x)',
        '"{:{}}".format(x, y)',
        '"{".format(x)',
        'f"{x}%s" % y',
    ],
)
def test_what_cannot_be_followed_is_no_message(expression: str) -> None:
    assert message(expression) is None


def test_values_that_do_not_fit_a_template_are_no_message() -> None:
    module = Module("m.py", Text("f(x, y)\n"))
    call = module.nodes(ast.Call)[0]

    assert percent_message(module, "%s", call.args) is None
    assert parts(percent_message(module, "%s: %s", call.args)) == ["<x||>", ": ", "<y||>"]
