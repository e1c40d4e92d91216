"""What is harmless as it is written, in a statement of SQL and elsewhere."""

from __future__ import annotations

import ast

import pytest

from buttress.analysis.taint import Kind
from buttress.analysis.taint.harmless import Harmless
from buttress.source import Module, Text

HEAD = (
    "import html, os, settings\n"
    "from flask import request, url_for\n"
    "from markupsafe import escape\n"
    "from sqlalchemy import select, text\n\n"
    "TABLE = 'users'\n\n\n"
    "def run(sink, given, ids):\n"
)


def is_harmless(*lines: str, kind: Kind = Kind.SQL) -> bool:
    """Whether ``sink(...)``, in the last line, is given nothing that would do harm there."""
    module = Module("app.py", Text(HEAD + "".join(f"    {line}\n" for line in lines)))
    (call,) = (call for call in module.called("sink") if isinstance(call.func, ast.Name))
    return Harmless().are(module, call.args, kind)


@pytest.mark.parametrize(
    "lines",
    [
        ["sink('SELECT 1')"],
        ["sink('SELECT ' + '1')"],
        ["sink(f'SELECT * FROM {TABLE}')"],
        ["sink(settings.QUERY)"],
        ["sink(os.path.join(settings.ROOT, 'a.sql'))"],
        ["sink('SELECT {}'.format(len(ids)))"],
        ["sink(select(given.User).where(given.User.name == ids[0]))"],
        ["sink(text(given))"],
        ["marks = ','.join('?' for _ in ids)", "sink(f'SELECT * FROM t WHERE id IN ({marks})')"],
        ["query = 'SELECT 1'", "if given:", "    query += ' WHERE a = ?'", "sink(query)"],
        ["parts = ['a = ?']", "parts.append('b = ?')", "sink(' AND '.join(parts))"],
    ],
)
def test_statements_of_the_code_alone(lines: list[str]) -> None:
    assert is_harmless(*lines)


@pytest.mark.parametrize(
    "lines",
    [
        ["sink(given)"],
        ["sink(request.args['q'])"],
        ["sink(f'SELECT * FROM {given}')"],
        ["sink('SELECT {}'.format(given))"],
        ["sink(given.query())"],
        ["query = 'SELECT 1'", "query += given", "sink(query)"],
        ["query = f'SELECT {given}'", "sink(query)"],
        ["for query in ids:", "    sink(query)"],
        ["query, other = 'SELECT 1', given", "sink(query)"],
        ["with given as query:", "    sink(query)"],
        ["parts = ['a = ?']", "parts.append(given)", "sink(' AND '.join(parts))"],
        ["parts = ['a = ?']", "given.fill(parts)", "sink(' AND '.join(parts))"],
        ["parts = ['a = ?']", "parts[0] = given", "sink(' AND '.join(parts))"],
        ["def inner(query):", "    sink(query)"],
    ],
)
def test_statements_that_somebody_else_may_have_a_hand_in(lines: list[str]) -> None:
    assert not is_harmless(*lines)


def test_what_is_fit_for_one_sink_is_not_for_another() -> None:
    assert is_harmless("sink(escape(given))", kind=Kind.HTML)
    assert not is_harmless("sink(escape(given))", kind=Kind.SHELL)
    assert is_harmless("sink(url_for('index', next=given))", kind=Kind.REDIRECT)


def test_names_are_followed_in_statements_only() -> None:
    assert not is_harmless("page = 'a'", "sink(page)", kind=Kind.HTML)


def test_a_long_sum_is_read_to_its_end() -> None:
    assert is_harmless("sink(" + " + ".join(["'a'"] * 2000) + ")")
    assert not is_harmless("sink(given + " + " + ".join(["'a'"] * 2000) + ")")
