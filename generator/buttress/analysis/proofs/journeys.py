"""Tests that go through the app as a user does: in a browser, or by one request after another."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from buttress.analysis.function_bodies import calls_inside
from buttress.analysis.proofs.suites import Test
from buttress.project.documents import text_of
from buttress.project.literals import last_name
from buttress.project.modules import called_name
from buttress.source import Module, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_ENOUGH = 3
_VERBS = frozenset(
    {"get", "post", "put", "patch", "delete", "post_json", "put_json", "delete_json"}
)
_CLIENT = lazy_pattern(r"(?:.*_)?(?:client|testapp|ac|requests|httpx|api)\Z", re.IGNORECASE)
_DRIVES = ("playwright.", "selenium.", "splinter.", "helium.", "nodriver.", "seleniumbase.", "pyppeteer.")  # fmt: skip
_BROWSER_FIXTURES = frozenset({"page", "browser", "selenium", "driver", "live_server", "context"})
_BROWSER_STEP = frozenset({"goto", "click", "fill", "get", "find_element", "visit", "open", "locator"})  # fmt: skip
_BROWSER_FILE = lazy_pattern(
    r"\.(?:spec|test|cy|e2e)\.[cm]?[jt]sx?\Z|(?:\A|/)(?:cypress|e2e)/.*\.[cm]?[jt]sx?\Z"
)
_SCRIPTS = ("js", "jsx", "ts", "tsx")
_GOES = ("goto", "visit", "browser", "navigateTo", "amOnPage")
_BROWSER_TEST = lazy_pattern(r"\bpage\s*\.\s*goto\s*\(|\bcy\s*\.\s*visit\s*\(|\bbrowser\s*\.\s*url\s*\(|\.navigateTo\s*\(|\bI\.amOnPage\s*\(")  # fmt: skip
_BROWSER_ASSERTION = lazy_pattern(r"\bexpect\s*\(|\.should\s*\(|\bassert\b|\bI\.see\w*\s*\(|cy\s*\.\s*(?:contains|url|location)\s*\(|toHaveURL|waitForSelector")  # fmt: skip


def goes_through_app(tree: Tree, modules: Iterable[Module], tests: Iterable[Test]) -> bool:
    """Whether any test drives a browser, or makes several different requests one after another."""
    own: dict[Module, dict[str, Function]] = {}
    for test in tests:
        if test.module not in own:
            functions = test.module.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
            own[test.module] = {node.name: node for node in functions}
        if test.can_fail and (
            _drives_browser(test) or len(_steps(test, own[test.module])) >= _ENOUGH
        ):
            return True
    if any(_is_browser_suite(module) for module in modules):
        return True
    return any(_is_browser_test(tree, path) for path in tree.paths)


def _is_browser_test(tree: Tree, path: str) -> bool:
    if not path.endswith(_SCRIPTS) or not _BROWSER_FILE.search(path):
        return False
    text = text_of(tree, path)
    if not any(word in text for word in _GOES):
        return False
    return bool(_BROWSER_TEST.search(text) and _BROWSER_ASSERTION.search(text))


def _is_browser_suite(module: Module) -> bool:
    """Whether a file imports a driver and asserts something of what it drives."""
    if not any((binding.target + ".").startswith(_DRIVES) for binding in module.imports):
        return False
    names = [called_name(call) for call in module.nodes(ast.Call)]
    asserts = any(name.startswith(("expect", "to_", "assert")) for name in names)
    steps = sum(name in _BROWSER_STEP for name in names)
    return steps >= _ENOUGH and (asserts or bool(module.nodes(ast.Assert)))


def _drives_browser(test: Test) -> bool:
    given = {argument.arg for argument in test.node.args.args}
    if not given & _BROWSER_FIXTURES:
        return False
    return any(
        called_name(call) in {"goto", "visit", "find_element"}
        for call in calls_inside(test.module, test.node)
    )


def _steps(test: Test, own: dict[str, Function]) -> set[tuple[str, str]]:
    """Return the different requests that a test makes, itself or in functions of its file."""
    return {
        request
        for function in _with_called(test.module, test.node, own)
        for call in calls_inside(test.module, function)
        for request in _request(test.module, call)
    }


def _with_called(module: Module, node: Function, own: dict[str, Function]) -> Iterator[Function]:
    yield node
    called = {called_name(call) for call in calls_inside(module, node)}
    arguments = {argument.arg for argument in node.args.args}
    for name in (called | arguments) & own.keys() - {node.name}:
        yield own[name]


def _request(module: Module, call: ast.Call) -> Iterator[tuple[str, str]]:
    if not isinstance(call.func, ast.Attribute):
        return
    name = call.func.attr
    if name in _VERBS and call.args:
        path = module.source(call.args[0])
        owner = call.func.value
        held = last_name(owner)
        # `response.headers.get("x")` asks nobody
        if _CLIENT.match(held) or "/" in path or "reverse(" in path or "url" in path.lower():
            yield name, path
    elif name == "run" and isinstance(call.func.value, ast.Call):
        # streamlit.testing: `at.button[0].click().run()`
        yield "run", module.source(call.func.value)
