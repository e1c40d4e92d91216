"""Checks of what comes in: request bodies that nothing describes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.classes import Classes
from buttress.analysis.inputs import bodies
from buttress.checks.model import Finding, Kind, NotApplicable, Pillar, Risk, Subject, check
from buttress.project.model import Framework, Role

_FRAMEWORKS = frozenset([Framework.FASTAPI, Framework.STARLETTE, Framework.FLASK])


@check(
    "SEC-INPUT-UNTYPED",
    "Request body is read without a schema",
    pillar=Pillar.SECURITY,
    risk=Risk.HIGH,
    kind=Kind.RATIO,
    recipe="input-models",
)
def untyped_input(subject: Subject) -> Iterator[Finding]:
    """A handler takes its JSON body as it comes and reads it key by key.

    A missing or ill-typed field then crashes in the middle of the handler, fields that nobody thought
    of get through, and nothing says what the endpoint accepts (CWE-20, OWASP API3:2023, ASVS 2.2.1).
    A body that goes through a schema, ``jsonschema`` or a Pydantic model is fine.

    Bad::

        @app.post("/items")
        def create_item(data: dict): ...

    Good::

        @app.post("/items")
        def create_item(data: CreateItemRequest): ...
    """
    service = subject.service
    if service.framework not in _FRAMEWORKS:
        raise NotApplicable(f"bodies of {service.framework} are not read yet")
    classes = Classes(subject.project.tree, service.import_root)
    for module in subject.modules(Role.APP):
        for body in bodies(module, service, classes):
            place = body.annotation if isinstance(body.node, ast.arg) else body.node
            if not body.is_validated and place is not None:
                yield subject.finding(module, place, "Nothing describes the body of this request.")
