"""Migrations: steps that lose data, break on full tables, or have no way back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.project.folders import folder_of, is_inside
from buttress.project.literals import argument, strings_in
from buttress.project.model import Project, Role, Service
from buttress.project.modules import called_name
from buttress.source import Module
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_RECENT = 5
_DROPS = {"drop_table": "table", "drop_column": "column"}
_MOVES = lazy_pattern(r"\bUPDATE\s+\S+\s+SET\b|\bINSERT\s+INTO\b", re.IGNORECASE)
_STATEMENT = lazy_pattern(
    r"\s*(alter|create|delete|drop|insert|rename|truncate|update|with)\s", re.IGNORECASE
)
_SHAPING = frozenset(
    ["add_column", "alter_column", "batch_alter_table", "create_check_constraint", "create_foreign_key", "create_index",
     "create_table", "create_unique_constraint", "drop_column", "drop_constraint", "drop_index", "drop_table", "rename_table"]
)  # fmt: skip
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
    """Yield the migrations of a service, and those that no service holds."""
    roots = sorted({other.root for other in project.services}, key=len, reverse=True)
    for path, role in sorted(project.roles.items()):
        if role is Role.MIGRATION:
            holder = next((root for root in roots if is_inside(path, root)), service.root)
            module = project.tree.module(path) if holder == service.root else None
            if module is not None and module.problem is None:
                yield module


def recent(modules: Iterable[Module]) -> Iterator[Module]:
    """Yield the last migrations of each folder: those that a release may still have to take back.

    What was applied long ago is history, and nobody changes it.
    """
    by_folder: dict[str, list[Module]] = {}
    for module in modules:
        by_folder.setdefault(folder_of(module.path), []).append(module)
    for found in by_folder.values():
        numbered = [module for module in found if "down_revision" not in module.text]
        yield from sorted(numbered, key=lambda module: module.path)[-_RECENT:]
        yield from _last_revisions([module for module in found if module not in numbered])


def _last_revisions(modules: list[Module]) -> Iterator[Module]:
    """Yield the last revisions of Alembic: from those that nothing builds on backwards."""
    names = {_constants(module, "revision"): module for module in modules}
    below = {module: _constants(module, "down_revision") for module in modules}
    built_on = {name for found in below.values() for name in found}
    queue = [module for found, module in names.items() if not built_on & set(found)]
    by_name = {name: module for found, module in names.items() for name in found}
    for module in queue:
        for name in below[module]:
            if name in by_name and by_name[name] not in queue and len(queue) < _RECENT:
                queue.append(by_name[name])
    yield from sorted(queue, key=lambda module: module.path)


def _constants(module: Module, name: str) -> tuple[str, ...]:
    """Return the texts that the module assigns to a name, also those of a tuple."""
    for statement in module.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            if isinstance(target, ast.Name) and target.id == name:
                return tuple(strings_in(statement.value))
    return ()


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
        if name in _DROPS and "drop" not in seen and not _is_moved_before(module, call, upgrade):
            seen.add("drop")
            yield UnsafeStep(call, f"This drops a {_DROPS[name]} and the data in it.")
        is_first = name == "add_column" and "null" not in seen
        if is_first and _name_of(call) not in created and _needs_value(call):
            seen.add("null")
            yield UnsafeStep(
                call,
                "A column that must have a value is added without one: it fails on a full table.",
            )
    is_open = downgrade is not None and _is_empty(downgrade)
    if downgrade is not None and is_open and not _only_corrects(upgrade):
        yield UnsafeStep(downgrade, "There is no way back: downgrade does nothing.")


def _of_django(module: Module) -> Iterator[UnsafeStep]:
    seen: set[str] = set()
    for call in module.nodes(ast.Call):
        name = called_name(call)
        is_drop = name in _DJANGO_DROPS and "drop" not in seen
        if is_drop and not _is_copied_before(module, call):
            seen.add("drop")
            yield UnsafeStep(call, f"This drops a {_DJANGO_DROPS[name]} and the data in it.")
        way_back = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}.get(name)
        if way_back is None or not call.args or name in seen:
            continue
        is_open = any(keyword.arg is None for keyword in call.keywords)
        if not is_open and argument(call, 1, way_back) is None:
            seen.add(name)
            yield UnsafeStep(call, f"There is no way back: {name} has no {way_back}.")


def _is_moved_before(module: Module, drop: ast.Call, upgrade: Function) -> bool:
    """Whether a statement above a drop takes what is dropped over: ``SET new = old``."""
    column = called_name(drop) == "drop_column"
    name = argument(drop, 1 if column else 0, "column_name" if column else "table_name")
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return False
    word = re.escape(name.value)
    taken = rf"=\s*(?:[\w\"`]+\.)?[\"`]?{word}\b" if column else rf"\bFROM\s+[\"`]?{word}\b"
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.lineno < drop.lineno
        and _MOVES.search(node.value)
        and re.search(taken, node.value, re.IGNORECASE)
        for node in module.inside(upgrade)
    )


def _is_copied_before(module: Module, drop: ast.Call) -> bool:
    """Whether a function of the file that reads what is dropped runs before."""
    steps = module.parent(drop)
    name = argument(drop, 1, "name")
    before = steps.elts[: steps.elts.index(drop)] if isinstance(steps, ast.List) else []
    moves = [
        argument(step, 0, "code")
        for step in before
        if isinstance(step, ast.Call) and called_name(step) == "RunPython"
    ]
    names = {move.id for move in moves if isinstance(move, ast.Name)}
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return False
    return any(
        re.search(rf"\b{re.escape(name.value)}(?:_id)?\b", module.source(function))
        for function in module.nodes(ast.FunctionDef)
        if function.name in names
    )


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


def _only_corrects(function: Function) -> bool:
    """Whether a step updates rows or writes them anew, and leaves every table and column as it is.

    The code before it still runs, and when the step is run again it does no more.
    """
    verbs: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            match = _STATEMENT.match(node.value)
            verbs |= {match[1].lower()} if match else set()
        elif isinstance(node, ast.Call):
            if called_name(node) in _SHAPING:
                return False
            verbs |= {"insert"} if called_name(node) == "bulk_insert" else set()
    return verbs in ({"update"}, {"delete", "insert"}, {"delete", "insert", "update"})


def _is_empty(function: Function) -> bool:
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in function.body
    )
