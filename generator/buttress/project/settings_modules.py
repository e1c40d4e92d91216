"""Django settings by the name in ``DJANGO_SETTINGS_MODULE``: nothing else imports them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from buttress.project.documents import text_of
from buttress.project.folders import folder_of, is_inside, join, name_of
from buttress.project.images import COMPOSE
from buttress.project.literals import literal_text
from buttress.project.modules import OwnModules
from buttress.project.roles import is_test
from buttress.project.start_files import PLATFORM_FILES
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_DOTTED = lazy_pattern(r"[A-Za-z_][\w.]*")
_SET = lazy_pattern(
    # `NAME=a.b`, `NAME: a.b`, `key: NAME` and `value: a.b` below it, `${NAME:-a.b}`
    rf"(?:{_VARIABLE}(?=\W{{1,12}}(?:value\W{{1,6}})?([A-Za-z_][\w.]*))"
    r"|--settings(?=[= ]([A-Za-z_][\w.]*)))"
)
_SETTING_FILES = lazy_pattern(
    r"(?:dockerfile.*|containerfile.*|.*\.dockerfile|\.env.*|.*\.env|env\..*|.*\.sh|uwsgi[\w.-]*\.ini"
    r"|\.flaskenv|makefile)\Z"
)
_DEVELOPMENT = lazy_pattern(r"(?:\A|_)(?:dev\w*|local|debug)(?:_|\Z)")
_PRODUCTION = lazy_pattern(r"(?:\A|_)(?:prod\w*|release|live|staging|heroku|deploy\w*)(?:_|\Z)")


def deployed_settings(modules: OwnModules, root: str, base: Iterable[str]) -> list[str]:
    """Return the settings modules that a site runs with, those of its tests left out.

    Named is often only what developers run; what is named for production beside it is what the host
    names. Settings for development count where there are no others.

    Args:
        modules: The project's own modules.
        root: The import root of the site.
        base: Settings that list the apps.
    """
    named = [path for path in _named(modules, root) if not is_test(modules.tree, path)]
    folders = {folder_of(path) for path in (*base, *named)}
    found = named + [
        path
        for path in modules.having("import *")
        if folder_of(path) in folders and _PRODUCTION.search(_stem(path))
    ]
    return [path for path in found if not _DEVELOPMENT.search(_stem(path))] or found


def _stem(path: str) -> str:
    return name_of(path).removesuffix(".py")


def _named(modules: OwnModules, root: str) -> Iterator[str]:
    """Yield what the variable may name; where a name is put together, all modules of the folder."""
    for text in (*_in_code(modules, root), *_in_files(modules)):
        name = _DOTTED.match(text)
        if name is None:
            continue
        if name.group().endswith("."):
            folder = join(root, name.group().rstrip(".").replace(".", "/"))
            yield from (path for path in modules.paths if folder_of(path) == folder)
        elif name.group() == text and (path := modules.at(root, text)) is not None:
            yield path


def _in_code(modules: OwnModules, root: str) -> Iterator[str]:
    """Yield the texts that code gives the variable: ``os.environ.setdefault``, ``os.environ[...] =``."""
    for path in modules.having(_VARIABLE):
        if is_inside(path, root) and not is_test(modules.tree, path):
            module = modules.tree.module(path)
            for value in _values(module):
                yield from _texts(module, value)


def _values(module: Module) -> Iterator[ast.expr]:
    for call in module.nodes(ast.Call):
        if call.args and literal_text(call.args[0]) == _VARIABLE:
            yield from call.args[1:]
            yield from (keyword.value for keyword in call.keywords)
    for statement in module.nodes(ast.Assign):
        target = statement.targets[0]
        if isinstance(target, ast.Subscript) and literal_text(target.slice) == _VARIABLE:
            yield statement.value


def _texts(module: Module, value: ast.expr) -> Iterator[str]:
    """Yield the literal texts in an expression, and in what the names in it are bound to."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    bound = [
        statement.value
        for statement in module.nodes(ast.Assign)
        if isinstance(statement.targets[0], ast.Name) and statement.targets[0].id in names
    ]
    for expression in (value, *bound):
        yield from filter(None, map(literal_text, ast.walk(expression)))


def _in_files(modules: OwnModules) -> Iterator[str]:
    """Yield what images, compose files, environment files and start scripts set the variable to."""
    for path in modules.tree.paths:
        name = name_of(path).lower()
        if name in PLATFORM_FILES or COMPOSE.match(name) or _SETTING_FILES.match(name):
            for match in _SET.finditer(text_of(modules.tree, path)):
                yield match[1] or match[2]
