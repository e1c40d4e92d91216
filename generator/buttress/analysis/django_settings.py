"""Django's settings, read as a program that is not run: what is set, where, and what stays open."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buttress.analysis.development import is_for_development
from buttress.project.literals import written
from buttress.project.model import Project, Service
from buttress.project.modules import own_modules
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_DEVELOPMENT = lazy_pattern(
    r"(?:^|[/_.-])(?:dev|develop|development|local|localhost|test|tests|testing|ci|debug|example|sample)\w*\.py\Z"
)
_PRODUCTION = lazy_pattern(
    r"(?:^|[/_.-])(?:prod|production|live|deploy|deployment|heroku|railway|render|staging)\w*\.py\Z"
)
_COOKIES = {
    "SESSION_COOKIE_SECURE": "django.contrib.sessions.middleware.SessionMiddleware",
    "CSRF_COOKIE_SECURE": "django.middleware.csrf.CsrfViewMiddleware",
}
_DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Setting:
    """One assignment of a setting.

    Attributes:
        module: The file.
        node: The assignment.
        value: What is assigned.
        is_development: Whether it holds in development alone: below ``if DEBUG:``, or in such a file.
    """

    module: Module
    node: ast.Assign | ast.AnnAssign
    value: ast.expr
    is_development: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings that production runs with, in the order in which they are assigned.

    Attributes:
        module: The file that production names.
        values: The assignments of each setting; the last one holds.
        is_known: Whether nothing else writes settings where it cannot be read.
    """

    module: Module
    values: Mapping[str, tuple[Setting, ...]]
    is_known: bool

    def last(self, name: str) -> Setting | None:
        """Return the assignment of a setting that holds in production."""
        found = [s for s in self.values.get(name, ()) if not s.is_development]
        return found[-1] if found else None

    def is_on(self, name: str) -> bool:
        """Whether a setting is, or may be, anything but off."""
        return any(
            not (isinstance(s.value, ast.Constant) and not s.value.value)
            for s in self.values.get(name, ())
            if not s.is_development
        )

    @property
    def middleware(self) -> frozenset[str] | None:
        """The middleware by dotted name; ``None`` where the list is not known."""
        found = self.values.get("MIDDLEWARE", ()) or self.values.get("MIDDLEWARE_CLASSES", ())
        if not found:
            return None
        return frozenset(
            node.value
            for setting in found
            for node in ast.walk(setting.value)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )


def production_settings(project: Project, service: Service) -> Settings | None:
    """Return the settings that production runs with; ``None`` where they are not found.

    Several files: the one that is named for production, else the one that ``wsgi.py`` names, else the
    one that lists the apps. Star imports are followed.
    """
    own = own_modules(project.tree)
    listed = [
        path
        for path in own.paths
        if path in service.roles
        and own.mentions(path, "INSTALLED_APPS", "import *")
        and re.search(r"setting|config|conf\b|base|prod|common", path)
        and not _DEVELOPMENT.search(path)
    ]
    candidates = [project.tree.module(path) for path in listed]
    full = [m for m in candidates if "INSTALLED_APPS" in dict(_own_values(project, service, m))]
    if not full:
        return None
    named = set(_named_by_servers(project, service))
    full.sort(
        key=lambda m: (
            not _PRODUCTION.search(m.path),
            m.path not in named,
            m.path not in service.reachable,
            len(m.path),
        )
    )
    chosen = full[0]
    values: dict[str, list[Setting]] = {}
    for name, setting in _own_values(project, service, chosen):
        values.setdefault(name, []).append(setting)
    written_text = re.sub(r"django_(?:on_)?heroku\.settings\(locals\(\)\)", "", chosen.text)
    is_known = not re.search(r"globals\(\)|locals\(\)|exec\(|split_settings", written_text)
    return Settings(chosen, {name: tuple(found) for name, found in values.items()}, is_known)


def _named_by_servers(project: Project, service: Service) -> Iterator[str]:
    own = own_modules(project.tree)
    for path in service.roles:
        if path.endswith(("wsgi.py", "asgi.py")):
            module = project.tree.module(path)
            for node in module.nodes(ast.Constant):
                if isinstance(node.value, str) and "settings" in node.value:
                    found = own.locate(node.value, path, service.import_root)
                    if found is not None:
                        yield found


def _own_values(
    project: Project, service: Service, module: Module, depth: int = 0
) -> Iterator[tuple[str, Setting]]:
    """Yield the settings of a file, those of files that it star-imports first."""
    own = own_modules(project.tree)
    if depth < _DEEPEST:
        for node in module.nodes(ast.ImportFrom):
            if any(alias.name == "*" for alias in node.names):
                dotted = "." * node.level + (node.module or "")
                found = own.symbol(dotted, module.path, service.import_root)
                if found is not None and not found[1] and found[0] != module.path:
                    other = project.tree.module(found[0])
                    yield from _own_values(project, service, other, depth + 1)
    statements: list[ast.Assign | ast.AnnAssign] = list(module.nodes(ast.Assign, ast.AnnAssign))
    for statement in sorted(statements, key=lambda s: s.lineno):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            name = written(target)
            if (
                name.isupper()
                and statement.value is not None
                and module.function(statement) is None
            ):
                is_development = bool(_DEVELOPMENT.search(module.path)) or is_for_development(
                    module, statement
                )
                yield name, Setting(module, statement, statement.value, is_development)


def missing_protections(settings: Settings, *, proxy_has_hsts: bool) -> tuple[str, ...]:
    """Return the settings that production lacks, as Django's own ``check --deploy`` asks for them.

    A redirect to HTTPS is often the proxy's, so it is named only beside others.
    """
    middleware = settings.middleware
    missing = []
    if middleware is not None and "django.middleware.security.SecurityMiddleware" not in middleware:
        missing.append("SecurityMiddleware")
    elif not settings.is_on("SECURE_HSTS_SECONDS") and not proxy_has_hsts:
        missing.append("SECURE_HSTS_SECONDS")
    for name, needed_by in _COOKIES.items():
        if not settings.is_on(name) and (middleware is None or needed_by in middleware):
            missing.append(name)
    if missing and not settings.is_on("SECURE_SSL_REDIRECT"):
        missing.append("SECURE_SSL_REDIRECT")
    return tuple(missing)


def open_hosts(settings: Settings) -> Iterator[tuple[Module, ast.expr, str]]:
    """Yield where ``ALLOWED_HOSTS`` lets every name in, or is empty in production."""
    setting = settings.last("ALLOWED_HOSTS")
    if setting is None:
        return
    if any(text == "*" for text in _texts(setting.value)):
        is_default = not isinstance(setting.value, ast.List | ast.Tuple)
        rest = " unless a variable says otherwise" if is_default else ""
        yield setting.module, setting.value, f"Every host name is answered{rest}."
    debug = settings.last("DEBUG")
    is_off = (
        debug is not None and isinstance(debug.value, ast.Constant) and debug.value.value is False
    )
    if is_off and isinstance(setting.value, ast.List | ast.Tuple) and not setting.value.elts:
        yield setting.module, setting.value, "No host name is answered in production."


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the literal texts of a value, those of a condition on development left out."""
    if isinstance(node, ast.IfExp):
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value.strip()
