"""A node of syntax as text that does not depend on layout, or on the Python that reads it."""

from __future__ import annotations

import ast

_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = frozenset(["body", "orelse", "finalbody", "handlers", "cases"])
_NOISE = frozenset(["ctx", "kind", "type_comment", "type_params"])
_NOISE_AND_BLOCKS = _NOISE | _BLOCKS
_WITH_BLOCKS = frozenset(
    [
        ast.If,
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.With,
        ast.AsyncWith,
        ast.Try,
        ast.TryStar,
        ast.Match,
        ast.ExceptHandler,
    ]
)


def normal_form(node: ast.AST) -> str:
    """Return what tells a node from others in its scope.

    Of a function or a class that is its name, of other statements with a body their head: what is
    inside may change without making it another one. ``ast.dump`` would print other text on another
    Python.
    """
    if isinstance(node, _NAMED):
        return f"{type(node).__name__} {node.name}"
    parts: list[str] = []
    rest: list[object] = [node]
    while rest:
        item = rest.pop()
        if isinstance(item, ast.AST):
            kind = type(item)
            parts.append(kind.__name__)
            skipped = _NOISE_AND_BLOCKS if kind in _WITH_BLOCKS else _NOISE
            rest.append((")",))
            for name in reversed(kind._fields):
                value = getattr(item, name, None) if name not in skipped else None
                if value is not None and value != []:
                    rest += [value, (name,)]
            rest.append(("(",))
        elif isinstance(item, list):
            rest += [("]",), *reversed(item), ("[",)]
        elif isinstance(item, tuple):
            # a mark of ours: no parser makes a tuple
            parts += item
        else:
            # there is no limit to the digits of a hexadecimal number
            parts.append(hex(item) if type(item) is int else repr(item))
    return " ".join(parts)
