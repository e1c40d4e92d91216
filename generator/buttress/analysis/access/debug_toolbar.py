"""Django's debug toolbar where it is shown to more than developers: it tells settings, statements and paths."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from buttress.analysis.development import is_for_development
from buttress.project.literals import literal_text
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_CALLBACK = "SHOW_TOOLBAR_CALLBACK"
_IN_USE = "debug_toolbar.middleware"
_LIMITED = lazy_pattern(
    r"(?i:debug\b(?!['\"])|internal_ips|remote_addr|is_staff|is_superuser|environ|getenv|settings|get_host|has_perm|config|local)"
)
_FOR_DEVELOPMENT = lazy_pattern(
    r"(?:^|[/_.])(?:dev|devel|development|local|test|testing|debug|example)[\w]*\.py\Z"
)


def open_toolbars(modules: Modules) -> Iterator[tuple[Module, ast.expr]]:
    """Yield the callbacks that show the toolbar to whoever asks for it, in settings that load it.

    A callback that asks for the settings, the environment, the address or the rights of a user is fine, and so
    are settings of their own for development.
    """
    for module in modules.having(_CALLBACK).having(_IN_USE):
        if _FOR_DEVELOPMENT.search(module.path) or not _is_loaded(module):
            continue
        for mapping in module.nodes(ast.Dict):
            for key, value in zip(mapping.keys, mapping.values, strict=True):
                if literal_text(key) != _CALLBACK or is_for_development(module, mapping):
                    continue
                callback = _callback(module, value)
                if callback is not None and not _LIMITED.search(_says(module, callback)):
                    yield module, value


def _is_loaded(module: Module) -> bool:
    """Whether the middleware of the toolbar is in use whatever the surroundings are."""
    return any(
        _IN_USE in literal_text(node)
        and not any(isinstance(above, ast.If | ast.Try) for above in module.ancestors(node))
        for node in module.nodes(ast.Constant)
    )


def _callback(module: Module, value: ast.expr) -> ast.Lambda | Function | None:
    """Return the function that decides, if the settings hold it."""
    if isinstance(value, ast.Lambda):
        return value
    name = value.id if isinstance(value, ast.Name) else literal_text(value).rpartition(".")[2]
    return next(
        (node for node in module.tree.body if isinstance(node, Function) and node.name == name),
        None,
    )


def _says(module: Module, callback: ast.Lambda | Function) -> str:
    """Return what a callback asks: its code without its own name."""
    if isinstance(callback, ast.Lambda):
        return module.source(callback.body)
    return "\n".join(module.source(statement) for statement in callback.body)
