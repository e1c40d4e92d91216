"""Answers about errors: what the project's tests expect of them."""

from __future__ import annotations

import ast

from buttress.planning.providers import answer
from buttress.project.model import Project, Role, Service


@answer("exact-error-bodies")
def exact_error_bodies(project: Project, service: Service) -> object:
    """Return whether a test compares a whole body with ``{"detail": ...}``."""
    modules = (project.tree.module(path) for path in service.files(Role.TEST))
    return any(
        _is_detail_alone(side)
        for module in modules
        for comparison in module.nodes(ast.Compare)
        if isinstance(comparison.ops[0], ast.Eq)
        for side in (comparison.left, *comparison.comparators)
    )


def _is_detail_alone(node: ast.expr) -> bool:
    keys = node.keys if isinstance(node, ast.Dict) else []
    return [key.value for key in keys if isinstance(key, ast.Constant)] == ["detail"]
