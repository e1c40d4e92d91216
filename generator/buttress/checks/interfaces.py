"""Checks of what an app says to others: answers, errors, sockets, documentation."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.access.handlers import handlers
from buttress.analysis.documentation import has_decisions, is_api, readme_of, undocumented
from buttress.analysis.reliability.sockets import counts_sockets, open_sockets
from buttress.analysis.responses import open_serializers, unclassified, untyped_answers
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


@check(
    "ARCH-API-NO-RESPONSE-MODEL",
    "Answers have no type and may leak fields",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    standards=("CWE-213", "OWASP API3:2023"),
    peers=("ruff:DJ007",),
)
def no_response_model(subject: Subject) -> Iterator[Finding]:
    """A handler of FastAPI has no response model, or a serializer gives out every field.

    Whatever the row holds goes out, the hash of a password and the column of next month included, and
    the schema tells clients nothing. Files, redirects, pages and constants need none.

    Bad::

        @app.get("/users/{id}")
        def user(id: int, db: Session = Depends(get_db)):
            return db.get(User, id)

    Good::

        @app.get("/users/{id}")
        def user(id: int, db: Session = Depends(get_db)) -> UserOut:
            return db.get(User, id)
    """
    service = subject.service
    if service.framework is Framework.FASTAPI:
        for module in subject.wired():
            for function in untyped_answers(subject.project, service, module):
                found = subject.finding(module, function, "Nothing says what this route answers.")
                yield Finding(found.place, found.message, found.symbol, "answer")
        return
    if service.framework is not Framework.DJANGO:
        raise NotApplicable(f"{service.framework} has no response models")
    modules = subject.modules(Role.APP)
    if not modules.having("rest_framework"):
        raise NotApplicable("the app has no serializers")
    for module in modules.having("__all__").having("erializer"):
        for node in open_serializers(module):
            message = "Every field of the model is given out and taken in, new ones too."
            yield subject.finding(module, node, message)


@check(
    "ARCH-ERRORS-UNCLASSIFIED",
    "Errors of clients and outages are not told apart",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-755", "OWASP A10:2025"),
)
def errors_unclassified(subject: Subject) -> Iterator[Finding]:
    """A broad ``except`` of a handler answers every failure with the same status.

    An outage then looks like success (200) or like the client's mistake (400), or a 404 that the code
    raised itself becomes a 500: alarms stay silent or ring for nothing. Blocks that name the errors
    they expect are fine.

    Bad::

        except Exception:
            return {"error": "could not save"}

    Good::

        except HTTPException:
            raise
        except ValueError as error:
            raise HTTPException(422, "not a date") from error
    """
    for module in subject.modules(Role.APP):
        for found in unclassified(subject.project, subject.service, module):
            yield subject.finding(module, found.handler, found.message)


@check(
    "ARCH-WS-NO-LIMITS",
    "A WebSocket stays open without a limit",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.MEDIUM,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-770", "OWASP API4:2023"),
)
def ws_no_limits(subject: Subject) -> Iterator[Finding]:
    """A WebSocket handler waits for ever, for any number of clients, or does not expect one to leave.

    Each open socket holds memory and a file descriptor; a few thousand silent ones stop the app. A
    limit of time, a heartbeat or a cap on their number counts.

    Bad::

        while True:
            text = await socket.receive_text()

    Good::

        while True:
            text = await asyncio.wait_for(socket.receive_text(), timeout=60)
    """
    service = subject.service
    if not any("WEBSOCKET" in route.methods for route in service.routes):
        raise NotApplicable("the app has no WebSocket")
    is_counted = counts_sockets(subject.wired())
    for module in subject.modules(Role.APP):
        for found in open_sockets(subject.project, service, module, is_counted=is_counted):
            at = subject.finding(module, found.function, found.message)
            yield Finding(at.place, at.message, at.symbol, "socket")


@check(
    "ARCH-NO-API-DOCS",
    "The API is not described or has no version",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.RATIO,
    confidence=Confidence.LOW,
    standards=("OWASP API9:2023",),
)
def no_api_docs(subject: Subject) -> Iterator[Finding]:
    """An API has no schema, most of its routes have no description, or no path names a version.

    Whoever calls it has to read the code, and every change breaks somebody. Pages are left out, and so
    are apps with fewer than three routes that answer with data.

    Bad::

        @app.route("/items")
        def items(): ...

    Good::

        @router.get("/v1/items", summary="List items, the newest first")
        def items() -> list[Item]: ...
    """
    service = subject.service
    modules = subject.wired()
    answering = sum(
        is_api(module, handler.node, service)
        for module in modules
        for handler in handlers(subject.project, service, module)
    )
    if answering < 3:
        raise NotApplicable("fewer than three routes answer with data")
    for found in undocumented(subject.project, service, modules):
        at = subject.finding(found.module, found.function, found.message)
        yield Finding(at.place, at.message, "", found.message.rpartition(" ")[2])


@check(
    "ARCH-NO-ADR",
    "How to run it, or why it is as it is, is written down nowhere",
    pillar=Pillar.ARCHITECTURE,
    risk=Risk.LOW,
    kind=Kind.PRESENCE,
)
def no_adr(subject: Subject) -> Iterator[Finding]:
    """No README says how to run the app, or no record says why it was built this way.

    Whoever comes next asks, guesses, or decides again. A README counts with 300 characters and a
    command; a record with its context and the decision. Records in a wiki can be attested.

    Bad::

        # my-app

    Good::

        docs/adr/0001-postgresql.md: Context, Decision, Consequences
    """
    path, lack = readme_of(subject.project, subject.service)
    if lack:
        place = Place(path) if path else subject.anchor
        yield Finding(place, lack, "", "readme")
    if not has_decisions(subject.project):
        message = "No record says which decisions were taken, and why (docs/adr)."
        yield Finding(subject.anchor, message, "", "decisions")
