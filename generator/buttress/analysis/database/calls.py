"""Calls of a database: which expressions speak to one, and what they do there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

from buttress.project.literals import written
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.module import Function

_HINTS = (
    "execute", "query", "objects", "session", "commit", "find_one", "insert_one", "fetch", "tortoise",
    ".save(", "_or_404", "scalar", "insert_many", ".find(", "update_one", "delete_one", "_session", "exec(",
    "rollback", ".add(",
)  # fmt: skip
_SESSION = re.compile(
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
_READ_SQL = re.compile(r"\s*\(?\s*(?:select|with|show|pragma|explain|values)\b", re.IGNORECASE)
_NO_RECORDS = re.compile(
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


_KNOWN: WeakKeyDictionary[Module, dict[frozenset[str], tuple[DatabaseCall, ...]]] = (
    WeakKeyDictionary()
)


def database_calls(module: Module, service: Service) -> tuple[DatabaseCall, ...]:
    """Return the calls of a file that speak to a database, in source order."""
    known = _KNOWN.setdefault(module, {})
    libraries = frozenset(fact.value for fact in service.drivers)
    if libraries not in known:
        found: tuple[DatabaseCall, ...] = ()
        if any(hint in module.text for hint in _HINTS):
            found = tuple(_Reader(module, libraries).read())
        known[libraries] = found
    return known[libraries]


class _Reader:
    def __init__(self, module: Module, libraries: frozenset[str]) -> None:
        self.module = module
        self.libraries = libraries
        self.has_documents = bool(_DOCUMENT_LIBRARIES & libraries)
        self.is_django = "django" in module.text
        self.bound = bindings(module)

    def read(self) -> Iterator[DatabaseCall]:
        for call in self.module.nodes(ast.Call):
            above = self.module.parent(call)
            if isinstance(above, ast.Attribute):
                outer = self.module.parent(above)
                if isinstance(outer, ast.Call) and outer.func is above:
                    continue  # a link of a longer chain
            found = self._chain(call)
            if found is not None:
                yield found

    def _chain(self, call: ast.Call) -> DatabaseCall | None:
        if isinstance(call.func, ast.Name):
            if self.module.resolve(call.func) in _SHORTCUTS:
                return DatabaseCall(call, Act.READ, call.func, (call,))
            return None
        links: list[ast.Call] = []
        node: ast.expr = call
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            links.append(node)
            node = node.func.value
            while isinstance(node, ast.Await):
                node = node.value
        if not links:
            return None  # `factory()()`, `calls[name]()`
        links.reverse()
        return self._manager(call, node, links) or self._session(call, node, links)

    def _manager(
        self, call: ast.Call, root: ast.expr, links: list[ast.Call]
    ) -> DatabaseCall | None:
        """``User.objects.filter()``, ``User.query.all()``, ``await User.filter()``."""
        names = [called_name(link) for link in links]
        is_manager = False
        if isinstance(root, ast.Attribute):
            owner = written(root.value).rpartition(".")[2]
            is_class = owner[:1].isupper() or owner == "model"
            is_manager = root.attr in {"objects", "query"} and is_class
        elif isinstance(root, ast.Name) and "tortoise" in self.libraries:
            is_model = root.id[:1].isupper() and not root.id.isupper()
            is_manager = is_model and bool({*_MODEL_READS, *_MANAGER_WRITES} & {names[0]})
        if is_manager:
            act = Act.WRITE if _MANAGER_WRITES & set(names) else Act.READ
            return DatabaseCall(call, act, root, tuple(links))
        return None

    def _session(
        self, call: ast.Call, root: ast.expr, links: list[ast.Call]
    ) -> DatabaseCall | None:
        first, name = links[0], called_name(links[0])
        chain = tuple(links)
        is_document = name in _DOCUMENT_METHODS and (self.has_documents or _is_filter(first))
        if is_document or (name == "find" and _is_filter(first)):
            act = Act.WRITE if name in _DOCUMENT_WRITES else Act.READ
            return DatabaseCall(call, act, root, chain)
        if name in {"save", "delete"} and self.is_django and not _SESSION.match(_last(root)):
            return self._record(call, root, chain)
        if not self._is_session(root):
            return None
        if name == "query" and first.args:
            last = called_name(links[-1])
            act = Act.WRITE if last in {"delete", "update"} else Act.READ
            return DatabaseCall(call, act, root, chain)
        if name in _STATEMENTS and first.args:
            statement = first.args[0]
            return DatabaseCall(call, self._act(statement), root, chain, statement)
        if name == "get" and first.args and _last(first.args[0])[:1].isupper():
            return DatabaseCall(call, Act.READ, root, chain)
        if name in _SESSION_WRITES and first.args and not isinstance(first.args[0], ast.Constant):
            return DatabaseCall(call, Act.WRITE, root, chain)
        if name in {"commit", "rollback"}:
            return DatabaseCall(call, Act.COMMIT if name == "commit" else Act.ROLLBACK, root, chain)
        return None

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

    def _given(self, name: ast.Name) -> list[ast.expr]:
        function = self.module.function(name)
        return self.bound.get((function, name.id)) or self.bound.get((None, name.id)) or []

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


def bindings(module: Module) -> dict[tuple[Function | None, str], list[ast.expr]]:
    """Return the values that each function, or the module itself (``None``), gives its names."""
    found: dict[tuple[Function | None, str], list[ast.expr]] = {}
    for node in module.nodes(ast.Assign, ast.AnnAssign, ast.withitem):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign):
            if node.value is None:
                continue
            targets, value = [node.target], node.value
        else:
            if node.optional_vars is None:
                continue
            targets, value = [node.optional_vars], node.context_expr
        if isinstance(value, ast.Await):
            value = value.value
        for target in targets:
            if isinstance(target, ast.Name):
                found.setdefault((module.function(node), target.id), []).append(value)
    return found


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
    if isinstance(node, ast.Call):
        return called_name(node)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_filter(call: ast.Call) -> bool:
    """Whether ``find`` is asked with a document, not with a text to look for."""
    return bool(call.args) and isinstance(call.args[0], ast.Dict)
