"""Where a client chooses which fields of a stored object are set, or gives itself rights."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.reached_code import reached
from buttress.analysis.access.refusing import asks_for_proof, is_for_first_user
from buttress.analysis.access.roles import asks_for_role
from buttress.analysis.requests.field_sinks import Assigned, Way
from buttress.analysis.requests.schema_fields import (
    POWERFUL,
    RIGHTS,
    ROLES,
    Catalogue,
    Kind,
    rights_among,
    values_of,
)
from buttress.analysis.requests.sent import ANYTHING, REQUEST, Sent, Shape, through
from buttress.project.literals import last_name
from buttress.project.model import Framework, Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_FILLING = frozenset([Framework.FASTAPI, Framework.STARLETTE])
_READS = lazy_pattern(
    r"\breq(?:uest)?\.(?:json|form|POST|data|body|values|get_json|args|GET)\b|Form\("
)
"""How handlers of Flask and Django get at what is sent."""
_DICTS = frozenset(["dict", "Dict", "Mapping", "MutableMapping"])


def assigned_fields(
    project: Project,
    service: Service,
    found: Sequence[Endpoint],
    guards: Guards,
    has_roles: Callable[[], bool],
) -> Iterator[Assigned]:
    """Yield the places where clients choose which fields of a stored object are set, each once.

    Args:
        project: The facts.
        service: The service.
        found: The endpoints.
        guards: Who has to be known before they run.
        has_roles: Tells whether any role of the app stands for more rights than others.
    """
    classes = Catalogue(own_modules(project.tree), service)
    seen: set[tuple[str, int]] = set()
    for endpoint in found:
        if isinstance(endpoint.node, ast.ClassDef) or endpoint.methods == {"GET"}:
            continue
        given = _given(classes, endpoint)
        if not _may_matter(endpoint, given):
            continue
        lets_in = partial(is_open_to_all, project, service, endpoint, guards)
        way = Way(classes, lets_in, has_roles)
        callers = guards.callers(endpoint)
        for place in way.through(endpoint.module, endpoint.node, given, callers):
            if is_for_some(project, service, endpoint, guards):
                break
            key = (place.module.path, place.node.lineno)
            if key not in seen:
                seen.add(key)
                yield place


def _may_matter(endpoint: Endpoint, given: dict[str, Sent]) -> bool:
    """Whether anything is sent that a schema without rights does not hold."""
    return any(
        sent.shape in {Shape.MAPPING, Shape.VALUE}
        or (sent.fields is not None and rights_among(sent.fields, of_account=True))
        for sent in given.values()
    ) or bool(_READS.search(endpoint.module.source(endpoint.node)))


def is_for_some(project: Project, service: Service, endpoint: Endpoint, guards: Guards) -> bool:
    """Whether only some of those who are known may call an endpoint: a role is asked for."""
    view = endpoint.view
    marks = [*endpoint.node.decorator_list, *(view.decorator_list if view is not None else ())]
    parts: list[ast.AST] = [*marks]
    if not isinstance(endpoint.node, ast.ClassDef):
        parts.append(endpoint.node.args)
    if view is not None:
        parts += [item for item in view.body if isinstance(item, ast.Assign)]
        parts += [item for item in view.body if getattr(item, "name", "") in {"test_func", "get_permissions", "dispatch"}]  # fmt: skip
        parts += view.bases
    if any(asks_for_role(part) for above in parts for part in ast.walk(above)):
        return True
    attached = guards.attached(endpoint)
    if any(asks_for_role(ast.Name(id=word)) for word in re.findall(r"\w+", attached)):
        return True
    return any(
        asks_for_role(part)
        for module, definition in reached(project, service, endpoint)
        for test in module.inside(definition)
        if isinstance(test, ast.If | ast.IfExp | ast.Assert)
        for part in ast.walk(test.test)
    ) and guards.guards(endpoint)


def is_open_to_all(project: Project, service: Service, endpoint: Endpoint, guards: Guards) -> bool:
    """Whether whoever calls an endpoint gets through: nobody is asked for anything."""
    if guards.guards(endpoint):
        return False
    if any(asks_for_proof(*found) for found in reached(project, service, endpoint)):
        return False
    node = endpoint.node
    return isinstance(node, ast.ClassDef) or not is_for_first_user(endpoint.module, node)


def _given(classes: Catalogue, endpoint: Endpoint) -> dict[str, Sent]:
    """Return what the framework fills the parameters of an endpoint with."""
    module, node = endpoint.module, endpoint.node
    assert not isinstance(node, ast.ClassDef)  # noqa: S101 - for mypy
    in_path = " ".join(endpoint.paths)
    given: dict[str, Sent] = {}
    for argument, default in _with_defaults(node.args):
        if argument.arg in {"request", "req"}:
            given[argument.arg] = REQUEST
        elif argument.annotation is not None and classes.service.framework in _FILLING:
            text = module.source(argument.annotation)
            text += module.source(default) if default is not None else ""
            is_dependency = "Depends(" in text and "Depends()" not in text
            found = _filled(classes, module, argument.arg, argument.annotation)
            if found is not None and not is_dependency and f"{{{argument.arg}" not in in_path:
                given[argument.arg] = found
    return given


def _with_defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    missing = len(arguments.args) - len(arguments.defaults)
    yield from zip(arguments.args, [*[None] * missing, *arguments.defaults], strict=False)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)


def _filled(classes: Catalogue, module: Module, name: str, annotation: ast.expr) -> Sent | None:
    """Return what a parameter of FastAPI holds, as its type tells."""
    for part in ast.walk(annotation):
        if isinstance(part, ast.Name | ast.Attribute):
            fields = classes.fields_of(module, part)
            if fields is not None and fields.kind in {Kind.SCHEMA, Kind.BOTH}:
                return through(fields)
            if last_name(part) in _DICTS:
                return ANYTHING
    if RIGHTS.match(name) or ROLES.match(name):
        listed = values_of(classes.own, classes.service, module, annotation)
        if listed is None or any(map(POWERFUL.match, listed)):
            return Sent(Shape.VALUE, key=name)
    return None
