"""Checks of what kinds of tests there are: with what stands behind the app, of journeys, under load."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.delivery.workflows import pipelines
from buttress.analysis.proofs.boundaries import boundaries_of, crosses_boundary
from buttress.analysis.proofs.journeys import goes_through_app
from buttress.analysis.proofs.load_tests import load_tests
from buttress.analysis.proofs.suites import all_tests, suite_modules, written_tests
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


@check(
    "TEST-NO-INTEGRATION",
    "What stands behind the app is not tested with it",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_integration(subject: Subject) -> Iterator[Finding]:
    """There are tests, and none meets the database or stands in for a service that is called.

    Queries, migrations and the answers of other services are where two parts that work alone fail
    together. A request to a route that reads the database counts, and so does a double at the boundary
    (``respx``, ``responses``, ``moto``, a patched client).

    Bad::

        def test_total():
            assert total([2, 3]) == 5

    Good::

        def test_saved(client):
            client.post("/orders", json=ORDER)
            assert client.get("/orders").json() == [ORDER]
    """
    service = subject.service
    boundaries = boundaries_of(service)
    if not boundaries:
        raise NotApplicable("the app has no database and calls nobody")
    tests = written_tests(subject.project, service)
    if not tests:
        raise NotApplicable("there are no tests")
    modules = suite_modules(subject.project, service)
    if not crosses_boundary(service, list(subject.wired()), modules, tests):
        yield Finding(subject.anchor, f"No test meets {' or '.join(boundaries[:3])}.")


@check(
    "TEST-NO-E2E",
    "No test goes through the app as a user does",
    pillar=Pillar.TESTING,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_end_to_end(subject: Subject) -> Iterator[Finding]:
    """No test drives a browser, or makes three different requests one after another.

    Each route may answer well alone while signing up, then ordering, then paying does not work.

    Bad::

        def test_login():
            assert client.post("/login", json=USER).status_code == 200

    Good::

        def test_order(client):
            client.post("/users", json=USER)
            order = client.post("/orders", json=ORDER).json()
            assert client.get(f"/orders/{order['id']}").json()["paid"]
    """
    project, service = subject.project, subject.service
    modules = suite_modules(project, service)
    if not goes_through_app(project.tree, modules, all_tests(project, service)):
        yield Finding(subject.anchor, "No test goes through the app as a user does.")


@check(
    "TEST-NO-LOAD",
    "No load test that can fail",
    pillar=Pillar.TESTING,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
)
def no_load_test(subject: Subject) -> Iterator[Finding]:
    """No script puts the app's routes under load and fails above a time or a rate of errors.

    How many users the app bears is then found out by them. A script (locust, k6, Artillery, JMeter,
    Gatling) that states no limit only prints numbers.

    Bad::

        class Visitor(HttpUser):  # and nothing that fails
            @task
            def items(self): self.client.get("/items")

    Good::

        export const options = {
          thresholds: {http_req_duration: ["p(95)<500"], http_req_failed: ["rate<0.01"]},
        };
    """
    found = list(load_tests(subject.project, subject.service.routes, pipelines(subject.project)))
    if any(test.calls_app and test.has_limit for test in found):
        return
    for test in found:
        if test.calls_app:
            yield Finding(test.place, "This load test states no limit, so it cannot fail.")
            return
    if found:
        yield Finding(found[0].place, "This load test calls no route of the app.")
    else:
        yield Finding(subject.anchor, "No load test puts the app's routes under load.")
