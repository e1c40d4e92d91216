"""What a service talks to: databases and their drivers, HTTP clients, language models."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from buttress.project.documents import read_yaml, table, text_of
from buttress.project.folders import folder_of, join, name_of
from buttress.project.model import Fact, Manifest, Place
from buttress.project.modules import OwnModules
from buttress.source import Module, Tree

DRIVERS: Mapping[str, str] = {
    "sqlite3": "sqlite",
    "aiosqlite": "sqlite",
    "pysqlite3": "sqlite",
    "libsql": "libsql",
    "libsql_client": "libsql",
    "libsql_experimental": "libsql",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "aiopg": "postgresql",
    "pymysql": "mysql",
    "MySQLdb": "mysql",
    "mysql": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "flask_mysqldb": "mysql",
    "flaskext.mysql": "mysql",
    "mariadb": "mysql",
    "pymongo": "mongodb",
    "motor": "mongodb",
    "beanie": "mongodb",
    "mongoengine": "mongodb",
    "odmantic": "mongodb",
    "flask_pymongo": "mongodb",
    "flask_mongoengine": "mongodb",
    "redis": "redis",
    "aioredis": "redis",
    "flask_redis": "redis",
    "duckdb": "duckdb",
    "pyodbc": "mssql",
    "pymssql": "mssql",
    "aioodbc": "mssql",
    "oracledb": "oracle",
    "cx_Oracle": "oracle",
    "supabase": "supabase",
    "firebase_admin": "firebase",
    "google.cloud.firestore": "firestore",
    "elasticsearch": "elasticsearch",
    "opensearchpy": "opensearch",
    "neo4j": "neo4j",
    "cassandra": "cassandra",
    "chromadb": "chroma",
    "faiss": "faiss",
    "pinecone": "pinecone",
    "qdrant_client": "qdrant",
    "weaviate": "weaviate",
    "pymilvus": "milvus",
    "lancedb": "lancedb",
    "tinydb": "tinydb",
}
"""Import name of a driver to the kind of database it speaks to."""

MAPPERS = frozenset(
    [
        "sqlalchemy",
        "sqlmodel",
        "flask_sqlalchemy",
        "flask_sqlalchemy_lite",
        "tortoise",
        "peewee",
        "pony",
        "databases",
        "ormar",
        "piccolo",
        "prisma",
        "django.db",
    ]
)
"""Import names of libraries that speak to several kinds."""

HTTP_CLIENTS = frozenset(
    [
        "requests",
        "httpx",
        "aiohttp",
        "urllib3",
        "urllib.request",
        "http.client",
        "httplib2",
        "pycurl",
    ]
)
LLM_CLIENTS = frozenset(
    [
        "openai",
        "anthropic",
        "google.generativeai",
        "google.genai",
        "vertexai",
        "cohere",
        "mistralai",
        "groq",
        "ollama",
        "together",
        "replicate",
        "litellm",
        "huggingface_hub",
        "transformers",
        "langchain",
        "langchain_core",
        "langchain_community",
        "langchain_openai",
        "langchain_anthropic",
        "langchain_google_genai",
        "langchain_groq",
        "langchain_ollama",
        "langgraph",
        "llama_index",
        "llama_cpp",
        "pydantic_ai",
        "instructor",
        "dspy",
        "crewai",
        "autogen",
        "haystack",
        "semantic_kernel",
        "agents",
        "emergentintegrations",
    ]
)
OTHER_FRAMEWORKS = frozenset(
    [
        "sanic",
        "tornado.web",
        "aiohttp.web",
        "bottle",
        "falcon",
        "quart",
        "litestar",
        "pyramid",
        "gradio",
        "dash",
        "chainlit",
        "robyn",
        "blacksheep",
        "cherrypy",
        "web2py",
        "masonite",
        "nicegui",
        "reflex",
        "solara",
        "panel",
        "mesop",
        "fasthtml",
    ]
)
_SCHEMES: Mapping[str, str] = {
    "sqlite": "sqlite",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "redis": "redis",
    "rediss": "redis",
    "mssql": "mssql",
    "oracle": "oracle",
    "libsql": "libsql",
    "duckdb": "duckdb",
}
_URL = re.compile(r"\b(mongodb\+srv|[a-z]+)(?:\+([a-z0-9_]+))?://")
_ENGINE = re.compile(r"django\.db\.backends\.(\w+)")
_ENV_NAMES = re.compile(
    r"^\s*(?:export\s+)?(POSTGRES|PG|MYSQL|MARIADB|MONGO|MONGODB|REDIS)_"
    r"?(?:URL|URI|HOST|DB|DATABASE|USER|SERVER)\s*=",
    re.MULTILINE,
)
_ENV_KINDS = {
    "POSTGRES": "postgresql",
    "PG": "postgresql",
    "MYSQL": "mysql",
    "MARIADB": "mysql",
    "MONGO": "mongodb",
    "MONGODB": "mongodb",
    "REDIS": "redis",
}
_IMAGES: Mapping[str, str] = {
    "postgres": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "timescaledb": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "mongo": "mongodb",
    "redis": "redis",
    "valkey": "redis",
}
_DISTRIBUTIONS: Mapping[str, str] = {
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "psycopg": "postgresql",
    "psycopg-binary": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mysql",
    "mysqlclient": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mysql-connector-python": "mysql",
    "aiosqlite": "sqlite",
}


def imported(modules: Iterable[Module], names: Iterable[str]) -> list[Fact]:
    """Return the first import of each of ``names`` (``google.genai`` counts as itself)."""
    wanted = frozenset(names)
    found: dict[str, Fact] = {}
    for module in modules:
        for node in module.nodes(ast.Import, ast.ImportFrom):
            for dotted in _targets(node):
                name = _longest_prefix(dotted, wanted)
                if name is not None and name not in found:
                    place = Place(module.path, node.lineno, node.col_offset + 1)
                    found[name] = Fact(name, place, "import")
    return list(found.values())


def _targets(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif node.level == 0 and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _longest_prefix(dotted: str, wanted: frozenset[str]) -> str | None:
    parts = dotted.split(".")
    for count in range(min(len(parts), 3), 0, -1):
        name = ".".join(parts[:count])
        if name in wanted:
            return name
    return None


def foreign_only(modules: OwnModules, root: str, facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Leave out names that the project's own modules go by (a local ``redis.py``)."""
    return tuple(fact for fact in facts if not modules.is_own(root, fact.value))


def databases(
    tree: Tree,
    modules: list[Module],
    drivers: Iterable[Fact],
    manifest: Manifest | None,
    folders: Iterable[str],
    compose_files: Iterable[str],
) -> tuple[Fact, ...]:
    """Return the kinds of database a service speaks to, the strongest evidence first.

    URLs in code, drivers that the code imports, drivers that the manifest declares for a mapper,
    variables in environment files, images of compose files. No URL is repeated in a fact.
    """
    drivers = list(drivers)
    found: dict[str, Fact] = {}
    facts = [*_urls(modules)]
    facts += [
        Fact(DRIVERS[d.value], d.place, f"import {d.value}") for d in drivers if d.value in DRIVERS
    ]
    if any(driver.value in MAPPERS for driver in drivers):
        facts += _declared(manifest)
        facts += [fact for folder in folders for fact in _environment(tree, folder)]
        facts += [fact for path in compose_files for fact in _images(tree, path)]
    for fact in facts:
        found.setdefault(fact.value, fact)
    return tuple(found.values())


def _urls(modules: list[Module]) -> Iterator[Fact]:
    for module in modules:
        if "://" not in module.text and "django.db.backends" not in module.text:
            continue
        for node in module.nodes(ast.Constant):
            if not isinstance(node.value, str) or len(node.value) > 500:
                continue
            match = _URL.match(node.value) or _ENGINE.match(node.value)
            if match is None:
                continue
            word = "sqlite" if match[1] == "sqlite3" else match[1]
            kind = _SCHEMES.get(word)
            if kind is not None and not _is_compared(module, node):
                place = Place(module.path, node.lineno, node.col_offset + 1)
                yield Fact(kind, place, f"{match[1]} URL" if "://" in match[0] else "ENGINE")


def _is_compared(module: Module, node: ast.Constant) -> bool:
    """Whether a URL only asks (``url.startswith("sqlite")``, ``.replace("postgres://", ...)``)."""
    above = module.parent(node)
    if isinstance(above, ast.Compare):
        return True
    if isinstance(above, ast.Tuple):
        above = module.parent(above)
    return (
        isinstance(above, ast.Call)
        and isinstance(above.func, ast.Attribute)
        and above.func.attr in {"startswith", "replace", "removeprefix", "split", "sub", "match"}
        and node in above.args
    )


def _declared(manifest: Manifest | None) -> Iterator[Fact]:
    for item in manifest.dependencies if manifest is not None else ():
        kind = _DISTRIBUTIONS.get(item.name)
        if kind is not None and not item.group:
            yield Fact(kind, item.place, f"declares {item.name}")


def _environment(tree: Tree, folder: str) -> Iterator[Fact]:
    for path in tree.paths:
        name = name_of(path).lower()
        if folder_of(path) != folder or not (name.startswith(".env") or name in {"env.example"}):
            continue
        text = text_of(tree, path)
        for match in re.finditer(r"=\s*[\"']?(mongodb\+srv|[a-z]+)(?:\+\w+)?://", text):
            kind = _SCHEMES.get(match[1])
            if kind is not None:
                yield Fact(kind, Place(path, text.count("\n", 0, match.start()) + 1), "URL")
        for match in _ENV_NAMES.finditer(text):
            line = text.count("\n", 0, match.start(1)) + 1
            yield Fact(_ENV_KINDS[match[1]], Place(path, line), "name of a variable")


def _images(tree: Tree, path: str) -> Iterator[Fact]:
    text = text_of(tree, path)
    for service in table(read_yaml(tree, path), "services").values():
        image = service.get("image") if isinstance(service, dict) else None
        if isinstance(image, str):
            name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
            kind = _IMAGES.get(name)
            if kind is not None:
                at = text.find(image)
                yield Fact(kind, Place(path, text.count("\n", 0, max(at, 0)) + 1), "compose image")


def environment_folders(root: str, import_root: str) -> tuple[str, ...]:
    """Return the folders in which a service's environment files stand."""
    return tuple(dict.fromkeys([root, import_root, join(root, "config")]))
