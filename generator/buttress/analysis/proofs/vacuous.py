"""Tests that can only fail by crashing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.function_bodies import calls_inside
from buttress.analysis.logs.printing import is_main_guard
from buttress.analysis.proofs.suites import Test
from buttress.project.literals import last_name, written
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_NO_ERROR = lazy_pattern(
    r"(?:without|no|not_raise\w*)_(?:error|exception|rais)|not_(?:raise|fail|crash)"
)
_SAYS_NO_ERROR = lazy_pattern(
    r"(?:(?:must|should|does|do|may|will|can)(?:\s?n[o']t|not)|never|doesn't|shouldn't|won't)\s+(?:raise|throw|fail|crash|error)"
    r"|no\s+(?:exception|error)s?\b|without\s+(?:raising|an?\s+(?:error|exception)|errors?|exceptions?)|_(?:tolerates|swallows|ignores)_|fail[_-]silent",
    re.IGNORECASE,
)
_FAILS = lazy_pattern(r"(?:Error|Exception|Timeout|Failure)\Z")
_TOOLS = lazy_pattern(r"(?:\A|/)tools?/")
_SCRIPT = lazy_pattern(r"(?:\A|/)scripts?/")


def unasserted(tests: tuple[Test, ...]) -> Iterator[Test]:
    """Yield the tests that can only fail by crashing."""
    return (
        test
        for test in tests
        if not test.can_fail
        and not _is_counterpart(test)
        and not _expects_no_error(test)
        and not _makes_suite(test)
        and not _is_skipped(test)
        # a script that tries something out by hand
        and not _SCRIPT.search(test.module.path) and not _is_started_by_hand(test.module)
    )


def _is_skipped(test: Test) -> bool:
    """Whether a test says of itself that it does not run."""
    return any(
        written(mark.func if isinstance(mark, ast.Call) else mark).rpartition(".")[2] == "skip"
        for mark in test.node.decorator_list
    )


def _makes_suite(test: Test) -> bool:
    """Whether a function only gives others to a runner: ``return unittest.makeSuite(Case)``."""
    last = test.node.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return False
    made = {called_name(call) for call in calls_inside(test.module, test.node)}
    return bool(made & {"makeSuite", "TestSuite", "loadTestsFromTestCase", "loadTestsFromModule"})


def _expects_no_error(test: Test) -> bool:
    """Whether a test says of itself that it proves that nothing is raised."""
    last = test.node.end_lineno or test.node.lineno
    # comments behind the last statement belong to it
    lines = len(test.module.line_starts)
    while last < lines and test.module.source_line(last + 1).lstrip().startswith("#"):
        last += 1
    start = test.module.line_span(test.node.lineno)[0]
    text = test.module.text[start : test.module.line_span(last)[1]]  # with the comment behind it
    return bool(
        _NO_ERROR.search(test.node.name) or _SAYS_NO_ERROR.search(text) or _lets_through(test)
    )


def _lets_through(test: Test) -> bool:
    """Whether a test makes a double raise an error, and fails where the code does not deal with it."""
    nodes = list(test.module.inside(test.node))
    return any(map(_makes_fail, nodes)) and not any(isinstance(n, ast.Try) for n in nodes)


def _makes_fail(node: ast.AST) -> bool:
    """Whether a double is told to raise an error, which the code then has to deal with."""
    if isinstance(node, ast.keyword):
        name = node.arg
    elif isinstance(node, ast.Assign):
        name = last_name(node.targets[0])
    else:
        return False
    if name != "side_effect":
        return False
    value = node.value
    raised = value.func if isinstance(value, ast.Call) else value
    return _FAILS.search(last_name(raised)) is not None


def _is_started_by_hand(module: Module) -> bool:
    """Whether a file of a folder of tools is a script that runs its functions itself."""
    return _TOOLS.search(module.path) is not None and any(
        isinstance(statement, ast.If) and is_main_guard(statement.test)
        for statement in module.tree.body
    )


def _is_counterpart(test: Test) -> bool:
    """Whether another test of the file expects an error of what this one calls last without one."""
    last = test.node.body[-1]
    expression = last.value if isinstance(last, ast.Expr) else None
    call = expression.value if isinstance(expression, ast.Await) else expression
    if not isinstance(call, ast.Call):
        return False
    return called_name(call) in {
        called_name(part)
        for block in test.module.nodes(ast.With, ast.AsyncWith)
        if any(_expects_error(test.module, item.context_expr) for item in block.items)
        for statement in block.body
        for part in test.module.inside(statement)
        if isinstance(part, ast.Call)
    }


def _expects_error(module: Module, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and (
        module.resolve(node.func) == "pytest.raises"
        or called_name(node) in {"assertRaises", "assertRaisesRegex"}
    )
