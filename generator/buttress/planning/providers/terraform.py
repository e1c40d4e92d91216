"""What the infrastructure has to know of the app: its variables, its database's address, its health."""

from __future__ import annotations

from buttress.analysis.variables import Variable, variables
from buttress.planning.providers import answer
from buttress.planning.providers.container import database_address, health_path
from buttress.project.model import Project, Role, Service

_PARTS = {
    "host": ("HOST", "SERVER", "HOSTNAME"),
    "port": ("PORT",),
    "name": ("NAME", "DB", "DATABASE"),
    "user": ("USER", "USERNAME"),
    "password": ("PASSWORD", "PASS", "PASSWD"),
}
_PREFIXES = ("DB", "DATABASE", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "SQL")


@answer("terraform-settings")
def settings(project: Project, service: Service) -> list[dict[str, object]]:
    """Return the variables that hold no secret, each with its default if it has one."""
    return [
        (
            {"name": item.name, "default": item.default}
            if item.default is not None
            else {"name": item.name, "required": item.is_required}
        )
        for item in _variables(project, service)
        if not item.is_secret
    ]


@answer("terraform-secrets")
def secret_names(project: Project, service: Service) -> list[str]:
    """Return the names of the variables that hold secrets."""
    return [item.name for item in _variables(project, service) if item.is_secret]


@answer("terraform-health-path")
def health(project: Project, service: Service) -> str:
    """Return the path of a health route, else the root of the site."""
    return str(health_path(project, service))


@answer("terraform-database-url-env")
def database_url_env(project: Project, service: Service) -> str | None:
    """Return the variable that holds the address; empty if its parts are read instead."""
    name, _ = database_address(project, service)
    if name:
        return name
    return "" if database_parts(project, service) else None


@answer("terraform-database-url-scheme")
def database_url_scheme(project: Project, service: Service) -> str | None:
    """Return how the address starts, where there is a database that can be made."""
    kinds = {fact.value for fact in service.databases} & {"postgresql", "mysql"}
    return database_address(project, service)[1] if len(kinds) == 1 else None


@answer("terraform-database-parts")
def database_parts(project: Project, service: Service) -> list[dict[str, str]]:
    """Return the variables that hold the parts of the address, if host and password are read."""
    if database_address(project, service)[0]:
        return []
    names = {item.name for item in _variables(project, service)}
    for prefix in _PREFIXES:
        found = [
            {"part": part, "variable": name}
            for part, endings in _PARTS.items()
            for ending in endings
            for name in (f"{prefix}_{ending}", f"{prefix}{ending}")
            if name in names
        ]
        if {"host", "password"} <= {entry["part"] for entry in found}:
            return list({entry["part"]: entry for entry in reversed(found)}.values())[::-1]
    return []


def _variables(project: Project, service: Service) -> tuple[Variable, ...]:
    modules = (project.tree.module(path) for path in service.files(Role.APP))
    return variables(module for module in modules if module.problem is None)
