"""Tests that cross a boundary of the app: its database, or a service that it calls."""

from __future__ import annotations

import ast
import re

from buttress.analysis.function_bodies import calls_inside
from buttress.analysis.proofs.suites import Test
from buttress.project.literals import last_name
from buttress.project.model import Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_LIBRARIES = frozenset(
    [
        *("testcontainers", "respx", "responses", "vcr", "moto", "fakeredis", "mongomock", "mongomock_motor", "requests_mock"),
        *("pytest_httpx", "pytest_postgresql", "pytest_mysql", "pytest_mongodb", "aioresponses", "httpretty", "pook", "wiremock", "localstack_client"),
    ]
)  # fmt: skip
_FIXTURES = frozenset(
    [
        *("httpx_mock", "respx_mock", "requests_mock", "vcr", "responses", "aioresponses", "postgresql", "mysql", "redisdb", "mongodb"),
        *("db", "transactional_db", "django_db_setup", "live_server", "httpserver"),
    ]
)  # fmt: skip
_OPENS_DATABASE = (
    "sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine", "sqlmodel.create_engine", "sqlite3.connect",
    "aiosqlite.connect", "psycopg.connect", "psycopg2.connect", "asyncpg.", "pymongo.", "motor.", "redis.", "pymysql.connect",
    "mysql.connector.", "databases.Database", "tortoise.", "peewee.", "alembic.command.upgrade", "sqlalchemy.orm.sessionmaker",
)  # fmt: skip
_DJANGO_CASES = frozenset(
    [
        *("django.test.TestCase", "django.test.TransactionTestCase", "django.test.LiveServerTestCase"),
        *("rest_framework.test.APITestCase", "rest_framework.test.APITransactionTestCase", "django.contrib.staticfiles.testing.StaticLiveServerTestCase"),
    ]
)  # fmt: skip
_SETS_DATABASE = lazy_pattern(r"(?:DATABASE|DB|SQLALCHEMY|POSTGRES|MYSQL|MONGO|REDIS)\w*(?:URL|URI|PATH|NAME|FILE|DSN|DB)\Z|SQLALCHEMY_DATABASE_URI")  # fmt: skip
_VERBS = frozenset({"get", "post", "put", "patch", "delete", "request", "open"})
_CLIENT = lazy_pattern(
    r"(?:.*_)?(?:client|app|api|http|httpx|requests|ac|session|c)\Z", re.IGNORECASE
)
_QUIET = lazy_pattern(r"/?(?:health\w*|livez?|readyz?|ping|status|docs|openapi\.json|metrics|favicon\.ico)?/?\Z")  # fmt: skip


def boundaries_of(service: Service) -> list[str]:
    """Return what stands behind the app: its kinds of database, and the libraries it calls others with."""
    found = [f"the {fact.value} database" for fact in service.databases]
    found += [f"what {fact.value} calls" for fact in (*service.http_clients, *service.llm_clients)]
    return list(dict.fromkeys(found))


def crosses_boundary(
    service: Service, app: list[Module], modules: list[Module], tests: list[Test]
) -> bool:
    """Whether any test meets the database, or stands in for another service where it is called.

    Args:
        service: The service.
        app: The modules that it runs.
        modules: The test files.
        tests: The tests that can fail.
    """
    libraries = {
        fact.value.partition(".")[0] for fact in (*service.http_clients, *service.llm_clients)
    }
    # `patch("agent.ChatOpenAI")` names what the module took from a library
    libraries |= {
        binding.local
        for module in app
        for binding in module.imports
        if binding.target.partition(".")[0] in libraries
    }
    if any(_prepares(module, service) or _stands_in(module, libraries) for module in modules):
        return True
    if any(_asks_fixture(test) for test in tests):
        return True
    # a request that the app answers through its database is a test of both
    return bool(service.databases) and any(_requests_data(test) for test in tests)


def _prepares(module: Module, service: Service) -> bool:
    has_database = bool(service.databases)
    if any(binding.target.partition(".")[0] in _LIBRARIES for binding in module.imports):
        return True
    if "django_db" in module.text and any(
        node.attr == "django_db" for node in module.nodes(ast.Attribute)
    ):
        return True
    for owner in module.nodes(ast.ClassDef):
        if has_database and any(module.resolve(base) in _DJANGO_CASES for base in owner.bases):
            return True
    if not has_database:
        return False
    for call in module.nodes(ast.Call):
        if (module.resolve(call.func) or "").startswith(_OPENS_DATABASE):
            return True
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        sets = name in {"setenv", "setitem"} and any(map(_names_database, call.args))
        if sets or name in {"create_all", "drop_all"}:
            return True
    return any(
        _names_database(node.slice) and isinstance(node.ctx, ast.Store)
        for node in module.nodes(ast.Subscript)
    )


def _names_database(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _SETS_DATABASE.search(node.value) is not None
    )


def _stands_in(module: Module, libraries: set[str]) -> bool:
    """Whether a double takes the place of a library that calls other services."""
    if "patch" not in module.text and "setattr" not in module.text:
        return False
    for call in module.nodes(ast.Call):
        if called_name(call) in {"patch", "object", "setattr"}:
            words = {word for argument in call.args for word in _words(module, argument)}
            if words & libraries:
                return True
    return False


def _words(module: Module, node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return set(node.value.split("."))
    return set((module.resolve(node) or "").split("."))


def _asks_fixture(test: Test) -> bool:
    return any(argument.arg in _FIXTURES for argument in test.node.args.args)


def _requests_data(test: Test) -> bool:
    for call in calls_inside(test.module, test.node):
        if not isinstance(call.func, ast.Attribute):
            continue
        owner = call.func.value
        name = last_name(owner)
        if call.func.attr in _VERBS and _CLIENT.match(name) and call.args:
            path = call.args[-1] if call.func.attr == "request" else call.args[0]
            if isinstance(path, ast.JoinedStr) and path.values:  # f"{BASE_URL}/health"
                path = path.values[-1]
            written = path.value if isinstance(path, ast.Constant) else None
            if not isinstance(written, str) or not _QUIET.match(written):
                return True
    return False
