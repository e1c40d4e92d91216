"""Whether a function asks somebody about what a client says: a table, a service, a password."""

from __future__ import annotations

import ast
import re

from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ASKING = lazy_pattern(
    r"passw|authenticat|verif|check|validat|query|objects\b|execute|filter|find|get_user|login|sign_in|select|get_or_|token"
    r"|get_by|exists|lookup|fetch|credential|load|read|\bis_|\bare_|\bhas_",
    re.IGNORECASE,
)
_OF_FORMS = lazy_pattern(r"\b(?:is_valid|validate|validate_on_submit|is_xhr|is_json|full_clean)\Z")
_HARMLESS = lazy_pattern(
    r"\A(?:print|len|str|int|bool|repr|escape|flash|redirect|url_for|jsonify|render\w*|\w*render_template\w*|isinstance|datetime\S*"
    r"|(?:\w+\.)*\w*(?:escape|quote|encode|decode)\w*|make_response|Response|\w*Response|abort|(?:\w+\.)*(?:logger|logging|log|session)\.\S+|(?:\w+\.)*\w*Form|\S*\.(?:strip|lower|upper|title|format|append|join|emit))\Z"
)
_SECRET = lazy_pattern(r"passw|pwd|\bpin\b|secret|otp|\bcode\b|users?\b|accounts?\b", re.IGNORECASE)
_RIGHTS = lazy_pattern(r"users?\b|accounts?\b|role|permission|scope|group|right", re.IGNORECASE)
_READING = lazy_pattern(
    r"(?:\w+\.)*(?:(?:data|form|json|body|payload|args|cookies|headers|session)\.get|get_\w*parameter)\Z"
)
_MUTE = frozenset(["request.method", "request.headers", "request.path"])


def looks_up(function: Function | ast.Lambda) -> bool:
    """Return whether a function calls what may know a client, or compares what only the client knows.

    That a field was sent, or is not empty, tells nothing.
    """
    return any(_asks(node) for node in ast.walk(function))


def _asks(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if _OF_FORMS.search(called) or _HARMLESS.match(called) or _reads_request(called):
            return False
        return bool(_ASKING.search(called)) or any(
            isinstance(given, ast.Starred)
            or (isinstance(given, ast.Name) and given.id != "request")
            for given in (*node.args, *(keyword.value for keyword in node.keywords))
        )
    if isinstance(node, ast.Compare):
        sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
        if any(side in _MUTE for side in sides) or all(
            isinstance(op, ast.Is | ast.IsNot) for op in node.ops
        ):
            return False
        if any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            is_of_text = isinstance(node.left, ast.Constant) and not _RIGHTS.search(sides[-1])
            return not is_of_text and not _is_of_request(sides[-1])
        is_empty = any(isinstance(c, ast.Constant) and not c.value for c in node.comparators)
        return not is_empty and any(_SECRET.search(side) for side in sides)
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name)


def _reads_request(called: str) -> bool:
    return called.startswith("request.") or bool(_READING.match(called))


def _is_of_request(side: str) -> bool:
    return bool(re.search(r"\b(?:request|session|form|data|json|args|body|payload)\b", side))
