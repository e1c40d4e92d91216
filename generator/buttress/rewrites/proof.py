"""Proof before display: what an edit did not mean to change is equal, and every name resolves."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from buttress.source import Edit, Module
from buttress.source.edit import compose, new_spans
from buttress.source.patterns import lazy_pattern


def disproof(before: Module, after: Module, edits: Sequence[Edit]) -> str | None:
    """Return what is wrong with ``after``, or ``None`` if the edits did only what they say.

    Every outermost node of ``before`` that no edit touches must stand in ``after`` at its shifted
    place, be equal, and have the same kinds of nodes above it.

    Args:
        before: The module that the edits were made for.
        after: The module with the edits applied, before any formatting.
        edits: The edits, with offsets into ``before``.
    """
    if after.problem is not None:
        return f"the result would not parse (line {after.problem.line}: {after.problem.message})"
    composed = compose(edits)
    shifts = [(edit.end, len(edit.text) - (edit.end - edit.start)) for edit in composed]
    fresh = new_spans(composed)
    standing: dict[tuple[type[ast.AST], int, int], ast.AST] = {}
    for node in ast.walk(after.tree):
        if isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler | ast.arg | ast.keyword):
            standing.setdefault((type(node), *after.span(node)), node)
    for node in _untouched(before, composed):
        start, end = before.span(node)
        shift = sum(delta for at, delta in shifts if at <= start)
        twin = standing.get((type(node), start + shift, end + shift))
        if twin is None or not _reads_the_same(before, node, after, twin):
            return f"line {before.line_at(start)} would read differently, though nothing edits it"
        moved = not _inside(fresh, start + shift) and _kinds(before, node) != _kinds(after, twin)
        # an edit around a node may put it one level deeper, and says so by touching its parent
        if moved and not _wrapped(before, node, composed):
            return f"line {before.line_at(start)} would stand in another construct"
    return None


def _reads_the_same(before: Module, node: ast.AST, after: Module, twin: ast.AST) -> bool:
    """Whether two nodes of one type are equal; for whole statements the text tells it sooner."""
    if isinstance(node, ast.stmt) and before.source(node) == after.source(twin):
        # they stand in front of what counts as the text of a function or a class
        old, new = (getattr(item, "decorator_list", []) for item in (node, twin))
        return [ast.dump(mark) for mark in old] == [ast.dump(mark) for mark in new]
    return ast.dump(node) == ast.dump(twin)


def new_complaints(before: Module, after: Module) -> list[str]:
    """Return what pyflakes says about ``after`` and did not say about ``before``."""
    old, new = _complaints(before), _complaints(after)
    if after.path.endswith("__init__.py"):
        # what a package imports and does not use, it may offer to others
        new = Counter({said: n for said, n in new.items() if not said.startswith("UnusedImport")})
    return sorted((new - old).elements())


@lru_cache(maxsize=4)
def _complaints(module: Module) -> Counter[str]:
    from pyflakes.checker import Checker

    found: Counter[str] = Counter()
    for message in Checker(module.tree, filename=module.path).messages:
        kind = type(message).__name__
        if kind in _KINDS:
            text = message.message % message.message_args
            # what is said of another line is the same wherever that line is now
            found[f"{kind}: {_OTHER_LINE.sub('', text)}"] += 1
    return found


_OTHER_LINE = lazy_pattern(r" from line \d+")
_KINDS = frozenset(
    [
        "UndefinedName",
        "UndefinedLocal",
        "UndefinedExport",
        "UnusedImport",
        "UnusedVariable",
        "RedefinedWhileUnused",
        "ImportShadowedByLoopVar",
        "DuplicateArgument",
        "ReturnOutsideFunction",
        "ForwardAnnotationSyntaxError",
    ]
)


def _untouched(module: Module, edits: Sequence[Edit]) -> list[ast.AST]:
    """Return the outermost expressions and statements that no edit reaches into."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = [module.tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler | ast.arg | ast.keyword):
            start, end = module.span(node)
            touching = [e for e in edits if e.start < end and e.end > start]
            inserting = [e for e in edits if e.start == e.end and start < e.start < end]
            if not touching and not inserting:
                found.append(node)
                continue
            if any(edit.start <= start and end <= edit.end for edit in touching):
                continue
            if isinstance(node, ast.JoinedStr):
                # positions inside an f-string are not those of the file before Python 3.12
                continue
        stack.extend(ast.iter_child_nodes(node))
    return found


def _kinds(module: Module, node: ast.AST) -> list[type[ast.AST]]:
    return [type(above) for above in module.ancestors(node)]


def _inside(spans: Sequence[tuple[int, int]], offset: int) -> bool:
    return any(start <= offset < end for start, end in spans)


def _wrapped(module: Module, node: ast.AST, edits: Sequence[Edit]) -> bool:
    start, end = module.span(node)
    before = [edit for edit in edits if edit.end == start or edit.end <= start < edit.end + 2]
    # what replaces the statement in front has no business with this one
    is_statement = isinstance(node, ast.stmt)
    touches_before = any(edit.start == edit.end or not is_statement for edit in before)
    parent = module.parent(node)
    above = parent if parent is not None and hasattr(parent, "lineno") else None
    if above is None:
        return touches_before
    outer_start, outer_end = module.span(above)
    around = [e for e in edits if outer_start <= e.start and e.end <= outer_end]
    return touches_before or any(edit.end <= start or edit.start >= end for edit in around)
