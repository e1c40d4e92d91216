"""Choosing the service that a command is about."""

from __future__ import annotations

import difflib

from buttress.errors import NothingToInspectError, UserError
from buttress.project.model import Project, Service

_LANGUAGES = {"javascript": "JavaScript", "typescript": "TypeScript"}
_MOST_SHOWN = 3


def select_service(project: Project, directory: str | None = None) -> Service:
    """Return the service in a folder, or the only one there is.

    Args:
        project: The facts.
        directory: The service's root relative to the project's, as a user gives it, or another folder
            that holds the app of one service.

    Raises:
        NothingToInspectError: If there is no service.
        UserError: If there are several and ``directory`` does not name one of them.
    """
    if not project.services:
        raise NothingToInspectError(_nothing(project) + _recognised(project))
    if directory is not None:
        return _named(project, directory)
    if len(project.services) == 1:
        return project.services[0]
    raise UserError(
        f"There are {len(project.services)} services here. Name one with --service:\n"
        + _list(project)
    )


def _named(project: Project, directory: str) -> Service:
    wanted = directory.replace("\\", "/").strip().removeprefix("./").rstrip("/")
    wanted = "" if wanted == "." else wanted
    for service in project.services:
        if service.root == wanted:
            return service
    # the manifest, and so the root, may lie above the folder that holds the code
    inside = [item for item in project.services if item.app.place.path.startswith(f"{wanted}/")]
    if len(inside) == 1:
        return inside[0]
    roots = [_shown(service) for service in project.services]
    near = difflib.get_close_matches(directory, roots, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]}?" if near else ""
    aside = next((a for a in project.set_aside if a.place.path.startswith(f"{wanted}/")), None)
    if aside is not None and wanted:
        why = f"the app object at {aside.place} was passed over: {aside.reason}"
        alone = "Give the folder as the path to inspect it alone."
        raise UserError(f"--service {directory}: {why}. {alone}\n" + _list(project))
    raise UserError(
        f"--service {directory}: no service has this folder as its root.{hint}\n" + _list(project)
    )


def _shown(service: Service) -> str:
    return service.root or "."


def _list(project: Project) -> str:
    width = max(len(_shown(service)) for service in project.services)
    return "\n".join(
        f"  --service {_shown(service):{width}}  {service.framework}, {service.app.place}"
        for service in project.services
    )


def _recognised(project: Project) -> str:
    """Return a sentence about what else is here: other languages are no reason to say nothing."""
    shown = []
    for package in project.packages:
        with_ = f" with {', '.join(package.frameworks)}" if package.frameworks else ""
        shown.append(f"{package.manifest} ({_LANGUAGES[package.language]}{with_})")
    named = {package.manifest for package in project.packages}
    shown += [
        f"{fact.place.path} ({fact.value})"
        for fact in project.other_ecosystems
        if fact.place.path not in named
    ]
    if not shown:
        return ""
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return f" Recognised, but not inspected without a Python app: {', '.join(shown[:_MOST_SHOWN])}{more}."


def _nothing(project: Project) -> str:
    if not project.roles:
        return "There is no Python file here: nothing to inspect."
    if project.set_aside:
        app = project.set_aside[0]
        return (
            f"No service found. The app object at {app.place} was passed over: {app.reason}. "
            "Give the folder that holds it as the path to inspect it alone."
        )
    if project.other_frameworks:
        fact = project.other_frameworks[0]
        return (
            f"No service found: {fact.place} uses {fact.value}. FastAPI, Flask, Django, Starlette "
            "and Streamlit are recognised."
        )
    return (
        "No service found: no file makes an app object of FastAPI, Flask or Starlette, and there "
        "are no Django settings and no Streamlit script. Give the folder that holds the service."
    )
