"""The source of a Pydantic model, in the style and for the versions that a module is written for."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from buttress.analysis.requests.input_fields import Field
from buttress.analysis.requests.input_types import Type
from buttress.source import Module
from buttress.source.imports import Import, local_name

_OWN_NAMES = frozenset(name for name in dir(BaseModel) if name[0] != "_") | {"fields", "Config"}
_PLAIN = frozenset(["str", "int", "float", "bool"])
_TYPE_NAMES = _PLAIN | {"list", "dict", "Any", "Optional", "Union", "List", "Dict", "Field"}


class NameTakenError(ValueError):
    """A name that the model needs means something else in the module."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How types are written.

    Attributes:
        pydantic: Major version of Pydantic.
        has_pipe: Whether ``str | None`` may be written.
        has_generics: Whether ``list[str]`` may be written.
    """

    pydantic: int
    has_pipe: bool
    has_generics: bool


def dialect_for(module: Module, pydantic: int, python: str | None) -> Dialect:
    """Return how the types of a module are written; an unknown Python gets what all accept."""
    version = tuple(map(int, python.split("."))) if python is not None else (3, 8)
    uses_optional = any(
        binding.target in {"typing.Optional", "typing.Union"} for binding in module.imports
    )
    uses_list = any(binding.target in {"typing.List", "typing.Dict"} for binding in module.imports)
    return Dialect(
        pydantic,
        has_pipe=version >= (3, 10) and not uses_optional,
        has_generics=version >= (3, 9) and not uses_list,
    )


def attributes(fields: Sequence[Field]) -> dict[str, str]:
    """Return the attribute of each key: the key itself wherever Python and Pydantic allow it."""
    found: dict[str, str] = {}
    for item in fields:
        name = item.key
        if not name.isidentifier() or not name.isascii():
            plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
            name = f"field_{plain}" if not plain[:1].isalpha() else plain
        name = name.lstrip("_") or "field"
        if name[:1].isdigit():
            name = f"field_{name}"
        reserved = name in _OWN_NAMES or name in _TYPE_NAMES or name.startswith("model_")
        if reserved or keyword.iskeyword(name):
            name = f"{name.removeprefix('model_') if name.startswith('model_') else name}_"
        while name in found.values():
            name += "_"
        found[item.key] = name
    return found


@dataclass
class ModelSource:
    """Writes one model.

    Attributes:
        module: Where it goes.
        dialect: How types are written.
        imports: What the text needs, collected while it is written.
    """

    module: Module
    dialect: Dialect
    imports: set[Import] = field(default_factory=set)

    def text(self, name: str, fields: Sequence[Field], types: Sequence[Type]) -> str:
        """Return the class statement, with the module's own indentation and line ends.

        Raises:
            NameTakenError: If a name that it needs is taken.
        """
        lines = [f"class {name}({self._name('pydantic', 'BaseModel')}):"]
        names = attributes(fields)
        for item, kind in zip(fields, types, strict=True):
            annotation = self._annotation(kind)
            value = self._value(item, kind, names[item.key])
            lines.append(
                f"{self.module.indent_unit}{names[item.key]}: {annotation}"
                + (f" = {value}" if value else "")
            )
        return self.module.newline.join(lines)

    def _value(self, item: Field, kind: Type, attribute: str) -> str:
        default = self._default(item)
        if item.is_required:
            # Pydantic 1 takes a field that accepts None as one that may be missing
            default = "..." if self.dialect.pydantic == 1 and kind.is_nullable else ""
        if attribute == item.key:
            return f"{self._name('pydantic', 'Field')}(...)" if default == "..." else default
        quote = self.module.quote
        alias = item.key.replace("\\", "\\\\").replace(quote, "\\" + quote)
        first = f"{default}, " if default else "..., " if self.dialect.pydantic == 1 else ""
        if isinstance(item.default, ast.List | ast.Dict) and not item.is_required:
            first = f"default_factory=lambda: {default}, "
        return f"{self._name('pydantic', 'Field')}({first}alias={quote}{alias}{quote})"

    def _default(self, item: Field) -> str:
        return "None" if item.default is None else self.module.source(item.default)

    def _annotation(self, kind: Type) -> str:
        if kind.name == "any":
            return self._name("typing", "Any")
        text = self._plain(kind)
        if not kind.is_nullable:
            return text
        if self.dialect.has_pipe:
            return f"{text} | None"
        return f"{self._name('typing', 'Optional')}[{text}]"

    def _plain(self, kind: Type) -> str:
        if kind.name in _PLAIN:
            return self._builtin(kind.name)
        if kind.name == "number":
            whole, real = self._builtin("int"), self._builtin("float")
            if self.dialect.has_pipe:
                return f"{whole} | {real}"
            return f"{self._name('typing', 'Union')}[{whole}, {real}]"
        if self.dialect.has_generics:
            outer = self._builtin(kind.name)
        else:
            outer = self._name("typing", kind.name.capitalize())
        inner = self._annotation(kind.items) if kind.items is not None else self._annotation(_ANY)
        return f"{outer}[{inner}]" if kind.name == "list" else f"{outer}[str, {inner}]"

    def _builtin(self, name: str) -> str:
        if self.module.binds(name):
            raise NameTakenError(name)
        return name

    def _name(self, source: str, name: str) -> str:
        wanted = Import(source, name)
        local = local_name(self.module, wanted)
        if local is None:
            raise NameTakenError(name)
        self.imports.add(wanted)
        return local


_ANY = Type("any", is_nullable=True)
