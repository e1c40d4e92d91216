"""Migrations: steps that lose data, break on full tables, or have no way back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from buttress.project.folders import is_inside
from buttress.project.literals import argument
from buttress.project.model import Project, Role, Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.module import Function

_DROPS = {"drop_table": "table", "drop_column": "column"}
_DJANGO_DROPS = {"DeleteModel": "table", "RemoveField": "column"}


@dataclass(frozen=True, slots=True)
class UnsafeStep:
    """A step of a migration.

    Attributes:
        node: The call, or the function that takes nothing back.
        message: What may happen.
    """

    node: ast.expr | ast.stmt
    message: str


def migration_modules(project: Project, service: Service) -> Iterator[Module]:
    """Yield the migrations of a service, and those that stand beside it."""
    others = [other.root for other in project.services if other.root and other.root != service.root]
    for path, role in sorted(project.roles.items()):
        if role is Role.MIGRATION and not any(is_inside(path, root) for root in others):
            module = project.tree.module(path)
            if module.problem is None:
                yield module


def unsafe_steps(module: Module) -> Iterator[UnsafeStep]:
    """Yield what is unsafe in one migration, each kind of danger once."""
    if "down_revision" in module.text:
        yield from _of_alembic(module)
    elif "migrations.Migration" in module.text:
        yield from _of_django(module)


def _of_alembic(module: Module) -> Iterator[UnsafeStep]:
    functions = {
        node.name: node
        for node in module.nodes(ast.FunctionDef)
        if module.parent(node) is module.tree
    }
    upgrade, downgrade = functions.get("upgrade"), functions.get("downgrade")
    if upgrade is None or _is_empty(upgrade):
        return
    seen: set[str] = set()
    created = {
        _name_of(call) for call in module.nodes(ast.Call) if called_name(call) == "create_table"
    }
    for call in module.nodes(ast.Call):
        if module.function(call) is not upgrade:
            continue
        name = called_name(call)
        if name in _DROPS and "drop" not in seen:
            seen.add("drop")
            yield UnsafeStep(call, f"This drops a {_DROPS[name]} and the data in it.")
        is_first = name == "add_column" and "null" not in seen
        if is_first and _name_of(call) not in created and _needs_value(call):
            seen.add("null")
            yield UnsafeStep(
                call,
                "A column that must have a value is added without one: it fails on a full table.",
            )
    if downgrade is not None and _is_empty(downgrade):
        yield UnsafeStep(downgrade, "There is no way back: downgrade does nothing.")


def _of_django(module: Module) -> Iterator[UnsafeStep]:
    seen: set[str] = set()
    for call in module.nodes(ast.Call):
        name = called_name(call)
        if name in _DJANGO_DROPS and "drop" not in seen:
            seen.add("drop")
            yield UnsafeStep(call, f"This drops a {_DJANGO_DROPS[name]} and the data in it.")
        way_back = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}.get(name)
        if way_back is None or not call.args or name in seen:
            continue
        is_open = any(keyword.arg is None for keyword in call.keywords)
        if not is_open and argument(call, 1, way_back) is None:
            seen.add(name)
            yield UnsafeStep(call, f"There is no way back: {name} has no {way_back}.")


def _name_of(call: ast.Call) -> str:
    """Return the table that a call of Alembic is about."""
    first = argument(call, 0, "table_name")
    return str(first.value) if isinstance(first, ast.Constant) else ""


def _needs_value(call: ast.Call) -> bool:
    column = argument(call, 1, "column")
    if not isinstance(column, ast.Call):
        return False
    given = {keyword.arg: keyword.value for keyword in column.keywords}
    nullable = given.get("nullable")
    is_required = isinstance(nullable, ast.Constant) and nullable.value is False
    computed = any(
        isinstance(part, ast.Call) and called_name(part) in {"Identity", "Computed"}
        for part in column.args
    )
    return is_required and "server_default" not in given and not computed and None not in given


def _is_empty(function: Function) -> bool:
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in function.body
    )
