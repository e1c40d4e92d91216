"""What tests check: which functions can fail, and whether any of them expects a failure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from buttress.analysis.function_bodies import calls_inside
from buttress.project.literals import is_self
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ASSERTING = lazy_pattern(r"(?:assert|expect|verify|check|should|ensure|validate)", re.IGNORECASE)
_REFUSAL = lazy_pattern(
    r"invalid|unauthori[sz]ed|forbidden|reject|refuse|denied|not_found|malformed|(?:_|\b)(?:fails|failure|blocked)(?:_|\Z)"
)
_ASSERTED_STATUS = lazy_pattern(r"assert_?[45]\d\d\Z")
_RAISING = frozenset({"pytest.raises", "pytest.warns", "pytest.fail", "pytest.deprecated_call"})
_ROUNDS = 2
_FAILURE_STATUS = range(400, 600)
_CONSTANT = (
    ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.List,
    ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context,
)  # fmt: skip
_STATUS_NAMES = frozenset(
    ["BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "UNPROCESSABLE_ENTITY", "TOO_MANY_REQUESTS"]
)  # fmt: skip


def asserting_functions(module: Module) -> list[Function]:
    """Return the functions of a file that check anything that is not constant."""
    checks = [
        *filter(_can_fail, module.nodes(ast.Assert)),
        *filter(_checks, module.nodes(ast.Call)),
        *module.calls_to(_RAISING),
    ]
    around = {above for node in checks for above in module.ancestors(node)}
    raising = {above for node in module.nodes(ast.Raise) for above in module.ancestors(node)}
    return [
        node
        for node in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if node in around
        or (node in raising and node.name.startswith(("assert", "check", "verify")))
    ]


def callers_of(module: Module, asserting: set[Function]) -> set[str]:
    """Return the names of functions at the top of a file that call another one there that checks something."""
    tops = [
        f
        for f in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if module.parent(f) is module.tree
    ]
    checking = {f.name for f in tops if f in asserting}
    found: set[str] = set()
    for _ in range(_ROUNDS):
        found |= {
            function.name
            for function in tops
            if any(
                isinstance(call.func, ast.Name) and call.func.id in checking | found
                for call in calls_inside(module, function)
            )
        }
    return {name for name in found if not name.startswith("test")}


def _can_fail(statement: ast.Assert) -> bool:
    # `assert False` behind a call that should have raised can fail, too
    is_false = isinstance(statement.test, ast.Constant) and not statement.test.value
    return is_false or not _is_constant(statement.test)


def _checks(call: ast.Call) -> bool:
    """Whether a call raises where something is not as expected."""
    function, name = call.func, called_name(call)
    # a browser that waits in vain raises
    if name == "wait_for_selector" or (name == "wait_for" and _names_state(call)):
        return True
    if name == "fail" and isinstance(function, ast.Attribute) and is_self(function.value):
        return True
    if not _ASSERTING.match(name):
        return False
    if isinstance(function, ast.Name):
        return bool(call.args)
    # `self.assertTrue(True)` proves nothing, `double.assert_called_with(1)` does
    is_case = isinstance(function, ast.Attribute) and is_self(function.value)
    if not is_case or not call.args or not all(map(_is_constant, call.args)):
        return True
    # imported here, because it is slow to import and seldom asked
    from unittest import TestCase

    # what a framework adds asks about the answer at hand (`self.assertTemplateUsed("a.html")`)
    return not hasattr(TestCase, name)


def _names_state(call: ast.Call) -> bool:
    return any(keyword.arg == "state" for keyword in call.keywords)


def _is_constant(node: ast.expr) -> bool:
    return all(isinstance(part, _CONSTANT) for part in ast.walk(node))


def tests_failure(modules: Iterable[Module]) -> bool:
    """Whether any test expects an error: a status of 400 and more, an exception, a refusal.

    A test whose name says that something is refused, and that can fail, counts.
    """
    return any(_expects_failure(module) for module in modules)


def _expects_failure(module: Module) -> bool:
    for compare in module.nodes(ast.Compare):
        for side in (compare.left, *compare.comparators):
            items = side.elts if isinstance(side, (ast.Tuple, ast.List, ast.Set)) else [side]
            if any(map(_is_failure, items)):
                return True
        said = compare.left.value if isinstance(compare.left, ast.Constant) else None
        if isinstance(compare.ops[0], ast.In) and said in {"error", "errors"}:
            return True
    for call in module.nodes(ast.Call):
        target = module.resolve(call.func) or ""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if target == "pytest.mark.parametrize" and _gives_failure(call):
            return True
        if target == "pytest.raises" or name in {"assertRaises", "assertRaisesRegex"}:
            return True
        if _ASSERTING.match(name) and any(map(_is_failure, call.args)):
            return True
        # Flask-Testing and others have an assertion for each status
        if _ASSERTED_STATUS.match(name):
            return True
    return any(
        function.name.startswith("test") and _REFUSAL.search(function.name)
        for function in asserting_functions(module)
    )


def _gives_failure(call: ast.Call) -> bool:
    """Whether a test is given the statuses to expect, and one of them is of a failure."""
    names = [name for node in call.args[:1] for part in ast.walk(node) for name in _words(part)]
    return any(re.search(r"status|code", name) for name in names) and any(
        isinstance(part, ast.expr) and _is_failure(part)
        for node in call.args[1:2]
        for part in ast.walk(node)
    )


def _words(node: ast.AST) -> list[str]:
    """Return the names in a text, or none where a node is no text."""
    text = node.value if isinstance(node, ast.Constant) else None
    return re.findall(r"\w+", text) if isinstance(text, str) else []


def _is_failure(node: ast.expr) -> bool:
    """Whether an expression is a status of 400 and more: a number, or a name that a library gives it."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int) and node.value in _FAILURE_STATUS
    return isinstance(node, ast.Attribute) and (
        re.match(r"HTTP_[45]\d\d", node.attr) is not None or node.attr in _STATUS_NAMES
    )
