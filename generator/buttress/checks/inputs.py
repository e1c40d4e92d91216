"""Checks of what comes in: bodies that nothing describes, text, requests and files of any size."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from buttress.analysis.access.endpoints import Endpoint, endpoints
from buttress.analysis.classes import Classes
from buttress.analysis.requests.input_bodies import is_only_shown
from buttress.analysis.requests.inputs import HINTS, bodies
from buttress.analysis.requests.request_limits import (
    careless_uploads,
    limits_requests,
    reads_bodies,
    takes_uploads,
    unbounded_models,
    unbounded_serializers,
)
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
from buttress.project.literals import written
from buttress.project.model import Framework, Role

_FRAMEWORKS = frozenset([Framework.FASTAPI, Framework.STARLETTE, Framework.FLASK])


@check(
    "SEC-INPUT-UNTYPED",
    "Request body is read without a schema",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    recipe="input-models",
    standards=("CWE-20", "OWASP A05:2025", "OWASP API3:2023"),
)
def untyped_input(subject: Subject) -> Iterator[Finding]:
    """A handler takes its JSON body as it comes and reads it key by key.

    A missing or ill-typed field then crashes in the middle of the handler, fields that nobody thought
    of get through, and nothing says what the endpoint accepts (CWE-20, OWASP API3:2023, ASVS 2.2.1).
    A body that goes through a schema, ``jsonschema`` or a Pydantic model is fine.

    Bad::

        @app.post("/items")
        def create_item(data: dict):
            return items.add(data["name"])

    Good::

        @app.post("/items")
        def create_item(data: CreateItemRequest):
            return items.add(data.name)
    """
    service = subject.service
    if service.framework not in _FRAMEWORKS:
        raise NotApplicable(f"bodies of {service.framework} are not read yet")
    classes = Classes(subject.project.tree, service.import_root)
    for module in subject.modules(Role.APP).having(*HINTS):
        for body in bodies(module, service, classes):
            place = body.annotation if isinstance(body.node, ast.arg) else body.node
            # a body that is fetched into a name and never looked at does no harm
            is_read = body.name is None or bool(body.values)
            is_read = is_read and not is_only_shown(module, body.values)
            if is_read and not body.is_validated and place is not None:
                yield subject.finding(module, place, "Nothing describes the body of this request.")


@check(
    "SEC-INPUT-UNBOUNDED",
    "What comes in may have any length",
    pillar=Pillar.SECURITY,
    risk=Risk.MEDIUM,
    kind=Kind.RATIO,
    confidence=Confidence.MEDIUM,
    standards=("CWE-770", "OWASP API4:2023"),
)
def unbounded_input(subject: Subject) -> Iterator[Finding]:
    """Text and lists in a request have no longest length, or a request has no largest size.

    One client can then fill memory, the database or the bill of a language model with a single call.
    Models of requests alone count, by where they are used; in Flask it is ``MAX_CONTENT_LENGTH``, in
    Django the limit that somebody switched off. A validator of a field counts as its limit.

    Bad::

        class Note(BaseModel):
            text: str

    Good::

        class Note(BaseModel):
            text: str = Field(max_length=10_000)
    """
    project, service = subject.project, subject.service
    found = endpoints(project, service)
    if service.framework is Framework.FLASK:
        yield from _unlimited_flask(subject, found)
    elif service.framework is Framework.DJANGO:
        for module in subject.wired():
            for node in module.nodes(ast.Assign):
                is_off = isinstance(node.value, ast.Constant) and node.value.value is None
                if is_off and written(node.targets[0]) == "DATA_UPLOAD_MAX_MEMORY_SIZE":
                    yield subject.finding(module, node, "Requests may have any size.")
        for module, field, name in unbounded_serializers(subject.wired()):
            yield subject.finding(module, field, f"Text in {name} may have any length.")
    else:
        models, count = unbounded_models(project, service, found)
        if not count:
            raise NotApplicable("no request has a model")
        for model in models:
            names = ", ".join(model.fields[:4]) + (" and more" if len(model.fields) > 4 else "")
            message = f"Fields of {model.model} may have any length: {names}."
            yield subject.finding(model.module, model.node, message)


def _unlimited_flask(subject: Subject, found: Iterable[Endpoint]) -> Iterator[Finding]:
    found = list(found)
    if any(takes_uploads(endpoint) for endpoint in found):
        raise NotApplicable("the app takes files, which SEC-UPLOAD-UNBOUNDED is about")
    if reads_bodies(found) is None:
        raise NotApplicable("no route reads a body")
    if not limits_requests(subject.project.tree, subject.wired()):
        yield Finding(subject.service.app.place, "Requests may have any size.")


@check(
    "SEC-UPLOAD-UNBOUNDED",
    "Files of any size or type are taken",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.INSTANCE,
    confidence=Confidence.MEDIUM,
    standards=("CWE-400", "CWE-434", "OWASP API4:2023"),
)
def unbounded_upload(subject: Subject) -> Iterator[Finding]:
    """A route reads or keeps an upload without looking at its size, or keeps it whatever it is.

    Ten users who send 100 MB each fill one gigabyte of memory; a file of any type that is served again is
    a page of somebody else's on your address. A limit in the app, a middleware or the proxy counts.

    Bad::

        content = await file.read()

    Good::

        content = await file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise HTTPException(413)
    """
    project, service = subject.project, subject.service
    found = [endpoint for endpoint in endpoints(project, service) if takes_uploads(endpoint)]
    if not found:
        raise NotApplicable("no route takes a file")
    is_limited = limits_requests(project.tree, subject.wired())
    for endpoint, message in careless_uploads(project, service, found, is_limited=is_limited):
        yield subject.finding(endpoint.module, endpoint.node, message)
