"""Which files the app's package needs before it can be imported, so that they cannot import from it."""

from __future__ import annotations

from collections.abc import Iterator

from buttress.analysis.once import once_for_service
from buttress.analysis.structure.import_cycles import Graph, start_graph
from buttress.project.folders import folder_of, is_inside, join
from buttress.project.model import Project, Role, Service
from buttress.project.modules import own_modules
from buttress.source import Module


@once_for_service
def needed_by_package(project: Project, service: Service) -> frozenset[str]:
    """Return the files outside the app's package that it imports, and that may be imported before it.

    ``config.py`` beside ``app/``, where ``app/__init__.py`` has ``from config import Config``: an import
    of ``app.settings`` there runs ``app/__init__.py``, which finds ``config`` without its class. Nothing
    of that shows as long as everybody imports ``app`` first.

    Args:
        project: The facts.
        service: The service.
    """
    folder = service.package_folder
    own = own_modules(project.tree)
    if not service.package or join(folder, "__init__.py") not in own:
        return frozenset()
    paths = [path for role in (Role.APP, Role.SCRIPT, Role.TEST) for path in service.files(role)]
    parsed = [own.tree.module(path) for path in paths]
    modules = [module for module in parsed if module.problem is None]
    graph = start_graph(modules, own, service.import_root)
    inner = {path for path in _imported(graph, folder) if not is_inside(path, folder)}
    outer = [module for module in modules if not is_inside(module.path, folder)]
    return frozenset(
        path
        for path in inner
        if path == service.app.place.path
        or any(_comes_first(graph, module, path, folder) for module in outer)
    )


def _imported(graph: Graph, folder: str) -> Iterator[str]:
    """Yield the files that importing a package runs."""
    seen: set[str] = set()
    waiting = [join(folder, "__init__.py")]
    while folder:
        folder = folder_of(folder)
        waiting.append(join(folder, "__init__.py"))
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            yield path
            waiting += graph.get(path, {})


def _comes_first(graph: Graph, module: Module, path: str, folder: str) -> bool:
    """Whether a file imports another one before anything of a package."""
    if module.path == path:
        return "__main__" in module.text
    found = graph.get(module.path, {})
    if path not in found:
        return False
    line = found[path].lineno
    return not any(
        is_inside(target, folder) and node.lineno < line for target, node in found.items()
    )
