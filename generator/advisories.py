"""Make the advisory data that inspection carries, from a checkout of the PyPA advisory database.

    python generator/advisories.py path/to/advisory-database

The database (https://github.com/pypa/advisory-database) is licensed under CC-BY-4.0. What is kept of it, for the
packages that web services and users of language models depend on most, is the id, the CVE and the versions that are
affected; the date and the commit of the checkout stand in the file, and inspection shows the date.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

TARGET = Path(__file__).parent / "buttress" / "analysis" / "data" / "advisories.json"
PACKAGES = [
    "aiofiles",
    "aiohttp",
    "aiosqlite",
    "alembic",
    "anthropic",
    "anyio",
    "apache-airflow",
    "asgiref",
    "async-timeout",
    "asyncpg",
    "authlib",
    "azure-identity",
    "babel",
    "bcrypt",
    "beautifulsoup4",
    "black",
    "bleach",
    "boto3",
    "botocore",
    "bottle",
    "brotli",
    "cachetools",
    "cairosvg",
    "celery",
    "certifi",
    "cffi",
    "chainlit",
    "channels",
    "chardet",
    "cherrypy",
    "chromadb",
    "click",
    "cryptography",
    "daphne",
    "django",
    "django-allauth",
    "django-cors-headers",
    "django-debug-toolbar",
    "django-filter",
    "django-rest-framework",
    "djangorestframework",
    "djangorestframework-simplejwt",
    "dnspython",
    "docker",
    "ecdsa",
    "email-validator",
    "eventlet",
    "fastapi",
    "fastapi-users",
    "feedparser",
    "flask",
    "flask-admin",
    "flask-appbuilder",
    "flask-caching",
    "flask-cors",
    "flask-login",
    "flask-restful",
    "flask-restx",
    "flask-security",
    "flask-session",
    "flask-socketio",
    "flask-sqlalchemy",
    "flask-unchained",
    "flask-user",
    "flower",
    "fonttools",
    "future",
    "gevent",
    "gitpython",
    "google-auth",
    "gradio",
    "graphql-core",
    "grpcio",
    "gunicorn",
    "h11",
    "h2",
    "html5lib",
    "httplib2",
    "httpx",
    "hypercorn",
    "idna",
    "imageio",
    "itsdangerous",
    "jinja2",
    "joblib",
    "jose",
    "jsonpickle",
    "jupyter-server",
    "jwcrypto",
    "keras",
    "langchain",
    "langchain-community",
    "langchain-core",
    "langchain-experimental",
    "litellm",
    "llama-cpp-python",
    "llama-index",
    "lxml",
    "mako",
    "markdown",
    "markdown2",
    "markupsafe",
    "marshmallow",
    "mechanize",
    "mlflow",
    "motor",
    "mysql-connector-python",
    "mysqlclient",
    "nltk",
    "notebook",
    "numpy",
    "oauthlib",
    "onnx",
    "openai",
    "opencv-contrib-python",
    "opencv-python",
    "opencv-python-headless",
    "orjson",
    "pandas",
    "paramiko",
    "passlib",
    "pdfminer-six",
    "peewee",
    "pillow",
    "pip",
    "protobuf",
    "psutil",
    "psycopg2",
    "psycopg2-binary",
    "pwntools",
    "py",
    "pyarrow",
    "pyasn1",
    "pycrypto",
    "pycryptodome",
    "pycryptodomex",
    "pydantic",
    "pygments",
    "pyjwt",
    "pymongo",
    "pymupdf",
    "pymysql",
    "pyopenssl",
    "pypdf",
    "pypdf2",
    "pysaml2",
    "python-dotenv",
    "python-engineio",
    "python-jose",
    "python-jwt",
    "python-ldap",
    "python-multipart",
    "python-socketio",
    "pyyaml",
    "ray",
    "redis",
    "reportlab",
    "requests",
    "requests-oauthlib",
    "rsa",
    "scikit-learn",
    "scipy",
    "scrapy",
    "sentry-sdk",
    "setuptools",
    "social-auth-app-django",
    "sqlalchemy",
    "sqlparse",
    "starlette",
    "streamlit",
    "strawberry-graphql",
    "tensorflow",
    "torch",
    "tornado",
    "tqdm",
    "transformers",
    "twisted",
    "typer",
    "ujson",
    "urllib3",
    "uvicorn",
    "vllm",
    "waitress",
    "watchdog",
    "websockets",
    "webob",
    "werkzeug",
    "wheel",
    "wtforms",
    "xmltodict",
    "yt-dlp",
    "zipp",
]


def main(source: Path) -> None:
    """Write the data file.

    Args:
        source: The checkout.
    """
    advisories = {name: found for name in PACKAGES if (found := of_package(source, name))}
    data = {
        "source": "https://github.com/pypa/advisory-database",
        "licence": "CC-BY-4.0 (https://creativecommons.org/licenses/by/4.0/); reduced to ids and version ranges",
        "date": git(source, "log", "-1", "--format=%cs"),
        "commit": git(source, "rev-parse", "HEAD"),
        "packages": PACKAGES,
        "advisories": advisories,
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(data, separators=(",", ":")) + "\n", encoding="utf-8")
    count = sum(len(found) for found in advisories.values())
    print(f"{count} advisories of {len(advisories)} packages, {TARGET.stat().st_size} bytes")


def git(source: Path, *arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(source), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def of_package(source: Path, name: str) -> list[list[Any]]:
    """Return the advisories of a package: id, CVE, and ranges of a first and a first fixed version."""
    found = []
    for path in sorted((source / "vulns" / name).glob("*.yaml")):
        entry = YAML(typ="safe").load(path)
        if entry.get("withdrawn"):
            continue
        ranges: list[list[str | None]] = []
        listed: set[str] = set()
        for affected in entry.get("affected", []):
            ranges += ranges_of(affected)
            listed |= {str(version) for version in affected.get("versions", [])}
        open_ended = any(end is None for _, end in ranges)
        closed = [item for item in ranges if item[1] is not None]
        cve = next((alias for alias in entry.get("aliases", []) if alias.startswith("CVE-")), "")
        # without a fixed version, only the versions that were looked at are known to be affected
        found.append([entry["id"], cve, closed, sorted(listed) if open_ended or not closed else []])
    return [item for item in found if item[2] or item[3]]


def ranges_of(affected: dict[str, Any]) -> list[list[str | None]]:
    """Return the ranges of versions, each from a first version to a first fixed one."""
    found: list[list[str | None]] = []
    for item in affected.get("ranges", []):
        if item.get("type") != "ECOSYSTEM":
            continue
        start = "0"
        end: str | None = None
        for event in item.get("events", []):
            if "introduced" in event:
                start, end = str(event["introduced"]), None
                found.append([start, end])
            elif "fixed" in event and found:
                found[-1][1] = str(event["fixed"])
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
