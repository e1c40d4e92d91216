"""Test suites: which tests there are, what they reach, whether they can fail."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from buttress.analysis.function_bodies import calls_inside
from buttress.analysis.once import once_for_service
from buttress.analysis.proofs.assertions import asserting_functions, callers_of
from buttress.project.folders import is_inside
from buttress.project.literals import written
from buttress.project.model import Project, Role, Service
from buttress.project.modules import called_name
from buttress.source import Module
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


@once_for_service
def all_tests(project: Project, service: Service) -> tuple[Test, ...]:
    """Return all test functions that a runner would collect."""
    modules = tuple(suite_modules(project, service))
    app = frozenset(service.dotted(path) for path in service.files(Role.APP))
    asserting = {node for module in modules for node in asserting_functions(module)}
    helpers = {node.name for node in asserting}
    for module in modules:
        helpers |= callers_of(module, asserting)
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
        if written(held) in {"self.client", "cls.client"}:
            return True
    return False


def _calls_one(module: Module, node: Function, helpers: set[str]) -> bool:
    """Whether a function calls one of some others."""
    return any(called_name(call) in helpers - {node.name} for call in calls_inside(module, node))
