"""Test suites: which tests there are, what they reach, whether they can fail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from buttress.analysis.function_bodies import calls_inside
from buttress.project.documents import read_toml, table, text_of
from buttress.project.folders import is_inside
from buttress.project.literals import written
from buttress.project.model import Project, Role, Service
from buttress.project.modules import called_name
from buttress.source import Module, Tree
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CLIENTS = (
    "fastapi.testclient.",
    "starlette.testclient.",
    "httpx.",
    "requests.",
    "django.test.",
    "flask.testing.",
    "aiohttp.",
)
_LOADERS = frozenset(
    {
        "importlib.import_module",
        "importlib.util.spec_from_file_location",
        "runpy.run_module",
        "runpy.run_path",
    }
)
_FIXTURES = lazy_pattern(r"(?:.*_)?(?:client|app|api|session|db)\Z|client.*")
_ASSERTING = lazy_pattern(r"(?:assert|expect|verify|check|should|ensure|validate)", re.IGNORECASE)
_REFUSAL = lazy_pattern(
    r"invalid|unauthori[sz]ed|forbidden|reject|refuse|denied|not_found|malformed|(?:_|\b)(?:fails|failure|blocked)(?:_|\Z)"
)
_NO_ERROR = lazy_pattern(
    r"(?:without|no|not_raise\w*)_(?:error|exception|rais)|not_(?:raise|fail|crash)"
)
_SAYS_NO_ERROR = lazy_pattern(
    r"(?:(?:must|should|does|do|may|will|can)(?:\s?n[o']t|not)|never|doesn't|shouldn't|won't)\s+(?:raise|throw|fail|crash|error)"
    r"|no\s+(?:exception|error)s?\b|without\s+(?:raising|an?\s+(?:error|exception)|errors?|exceptions?)|_(?:tolerates|swallows|ignores)_|fail[_-]silent",
    re.IGNORECASE,
)
_SCRIPT = lazy_pattern(r"(?:\A|/)scripts?/")
_RAISING = frozenset({"pytest.raises", "pytest.warns", "pytest.fail", "pytest.deprecated_call"})
_ROUNDS = 2
_FAILURE_STATUS = range(400, 600)
_CONSTANT = (
    ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.Tuple, ast.List,
    ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.expr_context,
)  # fmt: skip
_GATE = lazy_pattern(
    r"--cov-fail-under[= ]\s*([1-9]\d*)|^\s*fail_under\s*=\s*([1-9]\d*)|coverage report .*--fail-under[= ]([1-9]\d*)",
    re.MULTILINE,
)
_MEASURES = lazy_pattern(r"--cov\b|coverage\s+run|pytest-cov|\bcoverage report\b")
_CODECOV = lazy_pattern(r"^\s*(?:target|threshold)\s*:", re.MULTILINE)
_CONFIGURATION = (
    "setup.cfg",
    "tox.ini",
    ".coveragerc",
    "pytest.ini",
    "Makefile",
    "noxfile.py",
    "justfile",
)


@dataclass(frozen=True, slots=True)
class Test:
    """A test function.

    Attributes:
        module: Its file.
        node: The function.
        reaches_app: Whether its file imports the app's code, or it uses a client.
        can_fail: Whether it asserts anything that is not constant, itself or one call away.
    """

    __test__ = False

    module: Module
    node: Function
    reaches_app: bool
    can_fail: bool


def suite_modules(project: Project, service: Service) -> list[Module]:
    """Return the test files of a service: those below it, and those that belong to no service."""
    others = [other.root for other in project.services if other.root != service.root and other.root]
    found = []
    for path, role in project.roles.items():
        if role is not Role.TEST:
            continue
        if is_inside(path, service.root) or not any(is_inside(path, root) for root in others):
            module = project.tree.module(path)
            if module.problem is None:
                found.append(module)
    return sorted(found, key=lambda module: module.path)


def written_tests(project: Project, service: Service) -> list[Test]:
    """Return the tests that reach the app and can fail."""
    return [test for test in all_tests(project, service) if test.reaches_app and test.can_fail]


def all_tests(project: Project, service: Service) -> tuple[Test, ...]:
    """Return all test functions that a runner would collect."""
    modules = tuple(suite_modules(project, service))
    names = frozenset(service.dotted(path) for path in service.files(Role.APP))
    return _tests(modules, names)


@lru_cache(maxsize=4)
def _tests(modules: tuple[Module, ...], app: frozenset[str]) -> tuple[Test, ...]:
    asserting = {node for module in modules for node in _asserting(module)}
    helpers = {node.name for node in asserting}
    for module in modules:
        helpers |= _with_callers(module, asserting)
    reaching_fixtures = {
        node.name
        for module in modules
        for node in _functions(module)
        if _is_fixture(module, node) and _uses_app(module, node, app)
    }
    fixtures = {
        node.name for module in modules for node in _functions(module) if _is_fixture(module, node)
    }
    tops = {name.split(".")[0] for name in app if name}
    found = []
    for module in modules:
        if module.path.rpartition("/")[2] == "conftest.py":
            continue
        imports_app = _imports_app(module, app, tops)
        for node in _functions(module):
            if not node.name.startswith("test") or _is_fixture(module, node):
                continue
            if _is_given_arguments(module, node, fixtures):
                continue
            owner = module.parent(node)
            if isinstance(owner, ast.ClassDef):
                if not (owner.name.startswith("Test") or _is_test_case(module, owner)):
                    continue
            elif not isinstance(owner, ast.Module):
                continue
            reaches = (
                imports_app
                or any(_reaches(argument.arg, reaching_fixtures) for argument in node.args.args)
                or _uses_app(module, node, app)
            )
            can_fail = node in asserting or _calls_one(module, node, helpers)
            found.append(Test(module, node, reaches, can_fail))
    return tuple(found)


def _is_given_arguments(module: Module, node: Function, fixtures: set[str]) -> bool:
    """Whether code of the same file calls a function again and again with arguments.

    It is no test then, but helps some.
    """
    names = {argument.arg for argument in node.args.args}
    if isinstance(module.parent(node), ast.ClassDef) or node.decorator_list:
        return False
    if not names or names & fixtures:
        return False
    calls = [
        call
        for call in module.called(node.name)
        if isinstance(call.func, ast.Name)
        and bool(call.args or call.keywords)
        and module.function(call) is not None
    ]
    return len(calls) > 1


def _reaches(fixture: str, reaching: set[str]) -> bool:
    return fixture in reaching or bool(_FIXTURES.match(fixture))


def _functions(module: Module) -> list[Function]:
    return list(module.nodes(ast.FunctionDef, ast.AsyncFunctionDef))


def _is_fixture(module: Module, node: Function) -> bool:
    return any("fixture" in module.source(decorator) for decorator in node.decorator_list)


def _is_test_case(module: Module, owner: ast.ClassDef) -> bool:
    return any(
        module.source(base).endswith(("TestCase", "TestBase", "Tests", "Test"))
        for base in owner.bases
    )


def _imports_app(module: Module, app: frozenset[str], tops: set[str]) -> bool:
    for call in module.calls_to(_LOADERS):
        if any(
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and (
                part.value.endswith(".py") or part.value in app or part.value.split(".")[0] in tops
            )
            for argument in call.args
            for part in ast.walk(argument)
        ):
            return True
    for binding in module.imports:
        target = binding.target.lstrip(".")
        if target in app or target.rpartition(".")[0] in app:
            return True
        # `import app` of a package, `from app import create_app`
        if target.split(".")[0] in tops:
            return True
    return False


def _uses_app(module: Module, node: Function, app: frozenset[str]) -> bool:
    for call in calls_inside(module, node):
        target = module.resolve(call.func) or ""
        if target.startswith(_CLIENTS) or target in app or target.rpartition(".")[0] in app:
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr == "test_client":
            return True
        # the cases of Django bring a client along
        held = call.func.value if isinstance(call.func, ast.Attribute) else None
        if isinstance(held, ast.Attribute) and held.attr == "client" and _is_self(held.value):
            return True
    return False


def _calls_one(module: Module, node: Function, helpers: set[str]) -> bool:
    """Whether a function calls one of some others."""
    return any(called_name(call) in helpers - {node.name} for call in calls_inside(module, node))


def _with_callers(module: Module, asserting: set[Function]) -> set[str]:
    """Return the names of functions at the top of a file that call another one there that checks something."""
    tops = [f for f in _functions(module) if module.parent(f) is module.tree]
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


def _asserting(module: Module) -> list[Function]:
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
        for node in _functions(module)
        if node in around
        or (node in raising and node.name.startswith(("assert", "check", "verify")))
    ]


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
    if name == "fail" and isinstance(function, ast.Attribute) and _is_self(function.value):
        return True
    if not _ASSERTING.match(name):
        return False
    if isinstance(function, ast.Name):
        return bool(call.args)
    # `self.assertTrue(True)` proves nothing, `double.assert_called_with(1)` does
    is_case = isinstance(function, ast.Attribute) and _is_self(function.value)
    return not (is_case and call.args and all(map(_is_constant, call.args)))


def _names_state(call: ast.Call) -> bool:
    return any(keyword.arg == "state" for keyword in call.keywords)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


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
        if target == "pytest.raises" or name in {"assertRaises", "assertRaisesRegex"}:
            return True
        if _ASSERTING.match(name) and any(map(_is_failure, call.args)):
            return True
    return any(
        function.name.startswith("test") and _REFUSAL.search(function.name)
        for function in _asserting(module)
    )


def _is_failure(node: ast.expr) -> bool:
    """Whether an expression is a status of 400 and more: a number, or a name that a library gives it."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int) and node.value in _FAILURE_STATUS
    return isinstance(node, ast.Attribute) and (
        re.match(r"HTTP_[45]\d\d", node.attr) is not None or node.attr in _STATUS_NAMES
    )


_STATUS_NAMES = frozenset(
    ["BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "CONFLICT", "UNPROCESSABLE_ENTITY", "TOO_MANY_REQUESTS"]
)  # fmt: skip


def coverage_gate(tree: Tree, folders: tuple[str, ...], commands: str) -> bool:
    """Whether too little coverage fails a run that measures it.

    Args:
        tree: The project.
        folders: Where configuration may stand: the service's root and that of the repository.
        commands: The commands of the pipelines.
    """
    texts = [commands]
    for folder in folders:
        prefix = folder + "/" if folder else ""
        texts += [text_of(tree, prefix + name) for name in _CONFIGURATION]
        data = read_toml(tree, f"{prefix}pyproject.toml")
        least = table(data, "tool", "coverage", "report").get("fail_under")
        if isinstance(least, int | float) and least > 0:
            texts.append(f"fail_under = {int(least)}")
        options = table(data, "tool", "pytest", "ini_options").get("addopts", "")
        texts.append(" ".join(options) if isinstance(options, list) else str(options))
        for codecov in ("codecov.yml", ".codecov.yml", ".github/codecov.yml"):
            text = text_of(tree, prefix + codecov)
            if "status" in text and _CODECOV.search(text):
                texts.append("fail_under = 1")
    everything = "\n".join(re.sub(r"^\s*[#;].*$", "", text, flags=re.MULTILINE) for text in texts)
    return bool(_GATE.search(everything) and _MEASURES.search(everything))


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
        and not _SCRIPT.search(test.module.path)
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
    start = test.module.line_span(test.node.lineno)[0]
    text = test.module.text[start : test.module.line_span(last)[1]]  # with the comment behind it
    return bool(_NO_ERROR.search(test.node.name) or _SAYS_NO_ERROR.search(text))


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
