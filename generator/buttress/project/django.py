"""Django: found by its settings; its modules hang together by strings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.codebase import Codebase
from buttress.project.folders import folder_of, is_inside, join
from buttress.project.literals import known_string
from buttress.project.model import Place
from buttress.project.modules import OwnModules, dotted_name
from buttress.project.settings_modules import deployed_settings
from buttress.source import Module

_APPLICATIONS = {
    "django.core.wsgi.get_wsgi_application": "wsgi",
    "django.core.asgi.get_asgi_application": "asgi",
}
_LOADED = frozenset(["models", "admin", "apps", "signals", "tasks", "checks", "urls", "views"])


@dataclass(frozen=True)
class DjangoSite:
    """A Django project.

    Attributes:
        settings: Paths of its settings modules.
        application: The file and name of the WSGI or ASGI application, if there is one.
        place: The call that makes it, else the settings.
        root: The import root.
        starts: Files that Django loads by itself.
        urls: The root URL configuration.
    """

    settings: tuple[str, ...]
    application: tuple[str, str] | None
    place: Place
    root: str
    starts: tuple[str, ...]
    urls: str | None


def find_sites(codebase: Codebase) -> list[DjangoSite]:
    """Return the Django projects of a tree, one per folder with ``manage.py`` or settings."""
    modules = codebase.modules
    settings = [
        path
        for path in modules.having("INSTALLED_APPS")
        if _assigned(modules.tree.module(path), "INSTALLED_APPS") is not None
    ]
    managers = [path for path in modules.tree.named("manage.py") if path in modules]
    sites: list[DjangoSite] = []
    left = list(settings)
    for manager in sorted(managers, key=lambda path: -path.count("/")):
        folder = folder_of(manager)
        own = [path for path in left if is_inside(path, folder)]
        if own:
            left = [path for path in left if path not in own]
            sites.append(_site(modules, own, folder, manager))
    alone = [p for p in left if _assigned(modules.tree.module(p), "ROOT_URLCONF") is not None]
    sites += [_site(modules, [p], codebase.graphs.import_root(p), None) for p in alone]
    return sites


def _site(modules: OwnModules, settings: list[str], root: str, manager: str | None) -> DjangoSite:
    starts = list(dict.fromkeys([*settings, *deployed_settings(modules, root, settings)]))
    starts += [named for path in starts for named in _named_by(modules, path, root)]
    urls = next((u for u in (_urlconf(modules, path, root) for path in settings) if u), None)
    application: tuple[str, str] | None = None
    place = Place(settings[0])
    for path in modules.having("get_wsgi_application", "get_asgi_app"):
        if is_inside(path, root):
            module = modules.tree.module(path)
            for call in module.nodes(ast.Call):
                above = module.parent(call)
                if (
                    module.resolve(call.func) in _APPLICATIONS
                    and isinstance(above, ast.Assign)
                    and isinstance(above.targets[0], ast.Name)
                ):
                    starts.append(path)
                    if application is None or path.endswith("wsgi.py"):
                        application = (path, above.targets[0].id)
                        place = Place(path, call.lineno, call.col_offset + 1)
    if manager is not None:
        starts.append(manager)
    if urls is not None:
        starts.append(urls)
    return DjangoSite(tuple(settings), application, place, root, tuple(dict.fromkeys(starts)), urls)


def _assigned(module: Module, name: str) -> ast.expr | None:
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in statement.targets
        ):
            return statement.value
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.target.id == name
        ):
            return statement.value
    return None


def _urlconf(modules: OwnModules, path: str, root: str) -> str | None:
    text = known_string(
        modules.tree.module(path), _assigned(modules.tree.module(path), "ROOT_URLCONF")
    )
    return modules.locate(text, path, root) if text else None


def _named_by(modules: OwnModules, settings: str, root: str) -> Iterator[str]:
    module = modules.tree.module(settings)
    for node in module.nodes(ast.Constant):
        text = node.value
        if not isinstance(text, str) or not text.replace(".", "").isidentifier():
            continue
        parts = text.split(".")
        for count in range(len(parts), 0, -1):
            found = modules.at(root, ".".join(parts[:count]))
            folder = join(root, *parts[:count])
            if found is not None:
                yield found
            if count == len(parts) and folder in modules.folders:
                yield from _app_modules(modules, folder)
            elif found is not None and _name_is_app_config(parts, count):
                yield from _app_modules(modules, folder_of(found))
            if found is not None:
                break


def _name_is_app_config(parts: list[str], count: int) -> bool:
    """Whether a dotted name points at an ``AppConfig`` (``shop.apps.ShopConfig``)."""
    return count < len(parts) and parts[count - 1] == "apps"


def _app_modules(modules: OwnModules, folder: str) -> Iterator[str]:
    for path in modules.paths:
        if is_inside(path, folder):
            name, _, below = path[len(folder) + 1 :].partition("/")
            first = name.removesuffix(".py")
            # a folder of that name holds the apps of a site, and their tests
            if first in _LOADED | {"templatetags", "__init__"} and not (first == "apps" and below):
                yield path


def application_module(site: DjangoSite) -> str:
    """Return the dotted module that a server is pointed at, else that of the settings."""
    path = site.application[0] if site.application is not None else site.settings[0]
    return dotted_name(path, site.root)
