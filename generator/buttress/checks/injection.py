"""Checks of input that becomes code: SQL, commands, templates, tokens nobody verified."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.execution import executed_input, unverified_tokens
from buttress.analysis.sql import injections
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Role


@check(
    "SEC-SQL-INJECTION",
    "Input becomes part of an SQL statement",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def sql_injection(subject: Subject) -> Iterator[Finding]:
    """A value is put into the text of a statement instead of being bound to it.

    Whoever sends the value can read and change every table (CWE-89, OWASP A05:2025). Constants,
    placeholders, numbers and names that are checked against a list are fine.

    Bad::

        cursor.execute(f"SELECT * FROM users WHERE name = '{name}'")

    Good::

        cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
    """
    for module in subject.modules(Role.APP):
        for injection in injections(module, subject.service):
            message = (
                "What a client sends becomes part of this statement."
                if injection.is_client
                else "A value is put into this statement instead of being bound."
            )
            yield subject.finding(module, injection.node, message)


@check(
    "SEC-CODE-EXEC",
    "Input is executed",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
)
def code_exec(subject: Subject) -> Iterator[Finding]:
    """What a client sends is run: by ``eval``, by a shell, as a template, or as a pickle.

    The client then has the rights of the app on its server (CWE-95, CWE-78, CWE-1336, CWE-502).

    Bad::

        subprocess.run(f"ping {host}", shell=True)

    Good::

        subprocess.run(["ping", "-c", "1", host], check=True)
    """
    for module in subject.modules(Role.APP):
        for node, how in executed_input(module, subject.service):
            yield subject.finding(module, node, f"What a client sends {how}.")


@check(
    "SEC-JWT-UNVERIFIED",
    "A token is believed without a look at its signature",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
)
def jwt_unverified(subject: Subject) -> Iterator[Finding]:
    """A JSON Web Token is decoded with its verification switched off.

    Anybody can write a token that says who they are (CWE-347). Where the same function verifies the
    token as well, reading it before is fine.

    Bad::

        jwt.decode(token, options={"verify_signature": False})

    Good::

        jwt.decode(token, key, algorithms=["HS256"])
    """
    for module in subject.modules(Role.APP):
        node: ast.expr
        for node in unverified_tokens(module):
            yield subject.finding(module, node, "The signature of this token is not verified.")
