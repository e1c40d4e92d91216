"""Calls to others: without a limit of time, and inside coroutines that they hold up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.source import Module

_HTTP = frozenset(
    f"requests.{name}"
    for name in ("get", "post", "put", "patch", "delete", "head", "options", "request")
)
_TIMED = {
    "urllib.request.urlopen": 2,
    "smtplib.SMTP": 3,
    "smtplib.SMTP_SSL": 5,
}
"""Other calls that wait for ever, with the position of ``timeout``."""

_HINTS = ("requests", "urlopen", "smtplib", "httpx", "aiohttp")
_METHODS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "request"])
_NONE_WAITS = ("httpx.", "aiohttp.")
_BLOCKING = frozenset(
    {
        "time.sleep", "urllib.request.urlopen", "os.system", "subprocess.run", "subprocess.call",
        "subprocess.check_call", "subprocess.check_output", "smtplib.SMTP", "smtplib.SMTP_SSL",
        "psycopg2.connect", "pymysql.connect", "MySQLdb.connect", "mysql.connector.connect",
    }
) | _HTTP  # fmt: skip


def endless_calls(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the calls over the network that may wait for ever."""
    if not any(hint in module.text for hint in _HINTS):
        return
    sessions = _sessions(module)
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        if target in _HTTP or _is_session_call(call, sessions):
            if _waits(call, None):
                yield call, "This request waits as long as the other side likes."
        elif target in _TIMED:
            if _waits(call, _TIMED[target]):
                yield call, "This connection waits as long as the other side likes."
        elif target.startswith(_NONE_WAITS) and _is_none(call):
            yield call, "The limit of time that the library has is switched off here."


def _sessions(module: Module) -> frozenset[str]:
    return frozenset(
        module.source(target)
        for assign in module.nodes(ast.Assign)
        if isinstance(assign.value, ast.Call)
        and module.resolve(assign.value.func) in {"requests.Session", "requests.session"}
        for target in assign.targets
    )


def _is_session_call(call: ast.Call, sessions: frozenset[str]) -> bool:
    function = call.func
    if not sessions or not isinstance(function, ast.Attribute) or function.attr not in _METHODS:
        return False
    return ast.unparse(function.value) in sessions


def _waits(call: ast.Call, position: int | None) -> bool:
    if any(keyword.arg is None for keyword in call.keywords):
        return False  # **options may hold it
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    if position is not None and len(call.args) > position:
        return False
    given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    return not given or (isinstance(given[0], ast.Constant) and given[0].value is None)


def _is_none(call: ast.Call) -> bool:
    return any(
        keyword.arg == "timeout"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is None
        for keyword in call.keywords
    )


def blocking_calls(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the calls in coroutines that stop every other request until they are done."""
    if "async def" not in module.text:
        return
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        if target not in _BLOCKING:
            continue
        inner = next(
            (
                a
                for a in module.ancestors(call)
                if isinstance(a, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            ),
            None,
        )
        if isinstance(inner, ast.AsyncFunctionDef):
            yield call, f"{target} stops all other requests until it is done."
