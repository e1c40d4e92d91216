"""What an expression is worth: walks it once, in the order in which it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from buttress.analysis.taint import calls
from buttress.analysis.taint.folding import COMPARISONS, fold
from buttress.analysis.taint.frame import Arguments, Enough, Frame
from buttress.analysis.taint.guards import demand, narrow, truth
from buttress.analysis.taint.log_lines import in_one_line
from buttress.analysis.taint.operators import combine
from buttress.analysis.taint.parts import attribute, element_of, item, part_between
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.texts import as_text
from buttress.analysis.taint.values import NOTHING, UNKNOWN, Value, constant, text

_REPR = frozenset([ord("r"), ord("a")])
"""What ``!r`` and ``!a`` are."""


def evaluate(frame: Frame, node: ast.expr) -> Value:
    """Return what is known of the value of an expression."""
    engine = frame.engine
    engine.steps -= 1
    if engine.steps < 0:
        raise Enough
    handler = _HANDLERS.get(node.__class__)
    return handler(frame, node) if handler is not None else NOTHING


def _constant(frame: Frame, node: ast.Constant) -> Value:  # noqa: ARG001 - see _HANDLERS
    return Value(const=node.value, node=node)


def _name(frame: Frame, node: ast.Name) -> Value:
    found = frame.state.names.get(node.id)
    return found if found is not None else frame.engine.global_value(frame, node)


def _joined(frame: Frame, node: ast.JoinedStr) -> Value:
    return text([_formatted(frame, part) for part in node.values], node)


def _formatted(frame: Frame, node: ast.expr) -> Value:
    if not isinstance(node, ast.FormattedValue):
        return evaluate(frame, node)
    value = as_text(frame, evaluate(frame, node.value), node.value)
    return in_one_line(value) if node.conversion in _REPR else value


def _binary(frame: Frame, node: ast.BinOp) -> Value:
    left, right = evaluate(frame, node.left), evaluate(frame, node.right)
    return combine(frame, node, node.op, left, right)


def _compare(frame: Frame, node: ast.Compare) -> Value:
    values = [evaluate(frame, node.left), *(evaluate(frame, other) for other in node.comparators)]
    if len(values) != 2:
        return NOTHING
    left, right = values
    if left.is_known and right.is_known:
        return constant(fold(COMPARISONS[type(node.ops[0])], left.const, right.const), node)
    return NOTHING


def _choice(frame: Frame, node: ast.IfExp) -> Value:
    known = truth(evaluate(frame, node.test))
    if known is not None:
        return evaluate(frame, node.body if known else node.orelse)
    before = frame.state
    values = []
    ends = []
    for branch, is_true in ((node.body, True), (node.orelse, False)):
        frame.state = before.copy()
        narrow(frame, node.test, evaluate, holds=is_true)
        values.append(evaluate(frame, branch))
        ends.append(frame.state)
    frame.state = ends[0].join(ends[1])
    frame.state.names, frame.state.checked = before.names, before.checked
    return frame.state.join_values(*values)


def _boolean(frame: Frame, node: ast.BoolOp) -> Value:
    is_or = isinstance(node.op, ast.Or)
    names, checked = frame.state.names, frame.state.checked
    frame.state.names, frame.state.checked = names.copy(), checked.copy()
    values: list[Value] = []
    for index, operand in enumerate(node.values):
        value = evaluate(frame, operand)
        known = truth(value)
        is_last = index == len(node.values) - 1
        if known is None or is_last:
            values.append(value)
        elif known is is_or:
            values.append(value)
            break
        if not is_last:
            narrow(frame, operand, evaluate, holds=not is_or)
    frame.state.names, frame.state.checked = names, checked
    return frame.state.join_all(values)


def _negated(frame: Frame, node: ast.UnaryOp) -> Value:
    value = evaluate(frame, node.operand)
    known = truth(value)
    if isinstance(node.op, ast.Not):
        return NOTHING if known is None else constant(not known, node)
    if isinstance(node.op, ast.USub) and isinstance(value.const, int | float):
        return constant(-value.const, node)
    return Value(taint=value.taint, node=node)


def _attribute(frame: Frame, node: ast.Attribute) -> Value:
    owner = evaluate(frame, node.value)
    if owner.what.startswith("<obj "):
        sent = frame.engine.form(frame, node, owner)
        if sent is not None:
            return sent
    return attribute(frame, node, owner)


def _subscript(frame: Frame, node: ast.Subscript) -> Value:
    owner = evaluate(frame, node.value)
    if isinstance(node.slice, ast.Slice):
        ends = (node.slice.lower, node.slice.upper)
        start, end = (constant(None) if e is None else evaluate(frame, e) for e in ends)
        part = part_between(frame, node, owner, (start, end) if node.slice.step is None else None)
        is_short = isinstance(end.const, int) and end.const > 0
        keys = {taint.key for taint in part.taint} if is_short else ()
        return part.safe_for(bits(Kind.SLOW), keys) if keys else part
    return item(frame, node, owner, evaluate(frame, node.slice))


def _sequence(frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Value:
    items: dict[object, Value] = {}
    rest: Value | None = None
    for element in node.elts:
        value = evaluate(frame, element)
        if isinstance(element, ast.Starred) or rest is not None:
            rest = value if rest is None else frame.state.join_values(rest, value)
        else:
            items[len(items)] = value
    return frame.state.new(Container("list", items, rest))


def _starred(frame: Frame, node: ast.Starred) -> Value:
    return element_of(frame, evaluate(frame, node.value), node)


def _mapping(frame: Frame, node: ast.Dict) -> Value:
    items: dict[object, Value] = {}
    made = frame.state.new(Container("dict", items))
    for key, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(frame, value_node)
        if key is None:
            inner = frame.state.container(value)
            if inner is not None and inner.rest is None:
                for name, held in inner.items.items():
                    frame.state.put(made, name, held)
            else:
                taint = frame.state.held(value)
                frame.state.put(made, UNKNOWN, Value(taint=taint, node=value_node))
        else:
            frame.state.put(made, evaluate(frame, key).const, value)
    return made


def bind(frame: Frame, target: ast.expr, value: Value) -> None:
    """Bind the names of a loop or a comprehension."""
    if isinstance(target, ast.Name):
        frame.state.names[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        container = frame.state.container(value)
        exact = (
            container is not None and container.kind == "list" and container.rest is None
            and len(container.items) == len(target.elts)
        )  # fmt: skip
        for index, element in enumerate(target.elts):
            inner = element.value if isinstance(element, ast.Starred) else element
            if exact and container is not None:
                bind(frame, inner, container.items[index])
            else:
                bind(frame, inner, item(frame, inner, value, constant(index)))


def _comprehension(
    frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
) -> Value:
    names = frame.state.names
    frame.state.names = dict(names)
    for generator in node.generators:
        source = evaluate(frame, generator.iter)
        bind(frame, generator.target, element_of(frame, source, generator.iter))
        for condition in generator.ifs:
            evaluate(frame, condition)
            narrow(frame, condition, evaluate, holds=True)
    if isinstance(node, ast.DictComp):
        key = evaluate(frame, node.key)
        value = evaluate(frame, node.value)
        made = frame.state.new(Container("dict", {}, value))
        result = Value(taint=key.taint, ref=made.ref, node=node)
    else:
        value = evaluate(frame, node.elt)
        result = frame.state.new(Container("list", {}, value))
    frame.state.names = names
    return result


def _walrus(frame: Frame, node: ast.NamedExpr) -> Value:
    value = evaluate(frame, node.value)
    bind(frame, node.target, value)
    return value


def _awaited(frame: Frame, node: ast.Await | ast.YieldFrom) -> Value:
    return evaluate(frame, node.value)


def _yielded(frame: Frame, node: ast.Yield) -> Value:
    if node.value is not None:
        frame.returned.append(evaluate(frame, node.value))
    return NOTHING


def _lambda(frame: Frame, node: ast.Lambda) -> Value:
    return frame.engine.define(frame.module, node)


def _call(frame: Frame, node: ast.Call) -> Value:
    function_node = node.func
    owner: Value | None = None
    if isinstance(function_node, ast.Attribute):
        owner = evaluate(frame, function_node.value)
        function = attribute(frame, function_node, owner)
    else:
        function = evaluate(frame, function_node)
    arguments = Arguments()
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            arguments.more.append(element_of(frame, evaluate(frame, argument.value), argument))
        else:
            arguments.positional.append(evaluate(frame, argument))
            arguments.nodes.append(argument)
    for keyword in node.keywords:
        value = evaluate(frame, keyword.value)
        if keyword.arg is None:
            arguments.more.append(value)
        else:
            arguments.named[keyword.arg] = value
            arguments.named_nodes[keyword.arg] = keyword.value
    result = calls.call(frame, node, owner, function, arguments)
    if arguments.nodes:
        demand(frame, node, evaluate)
    return result


# each takes the nodes of the types that it is listed under
_HANDLERS: dict[type[ast.expr], Callable[[Frame, Any], Value]] = {
    ast.Constant: _constant, ast.Name: _name, ast.JoinedStr: _joined, ast.BinOp: _binary,
    ast.FormattedValue: _formatted, ast.Compare: _compare, ast.IfExp: _choice, ast.BoolOp: _boolean,
    ast.UnaryOp: _negated, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.List: _sequence,
    ast.Tuple: _sequence, ast.Set: _sequence, ast.Starred: _starred, ast.Dict: _mapping,
    ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension, ast.NamedExpr: _walrus, ast.Await: _awaited, ast.YieldFrom: _awaited,
    ast.Yield: _yielded, ast.Lambda: _lambda, ast.Call: _call,
}  # fmt: skip
