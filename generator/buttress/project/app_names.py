"""Names: under which an app object or its factory is known, in its own file and in others."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from buttress.project.apps import FoundApp, holder_of, returns
from buttress.project.literals import written
from buttress.project.modules import OwnModules, called_name, calls_of
from buttress.source import Module


@dataclass(frozen=True)
class Alias:
    """A top-level name that stands for an app object made elsewhere.

    Attributes:
        path: The file.
        name: The name.
        app: What it stands for.
        line: Where the name is bound.
        is_call: Whether it is the result of calling the factory, not only the object passed on.
    """

    path: str
    name: str
    app: FoundApp
    line: int = 1
    is_call: bool = False


@dataclass
class AppNames:
    """Under which names app objects and their factories can be reached."""

    objects: dict[tuple[str, str], FoundApp] = field(default_factory=dict)
    factories: dict[tuple[str, str], FoundApp] = field(default_factory=dict)
    aliases: list[Alias] = field(default_factory=list)

    def aliases_of(self, app: FoundApp) -> list[Alias]:
        """Return the names that stand for one app object."""
        return [alias for alias in self.aliases if alias.app is app]

    def at(self, path: str, name: str) -> FoundApp | None:
        """Return the app object that a name in a file stands for, be it a factory's."""
        key = (path, name)
        found = self.objects.get(key) or self.factories.get(key)
        if found is not None:
            return found
        return next((a.app for a in self.aliases if (a.path, a.name) == key), None)


def name_apps(modules: OwnModules, apps: list[FoundApp]) -> AppNames:
    """Find out by which names apps and factories are known: ``app = create_app()`` anywhere.

    A function that calls a factory and returns its result is a factory, too.
    """
    names = AppNames()
    for app in apps:
        if app.is_top_level:
            for name in filter(None, (app.name, *app.other_names)):
                names.objects.setdefault((app.path, name), app)
                if app.via == "connexion":
                    names.objects.setdefault((app.path, name.removesuffix(".app")), app)
        elif app.is_factory:
            names.factories.setdefault((app.path, app.function), app)
    done: set[str] = set()
    while True:
        words = {function.rpartition(".")[2] for _, function in names.factories} - done
        if not words:
            break
        done |= words
        for path in modules.having(*(word + "(" for word in words)):
            _read_calls(modules, names, path, words)
    held = [app for app in apps if app.in_class and app.name.startswith("self.")]
    words = {name for _, name in names.objects} | {alias.name for alias in names.aliases}
    words |= {app.function.rpartition(".")[0] for app in held}
    for path in modules.having(*words):
        _read_uses(modules, names, path, words)
        _read_attributes(modules, names, path, held)
    return names


def _read_calls(modules: OwnModules, names: AppNames, path: str, words: set[str]) -> None:
    module = modules.tree.module(path)
    words = words | {b.local for b in module.imports if b.target.rpartition(".")[2] in words}
    for call in calls_of(module, *words):
        app = _factory_called(modules, names, module, call)
        if app is None:
            continue
        holder = holder_of(module, call)
        function = module.function(call)
        if function is None:
            for name in holder.names:
                names.aliases.append(Alias(path, name, app, call.lineno, is_call=True))
        elif holder.returned or any(returns(module, function, name) for name in holder.names):
            key = (path, module.symbol(function))
            if names.factories.get(key) is None and "." not in key[1]:
                names.factories[key] = app


def _factory_called(
    modules: OwnModules, names: AppNames, module: Module, call: ast.Call
) -> FoundApp | None:
    dotted = module.resolve(call.func)
    if dotted is not None:
        target = modules.symbol(dotted, module.path)
    else:
        # a class of the same file: `AppFactory.create()`, `AppFactory().create()`
        function = call.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
            target = (module.path, f"{written(function.value.func)}.{function.attr}")
        else:
            target = (module.path, written(function))
    return None if target is None else names.factories.get(target)


def _read_uses(modules: OwnModules, names: AppNames, path: str, words: set[str]) -> None:
    """Find names that only pass an app object on, by an import or inside a wrapper."""
    module = modules.tree.module(path)
    for local, target in modules.bindings(path).items():
        if target.rpartition(".")[2] not in words:
            continue
        symbol = modules.symbol(target, path)
        if symbol is None or symbol[0] == path:
            continue
        found = names.objects.get(symbol)
        alias = next((a for a in names.aliases if (a.path, a.name) == symbol), None)
        app = found or (alias.app if alias is not None else None)
        if app is not None:
            names.aliases.append(Alias(path, local, app))
    names.aliases += _brought_along(modules, names, module)
    for statement in module.tree.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            continue
        target_node = statement.targets[0]
        if not isinstance(target_node, ast.Name) or (path, target_node.id) in names.objects:
            continue
        call = statement.value
        for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
            if isinstance(value, ast.Name):
                app = names.at(path, value.id)
                if app is not None and _is_server_wrapper(call):
                    alias = Alias(path, target_node.id, app, statement.lineno)
                    names.aliases.append(alias)


def _brought_along(modules: OwnModules, names: AppNames, module: Module) -> list[Alias]:
    """Return the app objects that ``from web import *`` binds."""
    found: list[Alias] = []
    for star in module.tree.body:
        if isinstance(star, ast.ImportFrom) and star.names[0].name == "*" and not star.level:
            source = modules.locate(star.module or "", module.path)
            found += [
                Alias(module.path, name, app, star.lineno)
                for (place, name), app in names.objects.items()
                if place == source != module.path and "." not in name
            ]
    return found


def _read_attributes(modules: OwnModules, names: AppNames, path: str, held: list[FoundApp]) -> None:
    """Find ``app = Server().app``, or the same in two steps, for objects that a class holds."""
    module = modules.tree.module(path)
    made: dict[str, tuple[str, str]] = {}
    for statement in module.tree.body if held else ():
        if not isinstance(statement, ast.Assign):
            continue
        name, value = written(statement.targets[0]), statement.value
        if isinstance(value, ast.Call):
            klass = modules.defined_at(module, value.func)
            if klass is not None:
                made[name] = klass
        elif isinstance(value, ast.Attribute):
            inner = value.value
            klass = (
                modules.defined_at(module, inner.func)
                if isinstance(inner, ast.Call)
                else made.get(written(inner))
            )
            names.aliases += [
                Alias(path, name, app, statement.lineno, is_call=True)
                for app in held
                if klass == (app.path, app.function.rpartition(".")[0])
                and app.name == f"self.{value.attr}"
            ]


def _is_server_wrapper(call: ast.Call) -> bool:
    """Whether a call looks like a WSGI or ASGI app around another one, not like an extension."""
    return called_name(call).endswith(
        ("ASGIApp", "WSGIApp", "Middleware", "ProxyFix", "AsgiToWsgi")
    )
