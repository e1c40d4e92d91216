"""Forms, serializers and schemas: what clients send, once it went through them."""

from __future__ import annotations

import ast

from buttress.analysis.taint.definitions import Definition
from buttress.analysis.taint.frame import Frame
from buttress.analysis.taint.parts import DATA
from buttress.analysis.taint.sources import CLIENT
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import NOTHING, Taint, Value
from buttress.project.literals import written
from buttress.project.modules import called_name

_KINDS = {
    "django.forms.": frozenset(["cleaned_data"]),
    "rest_framework.serializers.": frozenset(["validated_data"]),
    "wtforms.": frozenset(["data"]),
    "flask_wtf.": frozenset(["data"]),
}
"""The attributes that hold all fields, by how the name of the class above begins."""

_WITH_FIELDS = ("wtforms.", "flask_wtf.")
_TEXTS = frozenset(
    ["CharField", "URLField", "JSONField", "StringField", "TextAreaField", "TextField", "PasswordField",
     "HiddenField", "SearchField", "CKEditorField"]
)  # fmt: skip
"""Fields that hold text as the client wrote it; an address may lead anywhere."""

_CHECKS = frozenset(["Regexp", "AnyOf", "RegexValidator", "validate_slug"])


def of_form(frame: Frame, node: ast.Attribute, definition: Definition) -> Value | None:
    """Return an attribute of a form that holds what was sent; ``None`` for any other.

    Args:
        frame: Where it is read.
        node: The attribute.
        definition: The class of the object that it is read from.
    """
    klass = definition.node
    if not isinstance(klass, ast.ClassDef) or not frame.engine.sources.takes_requests:
        return None
    bases = [definition.module.resolve(base) or "" for base in klass.bases]
    kind = next((kind for kind in _KINDS if any(base.startswith(kind) for base in bases)), None)
    if kind is None:
        return None
    if node.attr in _KINDS[kind]:
        held: dict[object, Value] = {
            name: _sent(frame, node, name) if is_text else NOTHING
            for name, is_text in _fields(klass)
        }
        return frame.state.new(Container("dict", held)) if held else None
    if kind in _WITH_FIELDS and dict(_fields(klass)).get(node.attr):
        return _sent(frame, node, node.attr)
    return None


def _sent(frame: Frame, node: ast.Attribute, name: str) -> Value:
    return Value(
        taint=frozenset({Taint(CLIENT, f"form[{name}]", node, frame.module)}), what=DATA, node=node
    )


def _fields(klass: ast.ClassDef) -> list[tuple[str, bool]]:
    """Return the fields that a class declares, and whether each holds text of the client's choice."""
    found = []
    for statement in klass.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            call = statement.value
            checks = {called_name(c) for c in ast.walk(call) if isinstance(c, ast.Call)}
            is_text = called_name(call) in _TEXTS and checks.isdisjoint(_CHECKS)
            found.append((written(statement.targets[0]), is_text))
    return found
