"""Forms and serializers of Django that let a client fill in fields which carry rights."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.reached_code import reached
from buttress.analysis.requests.field_sinks import Assigned
from buttress.analysis.requests.mass_assignment import is_for_some, is_open_to_all
from buttress.analysis.requests.schema_fields import (
    Catalogue,
    given_in,
    is_read_only,
    meta_of,
    rights_among,
)
from buttress.project.literals import last_name, literal_text, strings_in, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module, Modules

_BASES = ("ModelForm", "ModelSerializer", "UserCreationForm", "UserChangeForm")
_FILLED_BY = frozenset(["form_class", "serializer_class"])
_DATA = ("request.POST", "request.data", "request.body", "data=", "request_data")
_CHANGING = frozenset(["POST", "PUT", "PATCH"])
_ADDS = frozenset(["POST"])


def wide_forms(
    project: Project,
    service: Service,
    modules: Modules,
    found: Sequence[Endpoint],
    guards: Guards,
) -> Iterator[Assigned]:
    """Yield the forms and serializers, bound to what is sent, whose fields carry rights.

    Args:
        project: The facts.
        service: The service.
        modules: Its modules that the entry point imports.
        found: The endpoints.
        guards: Who has to be known before they run.
    """
    for module in modules.having(*_BASES):
        for klass in module.nodes(ast.ClassDef):
            if not any(last_name(base).endswith(_BASES) for base in klass.bases):
                continue
            rights, is_listed = _rights(project, service, module, klass)
            if not rights:
                continue
            names = " and ".join(rights[:3])
            for endpoint in _bound(project, service, found, klass):
                if _picks_fields(klass, endpoint) or is_for_some(project, service, endpoint, guards):  # fmt: skip
                    continue
                is_open = is_open_to_all(project, service, endpoint, guards)
                if is_open or not is_listed:
                    who = "Whoever calls" if is_open else "Whoever is logged in and calls"
                    meta = meta_of(klass) or klass
                    message = f"{who} {endpoint.name} fills in {names} by {klass.name}."
                    yield Assigned(module, _place(meta), message)
                    break


def _place(meta: ast.ClassDef) -> ast.stmt:
    for statement in meta.body:
        if isinstance(statement, ast.Assign) and written(statement.targets[0]) in {"fields", "exclude"}:  # fmt: skip
            return statement
    return meta


def _rights(
    project: Project, service: Service, module: Module, klass: ast.ClassDef
) -> tuple[list[str], bool]:
    """Return the fields of a form that carry rights, and whether its author has listed them."""
    meta = meta_of(klass)
    model = given_in(meta, "model") if meta is not None else None
    if meta is None or model is None:
        return [], False
    own = own_modules(project.tree)
    fields = Catalogue(own, service).fields_of(module, model)
    if fields is None:
        if last_name(model) != "User" and _called(model) != "get_user_model":
            return [], False
        known = frozenset(["is_staff", "is_superuser", "password"])
        is_account = True
    else:
        known, is_account = fields.free, fields.is_account
    listed, left_out = given_in(meta, "fields"), given_in(meta, "exclude")
    is_listed = listed is not None and literal_text(listed) != "__all__"
    if is_listed:
        names = known & frozenset(strings_in(listed))
    elif listed is not None or left_out is not None:
        names = known - frozenset(strings_in(left_out))
    else:
        return [], False
    return rights_among(names - _fixed(klass, meta), of_account=is_account), is_listed


def _called(node: ast.expr) -> str:
    return called_name(node) if isinstance(node, ast.Call) else ""


def _fixed(klass: ast.ClassDef, meta: ast.ClassDef) -> frozenset[str]:
    """Return the fields that are shown and never written."""
    fixed = set(strings_in(given_in(meta, "read_only_fields")))
    for statement in klass.body:
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Call) and is_read_only(value):
            fixed |= {written(target) for target in getattr(statement, "targets", ())}
    extra = given_in(meta, "extra_kwargs")
    if isinstance(extra, ast.Dict):
        for key, value in zip(extra.keys, extra.values, strict=True):
            if isinstance(value, ast.Dict) and "read_only" in map(literal_text, value.keys):
                fixed.add(literal_text(key))
    return frozenset(fixed)


def _bound(
    project: Project, service: Service, found: Sequence[Endpoint], klass: ast.ClassDef
) -> Iterator[Endpoint]:
    """Yield the endpoints that give a form what was sent."""
    for endpoint in found:
        if endpoint.methods & _CHANGING and (
            _names(endpoint, klass) or _fills(project, service, endpoint, klass)
        ):
            yield endpoint


def _names(endpoint: Endpoint, klass: ast.ClassDef) -> bool:
    """Whether the class of a view names a form that the framework is to fill in."""
    view = endpoint.view if endpoint.view is not None else endpoint.node
    if not isinstance(view, ast.ClassDef):
        return False
    return any(last_name(given_in(view, name)) == klass.name for name in _FILLED_BY)


def _fills(project: Project, service: Service, endpoint: Endpoint, klass: ast.ClassDef) -> bool:
    return any(
        last_name(call.func) == klass.name and any(word in module.source(call) for word in _DATA)
        for module, definition in reached(project, service, endpoint)
        for call in module.inside(definition)
        if isinstance(call, ast.Call)
    )


def _picks_fields(klass: ast.ClassDef, endpoint: Endpoint) -> bool:
    """Whether a serializer names the fields that it stores, in a ``create`` of its own."""
    for item in klass.body:
        if isinstance(item, ast.FunctionDef) and item.name in {"create", "save"}:
            parts = list(ast.walk(item))
            spreads = any(isinstance(part, ast.keyword) and part.arg is None for part in parts)
            goes_on = any(_is_above(part, item.name) for part in parts)
            if not spreads and not goes_on and endpoint.methods <= _ADDS:
                return True
    return False


def _is_above(node: ast.AST, name: str) -> bool:
    """Whether a node is ``super().create(...)``."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr == name and isinstance(node.func.value, ast.Call)
