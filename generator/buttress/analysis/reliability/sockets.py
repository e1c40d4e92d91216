"""WebSockets: what ends them, and what bounds how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.access.handlers import handlers
from buttress.project.model import Project, Service
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_TIME = lazy_pattern(
    r"\bwait_for\b|\btimeout\b|\bfail_after\b|\bmove_on_after\b|\bheartbeat\b|\bping\b|IDLE",
    re.IGNORECASE,
)
_COUNT = lazy_pattern(
    r"max_(?:connections|clients|sockets|users|per)|MAX_[A-Z_]*(?:CONN|CLIENT|SOCKET|USER)|Semaphore|too many"
    r"|connection_limit|limit_concurrency|limiter|rate_limit",
    re.IGNORECASE,
)
_COUNTED = lazy_pattern(
    r"len\([\w.]*(?:connections|clients|sockets|websockets)\b[^)\n]*\)\s*>=?|MAX_[A-Z_]*(?:CONN|CLIENT|SOCKET)|\bmax_(?:connections|clients|sockets)\s*[)=:<>]"
    r"|too many connections|connection_limit|limit_concurrency",
    re.IGNORECASE,
)
_ENDS = lazy_pattern(
    r"WebSocketDisconnect|ConnectionClosed|iter_(?:text|bytes|json)\(|websocket\.disconnect"
)

_CATCHES = lazy_pattern(r"except\s*(?::|Exception|BaseException|RuntimeError|\()")


@dataclass(frozen=True, slots=True)
class OpenSocket:
    """A WebSocket handler without bounds.

    Attributes:
        function: The handler.
        message: What is missing.
    """

    function: Function
    message: str


def counts_sockets(modules: Iterable[Module]) -> bool:
    """Whether a module that deals with WebSockets, such as a manager of them, counts them."""
    return any(
        "websocket" in module.text.lower() and _COUNTED.search(module.text) for module in modules
    )


def open_sockets(
    project: Project, service: Service, module: Module, *, is_counted: bool
) -> Iterator[OpenSocket]:
    """Yield the WebSocket handlers that wait without a limit, or do not know of a client that left.

    Args:
        project: The facts.
        service: The service.
        module: A file of it.
        is_counted: Whether the app bounds how many sockets there are.
    """
    for handler in handlers(project, service, module):
        if "WEBSOCKET" not in handler.methods:
            continue
        text = module.source(handler.node)
        if "receive" not in text and "iter_" not in text:
            continue
        ends = _ENDS.search(text) or _CATCHES.search(text)
        if not ends:
            yield OpenSocket(
                handler.node, "A client that leaves raises an error here that nothing expects."
            )
        elif not (is_counted or _TIME.search(text) or _COUNT.search(module.text)):
            yield OpenSocket(
                handler.node,
                "Nothing limits how many sockets are open, or how long one may be silent.",
            )
