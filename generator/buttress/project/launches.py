"""Calls in code that start a server (``app.run()``, ``uvicorn.run("app.main:app")``) or mount."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.app_names import AppNames
from buttress.project.apps import FoundApp
from buttress.project.literals import argument, known_int, known_string, written
from buttress.project.model import Place
from buttress.project.modules import OwnModules, calls_of
from buttress.source import Module

_RUNNERS = {
    "uvicorn.run": 0,
    "uvicorn.Config": 0,
    "hypercorn.asyncio.serve": 0,
    "waitress.serve": 0,
    "eventlet.wsgi.server": 1,
    "gevent.pywsgi.WSGIServer": 1,
    "werkzeug.serving.run_simple": 2,
    "granian.Granian": 0,
    "mangum.Mangum": 0,
    "wsgiref.simple_server.make_server": 2,
}


_RUNNER_NAMES = frozenset(name.rpartition(".")[2] for name in _RUNNERS) | {"run"}


@dataclass(frozen=True)
class Launch:
    """A call that starts a server.

    Attributes:
        path: The file.
        app: What it serves.
        place: The call.
        port: The port it names, also as the default of a variable.
        function: Dotted path of the function the call stands in.
        target: ``module:name`` where the call names the app by text.
    """

    path: str
    app: FoundApp
    place: Place
    port: int | None
    function: str
    target: str | None = None


def find_launches(modules: OwnModules, names: AppNames, apps: list[FoundApp]) -> list[Launch]:
    """Return all calls that start a server with a known app object."""
    found: list[Launch] = []
    for path in modules.having(*_RUNNER_NAMES):
        found += _launches_in(modules, names, apps, modules.tree.module(path))
    return found


def _launches_in(
    modules: OwnModules, names: AppNames, apps: list[FoundApp], module: Module
) -> Iterator[Launch]:
    for call in calls_of(module, *_RUNNER_NAMES):
        function = call.func
        dotted = module.resolve(function) or ""
        served: ast.expr | None = None
        if dotted in _RUNNERS:
            served = argument(call, _RUNNERS[dotted], "app", "application", "target")
        elif isinstance(function, ast.Attribute) and function.attr == "run":
            # `app.run()`, and `socketio.run(app)`
            served = function.value
            if _app(modules, names, apps, module, served) is None:
                served = argument(call, 0, "app")
        if served is None:
            continue
        text = known_string(module, served)
        app = (
            _by_text(modules, names, module, text)
            if text is not None
            else _app(modules, names, apps, module, served)
        )
        if app is not None:
            around = module.function(call)
            yield Launch(
                module.path,
                app,
                Place(module.path, call.lineno, call.col_offset + 1),
                known_int(module, argument(call, -1, "port")),
                module.symbol(around) if around is not None else "",
                text,
            )


def _by_text(modules: OwnModules, names: AppNames, module: Module, text: str) -> FoundApp | None:
    dotted, _, name = text.partition(":")
    path = modules.locate(dotted, module.path) if dotted and name else None
    return names.at(path, name) if path is not None else None


def _app(
    modules: OwnModules,
    names: AppNames,
    apps: list[FoundApp],
    module: Module,
    node: ast.expr,
) -> FoundApp | None:
    if isinstance(node, ast.Call):
        node = node.func
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    text = written(node)
    function = module.function(node)
    if function is not None:
        symbol = module.symbol(function)
        for app in apps:
            if (app.path, app.function, app.name) == (module.path, symbol, text):
                return app
    target = modules.defined_at(module, node)
    if target is None:
        return None
    return names.at(*target) or _local_result(modules, names, module, node)


def _local_result(
    modules: OwnModules, names: AppNames, module: Module, node: ast.expr
) -> FoundApp | None:
    """Return the app that a local name holds after ``app = create_app()``."""
    function = module.function(node)
    if function is None or not isinstance(node, ast.Name):
        return None
    for statement in module.nodes(ast.Assign):
        if (
            module.function(statement) is function
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id == node.id
            and isinstance(statement.value, ast.Call)
        ):
            return _app(modules, names, [], module, statement.value.func)
    return None


def find_mounts(
    modules: OwnModules, names: AppNames, apps: list[FoundApp]
) -> dict[FoundApp, FoundApp]:
    """Return the apps that are mounted in another one, with that other one."""
    found: dict[FoundApp, FoundApp] = {}
    for path in modules.having(".mount(", "Mount("):
        module = modules.tree.module(path)
        for call in module.called("mount"):
            if isinstance(call.func, ast.Attribute):
                inner = argument(call, 1, "app")
                if inner is None:
                    continue
                child = _app(modules, names, apps, module, inner)
                parent = _app(modules, names, apps, module, call.func.value)
                if child is not None and parent is not None and child is not parent:
                    found[child] = parent
    return found
