"""Databases, drivers and clients are read from code first, then from the files around it."""

import pytest

from tests.project.trees import FASTAPI, service


def kinds(code: str, files: dict[str, str | bytes] | None = None) -> list[str]:
    """Return the kinds of database with the reason of each."""
    found = service(
        {"main.py": code + "\n" + FASTAPI, "requirements.txt": "fastapi", **(files or {})}
    )
    return [f"{fact.value}: {fact.reason}" for fact in found.databases]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import sqlite3", ["sqlite: import sqlite3"]),
        ("from psycopg2.extras import DictCursor", ["postgresql: import psycopg2"]),
        ("def f():\n    import asyncpg", ["postgresql: import asyncpg"]),
        ("from motor.motor_asyncio import AsyncIOMotorClient", ["mongodb: import motor"]),
        ("URL = 'postgresql+asyncpg://u:p@h/db'", ["postgresql: postgresql URL"]),
        ("URL = f'mysql+pymysql://{user}@h/db'", ["mysql: mysql URL"]),
        ("import os\nos.getenv('DB', 'sqlite:///x.db')", ["sqlite: sqlite URL"]),
        ("url.startswith('sqlite://')", []),
        ("url.startswith(('sqlite://', 'mysql://'))", []),
        ("url.replace('postgres://', 'postgresql://')", []),
        ("DOCS = 'https://example.com'", []),
        ("text = 'see sqlite:///x'", []),
        ("import json", []),
    ],
)
def test_code(code: str, expected: list[str]) -> None:
    assert kinds(code) == expected


MAPPER = "from sqlalchemy import create_engine"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": "fastapi\npsycopg2-binary\n"}, ["postgresql: declares psycopg2-binary"]),
        ({".env.example": "DATABASE_URL=mysql+pymysql://u:p@h/db\n"}, ["mysql: URL"]),
        ({".env.example": "POSTGRES_HOST=db\n"}, ["postgresql: name of a variable"]),
        ({"compose.yaml": "services: {db: {image: 'postgres:16'}}\n"}, ["postgresql: compose image"]),
        ({"requirements-dev.txt": "aiosqlite\n"}, []),
        ({"compose.yaml": "services: {web: {image: nginx}}\n"}, []),
    ],
)  # fmt: skip
def test_files_around_a_mapper(files: dict[str, str | bytes], expected: list[str]) -> None:
    assert kinds(MAPPER, files) == expected
    assert kinds("", files) == []


def test_the_place_of_a_url_is_kept_and_its_password_is_not() -> None:
    (fact,) = service({"main.py": "U = 'mysql://root:hunter2@h/db'\n" + FASTAPI}).databases
    assert (str(fact.place), fact.place.column) == ("main.py:1", 5)
    assert "hunter2" not in repr(fact)


def test_what_tests_import_does_not_count() -> None:
    assert kinds("", {"tests/test_x.py": "import sqlite3, requests\n"}) == []


def test_clients() -> None:
    found = service(
        {
            "main.py": "import httpx\nimport urllib.request\nfrom google import genai\nfrom openai import OpenAI\nimport agents\n"
            + FASTAPI,
            "agents.py": "",
        }
    )
    assert [fact.value for fact in found.http_clients] == ["httpx", "urllib.request"]
    assert [fact.value for fact in found.llm_clients] == ["google.genai", "openai"]
    assert found.llm_clients[0].place.line == 3
