"""Environment variables that an app reads, whatever reads them: the code itself or a settings class."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.configuration import (
    Known,
    environment_reads,
    settings_classes,
    written_variables,
)
from buttress.analysis.secrets import is_secret_variable, kind_of
from buttress.project.literals import literal_text
from buttress.source import Module

_ADDRESS = re.compile(
    r"(?:^|_)(?:DATABASE|DB|POSTGRES|POSTGRESQL|PG|MYSQL|SQLALCHEMY_DATABASE|MONGO|MONGODB|REDIS|AMQP|RABBITMQ"
    r"|BROKER|SMTP|MAIL)_?(?:URL|URI|DSN)(?:_\w+)?\Z|_DSN\Z|CONNECTION_STRING\Z",
    re.IGNORECASE,
)
"""Names of variables that hold an address together with a password."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable.

    Attributes:
        name: As it is set.
        default: What stands for it where it is not set, as text; ``None`` without one that is known.
        is_required: Whether the app fails without it.
        is_secret: Whether its value must not be seen.
    """

    name: str
    default: str | None = None
    is_required: bool = False
    is_secret: bool = False


def variables(modules: Iterable[Module]) -> tuple[Variable, ...]:
    """Return every variable that an app reads, by name; never with a default that is a secret.

    A variable that the code sets itself is left out. Where several places read one, it is required if
    one of them fails without it, and has the first default that is known.
    """
    modules = list(modules)
    found: dict[str, Variable] = {}
    for item in _all(modules):
        known = found.get(item.name, item)
        is_secret = known.is_secret or item.is_secret
        found[item.name] = Variable(
            item.name,
            None if is_secret else known.default if known.default is not None else item.default,
            known.is_required or item.is_required,
            is_secret,
        )
    for name in written_variables(modules):
        found.pop(name, None)
    return tuple(found[name] for name in sorted(found))


def _all(modules: list[Module]) -> Iterator[Variable]:
    for module in modules:
        for read in environment_reads(module):
            if read.name:
                value = read.default.value if read.default.known is Known.LITERAL else None
                is_required = read.raises and read.default.known is Known.ABSENT
                yield _variable(read.name, value, is_required=is_required)
        for class_ in settings_classes(module):
            yield from _of_class(module, class_)


def _variable(name: str, value: object, *, is_required: bool, is_secret: bool = False) -> Variable:
    text = None if value is None else str(value)
    if isinstance(value, bool):
        text = text.lower() if text else None
    # the address of a file holds no password, that of a server may
    is_address = bool(_ADDRESS.search(name)) and not (text or "").startswith(("sqlite", "file:"))
    is_secret = is_secret or is_secret_variable(name) or is_address or bool(kind_of(text or ""))
    return Variable(name, text, is_required, is_secret)


def _of_class(module: Module, class_: ast.ClassDef) -> Iterator[Variable]:
    """Yield the fields of a settings class: the name of each in capitals, behind the prefix."""
    prefix = _prefix(class_)
    for node in class_.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        name = node.target.id
        kind = module.source(node.annotation)
        if name.startswith("_") or name == "model_config" or "ClassVar" in kind:
            continue
        alias, value, has_value = _field(module, node.value)
        yield _variable(
            alias or (prefix + name).upper(),
            value,
            is_required=not has_value,
            is_secret="Secret" in kind,
        )


def _prefix(class_: ast.ClassDef) -> str:
    for node in ast.walk(class_):
        if isinstance(node, ast.keyword) and node.arg == "env_prefix":
            return literal_text(node.value)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "env_prefix":
            return literal_text(node.value)
    return ""


def _field(module: Module, value: ast.expr | None) -> tuple[str, object, bool]:
    """Return the alias of a field, its literal default, and whether it has any default."""
    if value is None:
        return "", None, False
    if isinstance(value, ast.Call) and (module.resolve(value.func) or "").endswith(".Field"):
        keywords = {keyword.arg: keyword.value for keyword in value.keywords}
        aliases = (
            literal_text(keywords.get(name)) for name in ("validation_alias", "alias", "env")
        )
        alias = next((name for name in aliases if name), "")
        default = value.args[0] if value.args else keywords.get("default")
        if default is None:
            return alias, None, "default_factory" in keywords
        _, literal, has_value = _field(module, default)
        return alias, literal, has_value
    if isinstance(value, ast.Constant):
        return "", None if value.value is ... else value.value, value.value is not ...
    return "", None, True
