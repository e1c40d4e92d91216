"""What stands behind an expression, across functions and the project's own modules.

Only names are followed, never guessed: what a name is given in its function, in its module or in
the module it is imported from, what ``self.x`` is given in its class, and what a function of the
project returns. What cannot be followed further is a leaf.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from buttress.analysis.llm.bindings import Bindings, Definition
from buttress.project.literals import is_self, last_name
from buttress.project.modules import OwnModules
from buttress.source import Module, Modules
from buttress.source.nodes import Function

_DEEPEST = 8
_MOST = 40
_MOST_STEPS = 5
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Value:
    """An expression, or a parameter, in the module that holds it."""

    module: Module
    node: ast.expr | ast.arg


@dataclass(frozen=True, slots=True)
class Callee:
    """A function of the project, with its module."""

    module: Module
    node: Function


class Values:
    """Follows values through an app's modules.

    Args:
        modules: The app's modules.
        own: The project's own modules, to follow imports.
        root: The folder on ``sys.path``, relative to the root of the tree.
    """

    def __init__(self, modules: Modules, own: OwnModules, root: str) -> None:
        self.modules = modules
        self._own = own
        self._root = root
        self._by_path = {module.path: module for module in modules}
        self._bindings: dict[Module, Bindings] = {}
        self._callees: dict[ast.Call, Callee | None] = {}
        self._definitions: dict[ast.expr, tuple[Module, Definition] | None] = {}
        self._calls_of: dict[str, dict[Definition, list[tuple[Module, ast.Call]]]] = {}

    # -- what a name is given ------------------------------------------------------------------

    def bindings(self, module: Module) -> Bindings:
        """Return what a module binds, found once."""
        found = self._bindings.get(module)
        if found is None:
            found = self._bindings[module] = Bindings(module)
        return found

    def bound(self, module: Module, scope: ast.AST, name: str) -> list[ast.expr]:
        """Return all values that a function, class or module gives a name."""
        return self.bindings(module).values.get((scope, name), [])

    def appended(self, module: Module, function: Function | None, name: str) -> list[ast.expr]:
        """Return what a function, or the top of a module, adds to a list by its name."""
        return self.bindings(module).appended.get((function, name), [])

    def leaves(self, module: Module, node: ast.expr | ast.arg) -> list[Value]:
        """Return everything that an expression may stand for, each followed as far as it goes."""
        found: list[Value] = []
        self._follow(module, node, found, set(), 0)
        return found

    def _follow(
        self,
        module: Module,
        node: ast.expr | ast.arg,
        found: list[Value],
        seen: set[ast.AST],
        depth: int,
    ) -> None:
        if node in seen or len(found) >= _MOST:
            return
        seen.add(node)
        onward = self._onward(module, node) if depth < _DEEPEST else []
        if not onward:
            found.append(Value(module, node))
        for value in onward:
            self._follow(value.module, value.node, found, seen, depth + 1)

    def _onward(self, module: Module, node: ast.expr | ast.arg) -> list[Value]:
        if isinstance(node, ast.Await | ast.NamedExpr | ast.Starred):
            return [Value(module, node.value)]
        if isinstance(node, ast.IfExp):
            return [Value(module, node.body), Value(module, node.orelse)]
        if isinstance(node, ast.BoolOp):
            return [Value(module, item) for item in node.values]
        if isinstance(node, ast.Name):
            return self._named(module, node)
        if isinstance(node, ast.Attribute):
            return self._attribute(module, node)
        if isinstance(node, ast.Call):
            callee = self.callee(module, node)
            if callee is not None:
                return [Value(callee.module, value) for value in self.returned(callee)]
        return []

    def _named(self, module: Module, node: ast.Name) -> list[Value]:
        in_function = False
        for scope in module.ancestors(node):
            in_function = in_function or isinstance(scope, _FUNCTIONS)
            if isinstance(scope, ast.ClassDef):
                values = [] if in_function else self.bound(module, scope, node.id)
            elif isinstance(scope, (*_FUNCTIONS, ast.Module)):
                values = self.bound(module, scope, node.id)
            else:
                continue
            if isinstance(scope, _FUNCTIONS) and (argument := _argument(scope, node.id)):
                return [Value(module, argument), *(Value(module, value) for value in values)]
            if values:
                return [Value(module, value) for value in values]
        target = module.resolve(node)
        return self._elsewhere(module, target) if target else []

    def _elsewhere(self, module: Module, dotted: str) -> list[Value]:
        """Return what the project's own module gives a name that another one imports."""
        found = self._own.symbol(dotted, module.path, self._root)
        if found is None or not found[1]:
            return []
        other = self._by_path.get(found[0])
        if other is None:
            return []
        first, _, rest = found[1].partition(".")
        values = [Value(other, value) for value in self.bound(other, other.tree, first)]
        if not rest:
            return values
        return [item for value in values for item in self._member(value, rest)]

    def _attribute(self, module: Module, node: ast.Attribute) -> list[Value]:
        if is_self(node.value):
            owner = next((a for a in module.ancestors(node) if isinstance(a, ast.ClassDef)), None)
            return self._class_values(module, owner, node.attr)
        target = module.resolve(node)
        if target is not None:
            return self._elsewhere(module, target)
        if isinstance(node.value, ast.Name | ast.Attribute):
            owners = self._onward(module, node.value)
            return [item for owner_value in owners for item in self._member(owner_value, node.attr)]
        return []

    def _member(self, value: Value, name: str) -> list[Value]:
        """Return what an object that the project's own class makes gives an attribute."""
        if not isinstance(value.node, ast.Call):
            return []
        found = self.class_of(value.module, value.node.func)
        return self._class_values(found[0], found[1], name) if found is not None else []

    def _class_values(self, module: Module, owner: ast.ClassDef | None, name: str) -> list[Value]:
        if owner is None:
            return []
        values = self.bound(module, owner, name)
        method = _method(owner, name)
        if not values and method is not None and _is_property(method):
            values = self.returned(Callee(module, method))
        return [Value(module, value) for value in values]

    # -- functions and classes -----------------------------------------------------------------

    def class_of(self, module: Module, node: ast.expr) -> tuple[Module, ast.ClassDef] | None:
        """Return the class of the project that an expression names."""
        found = self._definition(module, node)
        if found is not None and isinstance(found[1], ast.ClassDef):
            return found[0], found[1]
        return None

    def callee(self, module: Module, call: ast.Call) -> Callee | None:
        """Return the function or method of the project that a call runs."""
        if call not in self._callees:
            self._callees[call] = None  # where what makes its object depends on itself
            self._callees[call] = self._callee(module, call)
        return self._callees[call]

    def _callee(self, module: Module, call: ast.Call) -> Callee | None:
        found = self._definition(module, call.func)
        if found is not None and isinstance(found[1], _FUNCTIONS):
            return Callee(found[0], found[1])
        if not isinstance(call.func, ast.Attribute):
            return None
        owner, name = call.func.value, call.func.attr
        holder: tuple[Module, ast.ClassDef] | None = None
        if is_self(owner):
            above = next((a for a in module.ancestors(call) if isinstance(a, ast.ClassDef)), None)
            holder = (module, above) if above is not None else None
        elif isinstance(owner, ast.Name | ast.Attribute | ast.Call):
            holder = self._made_by(module, owner)
        method = _method(holder[1], name) if holder is not None else None
        return Callee(holder[0], method) if holder is not None and method is not None else None

    def _made_by(self, module: Module, owner: ast.expr) -> tuple[Module, ast.ClassDef] | None:
        named = self.class_of(module, owner)
        if named is not None:
            return named
        values = [Value(module, owner)]
        if not isinstance(owner, ast.Call):
            values = self._onward(module, owner)
        for _ in range(_MOST_STEPS):
            onward: list[Value] = []
            for value in values:
                if isinstance(value.node, ast.Call):
                    made = self.class_of(value.module, value.node.func)
                    if made is not None:
                        return made
                elif isinstance(value.node, ast.arg) and value.node.annotation is not None:
                    return self.class_of(value.module, value.node.annotation)
                onward += self._behind(value)
            values = onward
        return None

    def _behind(self, value: Value) -> Sequence[Value]:
        """Return what an object is one step before: what a class is given, or a function makes."""
        if isinstance(value.node, ast.Call):
            found = self._definition(value.module, value.node.func)
            if found is None or not isinstance(found[1], _FUNCTIONS):
                return []
            callee = Callee(found[0], found[1])
            return [Value(callee.module, back) for back in self.returned(callee)]
        if not isinstance(value.node, ast.arg):
            return self._onward(value.module, value.node)
        function = value.module.parent(value.module.parent(value.node) or value.node)
        if isinstance(function, _FUNCTIONS) and function.name == "__init__":
            return list(self.given(Callee(value.module, function), value.node.arg))[:_MOST]
        return []

    def _definition(self, module: Module, node: ast.expr) -> tuple[Module, Definition] | None:
        if node not in self._definitions:
            self._definitions[node] = self._defined(module, node)
        return self._definitions[node]

    def _defined(self, module: Module, node: ast.expr) -> tuple[Module, Definition] | None:
        target = module.resolve(node)
        if target is None:
            return self._local(module, node) if isinstance(node, ast.Name) else None
        if target.startswith("builtins."):
            return None
        found = self._own.symbol(target, module.path, self._root)
        other = self._by_path.get(found[0]) if found is not None else None
        if found is None or other is None:
            return None
        names = found[1].split(".")
        top = self.bindings(other).top.get(names[0])
        if top is not None and len(names) == 2 and isinstance(top, ast.ClassDef):
            method = _method(top, names[1])
            return (other, method) if method is not None else None
        return (other, top) if top is not None and len(names) == 1 else None

    def _local(self, module: Module, node: ast.Name) -> tuple[Module, Definition] | None:
        known = self.bindings(module).inside.get(node.id, {})
        for scope in module.ancestors(node) if known else ():
            if isinstance(scope, (*_FUNCTIONS, ast.Module)) and scope in known:
                return module, known[scope]
        return None

    def returned(self, callee: Callee) -> list[ast.expr]:
        """Return the values that a function gives back, those of functions inside it left out."""
        return self.bindings(callee.module).returned.get(callee.node, [])

    # -- callers -------------------------------------------------------------------------------

    def callers(self, callee: Callee) -> Sequence[tuple[Module, ast.Call]]:
        """Return the calls that run a function of the project; of ``__init__`` those of its class."""
        owner = callee.module.parent(callee.node)
        if callee.node.name == "__init__" and isinstance(owner, ast.ClassDef):
            return self._made_or_run(owner.name).get(owner, [])
        return self._made_or_run(callee.node.name).get(callee.node, [])

    def _made_or_run(self, name: str) -> dict[Definition, list[tuple[Module, ast.Call]]]:
        """Return the calls under a name, by the class that they make or the function that they run."""
        if name not in self._calls_of:
            found = self._calls_of[name] = {}
            for module, call in self.modules.called(name):
                made = self.class_of(module, call.func)
                run = self.callee(module, call) if made is None else None
                target = made[1] if made is not None else run.node if run is not None else None
                if target is not None:
                    found.setdefault(target, []).append((module, call))
        return self._calls_of[name]

    def given(self, callee: Callee, name: str) -> Iterator[Value]:
        """Yield what the callers of a function pass for one of its parameters."""
        arguments = callee.node.args
        listed = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
        is_bound = bool(listed) and listed[0] in {"self", "cls"}
        for module, call in self.callers(callee):
            position = listed.index(name) - is_bound if name in listed else -1
            for keyword in call.keywords:
                if keyword.arg == name:
                    yield Value(module, keyword.value)
            if 0 <= position < len(call.args):
                yield Value(module, call.args[position])


def default_of(function: Function, name: str) -> ast.expr | None:
    """Return the default of a parameter."""
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(listed), reversed(arguments.defaults), strict=False):
        if argument.arg == name:
            return default
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if argument.arg == name:
            return value
    return None


def _argument(function: Function, name: str) -> ast.arg | None:
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return next((item for item in listed if item.arg == name), None)


def _method(owner: ast.ClassDef, name: str) -> Function | None:
    return next(
        (item for item in owner.body if isinstance(item, _FUNCTIONS) and item.name == name), None
    )


def _is_property(method: Function) -> bool:
    return any(last_name(decorator).endswith("property") for decorator in method.decorator_list)
