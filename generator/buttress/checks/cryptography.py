"""Checks of what is to stay secret: numbers that can be guessed, methods that are broken."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buttress.analysis.secrecy.weak_crypto import weak_cryptography
from buttress.analysis.secrecy.weak_random import guessable_secrets, hashed_numbers
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Place, Role
from buttress.source.patterns import lazy_pattern

_OFF_FOR_ALL = lazy_pattern(
    r"^\s*(?:ENV\s+)?PYTHONHTTPSVERIFY[= ]\s*[\"']?0|\b(?:pip3?|uv pip)\b[^\n]*--trusted-host", re.MULTILINE
)  # fmt: skip


@check(
    "SEC-INSECURE-RANDOM",
    "Tokens, codes or passwords that can be guessed",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-338", "OWASP A04:2025"),
    peers=("bandit:B311", "ruff:S311"),
)
def insecure_random(subject: Subject) -> Iterator[Finding]:
    """A token, code or password is made with ``random``, whose next values follow from its last ones.

    Whoever sees a few of them knows those of all others. Samples, delays and demo data are fine, and so are
    ``secrets`` and ``random.SystemRandom``.

    Bad::

        reset_token = "".join(random.choices(string.ascii_letters, k=32))

    Good::

        reset_token = secrets.token_urlsafe(32)
    """
    modules = subject.modules(Role.APP)
    statements = set()
    for flow in guessable_secrets(subject.project, subject.service, modules):
        statements.add(flow.module.statement(flow.node))
        yield subject.finding(
            flow.module, flow.node, "This secret is made with random; use secrets."
        )
    for module, number in hashed_numbers(modules):
        if module.statement(number) not in statements:
            message = "A number of random is hashed here: that hides nothing; use secrets."
            yield subject.finding(module, number, message)


@check(
    "SEC-WEAK-CRYPTO",
    "Broken cryptography, or certificates that are not checked",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-327", "CWE-295", "CWE-328", "OWASP A04:2025"),
    peers=(
        "bandit:B303",
        "bandit:B304",
        "bandit:B305",
        "bandit:B324",
        "bandit:B501",
        "bandit:B502",
        "bandit:B505",
        "ruff:S303",
        "ruff:S304",
        "ruff:S305",
        "ruff:S324",
        "ruff:S501",
        "semgrep:python.requests.security.disabled-cert-validation.disabled-cert-validation",
        "semgrep:insecure-hash-algorithm-md5",
        "semgrep:insecure-hash-algorithm-sha1",
        "semgrep:insecure-hash-function",
        "semgrep:insecure-cipher-mode-ecb",
        "semgrep:unverified-ssl-context",
    ),
)
def weak_crypto(subject: Subject) -> Iterator[Finding]:
    """A hash that can be forged guards a secret, a cipher or key can be broken, or TLS is used without its checks.

    Who sits in between can read, change or forge what was to be protected. Hashes that only tell
    contents apart are fine (say so with ``usedforsecurity=False``). A text is signed with ``hmac``: a hash of a
    secret and the text can be continued.

    Bad::

        requests.get(url, verify=False)

    Good::

        requests.get(url, timeout=10)
    """
    for module, node, message in weak_cryptography(subject.modules(Role.APP)):
        yield subject.finding(module, node, message)
    for path in subject.project.dockerfiles:
        text = subject.project.tree.text(path)
        for match in _OFF_FOR_ALL.finditer(text.content) if text is not None else ():
            line = text.content.count("\n", 0, match.start()) + 1 if text is not None else 1
            message = "Certificates are not checked from here on."
            yield Finding(Place(path, line), message, "", match.group().strip())
