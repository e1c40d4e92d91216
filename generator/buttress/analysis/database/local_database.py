"""Databases that live and die with one machine: SQLite files, and database containers beside the app."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from buttress.project.documents import line_of, read_yaml, table, text_of
from buttress.project.folders import name_of
from buttress.project.model import Fact, Place, Project, Service
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_SERVERS = frozenset(["postgresql", "mysql", "mongodb", "mssql", "oracle", "libsql"])
_MEMORY = lazy_pattern(r":memory:|mode=memory|mode=ro|immutable=1")
_ASIDE = lazy_pattern(r"cache|checkpoint|celery|scheduler|jobstore|chroma|vector", re.IGNORECASE)
_CONNECTS = frozenset({"sqlite3.connect", "aiosqlite.connect", "sqlite3.dbapi2.connect"})
_FOR_SERVERS = lazy_pattern(r"prod|production|server|cloud|release|deploy", re.IGNORECASE)
_WITH_TABLES = ("django", "peewee", "tortoise", "pony", "mongoengine", "beanie", "pymongo", "motor")
_MAPPERS = (*_WITH_TABLES, "sqlalchemy", "sqlmodel", "flask_sqlalchemy", "databases", "pandas")
_MAPPER = lazy_pattern(rf"^\s*(?:from|import)\s+(?:{'|'.join(_MAPPERS)})\b", re.MULTILINE)
_CHANGES = lazy_pattern(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|UPSERT)\b", re.IGNORECASE)
_CHANGING = lazy_pattern(r"INSERT|UPDATE|DELETE|REPLACE|MERGE|UPSERT", re.IGNORECASE)
_FILLS = lazy_pattern(r"init|seed|populate|fill|load_|demo|sample|setup", re.IGNORECASE)
_CHANGE = lazy_pattern(
    r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|REPLACE\s+INTO|MERGE\s+INTO)\b",
    re.IGNORECASE,
)
_OWN_TABLES = lazy_pattern(
    r"__tablename__|\bdb\.Model\b|\btable\s*=\s*True|\((?:Async)?Document\)|\bmodels\.Model\b|\bTable\(|automap_base"
    rf"|^\s*(?:from|import)\s+(?:{'|'.join(_WITH_TABLES)})\b",
    re.MULTILINE,
)
_TABLE_WORDS = (
    "__tablename__",
    "Model",
    "table",
    "Document",
    "AsyncDocument",
    "Table",
    "automap_base",
)
_ASKS = frozenset(
    {"execute", "fetch", "fetchall", "fetchone", "fetchrow", "read_sql", "read_sql_query", "run"}
)
_WRITES = frozenset(
    {
        "bulk_insert_mappings",
        "bulk_save_objects",
        "executemany",
        "to_sql",
        "copy_records_to_table",
    }
)
_SESSION_WRITES = frozenset({"add", "add_all", "merge"})
_SESSION = lazy_pattern(r"session|\bdb\b", re.IGNORECASE)
_BACKUP = lazy_pattern(r"(?:\A|[/_])backups?(?:[/_.]|_v\d)", re.IGNORECASE)
_DATABASE_IMAGE = lazy_pattern(r"(?:.*/)?(?:postgres|postgis|pgvector|timescaledb(?:-ha)?|mysql|mariadb|mongo)(?::|\Z)")  # fmt: skip


def sqlite_in_use(project: Project, service: Service, modules: Modules) -> Fact | None:
    """Return the fact that the app keeps its data in a SQLite file, and nowhere else."""
    kinds = {fact.value for fact in service.databases}
    fact = next((item for item in service.databases if item.value == "sqlite"), None)
    if fact is None or kinds & _SERVERS:
        return None
    if service.manifest is None and is_chosen_elsewhere(modules):
        return None  # what drivers there are is not known
    if project.tree.named("litestream.yml", "litefs.yml"):
        return None
    places = [*_opened(modules)]
    if places:
        lasting = [place for place, is_lasting in places if is_lasting]
        if not lasting and fact.place.path.endswith(".py"):
            return None
        return Fact("sqlite", lasting[0], fact.reason) if lasting else fact
    return fact if fact.reason != "import sqlite3" else None


def is_chosen_elsewhere(modules: Modules) -> bool:
    """Whether the environment says which database it is."""
    return bool(modules.having("DATABASE_URL", "DATABASE_URI", "dj_database_url"))


def _opened(modules: Modules) -> Iterable[tuple[Place, bool]]:
    """Yield where databases are opened or named, and whether that is a file that keeps the app's data."""
    for module in modules.having("sqlite"):
        aside = _ASIDE.search(name_of(module.path)) is not None
        for call in module.nodes(ast.Call):
            if module.resolve(call.func) in _CONNECTS and call.args:
                written = module.source(call.args[0])
                place = Place(module.path, call.lineno, call.col_offset + 1)
                yield place, not (aside or _MEMORY.search(written) or _ASIDE.search(written))
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and re.match(
                r"sqlite(?:\+\w+)?:/|django\.db\.backends\.sqlite3", node.value
            ):
                written = node.value
                around = module.source(module.statement(node))[:300]
                place = Place(module.path, node.lineno, node.col_offset + 1)
                is_whole = not isinstance(module.parent(node), ast.BinOp | ast.JoinedStr)
                in_memory = _MEMORY.search(written) or (is_whole and written.endswith("://"))
                is_aside = aside or in_memory or _ASIDE.search(written)
                is_compared = "startswith" in around or ".replace(" in around
                if not is_compared:
                    yield place, not is_aside


def databases_beside_app(project: Project) -> list[tuple[Place, str]]:
    """Return the databases that a compose file for production runs on the app's own machine."""
    found = []
    for path in project.compose_files:
        name = name_of(path)
        if not _FOR_SERVERS.search(name.partition("compose")[2] + name.partition("compose")[0]):
            continue
        services = table(read_yaml(project.tree, path), "services")
        text = text_of(project.tree, path)
        has_app = any(isinstance(s, Mapping) and (s.get("build") or s.get("ports")) and not _is_database(s) for s in services.values())  # fmt: skip
        for key, service in services.items():
            if has_app and isinstance(service, Mapping) and _is_database(service):
                found.append((Place(path, line_of(text, "services:", f"{key}:")), str(key)))
    return found


def _is_database(service: Mapping[str, object]) -> bool:
    return _DATABASE_IMAGE.match(str(service.get("image", ""))) is not None


def only_reads(modules: Modules) -> bool:
    """Whether an app asks a file by hand and never changes it, but for what it is filled with at first."""
    opens = next(modules.calls(*_CONNECTS), None) is not None
    if not opens or any(_MAPPER.search(module.text) for module in modules.having(*_MAPPERS)):
        return False
    return not _changes(modules, _CHANGES)


def keeps_nothing(modules: Modules) -> bool:
    """Whether an app asks a database of somebody else: no tables of its own, and no change but a first filling."""
    may_own = modules.naming(*_TABLE_WORDS, *_WITH_TABLES)
    if any(_OWN_TABLES.search(module.text) for module in may_own) or _changes(modules, _CHANGE):
        return False
    for module, call in modules.called(*_WRITES, *_SESSION_WRITES):
        if _writes(call.func) and not _is_first_filling(module, call):
            return False
    return any(isinstance(call.func, ast.Attribute) for _, call in modules.called(*_ASKS))


def _writes(method: ast.expr) -> bool:
    """Whether this is a method that writes to a database, by its name and by that of what has it."""
    return isinstance(method, ast.Attribute) and (
        method.attr in _WRITES or _SESSION.search(ast.unparse(method.value)) is not None
    )


def _changes(modules: Modules, statement: re.Pattern[str]) -> bool:
    """Whether some text is a statement that changes tables, but for what fills them at first."""
    return any(
        isinstance(node.value, str)
        and statement.match(node.value)
        and not _is_first_filling(module, node)
        for module in modules.spelling(_CHANGING)
        for node in module.nodes(ast.Constant)
    )


def _is_first_filling(module: Module, node: ast.AST) -> bool:
    function = module.function(node)
    return function is not None and bool(_FILLS.search(function.name))


def backs_itself_up(modules: Iterable[Module]) -> bool:
    """Whether a module of the app that is called a backup writes archives or copies."""
    return any(
        _BACKUP.search(module.path)
        and any(
            (module.resolve(call.func) or "").startswith(("zipfile.", "tarfile.", "shutil."))
            for call in module.nodes(ast.Call)
        )
        for module in modules
    )
