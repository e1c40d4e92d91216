"""Calls of a database: which expressions speak to one, and what they do there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from buttress.analysis.once import once_for_module
from buttress.project.literals import last_name, written
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_HINTS = (
    "execute", "query", "objects", "session", "commit", "find_one", "insert_one", "fetch", "tortoise",
    ".save(", "_or_404", "scalar", "insert_many", ".find(", "update_one", "delete_one", "_session", "exec(",
    "rollback", ".add(",
)  # fmt: skip
_SESSION = lazy_pattern(
    r"_*(?:.*_)?(?:db|session|sess|conn|connection|cursor|cur|curs|database|dbsession|tx|engine|pool)\d?\Z",
    re.IGNORECASE,
)
_HTTP_SESSIONS = ("requests.", "aiohttp.", "httpx.", "boto3.", "curl_cffi.", "flask.session")
_STATEMENTS = frozenset(
    ["execute", "exec", "scalars", "scalar", "executescript", "stream", "stream_scalars",
     "executemany", "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val"]
)  # fmt: skip
_SESSION_WRITES = frozenset(
    ["add", "add_all", "merge", "bulk_save_objects", "bulk_insert_mappings", "delete"]
)
_MANAGER_WRITES = frozenset(
    ["create", "bulk_create", "get_or_create", "update_or_create", "update", "delete",
     "bulk_update", "acreate", "aupdate", "adelete", "abulk_create", "aget_or_create"]
)  # fmt: skip
_DOCUMENT_READS = frozenset(["find_one", "count_documents", "estimated_document_count"])
_DOCUMENT_WRITES = frozenset(
    ["insert_one", "insert_many", "update_one", "update_many", "delete_one", "delete_many",
     "replace_one", "find_one_and_update", "find_one_and_delete", "find_one_and_replace"]
)  # fmt: skip
_DOCUMENT_METHODS = _DOCUMENT_READS | _DOCUMENT_WRITES
_DOCUMENT_LIBRARIES = frozenset(["pymongo", "motor", "flask_pymongo", "mongoengine", "beanie"])
_MODEL_READS = frozenset(["filter", "all", "get", "get_or_none", "first", "exists", "exclude"])
_SHORTCUTS = frozenset(["django.shortcuts.get_object_or_404", "django.shortcuts.get_list_or_404"])
_MANAGERS = ("objects", "query")
_FIRST = (
    _STATEMENTS | _SESSION_WRITES | _DOCUMENT_METHODS | {"find", "save", "query", "get", "commit", "rollback"}
)  # fmt: skip
"""What the first call of a chain is called, where the chain begins with no manager."""
_READ_SQL = lazy_pattern(r"\s*\(?\s*(?:select|with|show|pragma|explain|values)\b", re.IGNORECASE)
_NO_RECORDS = lazy_pattern(
    r"(?:file|image|img|wb|workbook|doc|document|fig|figure|storage|fs|pil|canvas|buffer|plt|model_file|archive)\Z",
    re.IGNORECASE,
)


class Act(StrEnum):
    """What a call does in a database."""

    READ = "read"
    WRITE = "write"
    RUN = "run"
    COMMIT = "commit"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, eq=False)
class DatabaseCall:
    """A call that speaks to a database.

    Attributes:
        node: The whole chain of calls (``db.query(User).filter(...).all()``).
        act: What it does; ``RUN`` for a statement that is not known.
        root: What the chain begins with (``db``, ``User.objects``, ``User.query``).
        links: The calls of the chain, the first one first.
        statement: The statement that is executed, where one is handed over.
    """

    node: ast.Call
    act: Act
    root: ast.expr
    links: tuple[ast.Call, ...]
    statement: ast.expr | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods of the chain."""
        return tuple(called_name(link) for link in self.links)


def database_calls(module: Module, service: Service) -> tuple[DatabaseCall, ...]:
    """Return the calls of a file that speak to a database, in source order; worked out once."""
    return _calls(module, frozenset(fact.value for fact in service.drivers))


@once_for_module
def _calls(module: Module, libraries: frozenset[str]) -> tuple[DatabaseCall, ...]:
    found = sorted(_Reader(module, libraries).read(), key=lambda call: _position(call.node))
    is_sure = any(hint in module.text for hint in _HINTS) if found else False
    return tuple(found) if is_sure else ()


def by_function(
    module: Module, calls: Iterable[DatabaseCall]
) -> dict[Function | None, list[DatabaseCall]]:
    """Return calls by the innermost function that they stand in."""
    found: dict[Function | None, list[DatabaseCall]] = {}
    for call in calls:
        found.setdefault(module.function(call.node), []).append(call)
    return found


def _position(node: ast.expr) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, -(node.end_lineno or 0), -(node.end_col_offset or 0)


class _Reader:
    def __init__(self, module: Module, libraries: frozenset[str]) -> None:
        self.module = module
        self.libraries = libraries
        self.has_documents = bool(_DOCUMENT_LIBRARIES & libraries)
        self.has_tortoise = "tortoise" in libraries

    def read(self) -> Iterator[DatabaseCall]:
        for first in self._firsts():
            if isinstance(first.func, ast.Name):
                if self._following(first) is None:
                    yield DatabaseCall(first, Act.READ, first.func, (first,))
                continue
            for links, root in self._chains(first):
                found = self._manager(links, root) or self._session(links, root)
                if found is not None:
                    yield found

    def _firsts(self) -> Iterable[ast.Call]:
        """Return the calls that may be the first of a chain which speaks to a database."""
        module = self.module
        names = _FIRST | _MODEL_READS | _MANAGER_WRITES if self.has_tortoise else _FIRST
        found = [call for call in module.called(*names) if isinstance(call.func, ast.Attribute)]
        if any(f".{name}" in module.text for name in _MANAGERS):
            for node in module.nodes(ast.Attribute):
                call = self._following(node) if node.attr in _MANAGERS else None
                if call is not None:
                    found.append(call)
        local = {binding.local for binding in module.imports if binding.target in _SHORTCUTS}
        found += [call for call in module.called(*local) if module.resolve(call.func) in _SHORTCUTS]
        return dict.fromkeys(found)

    def _chains(self, first: ast.Call) -> Iterator[tuple[list[ast.Call], ast.expr]]:
        """Yield the calls of the whole chain that begins so, and of those parts that are awaited."""
        assert isinstance(first.func, ast.Attribute)  # noqa: S101 - for mypy
        root = _unawaited(first.func.value)
        if isinstance(root, ast.Call) and isinstance(root.func, ast.Attribute):
            return  # not the first
        links: list[ast.Call] = []
        link: ast.Call | None = first
        while link is not None:
            links.append(link)
            link = self._following(links[-1])
            if link is None:
                yield list(links), root
                link = self._following(self._awaited(links[-1]))

    def _following(self, node: ast.expr) -> ast.Call | None:
        """Return the call of a method of a value (``x.all()`` of ``x``)."""
        method = self.module.parent(node)
        call = self.module.parent(method) if isinstance(method, ast.Attribute) else None
        return call if isinstance(call, ast.Call) and call.func is method else None

    def _awaited(self, node: ast.expr) -> ast.expr:
        above = self.module.parent(node)
        return self._awaited(above) if isinstance(above, ast.Await) else node

    def _manager(self, links: list[ast.Call], root: ast.expr) -> DatabaseCall | None:
        """``User.objects.filter()``, ``User.query.all()``, ``await User.filter()``."""
        names = [called_name(link) for link in links]
        is_manager = False
        if isinstance(root, ast.Attribute):
            owner = written(root.value).rpartition(".")[2]
            is_class = owner[:1].isupper() or owner == "model"
            is_manager = root.attr in _MANAGERS and is_class
        elif isinstance(root, ast.Name) and self.has_tortoise:
            is_model = root.id[:1].isupper() and not root.id.isupper()
            is_manager = is_model and bool({*_MODEL_READS, *_MANAGER_WRITES} & {names[0]})
        if is_manager:
            act = Act.WRITE if _MANAGER_WRITES & set(names) else Act.READ
            return DatabaseCall(links[-1], act, root, tuple(links))
        return None

    def _session(self, links: list[ast.Call], root: ast.expr) -> DatabaseCall | None:
        first, name = links[0], called_name(links[0])
        whole, chain = links[-1], tuple(links)
        is_document = name in _DOCUMENT_METHODS and (self.has_documents or _is_filter(first))
        if is_document or (name == "find" and _is_filter(first)):
            act = Act.WRITE if name in _DOCUMENT_WRITES else Act.READ
            return DatabaseCall(whole, act, root, chain)
        if name in {"save", "delete"} and self._is_record(root):
            return self._record(whole, root, chain)
        statement = first.args[0] if name in _STATEMENTS and first.args else None
        asked = _asked(chain)
        if not (statement or asked) or not self._is_session(root):
            return None
        act = asked or (self._act(statement) if statement is not None else Act.RUN)
        return DatabaseCall(whole, act, root, chain, statement)

    def _is_record(self, root: ast.expr) -> bool:
        return "django" in self.module.text and not _SESSION.match(_last(root))

    def _record(
        self, call: ast.Call, root: ast.expr, links: tuple[ast.Call, ...]
    ) -> DatabaseCall | None:
        """``user.save()``, ``form.save()``: nothing is handed over that is no option."""
        first = links[0]
        is_kept = any(
            k.arg == "commit" and isinstance(k.value, ast.Constant) and k.value.value is False
            for k in first.keywords
        )
        if first.args or is_kept or len(links) > 1 or _NO_RECORDS.search(_last(root)):
            return None
        if not isinstance(root, ast.Name | ast.Attribute) or written(root).startswith("super"):
            return None
        return DatabaseCall(call, Act.WRITE, root, links)

    def _is_session(self, root: ast.expr) -> bool:
        target = self.module.resolve(root) or ""
        if target.startswith(_HTTP_SESSIONS):
            return False
        if isinstance(root, ast.Name):
            for value in self._given(root):
                if isinstance(value, ast.Call):
                    made = self.module.resolve(value.func) or ""
                    if made.startswith(_HTTP_SESSIONS):
                        return False
                    if called_name(value) == "cursor":
                        return True
        return bool(_SESSION.match(_last(root)))

    def _given(self, name: ast.Name) -> Sequence[ast.expr]:
        function = self.module.function(name)
        return given(self.module, function, name.id) or given(self.module, None, name.id)

    def _act(self, statement: ast.expr, depth: int = 0) -> Act:
        if isinstance(statement, ast.Name) and depth < 3:
            acts = {self._act(value, depth + 1) for value in self._given(statement)}
            return acts.pop() if len(acts) == 1 else Act.RUN
        text = first_text(statement)
        if text is not None:
            return Act.READ if _READ_SQL.match(text) else Act.WRITE
        node = statement
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if called_name(node) in {"select", "insert", "update", "delete"}:
                break
            node = node.func.value
        if isinstance(node, ast.Call):
            name = called_name(node)
            if name == "text" and node.args:
                return self._act(node.args[0], depth + 1)
            if name in {"select", "insert", "update", "delete"}:
                return Act.READ if name == "select" else Act.WRITE
        return Act.RUN


def given(module: Module, function: Function | None, name: str) -> Sequence[ast.expr]:
    """Return the values that a function, or the module itself (``None``), gives one of its names."""
    found = _assigned(module).get(name, ())
    return [value for node, value in found if module.function(node) is function]


_Assigned = dict[str, list[tuple[ast.AST, ast.expr]]]


@once_for_module
def _assigned(module: Module) -> _Assigned:
    """Return by their names what the names of a file are given, and where."""
    found: _Assigned = {}
    for node in module.nodes(ast.Assign, ast.AnnAssign, ast.withitem):
        targets: list[ast.expr | None]
        if isinstance(node, ast.withitem):
            targets, value = [node.optional_vars], node.context_expr
        elif node.value is None:
            continue
        else:
            targets = [*node.targets] if isinstance(node, ast.Assign) else [node.target]
            value = node.value
        for target in targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append((node, _unawaited(value)))
    return found


def _unawaited(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Await):
        node = node.value
    return node


def _asked(chain: Sequence[ast.Call]) -> Act | None:
    """Return what a session does where it is given no statement."""
    first, name = chain[0], called_name(chain[0])
    if name == "query" and first.args:
        return Act.WRITE if called_name(chain[-1]) in {"delete", "update"} else Act.READ
    if name == "get" and first.args and _last(first.args[0])[:1].isupper():
        return Act.READ
    if name in _SESSION_WRITES and first.args and not isinstance(first.args[0], ast.Constant):
        return Act.WRITE
    return {"commit": Act.COMMIT, "rollback": Act.ROLLBACK}.get(name)


def first_text(node: ast.expr) -> str | None:
    """Return the literal text that a string, a format string or a sum begins with."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return first_text(node.values[0]) if node.values else None
    if isinstance(node, ast.BinOp):
        return first_text(node.left)
    if isinstance(node, ast.Call) and called_name(node) in {"format", "strip", "join"}:
        return first_text(node.func.value) if isinstance(node.func, ast.Attribute) else None
    return None


def _last(node: ast.expr) -> str:
    """Return the last name of an expression, of a call the name of what is called."""
    return called_name(node) if isinstance(node, ast.Call) else last_name(node)


def _is_filter(call: ast.Call) -> bool:
    """Whether ``find`` is asked with a document, not with a text to look for."""
    return bool(call.args) and isinstance(call.args[0], ast.Dict)
