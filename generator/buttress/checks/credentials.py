"""Checks of what people log in with: passwords, and the tokens they get for them."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.passwords import unsafe_passwords
from buttress.analysis.access.tokens import endless_tokens
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check


@check(
    "SEC-PASSWORD-HASH",
    "Passwords are stored or compared unsafely",
    pillar=Pillar.SECURITY,
    risk=Risk.CRITICAL,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-916", "CWE-256", "OWASP A04:2025"),
    peers=("semgrep:python.lang.security.audit.md5-used-as-password.md5-used-as-password",),
)
def password_hash(subject: Subject) -> Iterator[Finding]:
    """A password is compared as plain text, or hashed with a function that is made to be fast.

    Whoever gets a copy of the database has all passwords: at once, or after trying billions a second.
    Argon2, bcrypt, scrypt and PBKDF2 are slow on purpose. ``password == confirmation`` is fine.

    Bad::

        if user.password == form.password: ...

    Good::

        if bcrypt.checkpw(form.password.encode(), user.password_hash): ...
    """
    for module, node, message in unsafe_passwords(subject.wired()):
        yield subject.finding(module, node, message)


@check(
    "SEC-TOKEN-LIFECYCLE",
    "Tokens that never expire, or only after more than a week",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-613", "OWASP A07:2025"),
)
def token_lifecycle(subject: Subject) -> Iterator[Finding]:
    """The app signs tokens without ``exp``, or gives access tokens more than seven days.

    A token that leaks once, in a log or on a lost device, opens the account for that long; nothing on the
    server can end it. Refresh tokens and links sent by mail are not looked at.

    Bad::

        jwt.encode({"sub": user.id}, key)

    Good::

        expires = datetime.now(UTC) + timedelta(minutes=15)
        jwt.encode({"sub": user.id, "exp": expires}, key)
    """
    for module, node, message in endless_tokens(subject.wired()):
        yield subject.finding(module, node, message)
