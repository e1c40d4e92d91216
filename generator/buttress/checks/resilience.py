"""Checks of what happens when others are slow or change: time limits, coroutines, schemas, syntax."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.database.schema import creates_schema, has_migrations
from buttress.analysis.reliability.blocking import blocking_queries
from buttress.analysis.reliability.outgoing import blocking_calls, endless_calls, outgoing_calls
from buttress.analysis.reliability.retries import tries_again
from buttress.analysis.reliability.slow_work import slow_work
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
from buttress.project.model import Framework, Place, Role
from buttress.source.patterns import lazy_pattern

_PLACEHOLDER = lazy_pattern(r"\{\{\s*\w+\s*\}\}|\{%")


@check(
    "ARCH-HTTP-NO-TIMEOUT",
    "A call to another system may wait for ever",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    standards=("CWE-1088",),
    peers=(
        "bandit:B113",
        "ruff:S113",
        "semgrep:python.requests.best-practice.use-timeout.use-timeout",
    ),
)
def http_no_timeout(subject: Subject) -> Iterator[Finding]:
    """A request or connection is made without ``timeout``.

    When the other side hangs, each worker that calls it hangs too, until none is left. A timeout that
    is computed, or handed on, counts; ``httpx`` has one by itself.

    Bad::

        requests.get(url)

    Good::

        requests.get(url, timeout=10)
    """
    for module, node, message in endless_calls(subject.modules(Role.APP)):
        yield subject.finding(module, node, message)


@check(
    "ARCH-BLOCKING-IN-ASYNC",
    "A coroutine stops all others",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    standards=("CWE-1322",),
    peers=(
        "ruff:ASYNC210",
        "ruff:ASYNC220",
        "ruff:ASYNC221",
        "ruff:ASYNC222",
        "ruff:ASYNC251",
    ),
)
def blocking_in_async(subject: Subject) -> Iterator[Finding]:
    """A call inside ``async def`` waits without giving way.

    Until it is done the process answers nobody, health checks included. In a plain ``def`` the
    framework runs it in a thread, where it does no harm.

    Bad::

        async def pay(order):
            requests.post(url, json=order, timeout=10)

    Good::

        async def pay(order):
            await client.post(url, json=order)
    """
    modules = subject.modules(Role.APP)
    for module, node, message in blocking_calls(modules):
        yield subject.finding(module, node, message)
    for module in modules.having("async def"):
        queries = list(blocking_queries(module, subject.service))
        for query in queries[:1]:
            others = (
                "another coroutine" if len(queries) == 2 else f"{len(queries) - 1} more coroutines"
            )
            more = f", as do those of {others}" if queries[1:] else ""
            message = f"This query stops all other requests until it is done{more}."
            yield subject.finding(module, query, message)


@check(
    "ARCH-NO-RETRY",
    "A call to another system that fails is never tried again",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.PRESENCE,
    confidence=Confidence.MEDIUM,
)
def no_retry(subject: Subject) -> Iterator[Finding]:
    """The app calls other systems over HTTP, and nothing repeats a call or breaks the circuit.

    One packet that is lost becomes an error for a user, and a system that is down is called by every
    request. Only what may be repeated without harm should be: reads, or calls with a key. Clients of
    language models bring retries of their own.

    Bad::

        rate = httpx.get(url).json()

    Good::

        @stamina.retry(on=httpx.HTTPError, attempts=3)
        def rate() -> dict: ...
    """
    modules = subject.wired()
    first = next(outgoing_calls(modules), None)
    if first is None:
        raise NotApplicable("the app calls no other system over HTTP")
    if not tries_again(modules):
        message = "Other systems are called here, and nothing tries again when that fails."
        found = subject.finding(*first, message)
        yield Finding(found.place, message)


@check(
    "ARCH-INLINE-SLOW-WORK",
    "A client waits while slow work is done",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
)
def inline_slow_work(subject: Subject) -> Iterator[Finding]:
    """A handler sends mail, lays out documents, or reads tables while its client waits.

    The answer takes as long as the slowest mail server, a time-out loses the work, and a few such
    requests occupy all workers. Work that is handed to a queue or a background task is fine.

    Bad::

        send_mail(subject, text, sender, [user.email])
        return {"status": "sent"}

    Good::

        background.add_task(send_mail, subject, text, sender, [user.email])
    """
    for module, node, what in slow_work(subject.project, subject.service, subject.wired()):
        yield subject.finding(module, node, f"While {what} here, the client waits.")


@check(
    "ARCH-NO-MIGRATIONS",
    "The database's schema has no migrations",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.HIGH,
    kind=Kind.PRESENCE,
)
def no_migrations(subject: Subject) -> Iterator[Finding]:
    """The app creates its tables when it starts, and no migration changes them later.

    ``create_all`` makes what is missing and never changes what is there: the next column has to be
    added by hand, in every database, in the right moment.

    Bad::

        Base.metadata.create_all(engine)

    Good::

        $ alembic upgrade head
    """
    service = subject.service
    if has_migrations(subject.project, service):
        return
    if service.framework is Framework.DJANGO:
        raise NotApplicable("Django brings migrations of its own")
    created = [place for module in subject.wired() for place in creates_schema(module)]
    if not created:
        raise NotApplicable("the app creates no tables from its models")
    yield Finding(created[0], "Tables are created here, and no migration changes them later.")


@check(
    "ARCH-UNPARSABLE",
    "A file of the app is no Python",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
)
def unparsable(subject: Subject) -> Iterator[Finding]:
    """A Python file of the service cannot be read.

    It fails the moment it is imported or run, and nothing else in it was inspected. Code for a newer
    Python than the one that inspects it says so.

    Bad::

        def total(order:
            return order.sum

    Good::

        def total(order):
            return order.sum
    """
    for role in (Role.APP, Role.SCRIPT):
        for path in subject.service.files(role):
            problem = subject.project.tree.module(path).problem
            if problem is None or any(part.startswith(".") for part in path.split("/")):
                continue
            text = subject.project.tree.module(path).text.splitlines()
            if _PLACEHOLDER.search("".join(text[problem.line - 1 : problem.line])):
                continue  # a template, which is Python once it is filled in
            message = f"This file does not parse: {problem.message}."
            if problem.newer_syntax:
                message = "This file is written for a newer Python than the one that inspects it."
            yield Finding(Place(path, problem.line), message, "", "unparsable")
