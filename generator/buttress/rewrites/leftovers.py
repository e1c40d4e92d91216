"""What an edit leaves behind without a use: ``as e``, and imports inside functions."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from buttress.source import Edit, Module
from buttress.source.patterns import lazy_pattern

_AS_NAME = lazy_pattern(r"((?:\s*\))*)\s+as\s+\w+\s*(?=:)")
_Binder = ast.ExceptHandler | ast.Import | ast.ImportFrom


def drop_leftovers(before: Module, after: Module) -> list[Edit]:
    """Return the edits of ``after`` that drop names which ``before`` used and nothing uses now.

    Imports at the top of a module are not looked at here: they may be there for others.
    """
    was_used = {key for key, node in _binders(before) if _is_used(before, node)}
    edits = [
        (
            _without_name(after, node)
            if isinstance(node, ast.ExceptHandler)
            else _without_import(after, node)
        )
        for key, node in _binders(after)
        if key in was_used and not _is_used(after, node)
    ]
    return [edit for edit in edits if edit is not None]


def _binders(module: Module) -> Iterator[tuple[tuple[str, str, int], _Binder]]:
    """Yield what binds a name inside a block, known by function, name and ordinal among its like."""
    found: list[_Binder] = [
        handler
        for handler in module.nodes(ast.ExceptHandler)
        if handler.name and handler.type is not None
    ]
    found += [
        statement
        for statement in module.nodes(ast.Import, ast.ImportFrom)
        if module.parent(statement) is not module.tree and len(statement.names) == 1
    ]
    seen: Counter[tuple[str, str]] = Counter()
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        kind = "except" if isinstance(node, ast.ExceptHandler) else "import"
        key = module.symbol(node), f"{kind} {_name(node)}"
        yield (*key, seen[key]), node
        seen[key] += 1


def _name(node: _Binder) -> str:
    if isinstance(node, ast.ExceptHandler):
        return str(node.name)
    return node.names[0].asname or node.names[0].name.split(".")[0]


def _is_used(module: Module, node: _Binder) -> bool:
    name = _name(node)
    if isinstance(node, ast.ExceptHandler):
        return any(_mentions(statement, name) for statement in node.body)
    scope = module.function(node)
    block = module.parent(node)
    others = [
        other
        for other in module.nodes(ast.Import, ast.ImportFrom)
        if other is not node and len(other.names) == 1 and _name(other) == name
    ]
    for load in module.nodes(ast.Name):
        if load.id != name:
            continue
        above = list(module.ancestors(load))
        if scope is not None and scope not in above:
            continue
        covered = any(module.parent(o) in above and o.lineno <= load.lineno for o in others)
        if block in above or not covered:
            return True
    return False


def _mentions(statement: ast.stmt, name: str) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and name == node.value)
        for node in ast.walk(statement)
    )


def _without_name(module: Module, handler: ast.ExceptHandler) -> Edit | None:
    if handler.type is None:
        return None
    _, end = module.span(handler.type)
    tail = _AS_NAME.match(module.text, end)
    return Edit(end, tail.end(), tail.group(1)) if tail else None


def _without_import(module: Module, node: ast.Import | ast.ImportFrom) -> Edit | None:
    start, _ = module.line_span(node.lineno)
    end = module.line_span(node.end_lineno or node.lineno)[1]
    stands_alone = module.text[start:end].strip() == module.source(node)
    has_others = _has_others(module.parent(node), node)
    return Edit(start, end, "") if stands_alone and has_others else None


def _has_others(holder: ast.AST | None, statement: ast.stmt) -> bool:
    bodies = (getattr(holder, name, []) for name in ("body", "orelse", "finalbody"))
    return any(statement in body and len(body) > 1 for body in bodies)
