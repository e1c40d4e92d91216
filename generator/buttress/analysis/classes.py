"""Classes that stand behind names: Pydantic models and mapped classes of the project itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from buttress.analysis.once import once_for_module
from buttress.project.modules import own_modules
from buttress.source import Module, Tree
from buttress.source.nodes import Function

_DEEPEST = 8


class Kind(StrEnum):
    """What a class is, as far as it matters for what its constructor accepts."""

    PYDANTIC = "pydantic"
    MAPPED = "mapped"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Definition:
    """A class or function of the project, with the module that defines it."""

    module: Module
    node: ast.ClassDef | Function


class Classes:
    """Looks up what names of a module mean, across the project's own modules.

    Args:
        tree: The files.
        root: The folder on ``sys.path``, relative to the root of the tree.
    """

    def __init__(self, tree: Tree, root: str = "") -> None:
        self._own = own_modules(tree)
        self._root = root
        self._kinds: dict[ast.AST, Kind] = {}

    def definition(self, module: Module, node: ast.expr) -> Definition | None:
        """Return the class or function at the top level of a module that an expression names."""
        found = self._own.defined_at(module, node, self._root)
        if found is None or not found[1] or "." in found[1]:
            return None
        there = module if found[0] == module.path else self._own.tree.module(found[0])
        only = _tops(there).get(found[1])
        return Definition(there, only) if only is not None else None

    def is_pydantic(self, module: Module, node: ast.expr) -> bool:
        """Whether an expression names a Pydantic model."""
        found = self.definition(module, node)
        return found is not None and self.kind(found) is Kind.PYDANTIC

    def kind(self, definition: Definition) -> Kind:
        """Return what a class is, by its bases."""
        known = self._kinds.get(definition.node)
        if known is None:
            known = self._kinds[definition.node] = self._kind(definition)
        return known

    def _kind(self, definition: Definition, depth: int = 0) -> Kind:
        if not isinstance(definition.node, ast.ClassDef) or depth > _DEEPEST:
            return Kind.OTHER
        module = definition.module
        body = definition.node.body
        if any(_name_of(target) == "__tablename__" for node in body for target in _targets(node)):
            return Kind.MAPPED
        for base in definition.node.bases:
            dotted = module.resolve(base) or ""
            if dotted in {"pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.v1.BaseModel"}:
                return Kind.PYDANTIC
            if dotted.startswith("sqlmodel."):
                return Kind.OTHER
            if isinstance(base, ast.Attribute) and base.attr == "Model":
                return Kind.MAPPED
            above = self.definition(module, base)
            if above is not None and above.node is not definition.node:
                found = self._kind(above, depth + 1)
                if found is not Kind.OTHER:
                    return found
        return Kind.OTHER


@once_for_module
def _tops(module: Module) -> Mapping[str, ast.ClassDef | Function]:
    """Return the classes and functions at the top level of a module that have a name for themselves."""
    found: dict[str, list[ast.ClassDef | Function]] = {}
    for node in module.nodes(ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef):
        if module.parent(node) is module.tree:
            found.setdefault(node.name, []).append(node)
    return {name: nodes[0] for name, nodes in found.items() if len(nodes) == 1}


def _targets(node: ast.stmt) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
