"""When a place in a handler is reached: what is known there, and what an error there answers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from buttress.analysis.errors.caught import is_broad
from buttress.analysis.errors.statuses import status_of
from buttress.project.literals import last_name
from buttress.source import Module
from buttress.source.nodes import Function

Fact = str | None
"""A key that is in the body; ``None`` says that the body itself is not empty."""


_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_DEEPEST = 10
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOKUP_ERRORS = frozenset(
    ["KeyError", "LookupError", "TypeError", "ValueError", "AttributeError", "ValidationError"]
)


class Facts(Protocol):
    """Says what an expression that is no operator tells when it came out true, or false."""

    def __call__(self, test: ast.expr, *, is_true: bool) -> frozenset[Fact]:
        """Return what is known then."""
        ...


def _no_facts(test: ast.expr, *, is_true: bool) -> frozenset[Fact]:  # noqa: ARG001 - see Facts
    """Return nothing, for questions that are not about the body."""
    return frozenset()


class Certainty(StrEnum):
    """How surely a request that fails at a place did not succeed before.

    ``always``: every request gets there, and failing there is an internal error. ``mostly``: some
    requests are answered before, with success or because their body was found wrong. ``contract``:
    the code answers the failure in its own words. ``sometimes``: the place is one of several ways.
    """

    ALWAYS = "always"
    MOSTLY = "mostly"
    CONTRACT = "contract"
    SOMETIMES = "sometimes"


class Flow:
    """The ways through one handler.

    Args:
        module: The file.
        handler: The handler.
        facts: What expressions tell about the body.
        values: The expressions that stand for the body, where something in it is asked for.
    """

    def __init__(
        self,
        module: Module,
        handler: Function,
        facts: Facts = _no_facts,
        values: Iterable[ast.expr] = (),
    ) -> None:
        self._module = module
        self._handler = handler
        self._facts = facts
        self._values = frozenset(values)

    def holds(self, test: ast.expr, *, is_true: bool) -> frozenset[Fact]:
        """Return what a condition tells when it came out true, or false."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return self.holds(test.operand, is_true=not is_true)
        if isinstance(test, ast.BoolOp):
            parts = [self.holds(value, is_true=is_true) for value in test.values]
            # `a and b` is true: both hold; it is false: only what either way tells
            if isinstance(test.op, ast.And) == is_true:
                return frozenset[Fact]().union(*parts)
            return parts[0].intersection(*parts[1:])
        return self._facts(test, is_true=is_true)

    def known(self, node: ast.expr) -> frozenset[Fact]:
        """Return what is known about the body whenever ``node`` is evaluated."""
        found: set[Fact] = set()
        for above, child in self._steps(node):
            if isinstance(above, ast.If | ast.While) and child is not above.test:
                found |= self.holds(above.test, is_true=child in above.body)
            elif isinstance(above, ast.IfExp) and child is not above.test:
                found |= self.holds(above.test, is_true=child is above.body)
            elif isinstance(above, ast.BoolOp):
                for value in above.values[: above.values.index(child)]:  # type: ignore[arg-type]
                    found |= self.holds(value, is_true=isinstance(above.op, ast.And))
            for sibling in _before(above, child):
                found |= self._after(sibling)
        return frozenset(found)

    def certainty(self, node: ast.expr) -> Certainty:
        """Return how surely a request that fails at ``node`` did not succeed before."""
        answered = False
        for above, child in self._steps(node):
            if not self._passes(above, child):
                return Certainty.SOMETIMES
            caught = above.handlers if isinstance(above, ast.Try) and child in above.body else []
            if any(_catches(self._module, item) and not self.fails(item) for item in caught):
                return Certainty.CONTRACT
            answered = answered or any(
                self._may_answer(sibling) for sibling in _before(above, child)
            )
        return Certainty.MOSTLY if answered else Certainty.ALWAYS

    def reaches(self, node: ast.expr) -> bool:
        """Whether every request that is not answered before evaluates ``node``."""
        return all(self._passes(above, child) for above, child in self._steps(node))

    def fails(self, handler: ast.ExceptHandler) -> bool:
        """Whether an ``except`` block answers every error it catches as an internal one."""
        last = handler.body[-1]
        if not isinstance(last, ast.Return | ast.Raise):
            return False
        return all(
            self._is_internal(handler, node)
            for statement in handler.body
            for node in _walk(statement)
            if isinstance(node, ast.Return | ast.Raise)
        )

    def _is_internal(self, handler: ast.ExceptHandler, node: ast.Return | ast.Raise) -> bool:
        if isinstance(node, ast.Raise):
            if node.exc is None:
                return True
            if isinstance(node.exc, ast.Name) and node.exc.id == handler.name:
                return True
            status = status_of(self._module, node.exc)
        else:
            status = _returned_status(self._module, node)
        return status is not None and status >= 500

    def _steps(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        child = node
        for above in self._module.ancestors(node):
            yield above, child
            if above is self._handler:
                return
            child = above

    def _after(self, statement: ast.stmt) -> frozenset[Fact]:
        """Return what is known once a statement has been passed."""
        found: frozenset[Fact] = frozenset()
        if isinstance(statement, ast.Assert):
            return self.holds(statement.test, is_true=True)
        if isinstance(statement, ast.If):
            if self._leaves(statement.body):
                found |= self.holds(statement.test, is_true=False)
            if statement.orelse and self._leaves(statement.orelse):
                found |= self.holds(statement.test, is_true=True)
        return found

    def _leaves(self, body: list[ast.stmt]) -> bool:
        last = body[-1]
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
            return self._aborts(last.value)
        if isinstance(last, ast.If) and last.orelse:
            return self._leaves(last.body) and self._leaves(last.orelse)
        return isinstance(last, ast.Return | ast.Raise | ast.Continue | ast.Break)

    def _passes(self, above: ast.AST, child: ast.AST) -> bool:
        """Whether evaluating ``above`` always evaluates ``child``."""
        if isinstance(above, _NESTED):
            return above is self._handler
        if isinstance(above, ast.IfExp):
            return child is above.test
        if isinstance(above, ast.BoolOp):
            return child is above.values[0]
        if isinstance(above, ast.Compare):
            return child in (above.left, above.comparators[0])
        if isinstance(above, ast.If):
            whole = isinstance(above.test, ast.Name) and None in self._facts(
                above.test, is_true=True
            )
            return child is above.test or (whole and child in above.body)
        if isinstance(above, ast.While):
            return child is above.test
        if isinstance(above, ast.For | ast.AsyncFor):
            return child is above.iter
        if isinstance(above, _COMPREHENSIONS):
            return child is above.generators[0]
        if isinstance(above, ast.comprehension):
            return child is above.iter
        if isinstance(above, ast.Try):
            return not isinstance(child, ast.ExceptHandler)
        return not isinstance(above, ast.match_case)

    def _may_answer(self, statement: ast.stmt) -> bool:
        """Whether a statement answers requests with success, or wrong bodies in words of its own."""
        for node in _walk(statement):
            if isinstance(node, ast.Return):
                status = _returned_status(self._module, node)
                if status is None or status < 400:
                    return True
            elif isinstance(node, ast.Raise):
                status = status_of(self._module, node.exc) if node.exc is not None else None
            elif isinstance(node, ast.Call) and self._aborts(node):
                status = status_of(self._module, node)
            else:
                continue
            if status in {None, 400, 422} and self._is_about_body(node):
                return True
        return False

    def _aborts(self, node: ast.Call) -> bool:
        return self._module.resolve(node.func) in {"flask.abort", "werkzeug.exceptions.abort"}

    def _is_about_body(self, node: ast.AST) -> bool:
        """Whether a condition around a place, inside the handler, looks at the body."""
        tests = [
            above.test
            for above, child in self._steps(node)
            if isinstance(above, ast.If | ast.While) and child is not above.test
        ]
        return any(
            part in self._values or (isinstance(part, ast.Name) and part.id in self._derived)
            for test in tests
            for part in ast.walk(test)
        )

    @cached_property
    def _derived(self) -> frozenset[str]:
        """Names whose values are worked out from the body."""
        found: set[str] = set()
        assignments = [
            node
            for node in ast.walk(self._handler)
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.For)
        ]
        for _ in range(_DEEPEST):
            before = len(found)
            for node in assignments:
                value = node.iter if isinstance(node, ast.For) else node.value
                parts = list(ast.walk(value)) if value is not None else []
                if any(p in self._values for p in parts) or found & _loaded(parts):
                    found |= _bound(node)
            if len(found) == before:
                break
        return frozenset(found)


def _returned_status(module: Module, node: ast.Return) -> int | None:
    status = status_of(module, node)
    if status is None and isinstance(node.value, ast.Call):
        status = status_of(module, node.value)
    return status


def _catches(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether an ``except`` block catches what a missing or ill-typed value raises."""
    if is_broad(module, handler.type):
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {last_name(kind) for kind in kinds}
    return bool(names & _LOOKUP_ERRORS)


def _loaded(parts: Iterable[ast.AST]) -> set[str]:
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _bound(node: ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.For) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {
        part.id
        for target in targets
        for part in ast.walk(target)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def _before(above: ast.AST, child: ast.AST) -> list[ast.stmt]:
    """Return the statements that stand before ``child`` in the same block."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(above, name, None)
        if isinstance(block, list) and child in block:
            return block[: block.index(child)]
    return []


def _walk(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement that run with it: nested functions are left out."""
    stack = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, _NESTED):
            continue
        yield node
        stack.extend(ast.iter_child_nodes(node))
