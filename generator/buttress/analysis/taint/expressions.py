"""What an expression is worth: walks it once, in the order in which it runs."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from buttress.analysis.taint import calls
from buttress.analysis.taint.frame import Arguments, Enough, Frame
from buttress.analysis.taint.guards import demand, narrow, truth
from buttress.analysis.taint.library import CLEAN_ATTRIBUTES
from buttress.analysis.taint.sinks import Kind, bits
from buttress.analysis.taint.sources import OWN_ADDRESS, READ, REQUEST
from buttress.analysis.taint.state import Container
from buttress.analysis.taint.values import (
    NOTHING,
    UNKNOWN,
    Taint,
    Value,
    constant,
    is_text,
    text,
)

DATA = "<data>"
"""What a client sent, with keys of its own choice."""

FIELDS = "<fields>"
"""What a client sent, under keys that the code chose."""

_LONGEST = 10_000
_MOST_BITS = 1_000
# constants of any type: what does not fit raises, and is not folded
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_, ast.BitXor: operator.xor,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b, ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip
_FOLDING_ERRORS = (TypeError, ValueError, ArithmeticError, LookupError)


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
    value = evaluate(frame, node.value)
    return as_text(frame, value, node.value)


def as_text(frame: Frame, value: Value, node: ast.AST) -> Value:
    """Return a value as it stands in a text."""
    if value.is_known or value.parts is not None:
        return value
    return Value(taint=frame.state.held(value), node=node, what=value.what)


def _binary(frame: Frame, node: ast.BinOp) -> Value:
    left, right = evaluate(frame, node.left), evaluate(frame, node.right)
    return combine(frame, node, node.op, left, right)


def combine(frame: Frame, node: ast.AST, op: ast.operator, left: Value, right: Value) -> Value:
    """Return what an operator makes of two values."""
    if left.is_known and right.is_known:
        folded = _fold(_ARITHMETIC.get(type(op)), left.const, right.const)
        if folded is not UNKNOWN:
            return constant(folded, node)
    if isinstance(op, ast.Add) and not (left.ref or right.ref):
        return text([as_text(frame, left, left.node or node), as_text(frame, right, right.node or node)], node)  # fmt: skip
    if isinstance(op, ast.Mod) and (is_text(left) or not left.is_known):
        return _percent(frame, node, left, right)
    if isinstance(op, ast.Add):
        return _concatenated(frame, left, right)
    taint = frame.state.held(left) | frame.state.held(right)
    what = left.what if isinstance(op, ast.Div) and left.what.startswith("pathlib.") else ""
    return Value(taint=taint, what=what, node=node)


def _concatenated(frame: Frame, left: Value, right: Value) -> Value:
    one, two = frame.state.container(left), frame.state.container(right)
    if one and two and one.kind == two.kind == "list" and one.rest is None:
        items = dict(one.items)
        if two.rest is None:
            items.update({len(items) + i: item for i, item in enumerate(two.items.values())})
            return frame.state.new(Container("list", items))
    everything = [v for c in (one, two) if c is not None for v in c.everything()]
    everything += [v for v in (left, right) if not v.ref]
    rest = frame.state.join_all(everything)
    return frame.state.new(Container("list", {}, rest))


def _percent(frame: Frame, node: ast.AST, left: Value, right: Value) -> Value:
    given = frame.state.container(right)
    values = [right] if given is None else given.everything()
    values = [as_text(frame, value, value.node or node) for value in values]
    if isinstance(left.const, str):
        return text(calls.filled(left.const, calls.PERCENT, values, {}), node)
    return text([left, *values], node)


def _fold(function: Callable[[Any, Any], object] | None, *operands: Any) -> object:
    if function is None:
        return UNKNOWN
    if function is operator.mul and any(
        isinstance(o, str | bytes | list | tuple) for o in operands
    ):
        return UNKNOWN
    if function is operator.mod and isinstance(operands[0], str | bytes):
        return UNKNOWN
    try:
        folded = function(*operands)
    except _FOLDING_ERRORS:
        return UNKNOWN
    is_long = isinstance(folded, str | bytes | list | tuple) and len(folded) > _LONGEST
    is_large = isinstance(folded, int) and folded.bit_length() > _MOST_BITS
    return UNKNOWN if is_long or is_large else folded


def _compare(frame: Frame, node: ast.Compare) -> Value:
    values = [evaluate(frame, node.left), *(evaluate(frame, item) for item in node.comparators)]
    if len(values) != 2:
        return NOTHING
    left, right = values
    if left.is_known and right.is_known:
        return constant(_fold(_COMPARISONS[type(node.ops[0])], left.const, right.const), node)
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
    before = frame.state
    frame.state = before.copy()
    values: list[Value] = []
    for index, item in enumerate(node.values):
        value = evaluate(frame, item)
        known = truth(value)
        is_last = index == len(node.values) - 1
        if known is None or is_last:
            values.append(value)
        elif known is is_or:
            values.append(value)
            break
        if not is_last:
            narrow(frame, item, evaluate, holds=not is_or)
    heap = frame.state.heap
    frame.state = before
    frame.state.heap = heap
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
    return attribute(frame, node, owner)


def attribute(frame: Frame, node: ast.Attribute, owner: Value) -> Value:
    """Return an attribute of a value."""
    name = node.attr
    if owner.what == REQUEST:
        return _of_request(frame, node, name)
    if owner.what == "<self>" and name == "request":
        return Value(what=REQUEST, node=node)
    container = frame.state.container(owner)
    if container is not None and container.kind == "object":
        found = container.items.get(name)
        if found is not None:
            return found
    if owner.taint:
        if name in CLEAN_ATTRIBUTES:
            return NOTHING
        declared = frame.engine.field(owner, name)
        if declared is not None:
            return declared
        if owner.what == DATA:
            return keyed(owner, f".{name}", node)
        return Value(taint=owner.taint, what=f"{owner.what}.{name}", node=node)
    what = f"{owner.what}.{name}" if owner.what else ""
    if what and frame.engine.sources.expression(frame.module, node, what):
        return _source(frame, node, what)
    return Value(what=what, node=node)


def _source(frame: Frame, node: ast.AST, key: str) -> Value:
    label = frame.engine.sources.label
    return Value(taint=frozenset({Taint(label, key, node, frame.module)}), what=DATA, node=node)


def _of_request(frame: Frame, node: ast.Attribute, name: str) -> Value:
    if name in {"path", "path_info"}:
        return frame.engine.route_path(frame)
    if name not in READ:
        return Value(what=f"{REQUEST}.{name}", node=node)
    safe = bits(Kind.URL, Kind.REDIRECT) if name in OWN_ADDRESS else 0
    taint = Taint("client", f"request.{name}", node, frame.module, safe)
    return Value(taint=frozenset({taint}), what=DATA, node=node)


def keyed(value: Value, key: str, node: ast.AST) -> Value:
    """Return a part of what a client sent, known by its key."""
    taint = frozenset(t._replace(key=t.key + key, node=node) for t in value.taint)
    return Value(taint=taint, what=DATA, node=node)


def _subscript(frame: Frame, node: ast.Subscript) -> Value:
    owner = evaluate(frame, node.value)
    if isinstance(node.slice, ast.Slice):
        return _slice(frame, node, owner, node.slice)
    return item(frame, node, owner, evaluate(frame, node.slice))


def item(frame: Frame, node: ast.expr, owner: Value, key: Value) -> Value:
    """Return what stands under a key or an index."""
    if frame.state.container(owner) is not None:
        found = frame.state.get(owner, key.const)
        return found if found is not NOTHING or not owner.taint else Value(taint=owner.taint, node=node)  # fmt: skip
    if owner.is_known and key.is_known:
        return constant(_fold(operator.getitem, owner.const, key.const), node)
    if owner.what == DATA:
        return keyed(owner, f"[{key.const if key.is_known else ast.dump(node)}]", node)
    if owner.taint:
        return Value(taint=owner.taint, node=node)
    if owner.what and frame.engine.sources.expression(frame.module, node, owner.what):
        return _source(frame, node, owner.what)
    return Value(what=f"{owner.what}[]" if owner.what else "", node=node)


def _slice(frame: Frame, node: ast.Subscript, owner: Value, part: ast.Slice) -> Value:
    bounds = [evaluate(frame, b) if b is not None else constant(None) for b in (part.lower, part.upper)]  # fmt: skip
    known = [b.const for b in bounds if b.const is None or type(b.const) is int]
    if len(known) == 2 and part.step is None:
        if isinstance(owner.const, str | bytes | list | tuple):
            return constant(owner.const[known[0] : known[1]], node)
        if owner.parts is not None:
            return _cut(owner, known[0], known[1], node)
    container = frame.state.container(owner)
    if container is not None:
        everything = frame.state.join_all(container.everything())
        return frame.state.new(Container("list", {}, everything))
    return Value(taint=owner.taint, node=node)


def _cut(owner: Value, start: int | None, end: int | None, node: ast.AST) -> Value:
    """Return a text without the known characters that a slice cuts off at its ends."""
    pieces = list(owner.parts or ())
    first, last = pieces[0], pieces[-1]
    if start and start > 0 and isinstance(first, str) and len(first) >= start:
        pieces[0] = first[start:]
    elif start:
        return Value(taint=owner.taint, node=node)
    if end is not None and end < 0 and isinstance(last, str) and len(last) >= -end:
        pieces[-1] = last[:end]
    elif end is not None:
        return Value(taint=owner.taint, node=node)
    return text(pieces, node)


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


def element_of(frame: Frame, value: Value, node: ast.AST) -> Value:
    """Return what a loop over a value sees."""
    container = frame.state.container(value)
    if container is not None:
        if container.kind == "dict":
            return Value(taint=value.taint, node=node)
        found = frame.state.join_all(container.everything())
        return found if found is not NOTHING else Value(taint=value.taint, node=node)
    if value.what == FIELDS:
        return Value(node=node)
    if value.what == DATA:
        return keyed(value, "[*]", node)
    if value.taint:
        # a check of one part is none of the whole
        parts = frozenset(t._replace(key=f"{t.key}~*") for t in value.taint)
        return Value(taint=parts, node=node)
    return Value(what=f"{value.what}[]" if value.what else "", node=node)


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
    result = calls.call(frame, node, owner, function, arguments, element_of)
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
