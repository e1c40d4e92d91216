"""The import graph of an app at start, and the rings in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from buttress.project.folders import folder_of, is_inside, join, name_of
from buttress.project.modules import OwnModules
from buttress.source import Module

Statement = ast.Import | ast.ImportFrom
Graph = Mapping[str, Mapping[str, Statement]]
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Modules that need each other to be imported.

    Attributes:
        paths: The shortest ring through the first of them, in the order of the imports.
        statement: The import in the first that leads to the second.
        size: How many modules hang together in the same web.
    """

    paths: tuple[str, ...]
    statement: Statement
    size: int


def start_graph(modules: Iterable[Module], own: OwnModules, root: str) -> Graph:
    """Return which file imports which while the app starts, with the statement that does it.

    Imports inside functions and below ``if TYPE_CHECKING`` are left out, and so are those of a
    package that a module stands in (``from app import db`` in ``app/models.py``): a Flask app hangs
    together that way on purpose.

    Args:
        modules: The app's files.
        own: The project's own modules.
        root: The import root.
    """
    graph: dict[str, dict[str, Statement]] = {}
    for module in modules:
        edges = graph.setdefault(module.path, {})
        for node in module.nodes(ast.Import, ast.ImportFrom):
            if not _is_at_start(module, node):
                continue
            for target in _targets(module, node, own, root):
                if target != module.path and not _is_package_above(target, module.path):
                    edges.setdefault(target, node)
    return graph


def cycles(graph: Graph) -> Iterator[Cycle]:
    """Yield one cycle for every web of modules that import each other, by path."""
    for component in _components(graph):
        if len(component) > 1:
            members = frozenset(component)
            start = min(members)
            ring = _ring(graph, members, start)
            yield Cycle(ring, graph[ring[0]][ring[1 % len(ring)]], len(members))


def _is_at_start(module: Module, node: Statement) -> bool:
    if module.parent(node) is module.tree:
        return True
    for above in module.ancestors(node):
        if isinstance(above, _LATER):
            return False
        if isinstance(above, ast.If) and "TYPE_CHECKING" in ast.dump(above.test):
            return False
    return True


def _is_package_above(target: str, path: str) -> bool:
    return name_of(target) == "__init__.py" and is_inside(path, folder_of(target))


def _targets(module: Module, node: Statement, own: OwnModules, root: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            found = own.locate(alias.name, module.path, root)
            if found is not None:
                yield found
        return
    base: str | None
    if node.level:
        folder = own.base_of(module.path, node.level)
        if folder is None:
            return
        base = join(folder, (node.module or "").replace(".", "/"))
        for alias in node.names:
            inner = own.file_at(join(base, alias.name))
            yield from [found for found in (inner or own.file_at(base),) if found]
        return
    holder = own.locate(node.module or "", module.path, root)
    if holder is not None and name_of(holder) != "__init__.py":
        yield holder
        return
    for alias in node.names:
        found = own.locate(f"{node.module}.{alias.name}", module.path, root) or holder
        if found is not None:
            yield found


def _components(graph: Graph) -> Iterator[list[str]]:
    """Yield the strongly connected components (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    work: list[tuple[str, Iterator[str]]] = []

    def enter(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        work.append((node, iter(sorted(target for target in graph[node] if target in graph))))

    for start in sorted(graph):
        if start in index:
            continue
        enter(start)
        while work:
            node, following = work[-1]
            target = next(following, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component: list[str] = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield component
            elif target not in index:
                enter(target)
            elif target in on_stack:
                low[node] = min(low[node], index[target])


def _ring(graph: Graph, members: frozenset[str], start: str) -> tuple[str, ...]:
    """Return the shortest way from a module back to itself."""
    came_from: dict[str, str] = {}
    queue = [start]
    for node in queue:
        for target in sorted(graph[node]):
            if target == start:
                ring = [node]
                while ring[-1] != start:
                    ring.append(came_from[ring[-1]])
                return tuple(reversed(ring))
            if target in members and target not in came_from:
                came_from[target] = node
                queue.append(target)
    return (start,)
