"""What a handler does with an untyped body: the keys it reads, and the uses that tell too little."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum

from buttress.analysis.requests.input_bodies import Body, Doubt
from buttress.source import Module

_CHANGES = frozenset(["update", "pop", "popitem", "setdefault", "clear", "__setitem__"])
_ALL = frozenset(["items", "keys", "values", "copy"])


class How(StrEnum):
    """``item``: ``data["k"]``. ``get``: ``data.get("k")``. ``test``: ``"k" in data``."""

    ITEM = "item"
    GET = "get"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Read:
    """One use of one key.

    Attributes:
        key: The key.
        node: The whole expression.
        body: The part of it that stands for the body.
        how: How it is read.
        default: The second argument of ``get``.
    """

    key: str
    node: ast.expr
    body: ast.expr
    how: How
    default: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """All uses of a body.

    Attributes:
        reads: Those of single keys, in source order.
        tests: Places that ask whether there is a body at all (``if not data``).
        doubts: Uses that tell too little.
    """

    reads: tuple[Read, ...]
    tests: tuple[ast.expr, ...]
    doubts: tuple[Doubt, ...]


def reads_of(body: Body) -> Reads:
    """Sort the uses of a body into reads of keys, tests of the whole, and everything else."""
    reads: list[Read] = []
    tests: list[ast.expr] = []
    doubts: list[Doubt] = []
    for value in body.values:
        found = _read(body.module, value)
        if isinstance(found, Read):
            reads.append(found)
        elif isinstance(found, Doubt):
            doubts.append(found)
        else:
            tests.append(value)
    return Reads(tuple(reads), tuple(tests), tuple(doubts))


def _read(module: Module, value: ast.expr) -> Read | Doubt | None:
    above = module.parent(value)
    if isinstance(above, ast.Subscript) and above.value is value:
        return _item(above, value)
    if isinstance(above, ast.Attribute):
        return _method(module, above, value)
    is_last = isinstance(above, ast.Compare) and above.comparators == [value]
    if isinstance(above, ast.Compare) and is_last and isinstance(above.ops[0], ast.In | ast.NotIn):
        return _membership(above, value)
    if _is_test(module, value):
        return None
    return _escape(module, value)


def _membership(above: ast.Compare, value: ast.expr) -> Read | Doubt:
    if isinstance(above.left, ast.Constant) and isinstance(above.left.value, str):
        return Read(above.left.value, above, value, How.TEST)
    return _dynamic(value)


def _item(above: ast.Subscript, value: ast.expr) -> Read | Doubt:
    if not (isinstance(above.slice, ast.Constant) and isinstance(above.slice.value, str)):
        return _dynamic(value)
    if not isinstance(above.ctx, ast.Load):
        return _mutated(value)
    return Read(above.slice.value, above, value, How.ITEM)


def _method(module: Module, above: ast.Attribute, value: ast.expr) -> Read | Doubt:
    call = module.parent(above)
    if not isinstance(call, ast.Call) or call.func is not above:
        return _escape(module, value)
    if above.attr in _CHANGES:
        return _mutated(value)
    if above.attr in _ALL:
        return Doubt(
            value,
            "all-keys",
            f"all keys of the body are used at once (`.{above.attr}()`), so any of them is accepted.",
            "Name the fields that are accepted.",
        )
    if above.attr != "get" or call.keywords or not 1 <= len(call.args) <= 2:
        return _escape(module, value)
    key = call.args[0]
    if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
        return _dynamic(value)
    return Read(key.value, call, value, How.GET, call.args[1] if len(call.args) == 2 else None)


def _is_test(module: Module, value: ast.expr) -> bool:
    node: ast.expr = value
    above = module.parent(node)
    while isinstance(above, ast.UnaryOp | ast.BoolOp):
        if isinstance(above, ast.UnaryOp) and not isinstance(above.op, ast.Not):
            return False
        node, above = above, module.parent(above)
    return isinstance(above, ast.If | ast.IfExp | ast.While | ast.Assert) and above.test is node


def _dynamic(value: ast.expr) -> Doubt:
    return Doubt(
        value,
        "dynamic-key",
        "a key of the body is computed, so the fields are not known.",
        "Read each field by its name.",
    )


def _mutated(value: ast.expr) -> Doubt:
    return Doubt(
        value,
        "mutated",
        "the handler changes the body itself.",
        "Build a new dictionary from the fields that are accepted.",
    )


def _escape(module: Module, value: ast.expr) -> Doubt:
    above = module.parent(value)
    where = "is used as a whole"
    if isinstance(above, ast.keyword) and above.arg is None:
        where = "is unpacked (`**`) into a call, so every key is accepted"
    elif isinstance(above, ast.Call | ast.keyword):
        call = above if isinstance(above, ast.Call) else module.parent(above)
        name = ast.unparse(call.func) if isinstance(call, ast.Call) else "a call"
        where = f"is passed whole to `{name[:60]}`"
    elif isinstance(above, ast.Return):
        where = "is returned as it came in"
    elif isinstance(above, ast.For | ast.comprehension):
        where = "is iterated"
    elif isinstance(above, ast.Compare | ast.IfExp | ast.BoolOp):
        where = "is compared or chosen as a whole"
    return Doubt(
        value,
        "escapes",
        f"the body {where}, so which fields matter is not known here.",
        "Pass on the fields that are needed, each by its name.",
    )
