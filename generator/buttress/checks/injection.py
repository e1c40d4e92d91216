"""Checks of input that becomes code: SQL, commands, templates, queries, tokens nobody verified."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.unverified_tokens import unverified_tokens
from buttress.analysis.taint import CLIENT, PARAMETER, Flow, flows
from buttress.analysis.taint import Kind as Sink
from buttress.analysis.taint.constant_callers import is_given_constants
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Role

_RUN = {
    Sink.CODE: "is run as Python",
    Sink.SHELL: "becomes part of a command of the shell",
    Sink.TEMPLATE: "is run as a template",
    Sink.LDAP: "becomes part of an LDAP query",
    Sink.XPATH: "becomes part of an XPath query",
    Sink.QUERY: "may be an object with operators of its own (`$ne`) in this query",
}


def client_flows(subject: Subject, *kinds: Sink) -> Iterator[Flow]:
    """Yield what clients send and what reaches sinks of some kinds, in source order."""
    for flow in flows(subject.project, subject.service, subject.modules(Role.APP)):
        if flow.kind in kinds and flow.label == CLIENT:
            yield flow


@check(
    "SEC-SQL-INJECTION",
    "Input becomes part of an SQL statement",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-89", "OWASP A05:2025"),
    peers=(
        "bandit:B608",
        "ruff:S608",
        "semgrep:python.sqlalchemy.security.sqlalchemy-execute-raw-query.sqlalchemy-execute-raw-query",
        "semgrep:python.django.security.injection.tainted-sql-string.tainted-sql-string",
        "semgrep:python.flask.security.injection.tainted-sql-string.tainted-sql-string",
        "semgrep:formatted-sql-query",
        "semgrep:aiopg-sqli",
        "semgrep:asyncpg-sqli",
        "semgrep:pg8000-sqli",
        "semgrep:psycopg-sqli",
        "semgrep:avoid-sqlalchemy-text",
        "semgrep:sqlalchemy-sql-injection",
        "semgrep:avoid-raw-sql",
        "semgrep:sql-injection-db-cursor-execute",
        "semgrep:sql-injection-using-extra-where",
        "semgrep:sql-injection-using-raw",
        "semgrep:sql-injection-using-rawsql",
    ),
)
def sql_injection(subject: Subject) -> Iterator[Finding]:
    """A value is put into the text of a statement instead of being bound to it.

    Whoever sends the value can read and change every table. Constants, placeholders, numbers and
    names that are checked against a list are fine.

    Bad::

        cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")

    Good::

        cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
    """
    code = [subject.modules(role) for role in (Role.APP, Role.MIGRATION, Role.SCRIPT)]
    for flow in flows(subject.project, subject.service, subject.modules(Role.APP)):
        if flow.kind is Sink.SQL and flow.label == PARAMETER and is_given_constants(flow, code):
            continue
        if flow.kind is Sink.SQL and flow.label in {CLIENT, PARAMETER}:
            message = (
                "What a client sends becomes part of this statement."
                if flow.label == CLIENT
                else "A value is put into this statement instead of being bound."
            )
            yield subject.finding(flow.module, flow.node, message)


@check(
    "SEC-CODE-EXEC",
    "Input is executed",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    standards=("CWE-95", "CWE-78", "CWE-1336", "CWE-90", "CWE-643", "CWE-943", "OWASP A05:2025"),
    peers=(
        "bandit:B102",
        "bandit:B307",
        "bandit:B602",
        "bandit:B605",
        "ruff:S102",
        "ruff:S307",
        "ruff:S602",
        "ruff:S605",
        "semgrep:python.flask.security.injection.user-eval.eval-injection",
        "semgrep:python.django.security.injection.code.user-eval.user-eval",
        "semgrep:python.flask.security.injection.os-system-injection.os-system-injection",
        "semgrep:eval-detected",
        "semgrep:exec-detected",
        "semgrep:exec-injection",
        "semgrep:user-exec",
        "semgrep:subprocess-shell-true",
        "semgrep:subprocess-injection",
        "semgrep:dangerous-subprocess-use",
        "semgrep:dangerous-subprocess-use-audit",
        "semgrep:dangerous-system-call",
        "semgrep:dangerous-system-call-audit",
        "semgrep:command-injection-os-system",
    ),
)
def code_exec(subject: Subject) -> Iterator[Finding]:
    """What a client sends is run: by ``eval``, by a shell, as a template, or as a query.

    The client then has the rights of the app on its server, or reads what the query was to keep from
    it. ``shlex.quote``, values that are checked against a list, and variables of a query are fine, and so
    is JSON in a query of MongoDB that is known to be text.

    Bad::

        subprocess.run(f"ping {host}", shell=True)

    Good::

        subprocess.run(["ping", "-c", "1", host], check=True)
    """
    for flow in client_flows(subject, *_RUN):
        yield subject.finding(flow.module, flow.node, f"What a client sends {_RUN[flow.kind]}.")


@check(
    "SEC-JWT-UNVERIFIED",
    "A token is believed without a look at its signature",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    standards=("CWE-347", "OWASP A07:2025"),
    peers=("semgrep:python.jwt.security.unverified-jwt-decode.unverified-jwt-decode",),
)
def jwt_unverified(subject: Subject) -> Iterator[Finding]:
    """A JSON Web Token is decoded with its verification switched off.

    Anybody can write a token that says who they are. Where the same function verifies the token as
    well, reading it before is fine.

    Bad::

        jwt.decode(token, options={"verify_signature": False})

    Good::

        jwt.decode(token, key, algorithms=["HS256"])
    """
    for module in subject.modules(Role.APP):
        node: ast.expr
        for node in unverified_tokens(module):
            yield subject.finding(module, node, "The signature of this token is not verified.")
