"""Webhooks: the endpoints that other systems call, and whether they verify who calls."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator

from buttress.analysis.access.endpoints import Endpoint
from buttress.analysis.access.guards import Guards
from buttress.analysis.access.openings import words
from buttress.analysis.definitions import definitions_of
from buttress.project.literals import last_name, literal_text
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_HOOK = lazy_pattern(
    r"(?:^|[/_\-])(?:[a-z]*web-?_?hooks?[a-z]*|hooks?|ipn|stripe_?events?)(?:[/_\-]|\Z)",
    re.IGNORECASE,
)
_MANAGES = lazy_pattern(
    r"(?:create|add|new|register|set|delete|remove|list|update)_?", re.IGNORECASE
)
_ABOUT = frozenset(["test", "config", "settings", "info", "status", "logs", "setup", "subscribe"])
_FOR_ONE = lazy_pattern(r"[{<]\w*(?:id|token|secret|key|hash|signature)\b", re.IGNORECASE)
_SECRET_PART = lazy_pattern(r"(?=[^/]*[a-z])(?=[^/]*[A-Z])(?=[^/]*\d)[A-Za-z0-9_\-]{16,}")
_CREDENTIAL = r"(?:token|secret|api_?key|passw\w*|digest|hash|access_?key)"
_VERIFIES = lazy_pattern(
    r"construct_event|\bhmac\b|compare_digest|signature|X-Hub|svix|RequestValidator|validate_request|\w*verif\w*\("
    r"|\w*(?:check|validate|authenticate|require)_\w*(?:token|secret|key|webhook|stripe|caller|request)\w*\("
    r"|headers?(?:\.get\(|\[)\s*['\"][^'\"]*(?:auth|token|key|secret|sign|hash|hmac)"
    r"|remote_addr|client\.host|allowed_ips|ip_address",
    re.IGNORECASE,
)
_COMPARES = lazy_pattern(
    rf"{_CREDENTIAL}\w*['\"\])]*\s*(?:(?:!=|==)(?!\s*['\"])|(?:not )?in\b)"
    rf"|(?:!=|==|(?<!['\"] )\bin\b)\s*[\w.\[\]'\"]*{_CREDENTIAL}",
    re.IGNORECASE,
)
"""A comparison with what is secret; a literal that is looked for in it only asks what kind it is."""
_ACTS = lazy_pattern(
    r"\b(?:add|commit|save|create|insert|update|delete|remove|execute|put|append|write|upsert|store|upload|send|set_|register|archive|publish"
    r"|apply|run|start(?!swith)|stop|reset|process|handle|enqueue|delay|dispatch|dispatcher|feed|reply|respond|answer|notify|post|patch|call|check_call|check_output"
    r"|popen|system|invoke|ainvoke|generate|chat|charge|refund|ban|trigger|execute)\w*\(|\]\s*=[^=]|\.(?!status_code|headers|media_type)\w+\s*=[^=]",
    re.IGNORECASE,
)
_BUILT_IN = frozenset([*dir(dict), *dir(list), *dir(str), *dir(set)])
_MOST_FUNCTIONS = 40
_DEPTH = 3
_MOST_NAMESAKES = 3
_PROSE = 3


def unverified_webhooks(
    project: Project, service: Service, found: Iterable[Endpoint], guards: Guards
) -> Iterator[Endpoint]:
    """Yield the endpoints that other systems call, that act on it, and that believe whoever calls."""
    namesakes: dict[str, list[tuple[Module, Function]]] | None = None
    for endpoint in found:
        if not is_webhook(endpoint) or guards.guards(endpoint):
            continue
        if namesakes is None:
            namesakes = _functions_by_name(project, service)
        reached = _reached(project, service, endpoint, namesakes)
        code = "\n".join(ast.unparse(item) for item in reached)
        plain = "\n".join(_without_prose(item) for item in reached)
        head = _head(endpoint)
        is_verified = _VERIFIES.search(f"{head}\n{code}") or _COMPARES.search(f"{head}\n{plain}")
        if not is_verified and _ACTS.search(code):
            yield endpoint


def is_webhook(endpoint: Endpoint) -> bool:
    """Whether other systems call an endpoint, as its path or its name says."""
    if "POST" not in endpoint.methods or isinstance(endpoint.node, ast.ClassDef):
        return False
    if not (_HOOK.search(endpoint.path) or _HOOK.search("/" + endpoint.node.name)):
        return False
    # what names one of many, or has a secret in its path, is not for everybody
    if _FOR_ONE.search(endpoint.path) or _SECRET_PART.search(endpoint.path):
        return False
    return not words(endpoint) & _ABOUT and not _MANAGES.match(endpoint.node.name)


def _functions_by_name(
    project: Project, service: Service
) -> dict[str, list[tuple[Module, Function]]]:
    found: dict[str, list[tuple[Module, Function]]] = {}
    for path in sorted({*service.reachable, service.app.place.path}):
        module = project.tree.module(path)
        for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
            found.setdefault(function.name, []).append((module, function))
    return found


def _reached(
    project: Project,
    service: Service,
    endpoint: Endpoint,
    namesakes: dict[str, list[tuple[Module, Function]]],
) -> list[ast.stmt]:
    """Return the code that an endpoint reaches, without docstrings.

    A method of an object that is not known is looked for by its name: what might verify counts.
    """
    own = own_modules(project.tree)
    parts: list[ast.stmt] = []
    waiting: deque[tuple[Module, Function | ast.ClassDef, int]] = deque()
    waiting.append((endpoint.module, endpoint.node, 0))
    seen = {(endpoint.module.path, endpoint.node.lineno)}
    while waiting and len(seen) < _MOST_FUNCTIONS:
        module, function, depth = waiting.popleft()
        body = _told(function) if depth else _when_posted(_told(function))
        parts += body
        inside = (node for item in body for node in ast.walk(item))
        for call in inside if depth < _DEPTH else ():
            if not isinstance(call, ast.Call):
                continue
            for target in (call.func, *call.args):
                called = list(definitions_of(own, service, module, target))
                if not called and target is call.func and isinstance(target, ast.Attribute):
                    alike = namesakes.get(target.attr, [])
                    is_known = len(alike) <= _MOST_NAMESAKES and target.attr not in _BUILT_IN
                    called = alike if is_known else []
                for other, definition in called:
                    if (other.path, definition.lineno) not in seen:
                        seen.add((other.path, definition.lineno))
                        waiting.append((other, definition, depth + 1))
    return parts


def _without_prose(statement: ast.stmt) -> str:
    """Return the text of a statement without sentences for people, which compare nothing."""
    text = ast.unparse(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = text.replace(node.value, "") if node.value.count(" ") >= _PROSE else text
    return text


def _head(endpoint: Endpoint) -> str:
    """Return the decorators and parameters of an endpoint, those of its view class among them."""
    marks = [
        *endpoint.node.decorator_list,
        *(endpoint.view.decorator_list if endpoint.view else []),
    ]
    given = [] if isinstance(endpoint.node, ast.ClassDef) else [ast.unparse(endpoint.node.args)]
    return "\n".join([*(ast.unparse(mark) for mark in marks), *given])


def _told(function: Function | ast.ClassDef) -> list[ast.stmt]:
    """Return what stands in a function or class, without its docstring."""
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if is_text else function.body


def _when_posted(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return what runs for a POST: the handshake by GET, which shows a token once, verifies no event."""
    kept: list[ast.stmt] = []
    for statement in body:
        method = _method_asked(statement.test) if isinstance(statement, ast.If) else ""
        if isinstance(statement, ast.Try):
            kept += _when_posted(statement.body)
            kept += [line for handler in statement.handlers for line in handler.body]
            kept += [*statement.orelse, *statement.finalbody]
        elif isinstance(statement, ast.If) and method == "GET":
            kept += _when_posted(statement.orelse)
        elif isinstance(statement, ast.If) and method == "POST":
            kept += _when_posted(statement.body)
            if isinstance(statement.body[-1], ast.Return | ast.Raise):
                break
        else:
            kept.append(statement)
    return kept


def _method_asked(test: ast.expr) -> str:
    """Return the method that a condition asks a request for: ``request.method == "GET"``."""
    if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)):
        return ""
    return literal_text(test.comparators[0]) if last_name(test.left) == "method" else ""
