"""Settings classes that an app has already: their fields, with the variable that each one reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from buttress.analysis.configuration import settings_classes
from buttress.source import Module

_FIELDS = ("pydantic.Field", "pydantic.fields.Field")
_ALIASES = ("validation_alias", "alias", "env")


@dataclass(frozen=True, slots=True)
class ClassField:
    """A field of a class that reads the environment.

    Attributes:
        name: The environment variable.
        default: Its default where that is a literal, else ``None``.
        is_required: Whether it has no default at all.
        is_secret: Whether its type keeps it from being printed.
    """

    name: str
    default: str | int | float | bool | None
    is_required: bool
    is_secret: bool


def settings_fields(modules: Sequence[Module]) -> Iterator[ClassField]:
    """Yield the fields of the settings classes of an app, in source order.

    A class counts where it derives from ``BaseSettings``, also through a class of the app.
    """
    classes = _classes(modules)
    by_name = {settings.name: settings for _, settings in classes}
    for module, settings in classes:
        prefix = _inherited_prefix(settings, by_name)
        for statement in settings.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                attribute = statement.target.id
                annotation = module.source(statement.annotation)
                if attribute not in {"model_config", "Config"} and "ClassVar" not in annotation:
                    yield _field(module, statement, f"{prefix}{attribute}".upper(), annotation)


def _inherited_prefix(settings: ast.ClassDef, by_name: Mapping[str, ast.ClassDef]) -> str:
    seen: set[str] = set()
    while settings.name not in seen:
        seen.add(settings.name)
        prefix = _prefix(settings)
        names = [base.id for base in settings.bases if isinstance(base, ast.Name)]
        above = next((by_name[name] for name in names if name in by_name), None)
        if prefix or above is None:
            return prefix
        settings = above
    return ""


def _classes(modules: Sequence[Module]) -> list[tuple[Module, ast.ClassDef]]:
    hinted = [module for module in modules if "Settings" in module.text]
    names = {node.name for module in hinted for node in settings_classes(module)}
    found = -1
    while len(names) != found:
        found = len(names)
        names |= {
            node.name
            for module in hinted
            for node in module.nodes(ast.ClassDef)
            if any(module.source(base).rpartition(".")[2] in names for base in node.bases)
        }
    return [
        (module, node)
        for module in hinted
        for node in module.nodes(ast.ClassDef)
        if node.name in names
    ]


def _field(module: Module, statement: ast.AnnAssign, variable: str, annotation: str) -> ClassField:
    value, alias = statement.value, None
    is_required = value is None
    if isinstance(value, ast.Call) and module.resolve(value.func) in _FIELDS:
        alias = _alias(value)
        value, is_required = _field_default(value)
    default = value.value if isinstance(value, ast.Constant) else None
    known = default if isinstance(default, str | int | float | bool) else None
    return ClassField(alias or variable, known, is_required, "Secret" in annotation)


def _field_default(call: ast.Call) -> tuple[ast.expr | None, bool]:
    given = call.args[0] if call.args else None
    for keyword in call.keywords:
        if keyword.arg == "default":
            given = keyword.value
        elif keyword.arg == "default_factory":
            return None, False
    is_ellipsis = isinstance(given, ast.Constant) and given.value is Ellipsis
    return (None, True) if given is None or is_ellipsis else (given, False)


def _alias(call: ast.Call) -> str | None:
    for keyword in call.keywords:
        if keyword.arg in _ALIASES:
            value = keyword.value
            if isinstance(value, ast.Call) and value.args:  # AliasChoices("A", "B")
                value = value.args[0]
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value
    return None


def _prefix(settings: ast.ClassDef) -> str:
    for node in ast.walk(settings):
        if isinstance(node, ast.keyword) and node.arg == "env_prefix":
            value: ast.expr | None = node.value
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "env_prefix" for target in node.targets
        ):
            value = node.value
        else:
            continue
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""
