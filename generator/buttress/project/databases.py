"""Databases: which kinds a service speaks to, read from code, manifests and the files around."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from buttress.project.documents import read_yaml, table, text_of
from buttress.project.folders import Listing, join, name_of
from buttress.project.libraries import DRIVERS
from buttress.project.model import Fact, Manifest, Place
from buttress.project.modules import called_name
from buttress.source import Module, Tree
from buttress.source.patterns import lazy_pattern

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
_URL = lazy_pattern(r"\b(mongodb\+srv|[a-z]+)(?:\+([a-z0-9_]+))?://")
_ENGINE = lazy_pattern(r"django\.db\.backends\.(\w+)")
_ENV_NAMES = lazy_pattern(
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


def databases_in_code(modules: Iterable[Module], drivers: Iterable[Fact]) -> list[Fact]:
    """Return the kinds of database that code names: by URLs first, then by imported drivers.

    No URL is repeated in a fact: it may hold a password.
    """
    imports = [
        Fact(DRIVERS[driver.value], driver.place, f"import {driver.value}")
        for driver in drivers
        if driver.value in DRIVERS
    ]
    return [*_urls(modules), *imports]


def databases_around(
    listing: Listing,
    manifest: Manifest | None,
    folders: Iterable[str],
    compose_files: Iterable[str],
) -> list[Fact]:
    """Return the kinds of database that the files around the code name.

    For a service whose mapper speaks to several: drivers that its manifest declares, variables
    in environment files, images of compose files.

    Args:
        listing: The files.
        manifest: That of the service.
        folders: Where environment files stand.
        compose_files: Paths.
    """
    facts = [*_declared(manifest)]
    facts += [fact for folder in folders for fact in _environment(listing, folder)]
    facts += [fact for path in compose_files for fact in _images(listing.tree, path)]
    return facts


def first_of_each(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return the first fact of each value."""
    found: dict[str, Fact] = {}
    for fact in facts:
        found.setdefault(fact.value, fact)
    return tuple(found.values())


def _urls(modules: Iterable[Module]) -> Iterator[Fact]:
    for module in modules:
        if "://" not in module.text and "django.db.backends" not in module.text:
            continue
        for node in module.nodes(ast.Constant):
            text = node.value
            if not isinstance(text, str) or len(text) > 500:
                continue
            match = _URL.match(text) if "://" in text else _ENGINE.match(text)
            if match is None:
                continue
            # "sqlite3", and "postgresql_psycopg2" as it was called once
            word = "sqlite" if match[1] == "sqlite3" else match[1].partition("_")[0]
            kind = _SCHEMES.get(word)
            if kind is not None and not _is_compared(module, node):
                place = Place(module.path, node.lineno, node.col_offset + 1)
                yield Fact(kind, place, f"{match[1]} URL" if "://" in match[0] else "ENGINE")


def _is_compared(module: Module, node: ast.Constant) -> bool:
    """Whether a URL only asks (``url.startswith("sqlite")``, ``.replace("postgres://", ...)``)."""
    given: ast.AST = node
    above = module.parent(given)
    if isinstance(above, ast.Tuple):
        given, above = above, module.parent(above)
    if isinstance(above, ast.Compare):
        return True
    return (
        isinstance(above, ast.Call)
        and given is not above.func
        and called_name(above) in {"startswith", "replace", "removeprefix", "split", "sub", "match"}
    )


def _declared(manifest: Manifest | None) -> Iterator[Fact]:
    for item in manifest.dependencies if manifest is not None else ():
        kind = _DISTRIBUTIONS.get(item.name)
        if kind is not None and not item.group:
            yield Fact(kind, item.place, f"declares {item.name}")


def _environment(listing: Listing, folder: str) -> Iterator[Fact]:
    for path in listing.in_folder(folder):
        if not name_of(path).lower().startswith((".env", "env.")):
            continue
        text = text_of(listing.tree, path)
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
