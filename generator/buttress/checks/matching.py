"""Checks of regular expressions that clients feed."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.regex.exposed import chosen_patterns, slow_on_clients
from buttress.analysis.regex.growth import Growth
from buttress.checks.model import Confidence, Finding, Kind, Pillar, Risk, Subject, check
from buttress.project.model import Role

_SAYS = {
    Growth.EXPONENTIAL: "A few dozen characters of a client keep this pattern busy for ever.",
    Growth.POLYNOMIAL: "A few thousand characters of a client keep this pattern busy for minutes.",
}


@check(
    "SEC-REDOS",
    "A pattern takes forever on what a client sends",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-1333", "OWASP API4:2023"),
    peers=("semgrep:regex_dos",),
)
def redos(subject: Subject) -> Iterator[Finding]:
    r"""A regular expression that may read the same characters in many ways meets a text of any length.

    Where it does not match, all ways are tried: one request occupies a worker, and ``re`` cannot be
    interrupted. Patterns that a client chooses are found, too. A largest length before, one way to
    read each character, ``(?>...)`` and Pydantic's own ``pattern`` are fine.

    Bad::

        re.search(r"^(\w+\s?)*$", request.args["name"])

    Good::

        re.search(r"^\w+(?:\s\w+)*$", request.args["name"][:200])
    """
    project, service, modules = subject.project, subject.service, subject.modules(Role.APP)
    for module, call, growth in slow_on_clients(project, service, modules):
        yield subject.finding(module, call, _SAYS[growth])
    for module, node in chosen_patterns(project, service, modules):
        yield subject.finding(module, node, "A client chooses this pattern, and how long it takes.")
