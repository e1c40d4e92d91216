"""Functions that exist more than once, and files that are old copies of others."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.project.folders import folder_of, join, name_of
from buttress.project.model import Role, Service
from buttress.source import Module, Tree
from buttress.source.module import Function

_LEAST_LINES = 8
_LEAST_STATEMENTS = 4
_LEAST_NODES = 60
_COPY = re.compile(
    r"(?P<base>.+?)(?:[_-](?:old|new|backup|bak|copy|orig|original|v\d+|final|deprecated)|\d|[ ]?\(\d+\)|[ ]copy)\.py\Z",
    re.IGNORECASE,
)
_SKIPPED_FIELDS = frozenset(["lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "kind"])


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A function that stands elsewhere word for word.

    Attributes:
        module: The file of the copy.
        function: The copy.
        original: The file of the first one.
        line: Where that stands.
        count: How many there are in all.
    """

    module: Module
    function: Function
    original: str
    line: int
    count: int


def duplicates(modules: Iterable[Module]) -> Iterator[Duplicate]:
    """Yield functions whose body exists before in the app: one for every function that is repeated.

    Names of parameters and local variables do not matter, comments, docstrings and layout neither.
    """
    shapes: dict[tuple[str, ...], list[tuple[Module, Function]]] = {}
    for module in modules:
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            lines = (function.end_lineno or function.lineno) - function.body[0].lineno + 1
            if lines >= _LEAST_LINES:
                shapes.setdefault(_shape(function), []).append((module, function))
    groups: dict[str, list[tuple[Module, Function]]] = {}
    for shape, members in shapes.items():
        for module, function in members if len(members) > 1 else ():
            key = _fingerprint(function)
            if key:
                groups.setdefault("\0".join((*shape, key)), []).append((module, function))
    repeated = [members for members in groups.values() if len(members) > 1]
    copies = {function for members in repeated for _, function in members}
    for members in repeated:
        members.sort(key=lambda member: (member[0].path, member[1].lineno))
        first, second = members[0], members[1]
        if not any(above in copies for above in second[0].ancestors(second[1])):
            yield Duplicate(*second, first[0].path, first[1].lineno, len(members))


def stale_copies(tree: Tree, service: Service) -> Iterator[tuple[str, str]]:
    """Yield files that nothing imports and that hold the same definitions as the file beside them."""
    for path in service.files(Role.SCRIPT):
        match = _COPY.match(name_of(path))
        original = join(folder_of(path), match["base"] + ".py") if match else ""
        if service.roles.get(original) not in {Role.APP, Role.SCRIPT}:
            continue
        copied, kept = _defined(tree.module(path)), _defined(tree.module(original))
        if len(copied) > 1 and len(copied & kept) * 2 >= len(copied):
            yield path, original


def _defined(module: Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in module.tree.body if isinstance(node, kinds)}


def _statements(function: Function) -> list[ast.stmt]:
    """Return the body without its docstring."""
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if is_text else function.body


def _shape(function: Function) -> tuple[str, ...]:
    """Return what is cheap to compare before bodies are read."""
    return tuple(type(statement).__name__ for statement in _statements(function))


def _fingerprint(function: Function) -> str:
    """Return what a body does, whatever its local names are; nothing for one that is small."""
    local: dict[str, str] = {}
    arguments = function.args
    listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    for argument in listed:
        local.setdefault(argument.arg, f"${len(local)}")
    words: list[str] = []
    statements = 0
    stack: list[object] = list(reversed(_statements(function)))
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Name):
            if not isinstance(item.ctx, ast.Load):
                local.setdefault(item.id, f"${len(local)}")
            words.append(local.get(item.id, item.id))
        elif isinstance(item, ast.AST):
            statements += isinstance(item, ast.stmt)
            words.append(type(item).__name__)
            fields = [
                getattr(item, name, None) for name in item._fields if name not in _SKIPPED_FIELDS
            ]
            stack.extend(reversed(fields))
        elif isinstance(item, list):
            words.append(f"[{len(item)}")
            stack.extend(reversed(item))
        else:
            words.append(repr(item))
    if statements < _LEAST_STATEMENTS or len(words) < _LEAST_NODES:
        return ""
    return hashlib.sha256("\0".join(words).encode(errors="surrogatepass")).hexdigest()
