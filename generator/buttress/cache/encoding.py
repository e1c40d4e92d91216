"""Facts as plain data and back: only types that the facts declare, and never a pickle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

Decoder = Callable[[Any], Any]


class UnknownShapeError(ValueError):
    """The data does not have the shape of the type that it is read as."""


def encode(value: Any, without: Iterable[str] = ()) -> Any:
    """Return a fact as lists, dictionaries and scalars.

    Args:
        value: A dataclass, or what its fields hold.
        without: Fields of the outermost dataclass that are left out.
    """
    kind: Any = value.__class__
    if kind is str or value is None or kind is bool or kind is int or kind is float:
        return value
    if is_dataclass(value):
        left_out = frozenset(without)
        return [encode(getattr(value, name)) for name in _names(kind) if name not in left_out]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return [encode(item) for item in sorted(value)]
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    raise TypeError(f"{type(value).__name__} is no fact")


def decode(kind: Any, data: Any, **known: Any) -> Any:
    """Return the dataclass that ``encode`` was given.

    Args:
        kind: Its type.
        data: What ``encode`` returned.
        known: The fields that were left out.

    Raises:
        UnknownShapeError: If the data does not fit the type.
    """
    try:
        return _read_fields(kind, frozenset(known))(data, known)
    except (AttributeError, TypeError, ValueError, KeyError) as problem:
        raise UnknownShapeError(str(problem)) from problem


@cache
def _names(kind: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cast("Any", kind)))


@cache
def _read_fields(
    kind: Callable[..., Any], known: frozenset[str]
) -> Callable[[Any, Mapping[str, Any]], Any]:
    hints = get_type_hints(kind)
    readers = [(name, _decoder(hints[name])) for name in _names(kind) if name not in known]

    def read(data: Any, given: Mapping[str, Any]) -> Any:
        values = {
            name: item if reader is None else reader(item)
            for (name, reader), item in zip(readers, data, strict=True)
        }
        return kind(**values, **given)

    return read


@cache
def _decoder(hint: Any) -> Decoder | None:
    """Return what reads a value of a type; ``None`` where the value is what was read."""
    if hint in {str, int, float, bool, NoneType}:
        return None
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        (kind,) = (argument for argument in arguments if argument is not NoneType)
        inner = _decoder(kind)
        return None if inner is None else partial(_optional, inner)
    if origin is tuple:
        inner = _decoder(arguments[0])
        return tuple if inner is None else partial(_tuple, inner)
    if origin is frozenset:
        return frozenset
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _decoder(arguments[1])
        return dict if inner is None else partial(_dict, inner)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint):
        read = _read_fields(cast("Any", hint), frozenset())
        return lambda data: read(data, {})
    raise TypeError(f"no facts of type {hint} are known")


def _optional(inner: Decoder, data: Any) -> Any:
    return None if data is None else inner(data)


def _tuple(inner: Decoder, data: Any) -> tuple[Any, ...]:
    return tuple([inner(item) for item in data])


def _dict(inner: Decoder, data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inner(item) for key, item in data.items()}
