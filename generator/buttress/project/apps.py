"""App objects: calls that make a web application, found in the syntax tree, not by file names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from buttress.project.literals import written
from buttress.project.model import Framework, Place
from buttress.project.modules import OwnModules, calls_of
from buttress.source import Module
from buttress.source.nodes import Function

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
    return [app for path in finder.paths for app in finder.apps(path)]


class _Finder:
    def __init__(self, modules: OwnModules) -> None:
        self.modules = modules
        self.subclasses: dict[tuple[str, str], tuple[Framework, str]] = {}
        self.paths = modules.having(*_HINTS)
        self._find_subclasses()

    def _find_subclasses(self) -> None:
        while True:
            before = len(self.subclasses)
            for path in self.paths:
                self._subclasses_in(path)
            if len(self.subclasses) == before:
                return
            self.paths = self.modules.having(*_HINTS, *{name for _, name in self.subclasses})

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
        module = self.modules.tree.module(path)
        names = {name.rpartition(".")[2] for name in _CLASSES}
        names |= {name for _, name in self.subclasses}
        names |= {
            binding.local
            for binding in module.imports
            if binding.target.rpartition(".")[2] in names
        }
        for call in calls_of(module, *names):
            kind = self.kind(module, call.func)
            if kind is not None:
                yield _found(module, call, *kind)


@dataclass(frozen=True, slots=True)
class Holder:
    """What the result of a call is bound to.

    Attributes:
        names: As written.
        wrapped: Whether they hold something that was put around it.
        returned: Whether it is returned at once.
    """

    names: tuple[str, ...] = ()
    wrapped: bool = False
    returned: bool = False


def _found(module: Module, call: ast.Call, framework: Framework, via: str) -> FoundApp:
    holder = holder_of(module, call)
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
        factory_arguments=_needs_arguments(function),
        in_class=isinstance(module.parent(function), ast.ClassDef),
    )


def holder_of(module: Module, call: ast.Call) -> Holder:
    """Return what holds the result of a call, climbing out of whatever stands around it."""
    wrapped = False
    inner: ast.AST = call
    node: ast.AST = call
    above = module.parent(node)
    while above is not None:
        if isinstance(above, ast.Assign):
            names = tuple(filter(None, (written(_part(t, node, inner)) for t in above.targets)))
            return Holder(names, wrapped)
        if isinstance(above, ast.AnnAssign | ast.NamedExpr):
            name = written(above.target)
            return Holder((name,) if name else (), wrapped)
        if isinstance(above, ast.Return | ast.Yield):
            return Holder((), wrapped, returned=True)
        if isinstance(above, ast.stmt | ast.Lambda):
            return Holder((), wrapped)
        wrapped = wrapped or isinstance(above, ast.Call | ast.Dict | ast.List)
        inner, node, above = node, above, module.parent(above)
    return Holder((), wrapped)


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


def _needs_arguments(function: Function) -> bool:
    """Whether a function can only be called with arguments, ``self`` and ``cls`` aside."""
    arguments = function.args
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    positional = len(names) - (names[:1] in (["self"], ["cls"]))
    return positional > len(arguments.defaults) or None in arguments.kw_defaults
