"""Settings that refuse strangers everywhere, before any route runs."""

from __future__ import annotations

import ast

from buttress.analysis.access.exposure import is_on
from buttress.project.literals import literal_text, strings_in, written
from buttress.source import Module, Modules

_MIDDLEWARE = "LoginRequiredMiddleware"
_FORCED = "BASIC_AUTH_FORCE"


def closes_app(modules: Modules) -> bool:
    """Whether a middleware of Django demands a login, or Flask-BasicAuth a password, for every route."""
    for module in modules.having(_MIDDLEWARE):
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and node.value.endswith(_MIDDLEWARE):
                return True
    return any(modules.calls("flask_basicauth.")) and any(
        _forces_password(module) for module in modules.having(_FORCED)
    )


def closes_rest(modules: Modules) -> bool:
    """Whether the settings of the REST framework refuse strangers unless a view says otherwise."""
    return any(map(_denies_by_default, modules.having("DEFAULT_PERMISSION_CLASSES")))


def _forces_password(module: Module) -> bool:
    """Whether a module sets ``BASIC_AUTH_FORCE``: an item, a keyword, an attribute of a class."""
    for keyword in module.nodes(ast.keyword):
        if keyword.arg == _FORCED and is_on(module, keyword.value):
            return True
    for assign in module.nodes(ast.Assign):
        for target in assign.targets:
            key = target.slice if isinstance(target, ast.Subscript) else None
            if _FORCED in {literal_text(key), written(target)} and is_on(module, assign.value):
                return True
    return False


def _denies_by_default(module: Module) -> bool:
    for constant in module.nodes(ast.Constant):
        if not isinstance(constant.value, str):
            continue
        above = module.parent(constant)
        if constant.value == "DEFAULT_PERMISSION_CLASSES" and isinstance(above, ast.Dict):
            for key, value in zip(above.keys, above.values, strict=True):
                if key is constant and isinstance(value, (ast.List, ast.Tuple)):
                    return any(not text.endswith(".AllowAny") for text in strings_in(value))
    return False
