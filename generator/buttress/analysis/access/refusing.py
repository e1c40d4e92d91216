"""Turning people away: where code says 401 or 403, and whether it asked for something first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.access.lasting import filled_by_framework
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
_ANY = lazy_pattern(
    r"\b(?:count|exists|first|all|any|len|scalar|fetchone|find_one|get_all|list)\w*\("
)
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
        if not isinstance(part, ast.If) or not isinstance(part.body[-1], ast.Raise | ast.Return):
            continue
        above = module.parent(part)
        if above is not function and not isinstance(above, ast.With | ast.AsyncWith | ast.Try):
            continue
        says = _condition(module, part.test)
        names = set(_NAME.findall(says))
        if (
            _is_of_any(part.test)
            and _USERS.search(says)
            and _ANY.search(says)
            and not names & handed
        ):
            return True
    return False


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
    return " ".join(map(module.source, parts))
