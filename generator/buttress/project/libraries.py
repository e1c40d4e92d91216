"""Libraries that tell what a service talks to: databases, HTTP clients, language models."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from buttress.project.model import Fact, Place
from buttress.project.modules import OwnModules
from buttress.source import Module

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


def imported(modules: Iterable[Module], names: Iterable[str]) -> list[Fact]:
    """Return the first import of each of ``names`` (``google.genai`` counts as itself)."""
    wanted = frozenset(names)
    packages = frozenset(name.partition(".")[0] for name in wanted)
    found: dict[str, Fact] = {}
    for module in modules:
        for node in module.nodes(ast.Import, ast.ImportFrom):
            for dotted in _targets(node, packages):
                name = _longest_prefix(dotted, wanted)
                if name is not None and name not in found:
                    place = Place(module.path, node.lineno, node.col_offset + 1)
                    found[name] = Fact(name, place, "import")
    return list(found.values())


def _targets(node: ast.Import | ast.ImportFrom, packages: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.partition(".")[0] in packages:
                yield alias.name
    elif node.level == 0 and node.module and node.module.partition(".")[0] in packages:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _longest_prefix(dotted: str, wanted: frozenset[str]) -> str | None:
    parts = dotted.split(".")
    for count in range(min(len(parts), 3), 0, -1):
        name = ".".join(parts[:count])
        if name in wanted:
            return name
    return None


def foreign_only(modules: OwnModules, root: str, facts: Iterable[Fact]) -> list[Fact]:
    """Leave out names that the project's own modules go by (a local ``redis.py``)."""
    return [fact for fact in facts if not modules.is_own(root, fact.value)]
