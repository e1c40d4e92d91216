"""Names that may stand for a client, found by going forward from where the clients are made.

To follow every expression back to where it comes from costs more the larger an app is, and most
apps make one or two clients. Only what holds one of these names is followed back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from buttress.analysis.llm import catalogue
from buttress.analysis.llm.bindings import holder_of, own_attribute
from buttress.analysis.llm.model import Client
from buttress.analysis.llm.values import Values
from buttress.project.literals import is_self
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_DEEPEST = 20
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Holders:
    """Tells which expressions may be a client: never no where one is.

    Args:
        modules: The app's modules.
        values: What their names are given.
        clients: The clients.
    """

    def __init__(self, modules: Modules, values: Values, clients: Iterable[Client]) -> None:
        self._modules = modules
        self._values = values
        self._made = {client.node for client in clients}
        self._is_indexed = any(client.dotted.startswith("llama_index.") for client in clients)
        self._locals: dict[Module, set[str]] = {}
        self._fields: set[tuple[ast.ClassDef | None, str]] = set()
        self._shared: set[str] = set()
        """Names that other files may use: of attributes, functions, and what the top of a file binds."""
        self._waiting = dict.fromkeys(client.module for client in clients)
        if self._is_indexed:
            self._waiting |= dict.fromkeys(modules.having(*catalogue.ENGINES))
        while self._waiting:
            module = next(iter(self._waiting))
            del self._waiting[module]
            self._read(module)

    @property
    def modules(self) -> Iterable[Module]:
        """The files with names of their own for one."""
        return self._locals

    def may_be(self, module: Module, node: ast.expr, depth: int = 0) -> bool:
        """Whether an expression may stand for a client."""
        if depth > _DEEPEST:
            return True
        what = node.__class__
        if what is ast.Constant:
            return False
        if isinstance(node, ast.Name):
            if node.id in self._locals.get(module, ()):
                return True
            target = module.resolve(node)
            return target is not None and target.rpartition(".")[2] in self._shared
        if isinstance(node, ast.Attribute):
            if node.attr not in self._shared:
                return False
            owner = own_attribute(module, node)
            return owner is None or (owner, node.attr) in self._fields
        if isinstance(node, ast.Call):
            return node in self._made or self._may_give(module, node, depth + 1)
        if isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
            return self.may_be(module, node.value, depth + 1)
        return any(self.may_be(module, part, depth + 1) for part in _alternatives(node))

    def _may_give(self, module: Module, call: ast.Call, depth: int) -> bool:
        """Whether what a call gives back may be one."""
        function = call.func
        if self.may_be(module, function, depth):
            return True
        if isinstance(function, ast.Attribute) and function.attr in catalogue.ENGINES:
            return self._is_indexed
        if isinstance(function, ast.Attribute) and is_deriving(function):
            places = (function.value, root_of(function))
            return any(self.may_be(module, place, depth) for place in places)
        return catalogue.asks_what_it_is_given(module.resolve(function) or "") and any(
            self.may_be(module, value, depth) for value in parts_given(call)
        )

    # -- how it goes on ------------------------------------------------------------------------

    def _read(self, module: Module) -> None:
        bindings = self._values.bindings(module)
        for node, target, value in bindings.assignments:
            if self.may_be(module, value):
                self._bind(module, node, target)
        for function, values in bindings.returned.items():
            if any(self.may_be(module, value) for value in values):
                above = module.parent(function)
                if isinstance(above, ast.ClassDef):
                    self._fields.add((above, function.name))
                self._keep(module, function.name)
                self._share(function.name)
        for call in module.nodes(ast.Call):
            self._hand_on(module, call)
        if "Depends" in module.text:
            for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
                self._inject(module, function)

    def _bind(self, module: Module, node: ast.AST, target: ast.expr) -> None:
        if isinstance(target, ast.Attribute):
            self._field(own_attribute(module, target), target.attr, module)
        elif isinstance(target, ast.Name):
            self._keep(module, target.id)
            holder = holder_of(module, node)
            if isinstance(holder, ast.ClassDef):
                self._field(holder, target.id, module)
            elif not isinstance(holder, _FUNCTIONS) or target.id in _globals(module):
                self._share(target.id)

    def _field(self, owner: ast.ClassDef | None, name: str, module: Module) -> None:
        if owner is not None and (owner, name) not in self._fields:
            self._fields.add((owner, name))
            self._waiting[module] = None
            self._share(name)

    def _keep(self, module: Module, name: str) -> None:
        names = self._locals.setdefault(module, set())
        if name not in names:
            names.add(name)
            self._waiting[module] = None

    def _share(self, name: str) -> None:
        if name not in self._shared:
            self._shared.add(name)
            self._waiting |= dict.fromkeys(self._modules.naming(name))

    def _hand_on(self, module: Module, call: ast.Call) -> None:
        """Let the parameters of what is called hold what it is given."""
        given: list[tuple[int | str | None, ast.expr]] = [*enumerate(call.args)]
        given += [(keyword.arg, keyword.value) for keyword in call.keywords]
        held = [place for place, value in given if self.may_be(module, value)]
        for other, function in self._named(called_name(call)) if held else ():
            listed = [item.arg for item in (*function.args.posonlyargs, *function.args.args)]
            is_bound = bool(listed) and listed[0] in {"self", "cls"}
            for place in held:
                if isinstance(place, str):
                    self._keep(other, place)
                elif place is not None and place + is_bound < len(listed):
                    self._keep(other, listed[place + is_bound])

    def _named(self, name: str) -> Iterator[tuple[Module, Function]]:
        """Yield the functions that a call by a name may run."""
        for module in self._modules.naming(name) if name else ():
            for node in self._values.bindings(module).inside.get(name, {}).values():
                if isinstance(node, _FUNCTIONS):
                    yield module, node
                else:
                    inits = (item for item in node.body if isinstance(item, _FUNCTIONS))
                    yield from ((module, item) for item in inits if item.name == "__init__")

    def _inject(self, module: Module, function: Function) -> None:
        """Let parameters hold what FastAPI gives them."""
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults += [*arguments.defaults, *arguments.kw_defaults]
        for argument, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            for given in (default, argument.annotation):
                for call in dependencies(given):
                    if self.may_be(module, call):
                        self._keep(module, argument.arg)


def dependencies(node: ast.expr | None) -> Iterator[ast.Call]:
    """Yield calls of what a FastAPI dependency names: ``Depends(get_client)``."""
    nodes = [node] if isinstance(node, ast.Call) else []
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
        nodes = [item for item in node.slice.elts if isinstance(item, ast.Call)]
    for call in nodes:
        is_dependency = isinstance(call.func, ast.Name) and call.func.id == "Depends"
        if is_dependency and call.args and isinstance(call.args[0], ast.Name):
            made = ast.Call(func=call.args[0], args=[], keywords=[])
            yield ast.copy_location(made, call)


def parts_given(call: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call is given, and what lists and tables hold that are written there."""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        yield given
        if isinstance(given, ast.List | ast.Tuple):
            yield from given.elts
        elif isinstance(given, ast.Dict):
            yield from given.values


def is_deriving(function: ast.Attribute) -> bool:
    """Whether a method of a model, or a chain, gives another one."""
    if function.attr == "create":
        return chain_of(function)[-2:] == ("chats", "create")
    return function.attr in catalogue.DERIVING


def chain_of(node: ast.expr) -> tuple[str, ...]:
    """Return the attributes of an expression, outermost last, without its root."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return tuple(reversed(names))


def root_of(node: ast.Attribute) -> ast.expr:
    """Return what a chain of attributes starts from; ``self.client`` for one of ``self``."""
    inner: ast.expr = node
    last: ast.expr = node
    while isinstance(inner, ast.Attribute):
        last, inner = inner, inner.value
    return last if is_self(inner) else inner


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return node.values
    is_chain = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
    return [node.left, node.right] if is_chain and isinstance(node, ast.BinOp) else []


def _globals(module: Module) -> set[str]:
    return {name for node in module.nodes(ast.Global) for name in node.names}
