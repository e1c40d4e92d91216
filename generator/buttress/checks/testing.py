"""Checks of the tests: whether there are any, whether they can fail, what they leave out."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.workflows import pipelines
from buttress.analysis.proofs.assertions import tests_failure
from buttress.analysis.proofs.collected import is_collected
from buttress.analysis.proofs.coverage_gate import coverage_gate
from buttress.analysis.proofs.suites import Test, all_tests, suite_modules, written_tests
from buttress.analysis.proofs.tested_routes import untested_routes
from buttress.analysis.proofs.vacuous import unasserted
from buttress.checks.model import (
    Confidence,
    Finding,
    Kind,
    NotApplicable,
    Pillar,
    Risk,
    Share,
    Subject,
    check,
)


@check(
    "TEST-NONE",
    "There are no tests",
    pillar=Pillar.TESTING,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
)
def no_tests(subject: Subject) -> Iterator[Finding]:
    """No test reaches the app's code, or a running app, and can fail.

    Every change is then tried out on users. A file called ``test_`` that only prints, and a test that
    asserts a constant, count for nothing.

    Bad::

        def test_health():
            print(requests.get(URL).status_code)

    Good::

        def test_health():
            assert client.get("/health").status_code == 200
    """
    if not written_tests(subject.project, subject.service):
        yield Finding(subject.anchor, "No test of the app can fail.")


@check(
    "TEST-VACUOUS",
    "Tests that assert nothing",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    confidence=Confidence.LOW,
)
def vacuous(subject: Subject) -> Iterator[Finding]:
    """A test has no assertion, or only one that is always true.

    It passes whatever the code answers, and its name says that something is proved. An assertion in a
    function that it calls counts.

    Bad::

        def test_total():
            total(order)
            assert True

    Good::

        def test_total():
            assert total(order) == 42
    """
    _tests(subject)
    for test in unasserted(all_tests(subject.project, subject.service)):
        if is_collected(subject.project.tree, test.module.path):
            yield subject.finding(test.module, test.node, f"{test.node.name} asserts nothing.")


@check(
    "TEST-NO-COVERAGE-GATE",
    "Nothing stops coverage from falling",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
)
def no_coverage_gate(subject: Subject) -> Iterator[Finding]:
    """No run of the tests measures coverage and fails below a limit.

    New code without tests then arrives unseen. The limit has to belong to a run that measures:
    ``fail_under`` alone does nothing.

    Bad::

        pytest --cov=app

    Good::

        pytest --cov=app --cov-fail-under=80
    """
    project, service = subject.project, subject.service
    commands = "\n".join(c.text for p in pipelines(project) for c in p.commands if not c.is_soft)
    folders = tuple(dict.fromkeys((service.root, "")))
    if written_tests(project, service) and coverage_gate(project.tree, folders, commands):
        return
    yield Finding(subject.anchor, "No run of the tests fails when too little is covered.")


@check(
    "TEST-ROUTE-COVERAGE",
    "Routes that no test calls",
    pillar=Pillar.TESTING,
    risk=Risk.HIGH,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    standards=("OWASP API9:2023",),
)
def route_coverage(subject: Subject) -> Iterator[Finding]:
    """No test names the path, or the handler, of a route.

    What clients call is then never called before they do. Paths that a test puts together are matched
    segment by segment; a run of schemathesis covers all.

    Bad::

        def test_orders():
            assert total(order) == 42

    Good::

        def test_orders():
            assert client.get("/orders/1").json()["total"] == 42
    """
    routes = subject.service.routes
    if not routes:
        raise NotApplicable("the app has no route")
    _tests(subject)
    modules = suite_modules(subject.project, subject.service)
    missed = untested_routes(subject.project.tree, modules, routes)
    for route in missed or ():
        name = f"{','.join(route.methods)} {route.path}"
        share = Share(name.strip(), len(routes), "No test calls", "routes")
        message = f"No test calls {name.strip()}."
        yield Finding(route.place, message, route.handler, name, share)


@check(
    "TEST-NO-FAILURE-PATHS",
    "Only what works is tested",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
    standards=(
        "OWASP A10:2025",
        "CWE-755",
    ),
)
def no_failure_paths(subject: Subject) -> Iterator[Finding]:
    """No test expects an error: no status of 400 or more, no exception.

    Refused input, missing rights and a failing neighbour are where apps break, and where nobody looks
    (OWASP A10:2025).

    Bad::

        assert client.get("/orders/1").status_code == 200

    Good::

        assert client.get("/orders/999").status_code == 404
    """
    _tests(subject)
    if not tests_failure(suite_modules(subject.project, subject.service)):
        yield Finding(subject.anchor, "No test expects an error.")


def _tests(subject: Subject) -> list[Test]:
    tests = written_tests(subject.project, subject.service)
    if not tests:
        raise NotApplicable("there are no tests")
    return tests
