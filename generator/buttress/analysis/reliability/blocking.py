"""Queries that a coroutine waits for without giving way."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.database.calls import DatabaseCall, database_calls
from buttress.project.model import Framework, Service
from buttress.project.modules import called_name
from buttress.source import Module

_LOOPS_OF_EVENTS = frozenset([Framework.FASTAPI, Framework.STARLETTE])
_SYNCHRONOUS = frozenset(
    ["query", "execute", "exec", "scalars", "scalar", "commit", "find_one", "insert_one",
     "update_one", "delete_one", "insert_many", "count_documents", "get", "executemany"]
)  # fmt: skip


def blocking_queries(module: Module, service: Service) -> Iterator[ast.Call]:
    """Yield the first query of each coroutine that is made by a library without coroutines.

    Nothing is awaited there, so that the library cannot be one that gives way.
    """
    if service.framework not in _LOOPS_OF_EVENTS:
        return
    seen: set[ast.AST] = set()
    for call in database_calls(module, service):
        inner = module.scope(call.node)
        if not isinstance(inner, ast.AsyncFunctionDef) or inner in seen:
            continue
        if _runs_alone(module, inner):
            continue
        is_handler = module.symbol(inner) in service.handlers(module.path)
        if call.methods[0] in _SYNCHRONOUS and _is_waited_for(module, call, is_handler=is_handler):
            seen.add(inner)
            yield call.node


def _runs_alone(module: Module, function: ast.AsyncFunctionDef) -> bool:
    """Whether a coroutine only ever runs in a loop of its own: ``asyncio.run(work())``."""
    calls = list(module.called(function.name))
    return bool(calls) and all(_is_run(module.parent(call)) for call in calls)


def _is_run(above: ast.AST | None) -> bool:
    return isinstance(above, ast.Call) and called_name(above) in {"run", "run_until_complete"}


def _is_waited_for(module: Module, call: DatabaseCall, *, is_handler: bool) -> bool:
    """Whether the result is used on the spot; a coroutine would be awaited or handed on.

    A coroutine has no methods: what a method of the result gives has been waited for, wherever it
    goes. Nor does a handler hand on what nobody has waited for, since nobody would do so later.
    """
    is_used = len(call.methods) > 1
    if any(isinstance(part, ast.Await) for part in module.inside(call.node)):
        return False
    inside: ast.AST = call.node
    for above in module.ancestors(call.node):
        if isinstance(above, ast.Await | ast.withitem | ast.AsyncFor | ast.Lambda):
            return False
        if isinstance(above, ast.Return):
            return is_used or is_handler
        if isinstance(above, ast.Call) and inside is not above.func and not is_used:
            return False  # `gather(db.execute(a), db.execute(b))`
        if isinstance(above, ast.stmt):
            return True
        inside = above
    return False
