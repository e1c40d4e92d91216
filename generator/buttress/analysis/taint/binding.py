"""What the parameters of a function are given by a call."""

from __future__ import annotations

import ast

from buttress.analysis.taint.definitions import Definition
from buttress.analysis.taint.expressions import evaluate
from buttress.analysis.taint.frame import Arguments, Callee, Frame
from buttress.analysis.taint.parameters import arguments_of
from buttress.analysis.taint.sources import REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import NOTHING, Value


def bind_call(
    inside: Frame, definition: Definition, owner: Value | None, arguments: Arguments
) -> None:
    """Give the parameters of a function their values.

    Args:
        inside: The frame of the function.
        definition: The function.
        owner: What a method is called on.
        arguments: What the call gives.
    """
    node = definition.node
    if isinstance(node, ast.ClassDef):
        return
    names = inside.state.names
    positional = [*node.args.posonlyargs, *node.args.args]
    values = list(arguments.positional)
    if definition.klass is not None and positional and not _is_static(node):
        values.insert(0, _object(owner))
    _bind_defaults(inside, node)
    more = inside.state.join_all(arguments.more) if arguments.more else None
    for number, argument in enumerate(positional):
        if number < len(values):
            names[argument.arg] = values[number]
        elif argument.arg in arguments.named:
            names[argument.arg] = arguments.named[argument.arg]
        elif more is not None:
            names[argument.arg] = more
    for argument in node.args.kwonlyargs:
        if argument.arg in arguments.named:
            names[argument.arg] = arguments.named[argument.arg]
    if node.args.vararg is not None:
        rest: dict[object, Value] = dict(enumerate(values[len(positional) :]))
        made = inside.state.new(Container("list", rest, more))
        names[node.args.vararg.arg] = made
    if node.args.kwarg is not None:
        own = {argument.arg for argument in arguments_of(node)}
        left: dict[object, Value] = {k: v for k, v in arguments.named.items() if k not in own}
        names[node.args.kwarg.arg] = inside.state.new(Container("dict", left))


def _is_static(node: Callee) -> bool:
    return not isinstance(node, ast.Lambda) and any(
        isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list
    )


def _object(owner: Value | None) -> Value:
    if owner is not None and (owner.ref or owner.what in {"<self>", REQUEST}):
        return owner
    return Value(what="<self>")


def _bind_defaults(inside: Frame, node: Callee) -> None:
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    without = len(positional) - len(given.defaults)
    defaults = [*([None] * without), *given.defaults, *given.kw_defaults]
    for argument, default in zip([*positional, *given.kwonlyargs], defaults, strict=True):
        known = isinstance(default, ast.Constant)
        inside.state.names[argument.arg] = (
            evaluate(inside, default) if known and default is not None else NOTHING
        )
