"""App objects: calls that make a web application, found in the syntax tree, not by file names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from buttress.project.literals import written
from buttress.project.model import Framework, Place
from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.module import Function

_CLASSES: dict[str, tuple[Framework, str]] = {
    "fastapi.FastAPI": (Framework.FASTAPI, ""),
    "fastapi.applications.FastAPI": (Framework.FASTAPI, ""),
    "fastapi_offline.FastAPIOffline": (Framework.FASTAPI, ""),
    "flask.Flask": (Framework.FLASK, ""),
    "flask.app.Flask": (Framework.FLASK, ""),
    "apiflask.APIFlask": (Framework.FLASK, ""),
    "flask_openapi3.OpenAPI": (Framework.FLASK, ""),
    "flask_openapi3.openapi.OpenAPI": (Framework.FLASK, ""),
    "starlette.applications.Starlette": (Framework.STARLETTE, ""),
    "connexion.App": (Framework.FLASK, "connexion"),
    "connexion.FlaskApp": (Framework.FLASK, "connexion"),
    "connexion.AsyncApp": (Framework.STARLETTE, "connexion"),
}
_HINTS = ("FastAPI", "Flask", "Starlette", "OpenAPI", "connexion")
_STARS = {"fastapi": ("FastAPI",), "flask": ("Flask",)}


@dataclass(frozen=True, eq=False)
class FoundApp:
    """A call that makes an app object, before it is known which service it belongs to.

    Attributes:
        path: The file.
        name: The variable that holds the object, empty where none does.
        framework: What it is an object of.
        node: The call.
        function: Dotted path of the function it is made in, ``""`` at the top level.
        returned: Whether that function returns it: then it is a factory.
        factory_arguments: Whether the factory needs arguments.
        via: The library that makes the object inside its own.
        in_class: Whether the function is a method.
        wrapped: Whether the name holds something that was put around the object.
        other_names: Further names that the same statement binds (``app = application = ...``).
    """

    path: str
    name: str
    framework: Framework
    node: ast.AST
    function: str = ""
    returned: bool = False
    factory_arguments: bool = False
    via: str = ""
    in_class: bool = False
    wrapped: bool = False
    other_names: tuple[str, ...] = ()

    @property
    def is_factory(self) -> bool:
        """Whether the object is made by a function that others can call."""
        return self.returned and self.function.count(".") == int(self.in_class)

    @property
    def is_top_level(self) -> bool:
        """Whether the name exists once the module is imported."""
        return self.function == ""

    @property
    def place(self) -> Place:
        """Where the call stands."""
        return Place(
            self.path,
            getattr(self.node, "lineno", 1),
            getattr(self.node, "col_offset", 0) + 1,
        )


def find_apps(modules: OwnModules) -> list[FoundApp]:
    """Return all calls that make an app object of FastAPI, Flask or Starlette."""
    finder = _Finder(modules)
    return [app for path in modules.paths for app in finder.apps(path)]


class _Finder:
    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self.subclasses: dict[tuple[str, str], tuple[Framework, str]] = {}
        self.hints: tuple[str, ...] = _HINTS
        self._find_subclasses()

    def _find_subclasses(self) -> None:
        while True:
            before = len(self.subclasses)
            for path in self.modules.paths:
                if self.modules.mentions(path, *self.hints):
                    self._subclasses_in(path)
            if len(self.subclasses) == before:
                return
            self.hints = tuple({*_HINTS, *(name for _, name in self.subclasses)})

    def _subclasses_in(self, path: str) -> None:
        module = self.modules.tree.module(path)
        for node in module.nodes(ast.ClassDef):
            if (path, node.name) in self.subclasses or module.parent(node) is not module.tree:
                continue
            for base in node.bases:
                kind = self.kind(module, base)
                if kind is not None:
                    self.subclasses[path, node.name] = kind

    def kind(self, module: Module, node: ast.expr) -> tuple[Framework, str] | None:
        """Return what calling an expression makes, if it is a known class or a subclass."""
        dotted = module.resolve(node)
        if dotted is None:
            if not isinstance(node, ast.Name):
                return None
            own = self.subclasses.get((module.path, node.id))
            return own or self._from_star(module, node.id)
        if dotted in _CLASSES:
            return _CLASSES[dotted]
        if not self.subclasses or dotted.startswith("builtins."):
            return None
        target = self.modules.symbol(dotted, module.path)
        return None if target is None else self.subclasses.get(target)

    def _from_star(self, module: Module, name: str) -> tuple[Framework, str] | None:
        for node in module.nodes(ast.ImportFrom):
            source = node.module or ""
            if node.names[0].name == "*" and name in _STARS.get(source, ()):
                return _CLASSES[f"{source}.{name}"]
        return None

    def apps(self, path: str) -> Iterator[FoundApp]:
        """Yield the app objects of one file."""
        if not self.modules.mentions(path, *self.hints):
            return
        module = self.modules.tree.module(path)
        names = {name.rpartition(".")[2] for name in _CLASSES}
        names |= {name for _, name in self.subclasses}
        names |= {
            binding.local
            for binding in module.imports
            if binding.target.rpartition(".")[2] in names
        }
        for call in module.nodes(ast.Call):
            if called_name(call) in names:
                kind = self.kind(module, call.func)
                if kind is not None:
                    yield _found(module, call, *kind)


@dataclass(frozen=True, slots=True)
class _Holder:
    """What the result of a call is bound to."""

    names: tuple[str, ...] = ()
    wrapped: bool = False
    returned: bool = False


def _found(module: Module, call: ast.Call, framework: Framework, via: str) -> FoundApp:
    holder = _holder(module, call)
    names = [name + ".app" if via == "connexion" else name for name in holder.names]
    app = FoundApp(
        module.path,
        names[0] if names else "",
        framework,
        call,
        via=via,
        wrapped=holder.wrapped,
        other_names=tuple(names[1:]),
    )
    function = module.function(call)
    klass = next((a for a in module.ancestors(call) if isinstance(a, ast.ClassDef)), None)
    if function is None and klass is not None:
        return replace(app, function=module.symbol(klass), in_class=True)
    if function is None or (holder.names and _is_global(module, function, holder.names[0])):
        return app
    return replace(
        app,
        function=module.symbol(function),
        returned=holder.returned
        or any(returns(module, function, name.split(".")[0]) for name in holder.names),
        factory_arguments=needs_arguments(function),
        in_class=isinstance(module.parent(function), ast.ClassDef),
    )


def _holder(module: Module, call: ast.Call) -> _Holder:
    wrapped = False
    inner: ast.AST = call
    node: ast.AST = call
    above = module.parent(node)
    while above is not None:
        if isinstance(above, ast.Assign):
            names = tuple(filter(None, (written(_part(t, node, inner)) for t in above.targets)))
            return _Holder(names, wrapped)
        if isinstance(above, ast.AnnAssign | ast.NamedExpr):
            name = written(above.target)
            return _Holder((name,) if name else (), wrapped)
        if isinstance(above, ast.Return | ast.Yield):
            return _Holder((), wrapped, returned=True)
        if isinstance(above, ast.stmt | ast.Lambda):
            return _Holder((), wrapped)
        wrapped = wrapped or isinstance(above, ast.Call | ast.Dict | ast.List)
        inner, node, above = node, above, module.parent(above)
    return _Holder((), wrapped)


def _part(target: ast.expr, value: ast.AST, inner: ast.AST) -> ast.expr:
    """Return what ``app`` is in ``app, api = Flask(__name__), Api()``."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and inner in value.elts:
        position = value.elts.index(inner)
        if position < len(target.elts):
            return target.elts[position]
    return target


def _is_global(module: Module, function: Function, name: str) -> bool:
    return any(
        name in node.names and module.function(node) is function
        for node in module.nodes(ast.Global)
    )


def returns(module: Module, function: Function, name: str) -> bool:
    """Whether a function returns the object that ``name`` holds, perhaps wrapped."""
    return any(
        isinstance(inner, ast.Name) and inner.id == name
        for node in module.nodes(ast.Return)
        if node.value is not None and module.function(node) is function
        for inner in ast.walk(node.value)
    )


def needs_arguments(function: Function) -> bool:
    """Whether a function can only be called with arguments, ``self`` and ``cls`` aside."""
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    positional = len(names) - (names[:1] in (["self"], ["cls"]))
    return positional > len(arguments.defaults) or None in arguments.kw_defaults


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
        for path in modules.paths:
            if modules.mentions(path, *(word + "(" for word in words)):
                _read_calls(modules, names, path, words)
    held = [app for app in apps if app.in_class and app.name.startswith("self.")]
    words = {name for _, name in names.objects} | {alias.name for alias in names.aliases}
    words |= {app.function.rpartition(".")[0] for app in held}
    for path in modules.paths:
        if modules.mentions(path, *words):
            _read_uses(modules, names, path, words)
            _read_attributes(modules, names, path, held)
    return names


def _read_calls(modules: OwnModules, names: AppNames, path: str, words: set[str]) -> None:
    module = modules.tree.module(path)
    words = words | {b.local for b in module.imports if b.target.rpartition(".")[2] in words}
    for call in module.nodes(ast.Call):
        if called_name(call) not in words:
            continue
        app = _factory_called(modules, names, module, call)
        if app is None:
            continue
        holder = _holder(module, call)
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


def _read_attributes(modules: OwnModules, names: AppNames, path: str, held: list[FoundApp]) -> None:
    """Find ``app = Server().app``, or the same in two steps, for objects that a class holds."""
    module = modules.tree.module(path)
    made: dict[str, tuple[str, str]] = {}
    for statement in module.tree.body if held else ():
        if not isinstance(statement, ast.Assign):
            continue
        name, value = written(statement.targets[0]), statement.value
        if isinstance(value, ast.Call):
            klass = _class_called(modules, module, value)
            if klass is not None:
                made[name] = klass
        elif isinstance(value, ast.Attribute):
            inner = value.value
            klass = (
                _class_called(modules, module, inner)
                if isinstance(inner, ast.Call)
                else made.get(written(inner))
            )
            names.aliases += [
                Alias(path, name, app, statement.lineno, is_call=True)
                for app in held
                if klass == (app.path, app.function.rpartition(".")[0])
                and app.name == f"self.{value.attr}"
            ]


def _class_called(modules: OwnModules, module: Module, call: ast.Call) -> tuple[str, str] | None:
    dotted = module.resolve(call.func)
    return modules.symbol(dotted, module.path) if dotted else (module.path, written(call.func))


def _is_server_wrapper(call: ast.Call) -> bool:
    """Whether a call looks like a WSGI or ASGI app around another one, not like an extension."""
    return called_name(call).endswith(
        ("ASGIApp", "WSGIApp", "Middleware", "ProxyFix", "AsgiToWsgi")
    )
