"""How the app stops: whether the signal arrives, and whether what it holds open is closed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.delivery.images import Image, images
from buttress.analysis.delivery.shell import simple_commands
from buttress.project.documents import text_of
from buttress.project.model import Place, Project, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SERVERS = lazy_pattern(
    r"(?:\S*/)?(?:uvicorn|gunicorn|hypercorn|granian|daphne|waitress-serve|uwsgi|flask|fastapi|streamlit|celery|python[\d.]*|poetry|uv|pipenv)\s"
)
_SHELLS = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "/usr/bin/bash", "/usr/bin/env"})
_HELD = (
    "sqlalchemy.ext.asyncio.create_async_engine", "asyncpg.create_pool", "asyncpg.connect", "httpx.AsyncClient", "aiohttp.ClientSession",
    "motor.motor_asyncio.AsyncIOMotorClient", "pymongo.AsyncMongoClient", "redis.asyncio.", "aioredis.", "psycopg_pool.",
    "aiokafka.", "aio_pika.connect", "aio_pika.connect_robust", "kafka.KafkaProducer", "confluent_kafka.Producer",
    "apscheduler.schedulers.background.BackgroundScheduler", "apscheduler.schedulers.asyncio.AsyncIOScheduler",
    "databases.Database", "asyncio.create_task",
)  # fmt: skip
"""What these names begin is held open."""

_CLOSES = frozenset(
    ["close", "aclose", "dispose", "shutdown", "disconnect", "stop", "cancel", "wait_closed", "flush", "close_all", "terminate", "quit"]
)  # fmt: skip
_HOOKS = frozenset({"atexit.register", "signal.signal", "weakref.finalize"})


def deaf_starts(project: Project, service: Service) -> Iterator[Place]:
    """Yield where a shell stands between the container's first process and the server."""
    for image in images(project, service):
        place = _deaf(project, image)
        if place is not None:
            yield place


def _deaf(project: Project, image: Image) -> Place | None:
    entry, command = image.last("ENTRYPOINT"), image.last("CMD")
    start = entry or command
    if start is None:
        return None
    if start.exec_form is None:
        # a shell in front: it gets the signal, and the server does not
        return None if _hands_over(start.command) else image.place(start)
    words = start.exec_form
    if words and words[0] in _SHELLS and "-c" in words:
        script = words[-1] if start is command or command is None else ""
        return None if not script or _hands_over(script) else image.place(start)
    names = [word.rpartition("/")[2] for word in words if word.endswith(".sh")]
    if not names:
        return None
    for path in project.tree.named(*names):
        text = text_of(project.tree, path)
        if not _hands_over(text):
            return _last_server(path, text)
    return None


def _hands_over(script: str) -> bool:
    """Whether a script ends in ``exec``, catches the signal itself, or starts no server."""
    if re.search(r"^\s*(?:exec\s|trap\s)|[;&|]\s*exec\s", script, re.MULTILINE) or '"$@"' in script:
        return True
    return not any(_SERVERS.match(command.text + " ") for command in simple_commands(script))


def _last_server(path: str, text: str) -> Place | None:
    lines = [c.line for c in simple_commands(text) if _SERVERS.match(c.text + " ")]
    return Place(path, lines[-1] + 1) if lines else None


def held_open(modules: Modules) -> tuple[Module, ast.Call, str] | None:
    """Return the first thing that is held open while the app runs, with the name of what it is."""
    for module, call in modules.calls(*(f"{name}*" for name in _HELD)):
        if _outlives(module, call):
            return module, call, module.resolve(call.func) or ""
    return None


def runs_at_the_end(modules: Modules) -> bool:
    """Whether anything runs when the app stops."""
    hinted = modules.having("lifespan", "shutdown", "atexit", "signal", "contextmanager")
    return any(map(_stops, hinted))


def _outlives(module: Module, call: ast.Call) -> bool:
    """Whether the result is kept for as long as the process runs."""
    above = module.parent(call)
    while isinstance(above, ast.Await | ast.Attribute | ast.Call):
        above = module.parent(above)
    if isinstance(above, ast.withitem):
        return False
    function = module.function(call)
    if function is None:
        return isinstance(above, ast.Assign | ast.AnnAssign | ast.Expr)
    if isinstance(above, ast.Assign):
        # `app.state.pool = ...`, or a global one
        target = above.targets[0]
        is_state = isinstance(target, ast.Attribute) and "state" in module.source(target)
        names = {name for node in module.inside(function) if isinstance(node, ast.Global) for name in node.names}  # fmt: skip
        return is_state or (isinstance(target, ast.Name) and target.id in names)
    return False


def _stops(module: Module) -> bool:
    """Whether a module has code for the end: after ``yield`` of a lifespan, in a hook, at exit."""
    for call in module.nodes(ast.Call):
        if module.resolve(call.func) in _HOOKS:
            return True
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        words = [a.value for a in call.args if isinstance(a, ast.Constant)]
        if name in {"on_event", "add_event_handler"} and "shutdown" in words:
            return True
        if any(keyword.arg == "on_shutdown" for keyword in call.keywords):
            return True
    return any(
        _closes_after_yield(module, node)
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    )


def _closes_after_yield(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if not any("contextmanager" in module.source(item) for item in node.decorator_list):
        return False
    parts = module.inside(node)
    yields = [part.lineno for part in parts if isinstance(part, ast.Yield)]
    if not yields:
        return False
    if any(isinstance(part, (ast.With, ast.AsyncWith)) for part in parts):
        return True
    return any(
        isinstance(part, ast.Call) and part.lineno > min(yields) and _called(part) in _CLOSES
        for part in parts
    )


def _called(call: ast.Call) -> str:
    name = called_name(call)
    return next((word for word in _CLOSES if name == word or name.startswith(word + "_")), name)
