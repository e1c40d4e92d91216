"""How the tables of a database come about: created from models, changed by migrations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.project.folders import is_inside
from buttress.project.model import Place, Project, Role, Service
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_MIGRATION_FILE = lazy_pattern(
    r"(?:\A|/)(?:migrations?|alembic|versions|db/migrate|flyway)/(?:.*/)?(?:\d|V\d|[0-9a-f]{8,}_|\w+)[\w.-]*\.(?:sql|py)\Z"
)
_CHANGES = lazy_pattern(
    r"\b(?:CREATE|ALTER|DROP)\s+(?:TABLE|INDEX|TYPE)\b|\b(?:op|batch_op|migrations)\.\w+\(",
    re.IGNORECASE,
)


def creates_schema(module: Module) -> Iterator[Place]:
    """Yield the places that create tables from models."""
    if "create_all" not in module.text:
        return
    for node in module.nodes(ast.Attribute):
        if node.attr == "create_all":
            yield Place(module.path, node.lineno, node.col_offset + 1)


def has_migrations(project: Project, service: Service) -> bool:
    """Whether any file of the service, or beside it, changes a schema step by step."""
    for path, role in project.roles.items():
        if role is Role.MIGRATION and (is_inside(path, service.root) or not service.root):
            text = project.tree.text(path)
            if text is not None and _CHANGES.search(text.content):
                return True
    for path in project.tree.paths:
        if _MIGRATION_FILE.search(path):
            text = project.tree.text(path)
            if text is not None and _CHANGES.search(text.content):
                return True
    return False
