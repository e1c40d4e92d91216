"""Checks of what becomes of personal data."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.database.personal_data import personal_columns, states_policy
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Subject,
    check,
)
from buttress.project.model import Role


@check(
    "SEC-DATA-POLICY",
    "Nothing says what becomes of personal data",
    pillar=Pillar.SECURITY,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    confidence=Confidence.LOW,
    standards=("CWE-359", "OWASP A04:2025", "GDPR Art. 5"),
)
def data_policy(subject: Subject) -> Iterator[Finding]:
    """Tables hold personal data, and no document says how long, where, and how it is deleted.

    Whoever has to answer a request to delete then searches the code. A file such as ``PRIVACY.md`` or
    ``docs/data-policy.md``, or such a chapter of the README, is enough; where the policy is kept
    elsewhere, attest it with its address.

    Bad::

        class User(Base):
            email = Column(String)
            date_of_birth = Column(Date)

    Good::

        docs/data-policy.md: what is kept, for how long, where, and who deletes it
    """
    columns = list(personal_columns(subject.modules(Role.APP)))
    kinds = list(dict.fromkeys(column.kind for column in columns))
    if len(kinds) < 2:
        raise NotApplicable("no table holds more than one kind of personal data")
    if not states_policy(subject.project.tree):
        first, names = columns[0], ", ".join(kinds[:4])
        message = f"Tables hold personal data ({names}), and nothing says what becomes of it."
        yield subject.finding(first.module, first.node, message)
