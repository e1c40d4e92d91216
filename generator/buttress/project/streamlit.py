"""Streamlit: scripts that draw a page from top to bottom; there is no app object to find."""

from __future__ import annotations

import ast

from buttress.project.candidates import Candidate
from buttress.project.codebase import Codebase
from buttress.project.folders import folder_of, is_inside, join, name_of
from buttress.project.model import Framework, Place
from buttress.project.roles import is_test
from buttress.source import Module


def find_scripts(codebase: Codebase, others: list[Candidate]) -> list[Candidate]:
    """Return the Streamlit scripts that are run, not those that are imported or are pages."""
    modules, deployment = codebase.modules, codebase.deployment
    taken = frozenset(path for other in others for path in other.reachable)
    drawing = [
        path
        for path in modules.having("streamlit")
        if path not in taken
        and not is_test(modules.tree, path)
        and name_of(folder_of(path)) != "pages"
        and _draws(modules.tree.module(path))
    ]
    found: list[Candidate] = []
    for path in drawing:
        starts = [
            s for s in deployment.starts if s.path == path and s.command.server == "streamlit"
        ]
        root = codebase.graphs.import_root(path, folder_of(path))
        place = _first_import(modules.tree.module(path))
        candidate = Candidate(path, Framework.STREAMLIT, place, root=root, starts=starts)
        pages = join(folder_of(path), "pages")
        candidate.extra_starts = tuple(p for p in modules.paths if is_inside(p, pages))
        graph = codebase.graphs.of(root)
        candidate.reachable = graph.reachable([path, *candidate.extra_starts])
        candidate.weight = 20.0 * candidate.strength - 2 * path.count("/")
        candidate.reason = (
            f"named by {starts[0].reason} ({starts[0].place})" if starts else "draws a page"
        )
        found.append(candidate)
    inner = {p for c in found for p in c.reachable if p != c.path}
    return [candidate for candidate in found if candidate.path not in inner or candidate.starts]


def _first_import(module: Module) -> Place:
    for node in module.nodes(ast.Import, ast.ImportFrom):
        names = [alias.name for alias in node.names]
        source = node.module if isinstance(node, ast.ImportFrom) else names[0]
        if source == "streamlit" or "streamlit" in names:
            return Place(module.path, node.lineno, node.col_offset + 1)
    return Place(module.path)


def _draws(module: Module) -> bool:
    """Whether a module draws when it is run: at its top level, or in what its guard calls."""
    guarded = "__main__" in module.text
    for call in module.nodes(ast.Call):
        dotted = module.resolve(call.func) or ""
        if dotted.startswith("streamlit."):
            if dotted == "streamlit.set_page_config" or guarded:
                return True
            if module.function(call) is None:
                return True
    return False
