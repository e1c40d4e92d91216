"""Calls to other systems: what they are, which have no limit of time, which hold up coroutines."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.project.literals import known_string
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_METHODS = frozenset(["get", "post", "put", "patch", "delete", "head", "options", "request"])
_REQUESTS = frozenset(f"requests.{name}" for name in _METHODS)
_SESSIONS = frozenset({"requests.Session", "requests.session"})
_OUTGOING = (
    _REQUESTS
    | {f"httpx.{name}" for name in _METHODS}
    | {
        "requests.Session",
        "httpx.Client",
        "httpx.AsyncClient",
        "aiohttp.ClientSession",
        "urllib.request.urlopen",
    }
)
_TIMED = {
    "urllib.request.urlopen": 2,
    "smtplib.SMTP": 3,
    "smtplib.SMTP_SSL": 5,
}
"""Other calls that wait for ever, with the position of ``timeout``."""

_ITSELF = lazy_pattern(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?:[:/]|\Z)")
_ENDLESS = _REQUESTS | _TIMED.keys()
_NONE_WAITS = ("httpx.", "aiohttp.")
_BLOCKING = frozenset(
    {
        "time.sleep", "urllib.request.urlopen", "os.system", "subprocess.run", "subprocess.call",
        "subprocess.check_call", "subprocess.check_output", "smtplib.SMTP", "smtplib.SMTP_SSL",
        "psycopg2.connect", "pymysql.connect", "MySQLdb.connect", "mysql.connector.connect",
    }
) | _REQUESTS  # fmt: skip


def outgoing_calls(modules: Modules) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls that reach other systems over HTTP; what the machine asks itself is none."""
    return (
        (module, call)
        for module, call in modules.calls(*_OUTGOING)
        if not _asks_itself(module, call)
    )


def _asks_itself(module: Module, call: ast.Call) -> bool:
    addresses = [*call.args[:2], *(k.value for k in call.keywords if k.arg == "url")]
    for address in addresses:
        text = known_string(module, address)
        if text is None and isinstance(address, ast.Name):
            function = module.function(call)
            assigned = [
                part.value
                for part in (ast.walk(function) if function is not None else ())
                if isinstance(part, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == address.id for t in part.targets)
            ]
            text = known_string(module, assigned[0]) if len(assigned) == 1 else None
        if text is not None and _ITSELF.match(text):
            return True
    return False


def endless_calls(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the calls over the network that may wait for ever."""
    for module, call in modules.calls(*_ENDLESS):
        position = _TIMED.get(module.resolve(call.func) or "")
        if _waits(call, position):
            what = "request" if position is None else "connection"
            yield module, call, f"This {what} waits as long as the other side likes."
    for module in modules.naming(*_SESSIONS):
        sessions = _sessions(module)
        for call in module.called(*_METHODS) if sessions else ():
            if _is_session_call(call, sessions) and _waits(call, None):
                yield module, call, "This request waits as long as the other side likes."
    for module in modules.having("httpx", "aiohttp"):
        for call in module.nodes(ast.Call):
            if _is_none(call) and (module.resolve(call.func) or "").startswith(_NONE_WAITS):
                yield module, call, "The limit of time that the library has is switched off here."


def _sessions(module: Module) -> frozenset[str]:
    return frozenset(
        module.source(target)
        for assign in module.nodes(ast.Assign)
        if isinstance(assign.value, ast.Call) and module.resolve(assign.value.func) in _SESSIONS
        for target in assign.targets
    )


def _is_session_call(call: ast.Call, sessions: frozenset[str]) -> bool:
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in sessions


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


def blocking_calls(modules: Modules) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield the calls in coroutines that stop every other request until they are done."""
    for module, call in modules.having("async def").calls(*_BLOCKING):
        if isinstance(module.scope(call), ast.AsyncFunctionDef):
            target = module.resolve(call.func)
            yield module, call, f"{target} stops all other requests until it is done."
