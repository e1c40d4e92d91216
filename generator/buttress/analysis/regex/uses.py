"""Where a regular expression is used that may take forever: calls of ``re``, and validators that do so.

Patterns that other engines run are left out: those of Pydantic 2 are run in Rust, in linear time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from buttress.analysis.once import once_for_module
from buttress.analysis.regex.growth import Growth, growth
from buttress.project.literals import argument, constant, is_self, known_string, last_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

HINTS = ("import re", "from re")
"""A file that holds none of these calls none of it by itself."""

VALIDATORS = (
    "django.core.validators.RegexValidator", "django.forms.RegexField", "django.forms.fields.RegexField",
    "wtforms.validators.Regexp", "wtforms.validators.regexp", "marshmallow.validate.Regexp",
    "rest_framework.serializers.RegexField",
)  # fmt: skip
"""What matches what a client sends with a pattern, whatever its length."""

METHODS = frozenset(["match", "fullmatch", "search", "findall", "finditer", "split", "sub", "subn"])
_ANYWHERE = METHODS - {"match", "fullmatch"}
_REPLACING = frozenset(["sub", "subn"])
_FLAG = lazy_pattern(r"\b(?:re\.)?(A|ASCII|I|IGNORECASE|M|MULTILINE|S|DOTALL|X|VERBOSE)\b")
_REPEATS = lazy_pattern(r"[*+}]")


@dataclass(frozen=True, slots=True)
class SlowMatch:
    """A call that matches a text with a pattern whose time grows out of proportion.

    Attributes:
        position: The argument that is the text, by position.
        growth: How the time grows.
    """

    position: int
    growth: Growth


@once_for_module
def slow_matches(module: Module) -> Mapping[ast.Call, SlowMatch]:
    """Return the calls of a file that match with a pattern of its own which may take forever."""
    found: dict[ast.Call, SlowMatch] = {}
    if not any(hint in module.text for hint in HINTS):
        return found
    for call in module.called(*METHODS):
        slow = _slow(module, call)
        if slow is not None:
            found[call] = slow
    return found


def slow_validators(module: Module) -> Iterator[tuple[ast.Call, Growth]]:
    """Yield the validators of forms and serializers with such a pattern."""
    for call in module.calls_to(frozenset(VALIDATORS)):
        pattern = _text(module, argument(call, 0, "regex"))
        how = _growth(pattern, 0, "search") if pattern is not None else None
        if how is not None:
            yield call, how


def _slow(module: Module, call: ast.Call) -> SlowMatch | None:
    function = call.func
    if not isinstance(function, ast.Attribute | ast.Name):
        return None
    dotted = module.resolve(function) or ""
    if dotted.startswith("re."):
        name = dotted.removeprefix("re.")
        pattern, flags = argument(call, 0, "pattern"), _flags(module, call)
        position = 2 if name in _REPLACING else 1
    elif isinstance(function, ast.Attribute):
        name = function.attr
        made = _compiled(module, function.value)
        if made is None:
            return None
        pattern, flags = argument(made, 0, "pattern"), _flags(module, made)
        position = 1 if name in _REPLACING else 0
    else:
        return None
    text = _text(module, pattern)
    how = _growth(text, flags, name) if text is not None else None
    return SlowMatch(position, how) if how is not None else None


def _growth(pattern: str, flags: int, method: str) -> Growth | None:
    if len(_REPEATS.findall(pattern)) < 2:
        return None
    return growth(pattern, flags, is_search=method in _ANYWHERE, is_whole=method == "fullmatch")


def _flags(module: Module, call: ast.Call) -> int:
    given = [k.value for k in call.keywords if k.arg == "flags"] + list(call.args[1:])
    names = {name for node in given for name in _FLAG.findall(module.source(node))}
    return sum(int(getattr(re, name)) for name in names)


def _compiled(module: Module, node: ast.expr) -> ast.Call | None:
    """Return the call of ``re.compile`` that an expression stands for."""
    if isinstance(node, ast.Call):
        return node if module.resolve(node.func) == "re.compile" else None
    if last_name(node) not in _pattern_names(module):
        return None
    found = _given(module, node)
    return _compiled(module, found) if isinstance(found, ast.Call) else None


@once_for_module
def _pattern_names(module: Module) -> frozenset[str]:
    """Return the names that are given a pattern: few of what has a method ``split`` is one."""
    given = [module.parent(call) for call in module.calls_to({"re.compile"})]
    return frozenset(
        target.id
        for statement in given
        for target in _targets(statement)
        if isinstance(target, ast.Name)
    )


def _targets(part: ast.AST | None) -> Sequence[ast.expr]:
    """Return what an assignment gives its value to."""
    if isinstance(part, ast.Assign):
        return part.targets
    return [part.target] if isinstance(part, ast.AnnAssign) else []


def _text(module: Module, node: ast.expr | None) -> str | None:
    """Return a pattern that the code writes."""
    known = known_string(module, node)
    if known is None and isinstance(node, ast.Name | ast.Attribute):
        found = _given(module, node)
        known = known_string(module, found) if found is not None else None
    return known


def _given(module: Module, node: ast.expr) -> ast.expr | None:
    """Return what a name is given once: in the function, at the top of the file, or in the class."""
    if isinstance(node, ast.Attribute) and is_self(node.value):
        above = next((a for a in module.ancestors(node) if isinstance(a, ast.ClassDef)), None)
        return _only(above.body, node.attr) if above is not None else None
    if not isinstance(node, ast.Name):
        return None
    function = module.function(node)
    inside = _only(module.inside(function), node.id) if function is not None else None
    return inside if inside is not None else constant(module, node.id)


def _only(parts: Iterable[ast.AST], name: str) -> ast.expr | None:
    values = [
        part.value
        for part in parts
        if isinstance(part, (ast.Assign, ast.AnnAssign)) and part.value is not None
        for target in _targets(part)
        if isinstance(target, ast.Name) and target.id == name
    ]
    return values[0] if len(values) == 1 else None
