"""What the names in a file stand for, through its imports and the scopes that bind them."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cache, cached_property

from buttress.source.nodes import Nodes, Scope

_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class ImportBinding:
    """One name that an import statement binds.

    Attributes:
        local: The name in this module (``np``).
        target: What it stands for (``numpy``, ``fastapi.FastAPI``, ``..db.session``).
        node: The statement.
        scope: The function or module that the name is bound in.
    """

    local: str
    target: str
    node: ast.Import | ast.ImportFrom
    scope: Scope


class Names(Nodes):
    """A tree whose names are resolved through its imports."""

    @cached_property
    def imports(self) -> tuple[ImportBinding, ...]:
        """All names that import statements bind, in source order; star imports are left out."""
        found: list[ImportBinding] = []
        for node in self.nodes(ast.Import, ast.ImportFrom):
            scope = self.scope(node)
            for alias in node.names:
                if alias.name == "*":
                    continue
                if isinstance(node, ast.Import):
                    local = alias.asname or alias.name.split(".")[0]
                    target = alias.name if alias.asname else local
                else:
                    local = alias.asname or alias.name
                    base = "." * node.level + (node.module or "")
                    target = base + alias.name if base.endswith(".") else f"{base}.{alias.name}"
                found.append(ImportBinding(local, target, node, scope))
        return tuple(
            sorted(found, key=lambda binding: (binding.node.lineno, binding.node.col_offset))
        )

    def resolve(self, node: ast.AST | None) -> str | None:
        """Return the dotted name that an expression stands for, through the imports it sees.

        ``app.route`` gives ``None`` where ``app`` was not imported, ``Flask`` gives
        ``flask.Flask`` after ``from flask import Flask``, a builtin gives ``builtins.print``. A
        name that the scope binds in any other way resolves to nothing.
        """
        kind = node.__class__
        if kind is not ast.Attribute and kind is not ast.Name:
            return None
        # many checks ask for the same nodes; no name is empty
        found = self._resolved.get(node, "")
        if found == "":
            found = self._resolved[node] = self._resolve(node)
        return found

    @cached_property
    def star_imports(self) -> tuple[ast.ImportFrom, ...]:
        """The statements at the top of the file that import everything from somewhere."""
        return tuple(
            node
            for node in self.nodes(ast.ImportFrom)
            if node.names[0].name == "*" and self.scope(node) is self.tree
        )

    @cached_property
    def offered(self) -> frozenset[str] | None:
        """The names that ``__all__`` lists for who imports everything; ``None`` where none is listed."""
        if "__all__" not in self._bindings(self.tree):
            return None
        found: set[str] = set()
        for node in self.nodes(ast.Assign, ast.AnnAssign, ast.AugAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == "__all__":
                if not isinstance(node.value, ast.List | ast.Tuple):
                    return None  # it is worked out
                found |= {str(e.value) for e in node.value.elts if isinstance(e, ast.Constant)}
        return frozenset(found)

    def top(self, name: str) -> str | None:
        """Return what a name that the top of the file binds by an import stands for."""
        return self._bindings(self.tree).get(name)

    def starred(self, name: str) -> str | None:  # noqa: ARG002 - a file alone does not know
        """Return what a name stands for that only a star import can bring."""
        return None

    @cached_property
    def _from_stars(self) -> dict[str, str]:
        """The names that the file uses and does not bind, by what star imports bring under them."""
        if not self.star_imports:
            return {}
        top = self._bindings(self.tree)
        used = {node.id for node in self.nodes(ast.Name)} - top.keys()
        found = {name: self.starred(name) for name in sorted(used)}
        return {name: target for name, target in found.items() if target is not None}

    def calls_to(self, names: Set[str]) -> Sequence[ast.Call]:
        """Return the calls of what some dotted names stand for, in source order.

        Only calls that are written with the last part of a name of a package that is imported, or
        with what it is imported as, are resolved.
        """
        packages = _packages(frozenset(names))
        possible = {last for first in self._imported & packages.keys() for last in packages[first]}
        possible.update(binding.local for binding in self.imports if binding.target in names)
        possible.update(local for local, target in self._from_stars.items() if target in names)
        calls = [call for call in self.called(*possible) if self.resolve(call.func) in names]
        return sorted(calls, key=lambda call: (call.lineno, call.col_offset))

    @cached_property
    def _imported(self) -> frozenset[str]:
        """The packages that something is imported from, with the one that needs no import."""
        targets = [*(binding.target for binding in self.imports), *self._from_stars.values()]
        return frozenset(["builtins", *(target.partition(".")[0] for target in targets)])

    @cached_property
    def _resolved(self) -> dict[ast.AST | None, str | None]:
        return {}

    def _resolve(self, node: ast.AST | None) -> str | None:
        names: list[str] = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        target = self._lookup(node)
        if target is None or not names:
            return target
        return ".".join([target, *reversed(names)])

    def _lookup(self, node: ast.Name) -> str | None:
        name = node.id
        if name not in self._local_names:
            # the module alone binds it, or nobody: no need to find out where the node stands
            bindings = self._bindings(self.tree)
            if name in bindings:
                return bindings[name]
            return self._unbound(name)
        scope: Scope | None = self.scope(node)
        while scope is not None:
            bindings = self._bindings(scope)
            if name in bindings:
                return bindings[name]
            scope = None if isinstance(scope, ast.Module) else self.scope(scope)
        return self._unbound(name)

    def _unbound(self, name: str) -> str | None:
        """Return what a name stands for that no scope binds."""
        found = self._from_stars.get(name)
        return found or (f"builtins.{name}" if name in _BUILTINS else None)

    @cached_property
    def _local_names(self) -> frozenset[str]:
        """The names that some function binds."""
        scopes = self._scope_bindings.items()
        return frozenset(
            name for scope, names in scopes if scope is not self.tree for name in names
        )

    @cached_property
    def _scope_bindings(self) -> dict[Scope, dict[str, str | None]]:
        scopes: dict[Scope, dict[str, str | None]] = defaultdict(dict)
        scope_of = self.scope
        for binding in self.imports:
            scopes[binding.scope][binding.local] = binding.target
        # what is bound by an import and otherwise stays the import (`try: import x / except: x = None`)
        for name in self.bound_names():
            scope = scope_of(name)
            if (scope, name.id) in self._globals:
                scope = self.tree
            scopes[scope].setdefault(name.id, None)
        for function in self.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            scopes[scope_of(function)].setdefault(function.name, None)
        for argument in self.nodes(ast.arg):
            scopes[scope_of(argument)][argument.arg] = None
        for handler in self.nodes(ast.ExceptHandler):
            if handler.name:
                scopes[scope_of(handler)].setdefault(handler.name, None)
        return scopes

    @cached_property
    def _globals(self) -> frozenset[tuple[Scope, str]]:
        """The names that functions declare to be those of the module."""
        nodes = self.nodes(ast.Global)
        return frozenset((self.scope(node), name) for node in nodes for name in node.names)

    def _bindings(self, scope: Scope) -> dict[str, str | None]:
        return self._scope_bindings.get(scope, {})

    def binds(self, name: str, scope: Scope | None = None) -> bool:
        """Whether ``name`` is bound in a scope (the module itself by default) in any way."""
        return name in self._bindings(scope if scope is not None else self.tree)

    def uses(self, name: str) -> bool:
        """Whether ``name`` is read, written or declared anywhere in the file."""
        return name in self._all_names

    @cached_property
    def _all_names(self) -> frozenset[str]:
        bound = {name for names in self._scope_bindings.values() for name in names}
        return frozenset(bound | {node.id for node in self.nodes(ast.Name)})


@cache
def _packages(names: frozenset[str]) -> dict[str, set[str]]:
    """Return the last parts of dotted names by the first ones."""
    packages: dict[str, set[str]] = {}
    for name in names:
        packages.setdefault(name.partition(".")[0], set()).add(name.rpartition(".")[2])
    return packages
