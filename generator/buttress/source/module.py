"""One parsed Python file: text, ``ast``, line table and resolved imports."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeVar, cast, overload

from buttress.source.nested_quotes import parse_nested_quotes
from buttress.source.text import Text

_STATEMENT = 4000
_LONGEST_READ_TWICE = 60_000
_LINE_END = re.compile(r"\r\n|\r|\n")
_A = TypeVar("_A", bound=ast.AST)
_B = TypeVar("_B", bound=ast.AST)
_C = TypeVar("_C", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Module)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file has no tree.

    Attributes:
        line: Where reading stopped, from 1.
        message: What the parser said.
        newer_syntax: Whether the file is valid for a newer Python than the one that runs this.
    """

    line: int
    message: str
    newer_syntax: bool = False


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


class Module:
    """A Python file, parsed once; nodes are bucketed by type and names resolved through imports.

    Offsets are characters into ``text``, which has its line endings as found.

    Args:
        path: Relative to the root of the tree.
        source: The decoded file, or ``None`` if it cannot be decoded (that is a problem, too).

    Attributes:
        problem: Why the file does not parse; ``None`` where it does.
        is_newer: Whether its f-strings need a newer Python than this one. ``tree`` is then that of a
            text of the same length with other quotes inside them: to read, never to edit.
    """

    def __init__(self, path: str, source: Text | None) -> None:
        self.path = path
        self.source_text = source if source is not None else Text("")
        self.text = self.source_text.content
        self.problem: Problem | None = None
        self.is_newer = False
        self.tree = ast.Module(body=[], type_ignores=[])
        if source is None:
            self.problem = Problem(1, "the file is not in the encoding that it declares")
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.tree = ast.parse(self.text)
        except (SyntaxError, ValueError) as problem:
            stand_in = _stand_in(self.text)
            if stand_in is not None:
                self.tree, self.is_newer = stand_in, True
                return
            line = getattr(problem, "lineno", None) or 1
            message = getattr(problem, "msg", None) or str(problem)
            self.problem = Problem(line, message, _is_newer_syntax(self.text))
        except (RecursionError, MemoryError):
            self.problem = Problem(1, "the code is nested too deeply")

    # -- nodes ---------------------------------------------------------------------------------

    @cached_property
    def _buckets(self) -> dict[type[ast.AST], list[ast.AST]]:
        buckets: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        names, constants = buckets[ast.Name], buckets[ast.Constant]
        parents = self._parents
        stack: list[ast.AST] = [self.tree]
        pop, push = stack.pop, stack.append
        while stack:
            node = pop()
            kind = node.__class__
            # most nodes are one of these two, and neither holds another
            if kind is ast.Name:
                names.append(node)
            elif kind is ast.Constant:
                constants.append(node)
            else:
                buckets[kind].append(node)
                for field, is_list in _CHILDREN[kind]:
                    value = getattr(node, field)
                    if not value:
                        continue
                    if is_list:
                        for child in reversed(value):
                            # a key of a dictionary, a default of a keyword
                            if child is not None:
                                parents[child] = node
                                push(child)
                    else:
                        parents[value] = node
                        push(value)
        return buckets

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        return {}

    @overload
    def nodes(self, kind: type[_A], /) -> Sequence[_A]: ...
    @overload
    def nodes(self, kind: type[_A], second: type[_B], /) -> Sequence[_A | _B]: ...
    @overload
    def nodes(
        self, kind: type[_A], second: type[_B], third: type[_C], /
    ) -> Sequence[_A | _B | _C]: ...
    @overload
    def nodes(self, *types: type[ast.AST]) -> Sequence[ast.AST]: ...
    def nodes(self, *types: type[ast.AST]) -> Sequence[ast.AST]:
        """Return all nodes of exactly these types; those of one type stand in source order."""
        if len(types) == 1:
            return self._buckets.get(types[0], [])
        found = self._together.get(types)
        if found is None:
            found = [node for kind in types for node in self._buckets.get(kind, ())]
            self._together[types] = found
        return found

    @cached_property
    def _together(self) -> dict[tuple[type[ast.AST], ...], list[ast.AST]]:
        return {}

    def called(self, *names: str) -> Sequence[ast.Call]:
        """Return the calls whose last name is one of these: of ``execute``, ``db.execute(...)``.

        Those of one name stand in source order.
        """
        if len(names) == 1:
            return self._calls.get(names[0], [])
        return [call for name in names for call in self._calls.get(name, ())]

    @cached_property
    def _calls(self) -> dict[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for call in self.nodes(ast.Call):
            what = call.func
            if what.__class__ is ast.Attribute:
                found.setdefault(what.attr, []).append(call)
            elif what.__class__ is ast.Name:
                found.setdefault(what.id, []).append(call)
        return found

    def inside(self, node: ast.AST) -> Sequence[ast.AST]:
        """Return a node and all below it, in source order: what ``ast.walk`` gives, found once.

        Contexts and operators, which the parser shares, are left out.
        """
        found = self._insides.get(node)
        if found is None:
            found = self._insides[node] = []
            stack = [node]
            while stack:
                item = stack.pop()
                found.append(item)
                for field, is_list in _CHILDREN[item.__class__]:
                    value = getattr(item, field)
                    if is_list:
                        stack += [child for child in reversed(value) if child is not None]
                    elif value is not None:
                        stack.append(value)
        return found

    @cached_property
    def _insides(self) -> dict[ast.AST, list[ast.AST]]:
        return {}

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node that holds ``node``; ``None`` for the module itself.

        ``Load``, ``Store`` and operator nodes are shared by the parser and have no parent.
        """
        _ = self._buckets
        return self._parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the parents of a node, from the inside out."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None:
            yield found
            found = above(found)

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds ``node`` (or ``node`` itself)."""
        if isinstance(node, ast.stmt):
            return node
        for above in self.ancestors(node):
            if isinstance(above, ast.stmt):
                return above
        raise ValueError("the node stands in no statement")

    def function(self, node: ast.AST) -> Function | None:
        """Return the innermost function that ``node`` stands in (never ``node`` itself)."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None and not isinstance(found, _FUNCTIONS):
            found = above(found)
        return found

    def symbol(self, node: ast.AST) -> str:
        """Return the dotted path of classes and functions that ``node`` stands in (or names)."""
        chain = [node, *self.ancestors(node)]
        names = [item.name for item in chain if isinstance(item, (*_FUNCTIONS, ast.ClassDef))]
        return ".".join(reversed(names))

    # -- places --------------------------------------------------------------------------------

    @cached_property
    def line_starts(self) -> list[int]:
        """Offsets of the first character of every line, as the parser counts lines."""
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def offset(self, line: int, column: int) -> int:
        """Return the offset for a line from 1 and a column in UTF-8 bytes, as ``ast`` gives them."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        piece = self.text[start:end]
        if piece.isascii():
            return start + column
        return start + len(
            piece.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore")
        )

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Return the offsets of the first character of a node and of the one behind its last."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def source(self, node: ast.AST) -> str:
        """Return the characters of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_at(self, offset: int) -> int:
        """Return the line, from 1, that a character stands on."""
        return bisect_right(self.line_starts, offset)

    def line_span(self, line: int) -> tuple[int, int]:
        """Return the offsets of a whole line with its ending."""
        start = self.line_starts[line - 1]
        return start, self.line_starts[line] if line < len(self.line_starts) else len(self.text)

    def source_line(self, line: int) -> str:
        """Return the characters of a line with its ending."""
        start, end = self.line_span(line)
        return self.text[start:end]

    def indent(self, node: ast.AST) -> str:
        """Return the white space in front of the line that a node begins on."""
        start, _ = self.line_span(node.lineno)  # type: ignore[attr-defined]
        match = re.compile(r"[ \t\f]*").match(self.text, start)
        return match.group() if match else ""

    @property
    def newline(self) -> str:
        """The file's own line ending."""
        return self.source_text.newline

    @cached_property
    def quote(self) -> str:
        """The quote character that most plain strings of the file are written in."""
        single = double = 0
        for node in self.nodes(ast.Constant, ast.JoinedStr):
            if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
                text = self.text[self.span(node)[0] : self.span(node)[0] + 5].lstrip("rRbBfFuU")
                if not text.startswith(('"""', "'''")):
                    single += text.startswith("'")
                    double += text.startswith('"')
        return "'" if single > double else '"'

    def quote_near(self, node: ast.AST) -> str:
        """Return the quote character of the other strings in the statement around a node."""
        start, end = self.span(self.statement(node))
        inside = self.text[start:end] if end - start < _STATEMENT else ""
        single, double = inside.count("'"), inside.count('"')
        return self.quote if single == double else "'" if single > double else '"'

    @cached_property
    def indent_unit(self) -> str:
        """One step of the file's own indentation."""
        match = re.search(r"^(?:\t+|(?: {2,8}))(?=[^\s#])", self.text, re.MULTILINE)
        if match is None:
            return "    "
        return "\t" if match.group().startswith("\t") else " " * min(len(match.group()), 8)

    # -- words ---------------------------------------------------------------------------------

    def mentions(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern that ignores case matches anywhere in the file.

        Eight times faster than to search with it: in lower case, without ignoring case.
        """
        return in_lower_case(pattern).search(self._lowered) is not None

    @cached_property
    def _lowered(self) -> str:
        return self.text.lower()

    # -- names ---------------------------------------------------------------------------------

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

    def scope(self, node: ast.AST) -> Scope:
        """Return the innermost function, lambda or module whose names ``node`` sees."""
        _ = self._buckets
        above = self._parents.get
        found = above(node)
        while found is not None and not isinstance(found, _SCOPES):
            found = above(found)
        return found if found is not None else self.tree

    def resolve(self, node: ast.AST | None) -> str | None:
        """Return the dotted name that an expression stands for, through the imports it sees.

        ``app.route`` gives ``None`` where ``app`` was not imported, ``Flask`` gives
        ``flask.Flask`` after ``from flask import Flask``, a builtin gives ``builtins.print``. A
        name that the scope binds in any other way resolves to nothing.
        """
        kind = node.__class__
        if kind is not ast.Attribute and kind is not ast.Name:
            return None
        # many checks ask for the same nodes
        found = self._resolved.get(node, _NOT_ASKED)
        if found is _NOT_ASKED:
            found = self._resolved[node] = self._resolve(node)
        return cast("str | None", found)

    @cached_property
    def _resolved(self) -> dict[ast.AST | None, object]:
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
            return f"builtins.{name}" if name in _BUILTINS else None
        scope: Scope | None = self.scope(node)
        while scope is not None:
            bindings = self._bindings(scope)
            if name in bindings:
                return bindings[name]
            scope = None if isinstance(scope, ast.Module) else self.scope(scope)
        return f"builtins.{name}" if name in _BUILTINS else None

    @cached_property
    def _local_names(self) -> frozenset[str]:
        """The names that some function binds."""
        scopes = self._scope_bindings.items()
        return frozenset(
            name for scope, names in scopes if scope is not self.tree for name in names
        )

    @cached_property
    def _scope_bindings(self) -> dict[Scope, dict[str, str | None]]:
        scopes: dict[Scope, dict[str, str | None]] = {}

        def bind(scope: Scope, name: str, target: str | None) -> None:
            names = scopes.setdefault(scope, {})
            # bound twice, by an import and otherwise (`try: import x / except: x = None`)
            names[name] = target or names.get(name)

        for binding in self.imports:
            bind(binding.scope, binding.local, binding.target)
        for name in self.nodes(ast.Name):
            if name.ctx.__class__ is not ast.Load:
                bind(self._binding_scope(name), name.id, None)
        for function in self.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
            bind(self.scope(function), function.name, None)
        for argument in self.nodes(ast.arg):
            scopes.setdefault(self.scope(argument), {})[argument.arg] = None
        for handler in self.nodes(ast.ExceptHandler):
            if handler.name:
                bind(self.scope(handler), handler.name, None)
        return scopes

    def _binding_scope(self, name: ast.Name) -> Scope:
        scope = self.scope(name)
        if not self._globals:
            return scope
        for declaration in self._globals.get(scope, ()):
            if name.id in declaration.names:
                return self.tree
        return scope

    @cached_property
    def _globals(self) -> dict[Scope, list[ast.Global]]:
        found: dict[Scope, list[ast.Global]] = {}
        for node in self.nodes(ast.Global):
            found.setdefault(self.scope(node), []).append(node)
        return found

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

    def __repr__(self) -> str:
        return f"Module({self.path!r})"


@cache
def in_lower_case(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """Return what a pattern that ignores case matches in a text of lower-case letters."""

    def lower(match: re.Match[str]) -> str:
        return match.group() if match.group().startswith(("\\", "(?P")) else match.group().lower()

    return re.compile(_CAPITALS.sub(lower, pattern.pattern), pattern.flags & ~re.IGNORECASE)


_CAPITALS = re.compile(r"\\.|\(\?P|[A-Z]", re.DOTALL)
_NOT_ASKED = object()
_GRAMMAR = re.compile(r"(\w+)([*?]?) (\w+)")
_WITHOUT_CHILDREN = frozenset(
    [
        "identifier",
        "string",
        "int",
        "constant",
        "expr_context",
        "boolop",
        "operator",
        "unaryop",
        "cmpop",
    ]
)
"""Types of fields that hold text, or nodes that the parser shares (contexts and operators)."""


class _Children(dict[type[ast.AST], tuple[tuple[str, bool], ...]]):
    """The fields of each type of node that hold nodes, the last first, and whether they are lists.

    Read from the grammar that ``ast`` gives as documentation: ``Call(expr func, expr* args, ...)``.
    """

    def __missing__(self, kind: type[ast.AST]) -> tuple[tuple[str, bool], ...]:
        _, _, fields = (kind.__doc__ or "").partition("(")
        found = tuple(
            (name, many == "*")
            for type_, many, name in reversed(_GRAMMAR.findall(fields))
            if type_ not in _WITHOUT_CHILDREN
        )
        self[kind] = found
        return found


_CHILDREN = _Children()

_BUILTINS = frozenset(dir(builtins))


def _stand_in(text: str) -> ast.Module | None:
    """Return the tree of a text whose f-strings are written as only Python 3.12 and newer read them."""
    if sys.version_info >= (3, 12) or len(text) > _LONGEST_READ_TWICE:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return parse_nested_quotes(text)


def _is_newer_syntax(text: str) -> bool:
    """Whether black's own grammar, which is ahead of this interpreter, accepts the text."""
    if len(text) > _LONGEST_READ_TWICE:
        return False
    from black.parsing import InvalidInput, lib2to3_parse

    try:
        lib2to3_parse(text)
    except (InvalidInput, RecursionError, ValueError, IndexError, KeyError):
        return False
    return True
