"""Whether a failure that passes is tried again."""

from __future__ import annotations

import ast

from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_LIBRARIES = (
    "tenacity", "stamina", "backoff", "retry", "retrying", "pybreaker", "purgatory", "circuitbreaker", "aiobreaker",
    "aiohttp_retry", "requests_retry", "httpx_retries", "opnieuw", "hyx", "resilient", "failsafe",
)  # fmt: skip
_OWN = lazy_pattern(r"CircuitBreaker|circuit_breaker|[Rr]etry|retries")
_BY_HAND = lazy_pattern(
    r"\b(?:max_retries|retries|attempts?|max_attempts|num_retries|retry_count)\b"
)


def tries_again(modules: Modules) -> bool:
    """Whether anything of an app tries a failed call again, or breaks a circuit.

    A library for it that is used as a decorator or called, an adapter or transport with retries, a
    loop over attempts.
    """
    asking = modules.having("Retry(", "max_retries", "retries=")
    return (
        any(map(_uses_library, modules.having(*_LIBRARIES)))
        or any(
            _asks_for_retries(module, call) for module in asking for call in module.nodes(ast.Call)
        )
        or any(map(_defines, modules.spelling(_OWN)))
        or any(map(_has_loop, modules.having("retries", "attempt", "retry_count", "while True")))
        or any(map(_retries_tasks, modules.having("autoretry_for", "self.retry(")))
    )


def _uses_library(module: Module) -> bool:
    names = {b.local for b in module.imports if b.target.partition(".")[0] in _LIBRARIES}
    return bool(names) and any(node.id in names for node in module.nodes(ast.Name))


def _defines(module: Module) -> bool:
    """Whether a class or function is called after it."""
    return any(
        _OWN.search(node.name)
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    )


def _asks_for_retries(module: Module, call: ast.Call) -> bool:
    target = module.resolve(call.func) or ""
    if target.startswith(("urllib3.", "requests.packages.urllib3.")) and target.endswith(".Retry"):
        return True
    if target.startswith("botocore.") and target.endswith(".Config"):
        return any(k.arg == "retries" for k in call.keywords)
    is_transport = target.endswith(("HTTPAdapter", "HTTPTransport"))
    return is_transport and any(k.arg in {"max_retries", "retries"} for k in call.keywords)


def _repeats(loop: ast.AST) -> bool:
    """Whether a loop without end is left when what it tries succeeds, and goes on when that fails."""
    if not isinstance(loop, ast.While) or not isinstance(loop.test, ast.Constant):
        return False
    for attempt in (part for part in loop.body if isinstance(part, ast.Try)):
        ends = [
            part
            for statement in (*attempt.body, *attempt.orelse)
            for part in ast.walk(statement)
            if isinstance(part, ast.Break | ast.Return)
        ]
        goes_on = any(
            not isinstance(handler.body[-1], ast.Break | ast.Raise | ast.Return)
            for handler in attempt.handlers
        )
        if ends and goes_on:
            return True
    return False


def _retries_tasks(module: Module) -> bool:
    """Whether a task of Celery is run again when it fails."""
    return any(
        any(keyword.arg == "autoretry_for" for keyword in call.keywords)
        or (isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "self.retry")
        for call in module.nodes(ast.Call)
    )


def _has_loop(module: Module) -> bool:
    """Whether a loop over attempts holds a ``try`` (``for attempt in range(3)``)."""
    for loop in module.nodes(ast.For, ast.While):
        if _repeats(loop):
            return True
        head = loop.iter if isinstance(loop, ast.For) else loop.test
        names = {part.id for part in module.inside(head) if isinstance(part, ast.Name)}
        names |= {part.attr for part in module.inside(head) if isinstance(part, ast.Attribute)}
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
            names.add(loop.target.id)
        is_counted = any(_BY_HAND.search(name) for name in names)
        if is_counted and any(isinstance(statement, ast.Try) for statement in loop.body):
            return True
    return False
