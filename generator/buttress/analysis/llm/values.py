"""What stands behind an expression, across functions and the project's own modules.

Only names are followed, never guessed: what a name is given in its function, in its module or in
the module it is imported from, what ``self.x`` is given in its class, and what a function of the
project returns. What cannot be followed further is a leaf.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from buttress.project.modules import OwnModules, called_name
from buttress.source import Module
from buttress.source.module import Function

_DEEPEST = 8
_MOST = 40
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = ast.ClassDef | Function


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


class _Index:
    """What a module defines and what its functions give back, by name."""

    def __init__(self, module: Module) -> None:
        self.inside: dict[tuple[ast.AST | None, str], Definition] = {}
        self.top: dict[str, Definition] = {}
        definitions = module.nodes(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in definitions:
            if module.parent(node) is module.tree:
                self.top.setdefault(node.name, node)
        for node in sorted(definitions, key=lambda node: node.lineno):
            self.inside.setdefault((module.parent(node), node.name), node)
        self.names = frozenset(name for _, name in self.inside)
        self.returned: dict[Function, list[ast.expr]] = {}
        for back in module.nodes(ast.Return, ast.Yield):
            function = module.function(back)
            if back.value is not None and function is not None:
                self.returned.setdefault(function, []).append(back.value)


class Values:
    """Follows values through an app's modules.

    Args:
        modules: The app's modules.
        own: The project's own modules, to follow imports.
        root: The folder on ``sys.path``, relative to the root of the tree.
    """

    def __init__(self, modules: Sequence[Module], own: OwnModules, root: str) -> None:
        self.modules = tuple(modules)
        self._own = own
        self._root = root
        self._by_path = {module.path: module for module in modules}
        self._bound: dict[Module, dict[tuple[ast.AST, str], list[ast.expr]]] = {}
        self._grown: dict[Module, dict[tuple[Function | None, str], list[ast.expr]]] = {}
        self._callees: dict[ast.Call, Callee | None] = {}
        self._definitions: dict[ast.expr, tuple[Module, Definition] | None] = {}
        self._indexes: dict[Module, _Index] = {}
        self._calls_of: dict[str, dict[Definition, list[tuple[Module, ast.Call]]]] = {}

    # -- what a name is given ------------------------------------------------------------------

    def bound(self, module: Module, scope: ast.AST, name: str) -> list[ast.expr]:
        """Return all values that a function, class or module gives a name."""
        if module not in self._bound:
            self._bound[module] = _bindings(module)
        return self._bound[module].get((scope, name), [])

    def appended(self, module: Module, function: Function | None, name: str) -> list[ast.expr]:
        """Return what a function, or the top of a module, adds to a list by its name."""
        if module not in self._grown:
            grown = self._grown[module] = {}
            for call in module.nodes(ast.Call):
                method = call.func
                if (
                    isinstance(method, ast.Attribute)
                    and method.attr in {"append", "extend", "insert"}
                    and isinstance(method.value, ast.Name)
                    and call.args
                ):
                    key = (module.function(call), method.value.id)
                    grown.setdefault(key, []).append(call.args[-1])
        return self._grown[module].get((function, name), [])

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
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
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
        if isinstance(owner, ast.Name) and owner.id in {"self", "cls"}:
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
        for value in values:
            if isinstance(value.node, ast.Call):
                return self.class_of(value.module, value.node.func)
            if isinstance(value.node, ast.arg) and value.node.annotation is not None:
                return self.class_of(value.module, value.node.annotation)
        return None

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
        top = self._index(other).top.get(names[0])
        if top is not None and len(names) == 2 and isinstance(top, ast.ClassDef):
            method = _method(top, names[1])
            return (other, method) if method is not None else None
        return (other, top) if top is not None and len(names) == 1 else None

    def _local(self, module: Module, node: ast.Name) -> tuple[Module, Definition] | None:
        index = self._index(module)
        if node.id not in index.names:
            return None
        for scope in module.ancestors(node):
            if isinstance(scope, (*_FUNCTIONS, ast.Module)):
                item = index.inside.get((scope, node.id))
                if item is not None:
                    return module, item
        return None

    def _index(self, module: Module) -> _Index:
        if module not in self._indexes:
            self._indexes[module] = _Index(module)
        return self._indexes[module]

    def returned(self, callee: Callee) -> list[ast.expr]:
        """Return the values that a function gives back, those of functions inside it left out."""
        return self._index(callee.module).returned.get(callee.node, [])

    # -- callers -------------------------------------------------------------------------------

    @cached_property
    def _calls_by_name(self) -> dict[str, list[tuple[Module, ast.Call]]]:
        found: dict[str, list[tuple[Module, ast.Call]]] = {}
        for module in self.modules:
            for call in module.nodes(ast.Call):
                found.setdefault(called_name(call), []).append((module, call))
        return found

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
            for module, call in self._calls_by_name.get(name, ()):
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
    return any(
        isinstance(decorator, ast.Name | ast.Attribute)
        and ast.unparse(decorator).endswith("property")
        for decorator in method.decorator_list
    )


def _bindings(module: Module) -> dict[tuple[ast.AST, str], list[ast.expr]]:
    found: dict[tuple[ast.AST, str], list[ast.expr]] = {}
    shared = {
        (module.function(node), name) for node in module.nodes(ast.Global) for name in node.names
    }
    for node, target, value in _assignments(module):
        if isinstance(target, ast.Name):
            holder = _holder(module, node)
            place = module.tree if (holder, target.id) in shared else holder
            found.setdefault((place, target.id), []).append(value)
        elif isinstance(target, ast.Attribute) and _is_own(target.value):
            owner = next((a for a in module.ancestors(node) if isinstance(a, ast.ClassDef)), None)
            if owner is not None:
                found.setdefault((owner, target.attr), []).append(value)
    return found


def _assignments(module: Module) -> Iterator[tuple[ast.AST, ast.expr, ast.expr]]:
    """Yield each target with its value and the statement, tuples taken apart."""
    pairs: list[tuple[ast.AST, ast.expr, ast.expr | None]] = [
        (node, target, node.value) for node in module.nodes(ast.Assign) for target in node.targets
    ]
    singles = module.nodes(ast.AnnAssign, ast.AugAssign, ast.NamedExpr)
    pairs += [(single, single.target, single.value) for single in singles]
    loops = module.nodes(ast.For, ast.AsyncFor, ast.comprehension)
    pairs += [(loop, loop.target, loop.iter) for loop in loops]
    pairs += [
        (item, item.optional_vars, item.context_expr)
        for item in module.nodes(ast.withitem)
        if item.optional_vars is not None
    ]
    for node, target, value in pairs:
        if value is None:
            continue
        if not isinstance(target, ast.Tuple | ast.List):
            yield node, target, value
            continue
        same = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        for number, part in enumerate(target.elts):
            yield node, part, value.elts[number] if same and isinstance(value, ast.Tuple) else value


def _is_own(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def _holder(module: Module, node: ast.AST) -> ast.AST:
    """Return the function, class or module whose name an assignment binds."""
    kinds = (*_FUNCTIONS, ast.ClassDef)
    return next((a for a in module.ancestors(node) if isinstance(a, kinds)), module.tree)
