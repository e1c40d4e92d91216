"""Expressions that hold nothing of anybody else's, as they are written: there is nothing to follow."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from buttress.analysis.taint.library import CLEAN_FUNCTIONS, MADE_SAFE, PASSED_ON, TEXT_METHODS
from buttress.analysis.taint.sinks import BIT, Kind
from buttress.analysis.taint.sources import REQUEST_NAMES
from buttress.source import Module
from buttress.source.nodes import Function

_QUERIES = ("sqlalchemy.", "sqlmodel.")
_REQUESTS = tuple(REQUEST_NAMES)
_FILLING = frozenset(["append", "extend", "insert", "add"])
_TEXTS = (ast.Constant, ast.JoinedStr)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_READING = (
    ast.FormattedValue, ast.BinOp, ast.AugAssign, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.If, ast.IfExp,
    ast.For, ast.comprehension,
)  # fmt: skip
_Bound = dict[str, list[ast.expr]]


class Harmless:
    """Tells what is harmless; in statements of SQL also by what the names in them are given."""

    def __init__(self) -> None:
        self._bound: dict[Function, _Bound] = {}

    def has(self, module: Module, node: ast.expr, kind: Kind | None = None) -> bool:
        """Whether an expression holds nothing that would do harm, at a kind of sink or anywhere."""
        return self.are(module, [node], kind)

    def are(self, module: Module, nodes: Sequence[ast.expr], kind: Kind | None = None) -> bool:
        """Whether all of some expressions are harmless."""
        waiting = list(nodes)
        seen: set[tuple[Function, str]] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Name):
                parts = self._behind(module, node, kind, seen)
            elif isinstance(node, ast.Call):
                parts = _of_call(module, node, kind)
            else:
                parts = _parts(module, node)
            if parts is None:
                return False
            waiting += parts
        return True

    def _behind(
        self, module: Module, node: ast.Name, kind: Kind | None, seen: set[tuple[Function, str]]
    ) -> list[ast.expr] | None:
        """Return what a name is given; ``None`` where that cannot be told."""
        target = module.resolve(node)
        if target is not None:
            return None if target.startswith(_REQUESTS) else []
        scope = module.scope(node)
        if scope is module.tree:
            return None
        while scope is not module.tree and not module.binds(node.id, scope):
            scope = module.scope(scope)
        if scope is module.tree:
            return []  # what the top of a file holds comes from no client
        if kind is not Kind.SQL or not isinstance(scope, _FUNCTIONS):
            return None
        if (scope, node.id) in seen:
            return []  # a name that is added to itself
        seen.add((scope, node.id))
        if scope not in self._bound:
            self._bound[scope] = _bindings(module, scope)
        return self._bound[scope].get(node.id)


def given_to(call: ast.Call) -> list[ast.expr]:
    """Return all expressions that a call is given."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _first(function: ast.expr) -> ast.expr:
    """Return what the first call of a chain calls: ``select`` of ``select(User).where(...)``."""
    while isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        function = function.value.func
    return function


def _of_call(module: Module, node: ast.Call, kind: Kind | None) -> list[ast.expr] | None:
    """Return what the result of a call comes from; ``None`` where that cannot be told."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, _TEXTS):
        return [function.value, *given_to(node)] if function.attr in TEXT_METHODS else None
    target = module.resolve(_first(function))
    if target is None:
        return None
    if target in CLEAN_FUNCTIONS or (target.startswith(_QUERIES) and target not in MADE_SAFE):
        return []
    if target in PASSED_ON or target in MADE_SAFE or target == "builtins.str":
        is_fit = kind is not None and MADE_SAFE.get(target, 0) & BIT[kind]
        return [] if is_fit else given_to(node)
    return None


def _parts(module: Module, node: ast.expr) -> list[ast.expr] | None:
    """Return what an expression is made of; ``None`` where that cannot be told."""
    if isinstance(node, ast.Constant | ast.Compare):
        return []
    target = module.resolve(node)
    if target is not None:
        return None if target.startswith(_REQUESTS) else []
    if isinstance(node, ast.JoinedStr | ast.BoolOp):
        return node.values
    if isinstance(node, ast.FormattedValue | ast.Attribute | ast.Subscript | ast.Starred):
        return [node.value]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return [node.elt]
    return None


# -- what names are given --------------------------------------------------------------------------


def _bindings(module: Module, function: Function) -> _Bound:
    """Return all that the names of a function are given; those of which not all is known are left out."""
    found: _Bound = {}
    open_: Counter[str] = Counter()
    handed: set[str] = set()
    for node in module.inside(function):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                open_[node.id] += 1
            elif not _is_only_read(module, node):
                handed.add(node.id)
        elif isinstance(node, ast.arg):
            open_[node.arg] += 1
        else:
            for name, value in _given(node):
                open_[name] -= isinstance(node, ast.stmt)
                found.setdefault(name, []).append(value)
    return {
        name: values
        for name, values in found.items()
        if open_[name] <= 0 and (name not in handed or all(map(_is_text, values)))
    }


def _given(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        if isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if isinstance(owner, ast.Name) and node.func.attr in _FILLING:
            yield from ((owner.id, value) for value in node.args)


def _is_text(value: ast.expr) -> bool:
    """Whether a value is text, which nobody can add to."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Attribute) and isinstance(value.func.value, _TEXTS)
    return isinstance(value, (*_TEXTS, ast.BinOp))


def _is_only_read(module: Module, node: ast.Name) -> bool:
    """Whether what stands around a name leaves a list as it is, or adds what is written there."""
    above = module.parent(node)
    if isinstance(above, ast.Attribute):
        return above.attr in _FILLING and isinstance(module.parent(above), ast.Call)
    if isinstance(above, ast.Subscript):
        return isinstance(above.ctx, ast.Load)
    if isinstance(above, ast.Call):
        owner = above.func.value if isinstance(above.func, ast.Attribute) else None
        is_builtin = (module.resolve(above.func) or "").startswith("builtins.")
        return is_builtin or isinstance(owner, _TEXTS)
    return isinstance(above, _READING)
