"""Functions that exist more than once, and files that are old copies of others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from buttress.project.folders import folder_of, join, name_of
from buttress.project.model import Role, Service
from buttress.source import Module, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_LEAST_LINES = 8
_LEAST_STATEMENTS = 4
_LEAST_WORDS = 60
_PIECE = 16
_COPY = lazy_pattern(
    r"(?P<base>.+?)(?:[_-](?:old|new|backup|bak|copy|orig|original|v\d+|final|deprecated)|\d|[ ]?\(\d+\)|[ ]copy)\.py\Z",
    re.IGNORECASE,
)
_SKIPPED_FIELDS = frozenset(["ctx", "kind"])


class _Parts(dict[type[ast.AST], tuple[str, ...]]):
    """What a node of a kind is made of, the last part first."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        found = tuple(name for name in reversed(kind._fields) if name not in _SKIPPED_FIELDS)
        self[kind] = found
        return found


_PARTS = _Parts()
_Member = tuple[Module, Function]


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
    shapes: dict[tuple[type[ast.AST], ...], list[_Member]] = {}
    for module in modules:
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            lines = (function.end_lineno or function.lineno) - function.body[0].lineno + 1
            if lines >= _LEAST_LINES:
                shapes.setdefault(_shape(function), []).append((module, function))
    groups = [
        members
        for alike in shapes.values()
        if len(alike) > 1
        for members in _repeated(alike)
        if _is_worth(members[0][1])
    ]
    copies = {function for members in groups for _, function in members}
    for members in groups:
        members.sort(key=lambda member: (member[0].path, member[1].lineno))
        first, second = members[0], members[1]
        if not any(above in copies for above in second[0].ancestors(second[1])):
            yield Duplicate(*second, first[0].path, first[1].lineno, len(members))


def _repeated(members: Iterable[_Member]) -> Iterator[list[_Member]]:
    """Yield the groups of functions whose bodies are the same, read as far as there are two alike."""
    pending: list[list[tuple[_Member, Iterator[object]]]]
    pending = [[(member, _words(member[1])) for member in members]]
    while pending:
        alike: dict[tuple[object, ...], list[tuple[_Member, Iterator[object]]]] = {}
        for member, words in pending.pop():
            alike.setdefault(tuple(islice(words, _PIECE)), []).append((member, words))
        for piece, group in alike.items():
            if len(group) > 1 and len(piece) == _PIECE:
                pending.append(group)
            elif len(group) > 1:
                yield [member for member, _ in group]


def _is_worth(function: Function) -> bool:
    """Whether a function is so big that another one like it is no accident."""
    nodes = [node for statement in _statements(function) for node in ast.walk(statement)]
    statements = sum(isinstance(node, ast.stmt) for node in nodes)
    return statements >= _LEAST_STATEMENTS and sum(1 for _ in _words(function)) >= _LEAST_WORDS


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


def _shape(function: Function) -> tuple[type[ast.AST], ...]:
    """Return what is cheap to compare before bodies are read: the kinds of their statements."""
    return tuple(type(statement) for statement in _statements(function))


def _words(function: Function) -> Iterator[object]:
    """Yield what a body does, word for word, whatever its local names are."""
    local: dict[str, str] = {}
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        local.setdefault(argument.arg, f"${len(local)}")
    stack: list[object] = list(reversed(_statements(function)))
    while stack:
        item = stack.pop()
        if isinstance(item, ast.Name):
            if not isinstance(item.ctx, ast.Load):
                local.setdefault(item.id, f"${len(local)}")
            yield local.get(item.id, item.id)
        elif isinstance(item, list):
            yield len(item)
            stack += reversed(item)
        elif isinstance(item, ast.AST):
            kind = type(item)
            yield kind
            stack += [getattr(item, name, None) for name in _PARTS[kind]]
        else:
            yield repr(item)
