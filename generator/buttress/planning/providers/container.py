"""What an image of the service has to know: files, packages, folders, neighbours, health."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from buttress.analysis.delivery.images import copied_paths, service_images
from buttress.planning.providers import answer
from buttress.planning.providers.address_parts import database_parts
from buttress.planning.providers.debian_packages import build_packages, runtime_packages
from buttress.planning.providers.written_folders import written_folders
from buttress.project.model import Project, Role, Service
from buttress.rewrites.image_facts import build_context, health_path
from buttress.source import requirements, toml_editor
from buttress.source.dockerfile import parse
from buttress.source.patterns import lazy_pattern
from buttress.source.refusal import RefusedError

SERVICES = ("postgresql", "mysql", "mongodb", "redis")
_SQL = ("postgresql", "mysql")
_URL_NAMES = {
    "sql": (
        "DATABASE_URL",
        "DATABASE_URI",
        "SQLALCHEMY_DATABASE_URI",
        "SQLALCHEMY_DATABASE_URL",
        "DB_URL",
        "DB_URI",
        "POSTGRES_URL",
        "POSTGRES_URI",
        "MYSQL_URL",
    ),
    "mongodb": ("MONGO_URL", "MONGO_URI", "MONGODB_URL", "MONGODB_URI", "MONGO_CONNECTION_STRING"),
    "redis": ("REDIS_URL", "REDIS_URI"),
}
# Both read DATABASE_URL where nothing else is said.
_READS_URL = lazy_pattern(
    r"\bdj_database_url\.config\((?!\s*(?:env\s*=|[\"']))|\benv\.db(?:_url)?\(\s*\)"
)
_SCHEME = lazy_pattern(r"\b((?:postgresql|postgres|mysql|mariadb)(?:\+[a-z0-9_]+)?)://")
_PYTHON = lazy_pattern(r"^\s*FROM\s+\S*python|\b(?:pip3?|uv|poetry|pipenv|pdm)\b", re.MULTILINE)
_DATABASE_FILE = lazy_pattern(r"\.(?:db|sqlite3?)\Z")


@answer("container-dockerfile")
def needs_dockerfile(project: Project, service: Service) -> bool:
    """Whether no Dockerfile in another folder builds the service already."""
    own = service.root or ""
    if any(posixpath.dirname(image.path) != own for image in service_images(project, service)):
        return False
    return not own or not any(_takes(project, path, own) for path in project.dockerfiles)


def _takes(project: Project, path: str, folder: str) -> bool:
    """Whether a Dockerfile that stands beside takes files with Python out of a folder."""
    text = project.tree.text(path)
    if posixpath.dirname(path) == folder or text is None or not _PYTHON.search(text.content):
        return False
    context = build_context(project, path)
    sources = [posixpath.join(context, source) for source in copied_paths(parse(text.content))]
    return any(f"{posixpath.normpath(source)}/".startswith(f"{folder}/") for source in sources)


@answer("container-compose")
def needs_compose(project: Project, service: Service) -> bool:
    """Whether no other compose file of the repository may start what the service needs.

    Nor is one made beside a build file under another name, which it would not find.
    """
    own = posixpath.join(service.root, "compose.yaml")
    build_files = [posixpath.relpath(path, service.root or ".") for path in project.dockerfiles]
    near = [p for p in build_files if posixpath.dirname(p) in ("", "docker", "deploy")]
    named = [path for path in near if not path.startswith(".")]
    is_found = not named or "Dockerfile" in named
    return is_found and all(path == own for path in project.compose_files)


@answer("container-health-path")
def path_of_health(project: Project, service: Service) -> str:
    """Return what the health check of the image asks for."""
    return health_path(service)


@answer("container-writable-paths")
def writable_paths(project: Project, service: Service) -> list[str]:
    """Return the folders that the app's code writes to, ``.`` where one is not known."""
    return written_folders(project.tree, service)


@answer("container-services")
def services(project: Project, service: Service) -> list[str]:
    """Return the databases and caches that the app talks to, one SQL database at most.

    A SQL database whose address nothing tells the app would be started for nothing.
    """
    has_address = database_address(project, service)[0] or database_env(project, service)
    return [kind for kind in _services(service) if kind not in _SQL or has_address]


@answer("container-database-url-env")
def database_url_env(project: Project, service: Service) -> str:
    """Return the variable that holds the address of the SQL database; empty if none is read."""
    return database_address(project, service)[0]


@answer("container-database-env")
def database_env(project: Project, service: Service) -> dict[str, str]:
    """Return which variables hold the parts of the SQL database's address, where none holds it all."""
    kind = next((kind for kind in _services(service) if kind in _SQL), "")
    if not kind or database_address(project, service)[0]:
        return {}
    return database_parts(kind, _texts(project, service))


@answer("container-mongodb-url-env")
def mongodb_url_env(project: Project, service: Service) -> str:
    """Return the variable that holds the address of MongoDB; empty if none is read."""
    return _named_in_code(project, service, _URL_NAMES["mongodb"])


@answer("container-redis-url-env")
def redis_url_env(project: Project, service: Service) -> str:
    """Return the variable that holds the address of Redis; empty if none is read."""
    return _named_in_code(project, service, _URL_NAMES["redis"])


@answer("container-database-url-scheme")
def database_url_scheme(project: Project, service: Service) -> str:
    """Return how the address of the SQL database starts."""
    return database_address(project, service)[1]


def database_address(project: Project, service: Service) -> tuple[str, str]:
    """Return the variable that holds the address of the SQL database, and how that starts.

    The variable is empty if none is read; the start is as written somewhere, else by the driver.
    """
    has_sql = set(_SQL) & set(_services(service))
    name = _named_in_code(project, service, _URL_NAMES["sql"]) if has_sql else ""
    if has_sql and not name and any(map(_READS_URL.search, _texts(project, service))):
        name = "DATABASE_URL"
    return name, _scheme(project, service)


def _scheme(project: Project, service: Service) -> str:
    kind = next((k for k in _services(service) if k in _SQL), "")
    families = {"postgresql": ("postgresql", "postgres"), "mysql": ("mysql", "mariadb")}
    for text in _texts(project, service, with_examples=True):
        for match in _SCHEME.finditer(text):
            if match.group(1).split("+")[0] in families.get(kind, ()):
                # SQLAlchemy gave up the short form
                return re.sub(r"^postgres\b", "postgresql", match.group(1))
    drivers = {fact.value for fact in service.drivers}
    if kind == "mysql":
        return "mysql+pymysql" if "pymysql" in drivers else "mysql"
    if "sqlalchemy" in drivers and "asyncpg" in drivers:
        return "postgresql+asyncpg"
    if "sqlalchemy" in drivers and "psycopg" in drivers:
        return "postgresql+psycopg"
    return "postgresql"


@answer("container-install-files")
def install_files(project: Project, service: Service) -> list[str]:
    """Return what installing the dependencies reads; ``.`` where that includes code."""
    manifest = service.manifest
    if manifest is None:
        return []
    text = project.tree.text(manifest.path)
    name = posixpath.relpath(manifest.path, service.root or ".")
    if text is None or name.startswith(".."):
        return ["."]
    if name.endswith(".txt"):
        return _requirements_files(project, service, manifest.path)
    if not name.endswith((".toml", "Pipfile")) or _installs_code(text.content):
        return ["."]
    lock = posixpath.relpath(manifest.lock, service.root or ".") if manifest.lock else ""
    return [name, lock] if lock and not lock.startswith("..") else [name]


@answer("container-build-packages")
def needed_while_building(project: Project, service: Service) -> list[str]:
    """Return the Debian packages that installing the dependencies needs."""
    found = build_packages(_distributions(project, service))
    text = project.tree.text(service.manifest.path) if service.manifest else None
    return sorted({*found, "git"}) if text and "git+" in text.content else found


@answer("container-runtime-packages")
def needed_while_running(project: Project, service: Service) -> list[str]:
    """Return the Debian packages that the dependencies need at run time."""
    return runtime_packages(_distributions(project, service))


@answer("container-copies-env")
def copies_env(project: Project, service: Service) -> bool:
    """Whether an image of the project's own takes a dotenv file by its name."""
    texts = (project.tree.text(path) for path in project.dockerfiles)
    return any(
        f"{posixpath.basename(source)}.".startswith(".env.") and "example" not in source
        for text in texts
        if text is not None
        for source in copied_paths(parse(text.content))
    )


@answer("container-seed-files")
def seed_files(project: Project, service: Service) -> list[str]:
    """Return the database files that are part of the project, relative to the service."""
    folder = service.root or "."
    return sorted(
        posixpath.relpath(path, folder)
        for path in project.tree.below(service.root)
        if _DATABASE_FILE.search(path) and " " not in path
    )


def _services(service: Service) -> list[str]:
    kinds = [fact.value for fact in service.databases]
    found = [kind for kind in SERVICES if kind in kinds]
    if "postgresql" in found and "mysql" in found:
        found.remove("mysql" if kinds.index("postgresql") < kinds.index("mysql") else "postgresql")
    return found


def _requirements_files(project: Project, service: Service, first: str) -> list[str]:
    found: list[str] = []
    waiting = [first]
    while waiting:
        path = waiting.pop(0)
        text = project.tree.text(path) if path in project.tree else None
        name = posixpath.relpath(path, service.root or ".")
        if text is None or name.startswith(".."):
            return ["."]
        if name in found:
            continue
        found.append(name)
        for entry in requirements.parse(text.content):
            target = re.sub(r"^(-e|--editable)[\s=]+", "", entry.value)
            if re.match(r"(\.{1,2}(/|\Z|\[)|file:|[\w.-]+/)", target):
                return ["."]
        included = requirements.included_files(text.content)
        waiting += [
            posixpath.normpath(posixpath.join(posixpath.dirname(path), i)) for i in included
        ]
    return found


def _installs_code(text: str) -> bool:
    """Whether a manifest refers to folders beside it, or needs code to know what it requires."""
    try:
        dynamic = toml_editor.lookup(text, ("project", "dynamic"))
        sources = toml_editor.lookup(text, ("tool", "uv", "sources"))
    except RefusedError:
        return True
    is_dynamic = isinstance(dynamic, list) and "dependencies" in dynamic
    has_local = bool(re.search(r"\b(path|workspace)\s*=", str(sources))) or (
        isinstance(sources, dict)
        and any(isinstance(v, dict) and v.keys() & {"path", "workspace"} for v in sources.values())
    )
    return is_dynamic or has_local or bool(re.search(r"\bpath\s*=\s*[\"']\.|@ file:", text))


def _distributions(project: Project, service: Service) -> list[str]:
    if service.manifest is None:
        return []
    text = project.tree.text(service.manifest.path)
    names = [item.name for item in service.manifest.dependencies if not item.group]
    if text and re.search(r"psycopg\[[^\]]*(binary|c)\b", text.content):
        names = [name for name in names if name != "psycopg"]
    if "psycopg-binary" in names:
        names = [name for name in names if name != "psycopg"]
    return names


def _named_in_code(project: Project, service: Service, names: tuple[str, ...]) -> str:
    """Return the variable of a list that the app's code names in quotes or as a settings field."""
    texts = list(_texts(project, service))
    for name in names:
        quoted = re.compile(rf"[\"']{name}[\"']|^\s+{name}\s*:", re.MULTILINE)
        field = re.compile(rf"^\s+{name.lower()}\s*:\s*(str|\w*Dsn|SecretStr)", re.MULTILINE)
        for text in texts:
            if quoted.search(text) or ("BaseSettings" in text and field.search(text)):
                return name
    return ""


def _texts(project: Project, service: Service, *, with_examples: bool = False) -> Iterator[str]:
    for path in service.files(Role.APP):
        text = project.tree.text(path)
        if text is not None:
            yield text.content
    if with_examples:
        for name in (".env.example", ".env.sample", "alembic.ini"):
            path = posixpath.join(service.root, name)
            text = project.tree.text(path) if path in project.tree else None
            if text is not None:
                yield text.content
