"""Calls to other systems, and whether a failure that passes is tried again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.source import Module

_LIBRARIES = re.compile(
    r"^\s*(?:import|from)\s+(?:tenacity|stamina|backoff|retry|retrying|pybreaker|purgatory|circuitbreaker|aiobreaker"
    r"|aiohttp_retry|requests_retry|httpx_retries|opnieuw|hyx|resilient|failsafe)\b",
    re.MULTILINE,
)
_CALLS = frozenset(
    f"{package}.{name}"
    for package in ("requests", "httpx")
    for name in ("get", "post", "put", "patch", "delete", "head", "options", "request")
) | {
    "requests.Session",
    "httpx.Client",
    "httpx.AsyncClient",
    "aiohttp.ClientSession",
    "urllib.request.urlopen",
}
_HINTS = ("requests", "httpx", "aiohttp", "urlopen")
_OWN = re.compile(r"\b(?:class|def)\s+\w*(?:CircuitBreaker|circuit_breaker|[Rr]etry|retries)\w*")
_BY_HAND = re.compile(r"\b(?:max_retries|retries|attempts?|max_attempts|num_retries|retry_count)\b")


def outgoing_calls(modules: Iterable[Module]) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls that reach other systems over HTTP."""
    for module in modules:
        if any(hint in module.text for hint in _HINTS):
            for call in module.nodes(ast.Call):
                if module.resolve(call.func) in _CALLS:
                    yield module, call


def tries_again(modules: Iterable[Module]) -> bool:
    """Whether anything of an app tries a failed call again, or breaks a circuit.

    A library for it that is used as a decorator or called, an adapter or transport with retries, a
    loop over attempts.
    """
    for module in modules:
        if _LIBRARIES.search(module.text) and _uses_library(module):
            return True
        is_named = any(word in module.text for word in ("Retry(", "max_retries", "retries="))
        if is_named and any(_asks_for_retries(module, call) for call in module.nodes(ast.Call)):
            return True
        if _OWN.search(module.text) or _has_loop(module):
            return True
    return False


def _uses_library(module: Module) -> bool:
    names = {
        binding.local
        for binding in module.imports
        if _LIBRARIES.match(f"import {binding.target.partition('.')[0]}")
    }
    return any(node.id in names for node in module.nodes(ast.Name))


def _asks_for_retries(module: Module, call: ast.Call) -> bool:
    target = module.resolve(call.func) or ""
    if target.startswith(("urllib3.", "requests.packages.urllib3.")) and target.endswith(".Retry"):
        return True
    is_transport = target.endswith(("HTTPAdapter", "HTTPTransport"))
    return is_transport and any(k.arg in {"max_retries", "retries"} for k in call.keywords)


def _has_loop(module: Module) -> bool:
    """Whether a loop over attempts holds a ``try`` (``for attempt in range(3)``)."""
    if not _BY_HAND.search(module.text):
        return False
    for loop in module.nodes(ast.For, ast.While):
        head = loop.iter if isinstance(loop, ast.For) else loop.test
        names = {part.id for part in ast.walk(head) if isinstance(part, ast.Name)}
        names |= {part.attr for part in ast.walk(head) if isinstance(part, ast.Attribute)}
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name):
            names.add(loop.target.id)
        is_counted = any(_BY_HAND.search(name) for name in names)
        if is_counted and any(isinstance(statement, ast.Try) for statement in loop.body):
            return True
    return False
