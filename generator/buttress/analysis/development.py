"""Development: code that runs on a developer's machine alone, because a condition around it says so."""

from __future__ import annotations

import ast
import re

from buttress.source import Module


def is_for_development(module: Module, node: ast.AST) -> bool:
    """Whether a statement runs in development alone: ``if DEBUG:``, ``if IS_LOCAL:``."""
    inner: ast.AST = node
    for above in module.ancestors(node):
        if isinstance(above, ast.If):
            test = module.source(above.test)
            says_development = bool(
                re.search(r"(?<![a-z])(?:debug|dev|local|test|sqlite)", test, re.IGNORECASE)
            ) and not re.match(r"\s*not\b|.*(?:!=|is not|== False|is False)", test)
            is_body = inner in above.body
            if says_development and is_body:
                return True
            if re.match(r"\s*not\s+\w*(?:debug|dev|local)", test, re.IGNORECASE) and not is_body:
                return True
        inner = above
    return False
