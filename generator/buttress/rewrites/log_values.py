"""How the value of a field is written."""

from __future__ import annotations

import ast

from buttress.analysis.logs.messages import Value
from buttress.rewrites.log_line import Unwritable
from buttress.source import Module
from buttress.source.patterns import lazy_pattern

_NUMBER = lazy_pattern(r"[+ ]?#?0?\d*[,_]?(?:\.\d+)?[fFgGeEdn%]?")
ALIGNED = lazy_pattern(r"(?:.?[<>^=])?\d*")


def field_source(module: Module, value: Value, exceptions: frozenset[str]) -> str:
    """Return the expression of a field: the plain value where only its looks were formatted.

    Raises:
        Unwritable: If the format is not known, or cannot be kept.
    """
    source, node = value.source, value.node
    if isinstance(node, ast.Name) and node.id in exceptions:
        # its text is as short-lived as the block: the name is gone behind it
        return f"repr({source})" if value.conversion else f"str({source})"
    if value.spec is None:
        raise Unwritable(
            "dynamic-format",
            "a value is formatted in a way that is only known at run time.",
            "Log the plain value.",
        )
    if _NUMBER.fullmatch(value.spec) or ALIGNED.fullmatch(value.spec):
        is_bare_tuple = isinstance(node, ast.Tuple) and not source.startswith("(")
        return f"({source})" if is_bare_tuple or isinstance(node, ast.GeneratorExp) else source
    quote = module.quote if module.quote not in source + value.spec else '"""'
    if quote in source + value.spec or "\n" in source or "\\" in value.spec:
        raise Unwritable("dynamic-format", "a value is formatted in a way that cannot be kept.")
    return f"f{quote}{{{source}:{value.spec}}}{quote}"
