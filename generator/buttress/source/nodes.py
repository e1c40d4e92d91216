"""The nodes of a tree by their type, and where each of them stands."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast, overload

from buttress.source.keeping import Keeping
from buttress.source.patterns import lazy_pattern

_A = TypeVar("_A", bound=ast.AST)
_B = TypeVar("_B", bound=ast.AST)
_C = TypeVar("_C", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
_FUNCTIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef})
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module})


class Nodes(Keeping):
    """A tree that was walked once.

    Attributes:
        tree: The tree.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree

    @cached_property
    def _buckets(self) -> dict[type[ast.AST], list[ast.AST]]:
        buckets: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        names, constants = buckets[ast.Name], buckets[ast.Constant]
        parents, bound = self._parents, self._bound
        stack: list[Any] = [self.tree]
        pop, push = stack.pop, stack.append
        while stack:
            node = pop()
            kind = node.__class__
            # most nodes are one of these two, and neither holds another
            if kind is ast.Name:
                names.append(node)
                if node.ctx.__class__ is not ast.Load:
                    bound.append(node)
            elif kind is ast.Constant:
                constants.append(node)
            else:
                buckets[kind].append(node)
                for field, is_list in _CHILDREN[kind]:
                    value = getattr(node, field)
                    if not value:
                        continue
                    if is_list:
                        for child in reversed(value):
                            # a key of a dictionary, a default of a keyword
                            if child is not None:
                                parents[child] = node
                                push(child)
                    else:
                        parents[value] = node
                        push(value)
        return buckets

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {}

    @cached_property
    def _bound(self) -> list[ast.Name]:
        return []

    def bound_names(self) -> Sequence[ast.Name]:
        """Return the names that are assigned or deleted, in source order."""
        _ = self._buckets
        return self._bound

    @overload
    def nodes(self, kind: type[_A], /) -> Sequence[_A]: ...
    @overload
    def nodes(self, kind: type[_A], second: type[_B], /) -> Sequence[_A | _B]: ...
    @overload
    def nodes(
        self, kind: type[_A], second: type[_B], third: type[_C], /
    ) -> Sequence[_A | _B | _C]: ...
    @overload
    def nodes(self, *types: type[ast.AST]) -> Sequence[ast.AST]: ...
    def nodes(self, *types: type[ast.AST]) -> Sequence[ast.AST]:
        """Return all nodes of exactly these types; those of one type stand in source order."""
        if len(types) == 1:
            return self._buckets.get(types[0], [])
        found = self._together.get(types)
        if found is None:
            found = [node for kind in types for node in self._buckets.get(kind, ())]
            self._together[types] = found
        return found

    @cached_property
    def _together(self) -> dict[tuple[type[ast.AST], ...], list[ast.AST]]:
        return {}

    def called(self, *names: str) -> Sequence[ast.Call]:
        """Return the calls whose last name is one of these: of ``execute``, ``db.execute(...)``.

        Those of one name stand in source order.
        """
        calls = self._calls
        if len(names) == 1:
            return calls.get(names[0], [])
        return [call for name in names if name in calls for call in calls[name]]

    @cached_property
    def _calls(self) -> dict[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for call in self.nodes(ast.Call):
            what = call.func
            if what.__class__ is ast.Attribute:
                found.setdefault(what.attr, []).append(call)
            elif what.__class__ is ast.Name:
                found.setdefault(what.id, []).append(call)
        return found

    def inside(self, node: ast.AST) -> Sequence[ast.AST]:
        """Return a node and all below it, in source order: what ``ast.walk`` gives, found once.

        Contexts and operators, which the parser shares, are left out.
        """
        found = self._insides.get(node)
        if found is None:
            found = self._insides[node] = []
            stack = [node]
            while stack:
                item = stack.pop()
                found.append(item)
                for field, is_list in _CHILDREN[item.__class__]:
                    value = getattr(item, field)
                    if is_list:
                        stack += [child for child in reversed(value) if child is not None]
                    elif value is not None:
                        stack.append(value)
        return found

    @cached_property
    def _insides(self) -> dict[ast.AST, list[ast.AST]]:
        return {}

    def given_at_top(self) -> Iterator[tuple[str, ast.expr | None]]:
        """Yield the names that statements at the top of the file assign, each with what it is given."""
        for statement in self.tree.body:
            targets: list[ast.expr] = []
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, getattr(statement, "value", None)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node that holds ``node``; ``None`` for the module itself.

        ``Load``, ``Store`` and operator nodes are shared by the parser and have no parent.
        """
        _ = self._buckets
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the parents of a node, from the inside out."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None:
            yield found
            found = above(found)

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds ``node`` (or ``node`` itself)."""
        if isinstance(node, ast.stmt):
            return node
        for above in self.ancestors(node):
            if isinstance(above, ast.stmt):
                return above
        raise ValueError("the node stands in no statement")

    def function(self, node: ast.AST) -> Function | None:
        """Return the innermost function that ``node`` stands in (never ``node`` itself)."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None and found.__class__ not in _FUNCTIONS:
            found = above(found)
        return cast("Function | None", found)

    def symbol(self, node: ast.AST) -> str:
        """Return the dotted path of classes and functions that ``node`` stands in (or names)."""
        chain = [node, *self.ancestors(node)]
        names = [item.name for item in chain if isinstance(item, _NAMED)]
        return ".".join(reversed(names))

    def scope(self, node: ast.AST) -> Scope:
        """Return the innermost function, lambda or module whose names ``node`` sees."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None and found.__class__ not in _SCOPES:
            found = above(found)
        return cast("Scope", found if found is not None else self.tree)


_GRAMMAR = lazy_pattern(r"(\w+)([*?]?) (\w+)")
_WITHOUT_CHILDREN = frozenset(
    [
        "identifier",
        "string",
        "int",
        "constant",
        "expr_context",
        "boolop",
        "operator",
        "unaryop",
        "cmpop",
    ]
)
"""Types of fields that hold text, or nodes that the parser shares (contexts and operators)."""


class _Children(dict[type[ast.AST], tuple[tuple[str, bool], ...]]):
    """The fields of each type of node that hold nodes, the last first, and whether they are lists.

    Read from the grammar that ``ast`` gives as documentation: ``Call(expr func, expr* args, ...)``.
    """

    def __missing__(self, kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
        _, _, fields = (kind.__doc__ or "").partition("(")
        found = tuple(
            (name, many == "*")
            for type_, many, name in reversed(_GRAMMAR.findall(fields))
            if type_ not in _WITHOUT_CHILDREN
        )
        self[kind] = found
        return found


_CHILDREN = _Children()
