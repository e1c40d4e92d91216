"""Loops over collections: what stands in them, and what changes with each round."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LOOPS = (ast.For, ast.AsyncFor)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
LOOPS = (*_LOOPS, *_COMPREHENSIONS)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_BINDING = (ast.Assign, ast.AnnAssign, ast.For, ast.AsyncFor)
_PARTS = lazy_pattern(r"batch|chunk|page", re.IGNORECASE)
_SUBQUERIES = frozenset(["Exists", "Subquery", "Prefetch", "Q", "exists"])


def loop_around(module: Module, node: ast.AST) -> ast.AST | None:
    """Return the innermost loop over a collection whose body, not whose source, holds a node."""
    inside = node
    for above in module.ancestors(node):
        if isinstance(above, _FUNCTIONS):
            return None
        if isinstance(above, ast.Call) and called_name(above) in _SUBQUERIES:
            return None  # a part of another statement
        if isinstance(above, _LOOPS) and inside is not above.iter and inside not in above.orelse:
            is_small = _is_short(above.iter) or _PARTS.search(written(above.target))
            return None if is_small else above
        if isinstance(above, ast.If) and inside in above.body and _is_choice(above.test):
            return None  # true for one element at most
        if isinstance(above, _COMPREHENSIONS):
            first = above.generators[0]
            if inside is not first and not _is_short(first.iter):
                return above
        if isinstance(above, ast.comprehension):
            whole = module.parent(above)
            is_first = isinstance(whole, _COMPREHENSIONS) and whole.generators[0] is above
            if inside is above.iter and is_first:
                # what the loop goes over is asked once; a loop further out may repeat it
                inside = whole if whole is not None else above
                continue
        inside = above
    return None


def _is_choice(test: ast.expr) -> bool:
    """Whether a condition compares a name with a text (``key == "user"``)."""
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and isinstance(test.ops[0], ast.Eq)
        and isinstance(test.comparators[0], ast.Constant)
        and isinstance(test.comparators[0].value, str)
    )


def _is_short(collection: ast.expr) -> bool:
    """Whether a loop goes over what the code itself lists."""
    if isinstance(collection, ast.List | ast.Tuple | ast.Set | ast.Constant | ast.Dict):
        return True
    name = called_name(collection) if isinstance(collection, ast.Call) else ""
    if isinstance(collection, ast.Call) and name == "range" and len(collection.args) == 3:
        return True  # a step: each round asks for many
    if isinstance(collection, ast.Call) and name in {"items", "keys", "values"}:
        owner = collection.func.value if isinstance(collection.func, ast.Attribute) else None
        return owner is not None and _is_short(owner)
    if isinstance(collection, ast.Call) and name in {"range", "enumerate"}:
        return all(_is_short(argument) for argument in collection.args)
    return isinstance(collection, ast.Name) and collection.id.isupper()


def depends_on(module: Module, node: ast.expr, loop: ast.AST) -> bool:
    """Whether a query asks for what the loop goes over: otherwise it polls or repeats on purpose."""
    return not _names(module, node).isdisjoint(_bound_by(module, loop))


@lru_cache(maxsize=16)
def _bound_by(module: Module, loop: ast.AST) -> frozenset[str]:
    """Return the names that hold an element of a loop, or something that was made from it."""
    generators = getattr(loop, "generators", None)
    targets = (
        [item.target for item in generators] if generators else [getattr(loop, "target", loop)]
    )
    bound = {name for target in targets for name in _names(module, target)}
    inner = [node for node in module.inside(loop) if isinstance(node, _BINDING)]
    for node in sorted(inner, key=lambda node: node.lineno):
        source = node.iter if isinstance(node, _LOOPS) else node.value
        if source is not None and not bound.isdisjoint(_names(module, source)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                bound |= _names(module, target)
    return frozenset(bound)


def _names(module: Module, node: ast.AST) -> set[str]:
    return {part.id for part in module.inside(node) if isinstance(part, ast.Name)}


def is_last_round(module: Module, node: ast.AST, loop: ast.AST) -> bool:
    """Whether the loop ends right behind the query (``return`` or ``break`` in the same block)."""
    if not isinstance(loop, _LOOPS):
        return False
    statement: ast.AST = module.statement(node)
    above = module.parent(statement)
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return | ast.Break):
        return True  # a search: it ends with the first that is found
    body = getattr(above, "body", None)
    if not isinstance(body, list) or statement not in body or above is loop:
        return False
    return isinstance(body[-1], ast.Return | ast.Break | ast.Raise)
