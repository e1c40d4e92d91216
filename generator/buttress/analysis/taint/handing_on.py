"""Where a text was put together that functions only hand on to a sink."""

from __future__ import annotations

import ast

from buttress.analysis.taint.frame import Callee, Frame
from buttress.analysis.taint.values import Value

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def put_together(
    frame: Frame, node: ast.expr, argument: ast.expr, value: Value
) -> tuple[Frame, ast.expr, ast.expr]:
    """Return the call that a text is given to where it is made, instead of the sink it ends in.

    ``run(f"... {name}")`` has to be mended there, not in ``def run(sql): cursor.execute(sql)``, which
    many call. What a function has a hand in, and what was not put together, stays where it is.

    Args:
        frame: Where the sink stands.
        node: The sink.
        argument: What the value reaches it by.
        value: What reaches it.
    """
    if not any(isinstance(part, str) and part.strip() for part in value.parts or ()):
        return frame, node, argument
    while frame.caller is not None and frame.function is not None:
        above, call = frame.caller
        given = _given(frame, frame.function, call, argument)
        if given is None:
            break
        frame, node, argument = above, call, given
    return frame, node, argument


def _given(frame: Frame, function: Callee, call: ast.Call, argument: ast.expr) -> ast.expr | None:
    """Return what a call gives to the parameter that an argument is, if it is only that."""
    if not isinstance(argument, ast.Name) or not isinstance(function, _FUNCTIONS):
        return None
    name = argument.id
    if any(
        isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Store)
        for inner in frame.module.inside(function)
    ):
        return None
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    names = [parameter.arg for parameter in (*function.args.posonlyargs, *function.args.args)]
    if name not in names or any(isinstance(given, ast.Starred) for given in call.args):
        return None
    is_bound = frame.klass != "" and names[0] in {"self", "cls"}
    position = names.index(name) - is_bound
    return call.args[position] if 0 <= position < len(call.args) else None
