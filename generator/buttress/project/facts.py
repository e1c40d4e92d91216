"""The facts as plain data, for ``buttress inspect --facts``.

Keys are stable: new ones may appear, none changes its meaning. Every fact has a ``place`` of
``path``, ``line`` and ``column`` (from 1); what is not known is ``null``, never left out. Folders
are relative to the project, ``"."`` for the project itself.

``schema_version``
    1.
``services``
    One object per service, the likeliest main one first: ``root``, ``framework``, ``app`` (the app
    object that is deployed), ``other_apps``, ``import_root``, ``package_folder``, ``package``,
    ``manifest``, ``entry_command``, ``entry_commands``, ``python``, ``python_evidence``,
    ``databases``, ``drivers``, ``http_clients``, ``llm_clients``, ``routes``, ``port``,
    ``start_file``, ``files`` (paths by role), ``beside`` (app objects that are started from the same
    code and are not what is deployed: they are asked for hazards alone).
``set_aside``
    App objects that belong to no service, each with its ``reason``.
``files``
    Paths of the whole project by role; ``reasons`` holds why a file is no part of an app.
``workflows``, ``dockerfiles``, ``compose_files``, ``terraform``, ``deploy_files``
    Paths.
``other_ecosystems``, ``other_frameworks``
    Facts.
``ecosystems``
    Packages of JavaScript and TypeScript: ``language``, ``root``, ``manifest``, ``manager``,
    ``lock``, ``workspace``, ``frameworks``, ``dependencies`` (how many), ``dockerfiles``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from buttress.project.model import (
    AppObject,
    Fact,
    Manifest,
    Package,
    Place,
    Project,
    Role,
    Route,
    Service,
)

SCHEMA_VERSION = 1


def facts_as_json(project: Project) -> dict[str, Any]:
    """Return everything that is known about a project, ready for ``json.dumps``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "services": [
            {
                **_service(service),
                "beside": [_app(item.app) for item in project.beside.get(service.root, ())],
            }
            for service in project.services
        ],
        "set_aside": [_app(app) for app in project.set_aside],
        "files": _by_role(project.roles),
        "reasons": dict(sorted(project.role_reasons.items())),
        "workflows": list(project.workflows),
        "dockerfiles": list(project.dockerfiles),
        "compose_files": list(project.compose_files),
        "terraform": list(project.terraform),
        "deploy_files": list(project.deploy_files),
        "other_ecosystems": _facts(project.other_ecosystems),
        "other_frameworks": _facts(project.other_frameworks),
        "ecosystems": [package_as_json(package) for package in project.packages],
    }


def package_as_json(package: Package) -> dict[str, Any]:
    """Return a package of JavaScript or TypeScript as plain data."""
    return {
        "language": package.language,
        "root": package.root or ".",
        "manifest": package.manifest,
        "manager": package.manager,
        "lock": package.lock,
        "workspace": package.workspace,
        "frameworks": list(package.frameworks),
        "dependencies": len(package.dependencies),
        "dockerfiles": list(package.dockerfiles),
    }


def _service(service: Service) -> dict[str, Any]:
    return {
        "root": service.root or ".",
        "framework": service.framework.value,
        "app": _app(service.app),
        "other_apps": [_app(app) for app in service.apps[1:]],
        "import_root": service.import_root or ".",
        "package_folder": service.package_folder or ".",
        "package": service.package,
        "manifest": None if service.manifest is None else _manifest(service.manifest),
        "entry_command": _fact(service.entry_command),
        "entry_commands": _facts(service.entry_commands),
        "python": _fact(service.python),
        "python_evidence": _facts(service.python_evidence),
        "databases": _facts(service.databases),
        "drivers": _facts(service.drivers),
        "http_clients": _facts(service.http_clients),
        "llm_clients": _facts(service.llm_clients),
        "routes": [_route(route) for route in service.routes],
        "port": _fact(service.port),
        "start_file": None if service.start_file is None else _place(service.start_file),
        "files": _by_role(service.roles),
    }


def _app(app: AppObject) -> dict[str, Any]:
    return {
        "name": app.name or None,
        "framework": app.framework.value,
        "place": _place(app.place),
        "module": app.module,
        "target": app.target,
        "is_factory": app.is_factory,
        "factory": app.factory,
        "factory_arguments": app.factory_arguments,
        "function": app.function,
        "via": app.via or None,
        "reason": app.reason,
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "methods": list(route.methods),
        "path": route.path,
        "is_complete": route.is_complete,
        "handler": route.handler,
        "place": _place(route.place),
        "owner": route.owner or None,
        "is_async": route.is_async,
        "parameters": [
            {"name": item.name, "annotation": item.annotation, "default": item.default}
            for item in route.parameters
        ],
    }


def _manifest(manifest: Manifest) -> dict[str, Any]:
    return {
        "path": manifest.path,
        "kind": manifest.kind,
        "manager": manifest.manager.value,
        "lock": manifest.lock,
        "dependencies": [
            {
                "name": item.name,
                "specifier": item.specifier,
                "extras": list(item.extras),
                "group": item.group,
                "place": _place(item.place),
            }
            for item in manifest.dependencies
        ],
    }


def _facts(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    return [
        {"value": fact.value, "place": _place(fact.place), "reason": fact.reason} for fact in facts
    ]


def _fact(fact: Fact | None) -> dict[str, Any] | None:
    return None if fact is None else _facts([fact])[0]


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, "column": place.column}


def _by_role(roles: Mapping[str, Role]) -> dict[str, list[str]]:
    return {
        role.value: sorted(path for path, have in roles.items() if have is role) for role in Role
    }
