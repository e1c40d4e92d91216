"""Where a value comes from that is not to be trusted."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass

from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

CLIENT = "client"
"""The label of what a client sends."""

PARAMETER = "parameter"
"""The label of what a function is given by a caller that is not looked at."""

REQUEST = "<request>"
"""What the request object of any framework stands for."""

REQUEST_NAMES = frozenset(
    ["flask.request", "flask.globals.request", "quart.request", "bottle.request", "sanic.request"]
)
REQUEST_TYPES = frozenset(
    [
        "fastapi.Request", "fastapi.requests.Request", "starlette.requests.Request", "flask.Request",
        "fastapi.WebSocket", "starlette.websockets.WebSocket", "flask.wrappers.Request",
        "django.http.HttpRequest", "django.http.request.HttpRequest", "rest_framework.request.Request",
        "django.core.handlers.wsgi.WSGIRequest", "aiohttp.web.Request", "quart.Request",
    ]
)  # fmt: skip
READ = frozenset(
    [
        "args", "form", "values", "json", "data", "cookies", "headers", "files", "get_json", "get_data",
        "query_params", "path_params", "body", "full_path", "GET", "POST", "COOKIES", "META", "FILES",
        "query_string", "stream", "referrer", "user_agent", "query", "match_info", "receive_text",
        "url", "receive_json", "receive_bytes", "iter_text", "iter_json", "get_full_path", "query_parameters",
    ]
)  # fmt: skip
"""What a request object holds that the client wrote."""

OWN_ADDRESS = frozenset(["url", "full_path", "referrer", "get_full_path"])
"""What of it leads back to this app, or to the page before."""

SAFE_TYPES = lazy_pattern(
    r"(?:typing\.|t\.)?(?:Optional\[)?(?:int|float|bool|UUID|uuid\.UUID|date|datetime|datetime\.date"
    r"|datetime\.datetime|Decimal|(?:typing\.)?Literal\b.*|UUID4|PositiveInt|NonNegativeInt|conint.*|EmailStr"
    r"|AnyHttpUrl|HttpUrl|PydanticObjectId|ObjectId)\]?(?:\s*\|\s*None)?\Z"
)
"""Annotations of values that a client cannot put text of its own into."""

TEXT_TYPES = lazy_pattern(
    r"(?:typing\.|t\.)?(?:Optional\[|List\[|list\[|Sequence\[|Set\[|set\[)*(?:str|bytes|Any|dict|Dict|list|List)\b[^|]*"
    r"(?:\s*\|\s*None)?\Z"
)
"""Annotations of values that hold text as the client wrote it."""


def _never(*_: object) -> bool:
    return False


@dataclass(frozen=True)
class Sources:
    """What a run of the analysis takes for untrusted.

    Attributes:
        label: The label that values from there carry.
        hints: Words of which a function, or the top of a file, has to hold one to be looked at.
        holders: The functions and tops of files that hold such a source, where they are known.
        expression: Whether the value of a call, an attribute or an item comes from such a source;
            asked with the file, the node and the dotted name that it stands for (empty where none
            is known). What is called on, or read from, such a value comes from there, too.
        parameter: Whether a parameter is such a source.
        takes_requests: Whether what a client sends is one as well; then with the label ``client``.
        names: Names (of variables, keys, functions) that make a secret of a value of this source.
    """

    label: str
    hints: tuple[str, ...] = ()
    holders: frozenset[ast.AST] = frozenset()
    expression: Callable[[Module, ast.expr, str], bool] = _never
    parameter: Callable[[Module, Function, ast.arg], bool] = _never
    takes_requests: bool = False
    names: re.Pattern[str] | None = None


REQUESTS = Sources(CLIENT, takes_requests=True)
"""What clients send, in FastAPI, Flask and Django."""
