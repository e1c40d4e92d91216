"""What an expression is known to be, without running it; ``None`` stands for unknown."""

from __future__ import annotations

import ast

from buttress.source import Module

_DEEPEST = 20


def known_string(module: Module, node: ast.AST | None, depth: int = 0) -> str | None:
    """Return the text of an expression of literals and constants of the module.

    ``os.environ.get("PORT", "8000")`` is unknown: see ``default_of``.
    """
    if node is None or depth > _DEEPEST:
        return None
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_piece(module, part, depth) for part in node.values]
        return None if None in parts else "".join(part or "" for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = known_string(module, node.left, depth + 1)
        right = known_string(module, node.right, depth + 1)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.Name):
        value = constant(module, node.id)
        return known_string(module, value, depth + 1)
    return None


def _piece(module: Module, part: ast.expr, depth: int) -> str | None:
    if isinstance(part, ast.FormattedValue):
        return known_string(module, part.value, depth + 1)
    return known_string(module, part, depth + 1)


def constant(module: Module, name: str) -> ast.expr | None:
    """Return the value of a name that the module binds exactly once, at its top level."""
    values = [
        statement.value
        for statement in module.tree.body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
        for target in (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
        if isinstance(target, ast.Name) and target.id == name
    ]
    return values[0] if len(values) == 1 else None


def known_int(module: Module, node: ast.AST | None, depth: int = 0) -> int | None:
    """Return a whole number, also one that stands as the default of an environment variable."""
    if node is None or depth > _DEEPEST:
        return None
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    if isinstance(node, ast.Name):
        return known_int(module, constant(module, node.id), depth + 1)
    if isinstance(node, ast.BoolOp):
        return known_int(module, node.values[-1], depth + 1)
    if isinstance(node, ast.Call):
        if module.resolve(node.func) == "builtins.int" and node.args:
            return known_int(module, node.args[0], depth + 1)
        return known_int(module, default_of(module, node), depth + 1)
    return None


def default_of(module: Module, node: ast.AST) -> ast.expr | None:
    """Return the default of ``os.getenv("NAME", default)`` and ``os.environ.get``."""
    if not isinstance(node, ast.Call) or len(node.args) != 2:
        return None
    name = module.resolve(node.func)
    return node.args[1] if name in {"os.getenv", "os.environ.get"} else None


def literal_text(node: ast.AST | None) -> str:
    """Return the text of a literal as it stands in the code, nothing for the rest."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def strings_in(node: ast.AST | None) -> list[str]:
    """Return the texts of a literal, or of a list, tuple or set of literals."""
    items = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    return [
        item.value
        for item in items
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    ]


def written(node: ast.AST | None) -> str:
    """Return a name or a chain of attributes as it stands in the code, nothing for the rest."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """Return an argument by its name or, where it has none, by its position."""
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if 0 <= position < len(call.args) and not isinstance(call.args[position], ast.Starred):
        return call.args[position]
    return None


def last_name(node: ast.AST | None) -> str:
    """Return a name, or the last one of a chain of attributes; nothing for the rest."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_self(node: ast.AST | None) -> bool:
    """Whether an expression is the object, or the class, that a method belongs to."""
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}
