"""Answers for the description of the infrastructure: what the app reads from its environment."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buttress.analysis.configuration import Known, environment_reads, is_of_the_machine
from buttress.analysis.secrecy.secrets import is_secret_variable, kind_of
from buttress.analysis.settings_classes import settings_fields
from buttress.planning.providers import answer
from buttress.planning.providers.container import database_url_env, database_url_scheme
from buttress.planning.stored import stored_units
from buttress.project.model import Project, Role, Service
from buttress.rewrites.image_facts import health_path
from buttress.source.patterns import lazy_pattern

_SETTINGS_UNIT = "recipes/settings-and-secrets"
_MANAGED = frozenset({"postgresql", "mysql"})
_ADDRESS = lazy_pattern(
    r"(?:\w*_)?(?:DATABASE|DB|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|MONGO|MONGODB|REDIS|BROKER|CELERY\w*"
    r"|SQLALCHEMY\w*)_?(?:URL|URI|DSN|CONNECTION_STRING)\Z"
)
_CREDENTIALS = lazy_pattern(r"://[^/\s:@]*:[^/\s@]+@")
_PART = lazy_pattern(
    r"(?:DB|DATABASE|POSTGRES|POSTGRESQL|PG|MYSQL|MARIADB|RDS)_?(?:(?P<host>HOST|HOSTNAME|SERVER)"
    r"|(?P<port>PORT)|(?P<name>NAME|DB|DATABASE|DBNAME)|(?P<user>USER|USERNAME)"
    r"|(?P<password>PASSWORD|PASS|PASSWD|PWD))\Z"
)
_PARTS = ("host", "port", "name", "user", "password")
_LITERALS = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the app reads.

    Attributes:
        name: Its name.
        default: What the code takes where it is not set; ``None`` where that is unknown or nothing.
        is_required: Whether the app does not start without it.
        is_secret: Whether its value must stand in no file.
    """

    name: str
    default: str | None
    is_required: bool
    is_secret: bool


@answer("terraform-settings")
def terraform_settings(project: Project, service: Service) -> list[dict[str, object]]:
    """Return the variables that are no secrets, with the defaults of the code."""
    return [
        {"name": variable.name, "default": variable.default, "required": variable.is_required}
        for variable in variables(project, service)
        if not variable.is_secret
    ]


@answer("terraform-secrets")
def terraform_secrets(project: Project, service: Service) -> list[str]:
    """Return the names of the secrets."""
    return [variable.name for variable in variables(project, service) if variable.is_secret]


@answer("terraform-database-parts")
def terraform_database_parts(project: Project, service: Service) -> list[dict[str, str]]:
    """Return the variables that hold the parts of the database's address, if the app reads those."""
    return _database_parts(project, service)


def _database_parts(project: Project, service: Service) -> list[dict[str, str]]:
    if not _has_managed_database(service) or database_url_env(project, service):
        return []
    found: dict[str, str] = {}
    for variable in variables(project, service):
        match = _PART.match(variable.name)
        if match and match.lastgroup:
            found.setdefault(match.lastgroup, variable.name)
    if "host" not in found or "password" not in found:
        return []
    return [{"part": part, "variable": found[part]} for part in _PARTS if part in found]


@answer("terraform-database-url-env")
def terraform_database_url_env(project: Project, service: Service) -> str:
    """Return the variable that holds the address of the database; empty where its parts are read."""
    if not _has_managed_database(service):
        return "DATABASE_URL"
    named = str(database_url_env(project, service))
    return named or ("" if _database_parts(project, service) else "DATABASE_URL")


@answer("terraform-database-url-scheme")
def terraform_database_url_scheme(project: Project, service: Service) -> str:
    """Return how that address starts, so that the app's own driver is taken."""
    if not _has_managed_database(service):
        return "postgresql"
    return str(database_url_scheme(project, service))


@answer("terraform-health-path")
def terraform_health_path(project: Project, service: Service) -> str:
    """Return the path of a health route whose whole path is known, else the root of the site."""
    path = health_path(service)
    is_known = any(route.is_complete and route.path == path for route in service.routes)
    return path if is_known else "/"


def variables(project: Project, service: Service) -> list[Variable]:
    """Return the environment variables that the app reads, sorted by name.

    They are read from the code; where the recipe ``settings-and-secrets`` moved them into its own
    settings, from the answers that it keeps.
    """
    found: dict[str, list[Variable]] = {}
    for variable in (*_stored(project, service), *_in_code(project, service)):
        if not is_of_the_machine(variable.name):
            found.setdefault(variable.name, []).append(variable)
    return [_joined(found[name]) for name in sorted(found)]


def _joined(same: list[Variable]) -> Variable:
    """Return one variable for all places that read it; where defaults differ, none is taken."""
    is_secret = any(variable.is_secret for variable in same)
    defaults = {variable.default for variable in same} - {None}
    default = defaults.pop() if len(defaults) == 1 and not is_secret else None
    is_required = any(variable.is_required for variable in same)
    return Variable(same[0].name, default, is_required, is_secret)


def _variable(name: str, default: object, *, is_required: bool, is_secret: bool) -> Variable:
    text = None
    if isinstance(default, bool):
        text = str(default).lower()
    elif isinstance(default, _LITERALS):
        text = str(default)
    is_file = text is not None and text.startswith("sqlite")
    holds_password = bool(text and (kind_of(text) or _CREDENTIALS.search(text)))
    holds_password = holds_password or (bool(_ADDRESS.match(name.upper())) and not is_file)
    is_secret = is_secret or is_secret_variable(name) or holds_password
    return Variable(name, None if is_secret else text, is_required and text is None, is_secret)


def _stored(project: Project, service: Service) -> Iterator[Variable]:
    for answers in stored_units(project.tree).values():
        if answers.get("unit") != _SETTINGS_UNIT:
            continue
        if answers.get("service_root", ".") != (service.root or "."):
            continue
        fields = answers.get("settings_fields")
        for field in fields if isinstance(fields, list) else ():
            if isinstance(field, Mapping) and isinstance(field.get("name"), str):
                yield _variable(
                    str(field["name"]),
                    _literal(field.get("default")),
                    is_required=field.get("kind") == "required",
                    is_secret=field.get("type") == "secret",
                )
        environment = answers.get("settings_environment_variable")
        if isinstance(environment, str) and environment:
            yield _variable(environment, "development", is_required=False, is_secret=False)


def _literal(source: object) -> object:
    if not isinstance(source, str):
        return source
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, RecursionError):
        return None


def _in_code(project: Project, service: Service) -> Iterator[Variable]:
    modules = [project.tree.module(path) for path in service.files(Role.APP)]
    for field in settings_fields(modules):
        yield _variable(
            field.name, field.default, is_required=field.is_required, is_secret=field.is_secret
        )
    for module in modules:
        for read in environment_reads(module):
            if read.name is not None and re.fullmatch(r"[A-Za-z_]\w*", read.name):
                is_known = read.default.known is Known.LITERAL
                is_missed = read.conversion is not None and read.default.known is Known.ABSENT
                yield _variable(
                    read.name,
                    read.default.value if is_known else None,
                    is_required=read.raises or is_missed,
                    is_secret=False,
                )


def _has_managed_database(service: Service) -> bool:
    first = next(
        (f.value for f in service.databases if f.value in _MANAGED | {"sqlite", "mongodb"}), ""
    )
    return first in _MANAGED
