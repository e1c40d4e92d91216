"""Requests that only ask, and change what the app keeps all the same: a GET that an image or a link sends.

What is counted, logged, cached, kept for the visitor alone or made when it is first needed is no such
change. One is taken for proven where the code

* throws everything away (``drop_all``, ``DROP TABLE``, a ``DELETE`` without a condition),
* runs a Python file of the project,
* sets what it keeps to what the address of the request says, or
* bears the name of a change (``disable``, ``transfer``) and makes one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.access.endpoints import Endpoint, once_for_endpoint
from buttress.analysis.definitions import definitions_of
from buttress.analysis.once import once_for_service
from buttress.project.literals import strings_in, written
from buttress.project.model import Project, Service
from buttress.project.modules import called_name, own_modules
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ASKS = frozenset(["GET", "HEAD", "OPTIONS"])
_SPLIT = lazy_pattern(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_BEFORE = frozenset(["do", "handle", "api", "view", "ajax", "admin", "user", "process", "csrf", "the", "v1", "go", "get"])  # fmt: skip
_VERBS = frozenset([
    "delete", "remove", "destroy", "erase", "update", "set", "change", "edit", "modify", "toggle", "switch",
    "disable", "enable", "deactivate", "block", "unblock", "ban", "unban", "approve", "reject", "accept",
    "decline", "cancel", "transfer", "promote", "demote", "grant", "revoke", "assign", "unassign", "archive",
    "unarchive", "restore", "publish", "unpublish", "complete", "finish", "close", "reopen", "clear", "purge",
    "wipe", "truncate", "drop", "rename", "move", "increase", "decrease", "deposit", "withdraw", "mute",
    "unmute", "pin", "unpin", "lock", "unlock", "suspend", "make", "done", "undo",
])  # fmt: skip
"""What somebody who names a function so wants to have changed."""
_AT_END = frozenset(["delete", "remove", "destroy", "disable", "enable", "toggle", "approve", "reject", "cancel", "archive", "publish", "revoke", "deactivate"])  # fmt: skip
"""Those of them that stand behind what is changed as well (``task_delete``)."""
_OWN_BUSINESS = lazy_pattern(
    r"(?i)last|seen|visit|view|count|hit|access|attempt|expir|session|cache|token|otp|log|stat|updated|modified|score|online|progress|read"
)
"""Parts of the names of what changes by the way, whenever somebody looks."""
_TAKES_FORMS = lazy_pattern(
    r"request\.(?:POST|FILES|form|files)\b|request\.method[^\n]{0,16}[\"'](?:POST|PUT|PATCH|DELETE)|\.is_valid\(|validate_on_submit"
)
_TICKETS = frozenset(["token", "signature", "uidb64", "secret", "nonce"])
"""What links are given that are good for those who get them alone."""
_TICKET = lazy_pattern(
    r"(?:GET|args|query_params)(?:\.get\(|\[)\s*[\"'](?:state|token|sig\w*|code|key|hash|nonce|secret|csrf\w*)[\"']"
)
_ALL_GONE = frozenset(["drop_all", "drop_collection", "drop_database"])
_DROPS = lazy_pattern(
    r"(?i)\A\s*(?:DROP\s+(?:TABLE|DATABASE|SCHEMA)|TRUNCATE|DELETE\s+FROM\s+[\w.\"`]+\s*;?\s*\Z)"
)
_UPDATES = lazy_pattern(r"(?i)\A\s*UPDATE\s+\S+\s+SET\s+([\w.\"`]+)\s*=\s*(.*)")
_DELETES = lazy_pattern(r"(?i)\A\s*DELETE\s+FROM\b")
_WRECKS = (*sorted(_ALL_GONE), "DROP ", "drop ", "TRUNCATE", "DELETE FROM", "delete from", "query.delete()", "python ", "python3 ")  # fmt: skip
_SCRIPT = lazy_pattern(r"\bpython[\d.]*\s+(\S+\.py)\b")
_SAVES = frozenset(["save", "asave", "commit"])
_QUERIES = lazy_pattern(r"\.(?:query|objects)\b|\bquery\(")
_DEEPEST = 3
_MOST = 12


@once_for_endpoint
def changes_when_asked(project: Project, service: Service, endpoint: Endpoint) -> bool:
    """Whether an endpoint that answers nothing but GET is proven to change what the app keeps."""
    node = endpoint.node
    if "GET" not in endpoint.methods or endpoint.methods - _ASKS or isinstance(node, ast.ClassDef):
        return False
    is_said = _says_change(endpoint)
    asked = frozenset(name for path in endpoint.paths for name in _names(path))
    wrecking = _wrecking(project, service)
    if not (is_said or asked or wrecking):
        return False
    way = _way(project, service, endpoint, asked, is_whole=is_said or bool(wrecking))
    if not any(
        function in wrecking
        or (is_said and depth < 2 and _changes_something(module, function))
        or (given and _stores(module, function, given))
        for module, function, given, depth in way
    ):
        return False
    if _shows_ticket(endpoint, endpoint.module.source(node)):
        return False
    whole = _way(project, service, endpoint, asked, is_whole=True)
    return not any(_TAKES_FORMS.search(module.source(called)) for module, called, _, _ in whole)


@once_for_service
def _wrecking(project: Project, service: Service) -> frozenset[Function]:
    """Return the functions of a service that throw everything away, or run a script."""
    own = own_modules(project.tree)
    return frozenset(
        function
        for path in own.having(*_WRECKS)
        if path in service.reachable
        for module in [own.tree.module(path)]
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if _throws_away(module, function) or _runs_script(project, module, function)
    )


def _shows_ticket(endpoint: Endpoint, text: str) -> bool:
    """Whether who calls shows what only this app, or a partner of it, has given out: a link of a mail."""
    names = {name for path in endpoint.paths for name in _names(path)}
    return bool(names & _TICKETS) or _TICKET.search(text) is not None


def _names(path: str) -> frozenset[str]:
    """Return the names that stand in brackets in a path (``<int:level>``, ``{level}``)."""
    parts = path.replace("{", "<").replace("}", ">").split("<")[1:]
    return frozenset(part.partition(">")[0].rpartition(":")[2] for part in parts)


def _says_change(endpoint: Endpoint) -> bool:
    """Whether the function, or the last word of the path that is no value, is called a change."""
    last = [s for s in endpoint.path.split("/") if s and not s.startswith(("<", "{"))][-1:]
    for name in (endpoint.node.name, *last):
        words = [word.lower() for word in _SPLIT.split(name) if word]
        while len(words) > 1 and words[0] in _BEFORE:
            words = words[1:]
        if words and (words[0] in _VERBS or (words[-1] in _AT_END and len(words) == 2)):
            return True
    return False


def _way(
    project: Project, service: Service, endpoint: Endpoint, asked: frozenset[str], *, is_whole: bool
) -> Iterator[tuple[Module, Function, frozenset[str], int]]:
    """Yield a function and those that it calls, what of the address they are given, and how deep.

    Args:
        project: The facts.
        service: The service.
        endpoint: Where it begins.
        asked: What the address of the request says.
        is_whole: Whether functions that are given nothing of it are entered, too.
    """
    assert not isinstance(endpoint.node, ast.ClassDef)  # noqa: S101 - for mypy
    own = own_modules(project.tree)
    waiting = [(endpoint.module, endpoint.node, asked, 0)]
    seen = {(endpoint.module.path, endpoint.node.lineno)}
    while waiting and len(seen) <= _MOST:
        module, function, given, depth = waiting.pop(0)
        yield module, function, given, depth
        for call in module.inside(function) if depth < _DEEPEST else ():
            if not isinstance(call, ast.Call) or not (is_whole or _is_given(call, given)):
                continue
            for other, called in definitions_of(own, service, module, call.func):
                key = (other.path, called.lineno)
                if key not in seen:
                    seen.add(key)
                    waiting.append((other, called, _handed(call, called, given), depth + 1))


def _is_given(call: ast.Call, given: frozenset[str]) -> bool:
    values = (*call.args, *(keyword.value for keyword in call.keywords))
    return any(isinstance(value, ast.Name) and value.id in given for value in values)


def _handed(call: ast.Call, function: Function, given: frozenset[str]) -> frozenset[str]:
    names = [argument.arg for argument in function.args.args]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    pairs = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    return frozenset(name for name, value in pairs if name and written(value) in given)


def _throws_away(module: Module, function: Function) -> bool:
    """Whether a function throws away all that a table, or the database, holds."""
    for call in module.inside(function):
        if not isinstance(call, ast.Call):
            continue
        name = called_name(call)
        if name in _ALL_GONE:
            return True
        if name.startswith("execute") and any(
            _DROPS.match(t) for a in call.args[:1] for t in strings_in(a)
        ):
            return True
        if name == "delete" and not call.args and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Attribute) and owner.attr == "query":
                return True  # Note.query.delete()
    return False


def _runs_script(project: Project, module: Module, function: Function) -> bool:
    """Whether a function is written to run a Python file of the project."""
    for call in module.inside(function):
        if isinstance(call, ast.Call):
            for value in call.args:
                for text in strings_in(value):
                    found = _SCRIPT.search(text)
                    if found is not None and any(
                        path.endswith(found[1].lstrip("./")) for path in project.tree.python_paths()
                    ):
                        return True
    return False


def _changes_something(module: Module, function: Function) -> bool:
    """Whether a function updates or deletes what is kept, other than by the way."""
    parts = list(module.inside(function))
    saves = any(isinstance(p, ast.Call) and called_name(p) in _SAVES for p in parts)
    for part in parts:
        if isinstance(part, ast.Call):
            if _updates(module, part):
                return True
        elif saves and isinstance(part, ast.Assign | ast.AugAssign):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            if any(_is_kept(t, part) and not _made_here(module, function, t) for t in targets):
                return True
    return False


def _updates(module: Module, call: ast.Call) -> bool:
    name = called_name(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if name.startswith("execute"):
        for text in strings_in(call.args[0]) if call.args else []:
            found = _UPDATES.match(text)
            if _DELETES.match(text) or (found is not None and not _OWN_BUSINESS.search(found[1])):
                return True
        return False
    if name in {"update_one", "update_many", "delete_one", "delete_many", "find_one_and_update"}:
        return True
    if name == "delete" and owner is not None:
        text = module.source(owner)
        return "session" in text.lower() or _QUERIES.search(text) is not None or not call.args
    return (
        name == "update" and owner is not None and _QUERIES.search(module.source(owner)) is not None
    )


def _is_kept(target: ast.expr, statement: ast.Assign | ast.AugAssign) -> bool:
    """Whether an attribute of an object is set that says more than that somebody was here."""
    if not isinstance(target, ast.Attribute) or not isinstance(
        target.value, ast.Name | ast.Subscript
    ):
        return False
    root: ast.expr = target.value
    while isinstance(root, ast.Subscript):
        root = root.value
    if written(root) in {"self", "cls", "g", "request", "response", "resp", "app", "session"}:
        return False
    counts = isinstance(statement, ast.AugAssign) and isinstance(statement.value, ast.Constant)
    return not counts and _OWN_BUSINESS.search(target.attr) is None


def _stores(module: Module, function: Function, given: frozenset[str]) -> bool:
    """Whether what the address says decides what an object is set to that is kept.

    The value is stored itself, or a condition on it chooses between two others.
    """
    parts = list(module.inside(function))
    if not any(isinstance(p, ast.Call) and called_name(p) in _SAVES for p in parts):
        return False
    for part in parts:
        if not isinstance(part, ast.Assign) or not any(_is_kept(t, part) for t in part.targets):
            continue
        if _made_here(module, function, part.targets[0]):
            continue
        names = {n.id for n in ast.walk(part.value) if isinstance(n, ast.Name)}
        if names & given:
            return True
        above = module.parent(part)
        if isinstance(above, ast.If) and isinstance(part.value, ast.Constant):
            asked = {n.id for n in ast.walk(above.test) if isinstance(n, ast.Name)}
            if asked & given:
                return True
    return False


def _made_here(module: Module, function: Function, target: ast.expr) -> bool:
    """Whether the object that is set is made in this function (``note = Note()``)."""
    name = written(target.value) if isinstance(target, ast.Attribute) else ""
    return any(
        isinstance(part, ast.Assign)
        and written(part.targets[0]) == name
        and isinstance(part.value, ast.Call)
        and called_name(part.value)[:1].isupper()
        for part in module.inside(function)
    )
