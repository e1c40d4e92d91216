"""Turning people away: where code says 401 or 403, and whether it asked for something first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.access.lasting import changes_anything, filled_by_framework
from buttress.project.literals import written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_REFUSALS = r"401|403|HTTP_401_UNAUTHORIZED|HTTP_403_FORBIDDEN|Unauthorized|Forbidden|PermissionDenied|NotAuthenticated|PermissionError"
REFUSES = lazy_pattern(rf"\b(?:{_REFUSALS})\b")
"""What code says to those whom it turns away."""
_PROOF = lazy_pattern(
    r"passw|pwd|secret|token|api_?key|\bkey\b|signature|session|cookie|headers|credential|\bpin\b|authori[sz]|jwt|bearer|hmac",
    re.IGNORECASE,
)
_TOKEN = lazy_pattern(r"token|secret|passw|signature", re.IGNORECASE)
_REFUSES_OR_MISSES = lazy_pattern(rf"\b(?:{_REFUSALS}|404|HTTP_404_NOT_FOUND|NotFound|Http404)\b")
_MOST_PARTS = 20
_USERS = lazy_pattern(r"user|admin|account|owner|member", re.IGNORECASE)
_ANY = lazy_pattern(r"\b(?:count|exists|first|all|any|len|scalar|get_all)\w*\(")
_ERROR = lazy_pattern(r"\b4\d\d\b|HTTP_4|error|redirect", re.IGNORECASE)
_FILTERS = lazy_pattern(r"^(?:filter|where|get|find|exists?|count)(?:_|\Z)")
_NONE_YET = (0, 1, None)
_NAME = lazy_pattern(r"\b[A-Za-z_]\w*")
_GIVEN = frozenset(["request", "req", "self", "info"])


def turns_away(module: Module, node: ast.AST) -> bool:
    """Whether code says 401 or 403 to some of those who call it."""
    return any(True for _ in _refusals(module, node, REFUSES))


def asks_for_proof(module: Module, node: ast.AST) -> bool:
    """Whether code turns away those who lack a password, a key, a token or a session of their own."""
    for refusal in _refusals(module, node, _REFUSES_OR_MISSES):
        # what is looked for by a token, and not there, is not shown to those who lack it
        proof = _PROOF if REFUSES.search(module.source(refusal)) else _TOKEN
        for above in module.ancestors(refusal):
            if isinstance(above, ast.If) and proof.search(_condition(module, above.test)):
                return True
            if above is node:
                break
    return False


def is_for_first_user(module: Module, function: Function) -> bool:
    """Whether a function ends as soon as there is any user: who sets an app up cannot log in yet."""
    handed = _GIVEN | {
        argument.arg
        for argument in (*function.args.args, *function.args.kwonlyargs)
        if argument.arg not in filled_by_framework(function)
    }
    for part in module.inside(function):
        if not isinstance(part, ast.If) or not _only_refuses(module, part.body):
            continue
        above = module.parent(part)
        if above is not function and not isinstance(above, ast.With | ast.AsyncWith | ast.Try):
            continue
        parts = _condition_parts(module, part.test)
        says = " ".join(map(module.source, parts))
        is_about_users = _USERS.search(says) and _ANY.search(says)
        is_about_one = handed & set(_NAME.findall(says)) or any(map(_looks_for_one, parts))
        if _is_of_any(part.test) and is_about_users and not is_about_one:
            return True
    return False


def _only_refuses(module: Module, body: list[ast.stmt]) -> bool:
    """Whether statements end a function with an error, and change nothing before."""
    if any(changes_anything(module, statement) for statement in body):
        return False
    end = body[-1]
    is_error = isinstance(end, ast.Return) and _ERROR.search(module.source(end)) is not None
    return is_error or isinstance(end, ast.Raise)


def _looks_for_one(node: ast.expr) -> bool:
    """Whether a query asks for what somebody named, and not for users or administrators at large."""
    return any(
        isinstance(name, ast.Name) and name.id[:1].islower()
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and _FILTERS.search(called_name(call))
        for value in (*call.args, *(keyword.value for keyword in call.keywords))
        for name in ast.walk(value)
    )


def _is_of_any(test: ast.expr) -> bool:
    """Whether a condition holds as soon as there is one of something."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        limit = test.comparators[0]
        is_more = isinstance(test.ops[0], ast.Gt | ast.GtE | ast.NotEq | ast.IsNot)
        return is_more and isinstance(limit, ast.Constant) and limit.value in _NONE_YET
    return isinstance(test, ast.Name | ast.Call | ast.Await)


def _refusals(
    module: Module, node: ast.AST, refuses: re.Pattern[str]
) -> Iterator[ast.Raise | ast.Return | ast.Call]:
    for part in module.inside(node):
        if not isinstance(part, ast.Raise | ast.Return | ast.Call):
            continue
        is_end = not isinstance(part, ast.Call) or called_name(part) == "abort"
        if is_end and refuses.search(module.source(part)):
            yield part


def _condition(module: Module, test: ast.expr) -> str:
    """Return what a condition says, with what the names in it were given, a few steps back."""
    return " ".join(map(module.source, _condition_parts(module, test)))


def _condition_parts(module: Module, test: ast.expr) -> list[ast.expr]:
    """Return a condition, and what the names in it were given, a few steps back."""
    function = module.function(test)
    assigned = [
        part
        for part in (module.inside(function) if function is not None else ())
        if isinstance(part, ast.Assign)
    ]
    parts: list[ast.expr] = [test]
    for part in parts:
        names = {name.id for name in ast.walk(part) if isinstance(name, ast.Name)}
        for given in assigned if len(parts) < _MOST_PARTS else ():
            is_new = given.value not in parts
            if is_new and any(written(target) in names for target in given.targets):
                parts.append(given.value)
    return parts
