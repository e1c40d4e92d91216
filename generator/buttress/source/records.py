"""Dataclasses that are quick to define.

For each frozen dataclass the standard library writes and compiles six functions, and an inspection imports 150 of these classes:
a fifth of what inspecting a small project takes. Here one is compiled, the constructor; the others are closures. That
nobody assigns to a field is left to the type checker, for whom this is ``dataclasses.dataclass`` itself.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """Make a class a dataclass; the options are those of ``dataclasses.dataclass``."""
        if cls is None:
            return lambda given: dataclass(given, **options)
        if not options.pop("frozen", False):
            return dataclasses.dataclass(**options)(cls)
        return _frozen(cls, **options)


__all__ = ["dataclass"]

_T = TypeVar("_T")
_ORDER = {
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}


def _frozen(cls: type[_T], *, eq: bool = True, order: bool = False, **options: Any) -> type[_T]:
    made: type[_T] = dataclasses.dataclass(repr=False, eq=False, **options)(cls)
    methods: dict[str, Callable[..., Any]] = {"__repr__": _shown}
    if eq:
        fields = dataclasses.fields(made)  # type: ignore[arg-type]
        values = _getter([field.name for field in fields if field.compare])
        methods["__eq__"] = _comparison(values, operator.eq)
        methods["__hash__"] = lambda self: hash(values(self))
        if order:
            methods |= {name: _comparison(values, compare) for name, compare in _ORDER.items()}
    for name, method in methods.items():
        # a class that says itself how it is compared has None for a hash
        if vars(made).get(name) is None:
            setattr(made, name, method)
    return made


def _getter(names: Iterable[str]) -> Callable[[Any], Any]:
    """Return what gives the values that an object is compared by."""
    wanted = tuple(names)
    return operator.attrgetter(*wanted) if wanted else lambda _: ()


def _comparison(
    values: Callable[[Any], Any], compare: Callable[[Any, Any], Any]
) -> Callable[[object, object], Any]:
    def method(self: object, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compare(values(self), values(other))

    return method


@recursive_repr()
def _shown(self: Any) -> str:
    shown = [field.name for field in dataclasses.fields(self) if field.repr]
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{self.__class__.__qualname__}({values})"
