"""Options that are text, paths and switches need no library to read them.

Typer converts every value through a Pydantic adapter, and loading Pydantic takes about as long as
inspecting a small project. Values of the types that this command line uses are converted here; any
other goes Typer's own way. Help shows what a value is called, and no type beside that name or beside a switch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from typer.core import TyperCommand, TyperGroup


class PlainCommand(TyperCommand):
    """A command that reads its plain parameters by itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all parameters, those that Typer adds included."""
        return _plain(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands that reads its own plain parameters by itself."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all parameters, those that Typer adds included."""
        return _plain(super().get_params(ctx))


def _plain(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        by_typer = getattr(parameter, "process_value", partial(_process))
        if hasattr(parameter, "type_descriptor") and not isinstance(by_typer, partial):
            convert = _converter(parameter.type_descriptor.annotation)
            parameter.process_value = partial(_process, parameter, convert, by_typer)
        _show_no_type(parameter)
    return parameters


def _show_no_type(parameter: Any) -> None:
    """Keep ``<bool>`` from standing beside a switch, Typer's own ``--help`` too, and ``<path>`` beside ``PATH``."""
    if getattr(parameter, "is_flag", False) and parameter.metavar is None:
        parameter.metavar = ""
    elif parameter.param_type_name == "argument":
        parameter.display_type_rich = lambda ctx: None  # noqa: ARG005 - Typer gives it by name


def _converter(annotation: Any) -> Callable[[Any], Any] | None:
    """Return what makes a value of a type; ``None`` where that is Typer's task."""
    if get_origin(annotation) in {Union, UnionType}:
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        annotation = kinds[0] if len(kinds) == 1 else None
    if annotation is str:
        return str
    if annotation is Path:
        return Path
    return list if annotation == list[str] else None


def _process(
    parameter: Any,
    convert: Callable[[Any], Any] | None,
    by_typer: Callable[[Any, Any], Any],
    context: Any,
    value: Any,
) -> Any:
    is_missing = parameter.value_is_missing(value)
    if (is_missing and parameter.required) or (not is_missing and convert is None):
        return by_typer(context, value)
    if is_missing:
        value = () if parameter.multiple or parameter.nargs == -1 else None
    elif convert is not None:
        value = convert(value)
    if parameter.callback is not None:
        value = parameter.callback(context, parameter, value)
    return value
