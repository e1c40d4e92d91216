"""What runs while a module is imported, and so before the names that are bound further down."""

from __future__ import annotations

import ast
from functools import lru_cache

from buttress.source import Module

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def runs_before(module: Module, node: ast.AST, offset: int) -> bool:
    """Whether a place may run before the import of its module has come to ``offset``.

    That is so at the top level in front of it, and in every function or class that something there
    calls or names, directly or through others.
    """
    holders = [above for above in module.ancestors(node) if isinstance(above, _DEFINITIONS)]
    if not any(not isinstance(holder, ast.ClassDef) for holder in holders):
        return module.offset(node.lineno, node.col_offset) < offset  # type: ignore[attr-defined]
    return getattr(holders[-1], "name", "") in _named_before(module, offset)


@lru_cache(maxsize=16)
def _named_before(module: Module, offset: int) -> frozenset[str]:
    """Return the functions and classes of the module that are reached in front of ``offset``."""
    tops = {item.name: item for item in module.tree.body if isinstance(item, _DEFINITIONS)}
    definitions = set(tops.values())
    loads: dict[str, set[str]] = {"": set()}
    for name in module.nodes(ast.Name):
        if name.id not in tops or not isinstance(name.ctx, ast.Load):
            continue
        holder = next((a for a in module.ancestors(name) if a in definitions), None)
        if isinstance(holder, _DEFINITIONS) and _is_in_body(module, name, holder):
            loads.setdefault(holder.name, set()).add(name.id)
        elif module.span(name)[0] < offset:
            loads[""].add(name.id)
    reached = set(loads[""])
    stack = list(reached)
    while stack:
        for called in loads.get(stack.pop(), ()):
            if called not in reached:
                reached.add(called)
                stack.append(called)
    return frozenset(reached)


def _is_in_body(module: Module, node: ast.AST, holder: _Definition) -> bool:
    """Whether a place runs with a definition's body, and not with its decorators or defaults."""
    above = {node, *module.ancestors(node)}
    return any(statement in above for statement in holder.body)
