"""Clients, engines and connections: where they are built, and how they are bounded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from buttress.analysis.access.handlers import handlers
from buttress.analysis.database.queries import prepares
from buttress.analysis.llm.catalogue import SDK_CLIENTS
from buttress.project.literals import argument, known_string, written
from buttress.project.model import Framework, Project, Service
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_HEAVY = SDK_CLIENTS | frozenset(
    f"{package}.{name}"
    for package, names in (
        ("sqlalchemy", ("create_engine",)),
        ("sqlalchemy.ext.asyncio", ("create_async_engine",)),
        ("sqlmodel", ("create_engine",)),
        ("pymongo", ("MongoClient", "AsyncMongoClient")),
        ("motor.motor_asyncio", ("AsyncIOMotorClient",)),
        ("redis", ("Redis", "StrictRedis", "from_url")),
        ("redis.asyncio", ("Redis", "from_url")),
        ("boto3", ("client", "resource", "Session")),
        ("langchain_openai", ("ChatOpenAI", "AzureChatOpenAI", "OpenAIEmbeddings")),
        ("langchain_groq", ("ChatGroq",)),
        ("langchain_anthropic", ("ChatAnthropic",)),
        ("langchain_google_genai", ("ChatGoogleGenerativeAI",)),
        ("chromadb", ("Client", "PersistentClient", "HttpClient")),
        ("qdrant_client", ("QdrantClient",)),
        ("supabase", ("create_client",)),
    )
    for name in names
)
"""What costs a connection or a check of credentials: never to be built for each call."""

_LIGHT = frozenset(
    ["requests.Session", "requests.session", "httpx.Client", "httpx.AsyncClient",
     "google.generativeai.GenerativeModel", "aiohttp.ClientSession", "smtplib.SMTP", "smtplib.SMTP_SSL"]
)  # fmt: skip
"""What is built for each use in a function of its own, but not in the middle of a handler."""

_DRIVERS = frozenset(
    ["psycopg2.connect", "psycopg.connect", "pymysql.connect", "MySQLdb.connect", "mysql.connector.connect",
     "mariadb.connect", "pyodbc.connect", "pymssql.connect", "asyncpg.connect", "aiomysql.connect",
     "psycopg.AsyncConnection.connect", "oracledb.connect", "cx_Oracle.connect"]
)  # fmt: skip
_FILE_DRIVERS = frozenset(["sqlite3.connect", "aiosqlite.connect"])
_BUILT = _HEAVY | _LIGHT | _DRIVERS | _FILE_DRIVERS
_FACTORY = lazy_pattern(
    r"_*(?:get|make|create|build|init|initiali[sz]e|setup|set_up|open|connect|new|provide|load|start|startup"
    r"|lifespan|configure|client|engine|session|connection|db|main|run)(?:_|\Z)|.*(?:_client|_engine|_session|lifespan"
    r"|_factory|_connection|_llm|_model|_db|_conn|_startup)\Z|__init__\Z|__enter__\Z|__aenter__\Z|__new__\Z|setUp|__post_init__"
)
_CACHES = lazy_pattern(
    r"cache|contextmanager|property|fixture|on_event|task|before_|command|singleton"
)
_POOL = frozenset(["poolclass", "pool_pre_ping", "pool_size", "pool_recycle", "pool"])
_COMMENT = lazy_pattern(r"(?m)^[ \t]*#.*$")
_TIME_LIMIT = lazy_pattern(
    r"statement_timeout|command_timeout|read_timeout|query_timeout|max_execution_time"
)
_POOLED = lazy_pattern(r"\bcreate_pool\b|ConnectionPool\b|PooledDB\b|pooling\b")
_KEPT_OPEN = lazy_pattern(r"CONN_MAX_AGE|conn_max_age|[\"']pool[\"']\s*:")
_SERVER_DATABASES = frozenset(["postgresql", "mysql", "mssql", "oracle"])
_ENGINES = frozenset(
    ["sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine", "sqlmodel.create_engine",
     "sqlalchemy.engine.create_engine", "sqlalchemy.engine_from_config"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuiltInPlace:
    """A client that is built where it is used.

    Attributes:
        module: The file.
        node: The first place in it.
        name: What is built (``openai.OpenAI``).
        count: How often the file does it.
    """

    module: Module
    node: ast.Call
    name: str
    count: int


def built_in_place(project: Project, service: Service, modules: Modules) -> Iterator[BuiltInPlace]:
    """Yield what the functions of each file build for themselves, one for each file and kind."""
    found: dict[tuple[Module, str], list[ast.Call]] = {}
    for module, call in modules.calls(*_BUILT):
        target = module.resolve(call.func) or ""
        function = module.function(call)
        if function is None or _is_kept(module, call, function) or _is_for_once(call):
            continue
        is_handler = any(function is handler.node for handler in handlers(project, service, module))
        if is_handler or (target in _HEAVY and not _is_factory(function)):
            found.setdefault((module, target), []).append(call)
    for (module, name), calls in found.items():
        yield BuiltInPlace(module, calls[0], name, len(calls))


def _is_for_once(call: ast.Call) -> bool:
    """Whether an engine is made to keep no connections: for one piece of work."""
    return any(
        k.arg == "poolclass" and written(k.value).endswith("NullPool") for k in call.keywords
    )


def _is_factory(function: Function) -> bool:
    if _FACTORY.match(function.name):
        return True
    marks = (m.func if isinstance(m, ast.Call) else m for m in function.decorator_list)
    return any(_CACHES.search(written(mark)) for mark in marks)


def _is_kept(module: Module, call: ast.Call, function: Function) -> bool:
    """Whether what is built is given on, kept in an object, or kept for the whole process."""
    names: set[str] = set()
    for above in module.ancestors(call):
        if isinstance(above, (ast.Return, ast.Yield)):
            return True
        if isinstance(above, ast.withitem) and isinstance(above.optional_vars, ast.Name):
            names.add(above.optional_vars.id)
        if isinstance(above, ast.Assign | ast.AnnAssign | ast.NamedExpr):
            targets = above.targets if isinstance(above, ast.Assign) else [above.target]
            if any(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
                return True
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(above, ast.stmt):
            break
    return bool(names & _given_on(function))


@lru_cache(maxsize=16)
def _given_on(function: Function) -> frozenset[str]:
    """Return the names of a function whose values outlive it: returned, global, kept in an object."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Global | ast.Nonlocal):
            found |= set(node.names)
        elif isinstance(node, ast.Return | ast.Yield):
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            # `return Service(client)` gives it on as well
            held = [a for p in parts if isinstance(p, ast.Call) and _makes(p) for a in p.args]
            found |= {written(part) for part in (*parts, *held)}
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            found.add(written(node.value))
    return frozenset(found)


def _makes(call: ast.Call) -> bool:
    """Whether a call makes an object of a class, by the way it is written."""
    name = written(call.func).rpartition(".")[2]
    return name == "cls" or name[:1].isupper()


@dataclass(frozen=True, slots=True)
class Unbounded:
    """A place where connections are opened without bounds.

    Attributes:
        module: Its file.
        node: The call, or the assignment of settings.
        message: What is missing.
    """

    module: Module
    node: ast.expr | ast.stmt
    message: str


def unbounded_connections(modules: Modules, service: Service) -> Iterator[Unbounded]:
    """Yield the engines, extensions and drivers whose connections have no bounds, one for a cause.

    Only for databases that are servers: a file needs no pool. What is read from settings is taken for
    the database that the project declares.
    """
    timed = bool(modules.spelling(_TIME_LIMIT))
    if service.framework is Framework.DJANGO:
        yield from _of_django(modules, timed=timed)
        return
    yield from _of_engines(modules, timed=timed)
    if not modules.having("SQLALCHEMY_ENGINE_OPTIONS") and not _is_file_alone(modules):
        yield from _of_extension(modules)
    yield from islice(_of_drivers(modules), 1)


def speaks_to_server(service: Service) -> bool:
    """Whether a service uses a database that is a server of its own."""
    return any(fact.value in _SERVER_DATABASES for fact in service.databases)


def _of_engines(modules: Modules, *, timed: bool) -> Iterator[Unbounded]:
    for module, call in modules.called("create_engine", "create_async_engine"):
        if module.resolve(call.func) not in _ENGINES or prepares(module, None):
            continue
        given = {keyword.arg for keyword in call.keywords}
        url = known_string(module, argument(call, 0, "url")) or _just_before(module, call)
        if None in given or (url is not None and url.startswith(("sqlite", "duckdb"))):
            continue
        if not given & _POOL:
            yield Unbounded(
                module,
                call,
                "This engine has neither bounds of its pool nor a test of its connections.",
            )
        elif not timed and "connect_args" not in given and "NullPool" not in module.text:
            yield Unbounded(module, call, "No limit of time stops a query that never ends.")


def _is_file_alone(modules: Modules) -> bool:
    """Whether the address that the extension is given is always that of a file."""
    given = [
        node.value
        for module in modules.having("SQLALCHEMY_DATABASE_URI")
        for node in module.nodes(ast.Assign)
        if "SQLALCHEMY_DATABASE_URI" in module.source(node.targets[0])
    ]
    return bool(given) and all(re.match(r"f?[\"']sqlite:", ast.unparse(value)) for value in given)


def _just_before(module: Module, call: ast.Call) -> str | None:
    """Return the text that a name is given right before, in the same block: ``URL = "sqlite://"``."""
    name = argument(call, 0, "url")
    statement = module.statement(call)
    above = module.parent(statement)
    for field in ("body", "orelse"):
        block = getattr(above, field, None)
        if not isinstance(block, list) or statement not in block:
            continue
        for other in reversed(block[: block.index(statement)]):
            if isinstance(other, ast.Assign) and any(
                isinstance(name, ast.Name) and written(target) == name.id
                for target in other.targets
            ):
                return known_string(module, other.value)
    return None


def _of_extension(modules: Modules) -> Iterator[Unbounded]:
    for module, call in modules.calls("flask_sqlalchemy.SQLAlchemy"):
        is_bounded = any(k.arg in {"engine_options", None} for k in call.keywords)
        if not is_bounded and not prepares(module, None):
            yield Unbounded(
                module, call, "No SQLALCHEMY_ENGINE_OPTIONS bound the pool or test its connections."
            )


def _of_drivers(modules: Modules) -> Iterator[Unbounded]:
    for module, call in modules.calls(*_DRIVERS):
        if module.function(call) is not None and not _POOLED.search(module.text):
            yield Unbounded(
                module, call, "Every call opens a connection of its own: no pool bounds them."
            )


def _of_django(modules: Modules, *, timed: bool) -> Iterator[Unbounded]:
    mentioning = modules.having("CONN_MAX_AGE", "conn_max_age", "pool")
    if any(_KEPT_OPEN.search(module.text) for module in mentioning):
        return
    for module in modules.having("DATABASES"):
        text = _COMMENT.sub("", module.text)
        server = re.search(
            r"django\.db\.backends\.(?:postgresql|mysql|oracle)|dj_database_url|env\.db", text
        )
        if server is None:
            continue
        for node in module.nodes(ast.Assign):
            if any(written(target) == "DATABASES" for target in node.targets):
                extra = "" if timed else ", and nothing limits how long a query takes"
                yield Unbounded(
                    module,
                    node,
                    f"Every request opens a connection of its own (CONN_MAX_AGE is 0){extra}.",
                )
                break
