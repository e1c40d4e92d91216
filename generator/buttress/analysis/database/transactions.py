"""Transactions: writes that belong together, and what becomes of them when something fails."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buttress.analysis.database.calls import Act, DatabaseCall, by_function, database_calls, given
from buttress.analysis.database.queries import prepares
from buttress.analysis.database.ways import exclude_each_other, longest_way
from buttress.project.literals import written
from buttress.project.model import Framework, Service
from buttress.project.modules import called_name
from buttress.source import Module, Modules
from buttress.source.nodes import Function
from buttress.source.patterns import lazy_pattern

_STATE = lazy_pattern(r"status|state|stage|phase", re.IGNORECASE)
_BEGUN = lazy_pattern(r"process|running|start|begun|pending|progress|queued|working", re.IGNORECASE)
_STATES = frozenset(["status", "state", "stage", "phase"])
_GOING = lazy_pattern(r"[a-z]ing\b(?<!pending)|started|in_?progress|queued", re.IGNORECASE)
_SCHEMA = lazy_pattern(
    r"\b(?:ALTER|CREATE|DROP)\s+(?:TABLE|INDEX|TYPE|EXTENSION|SCHEMA)\b", re.IGNORECASE
)
_ATOMIC = lazy_pattern(r"ATOMIC_REQUESTS\W{1,8}(?!False\b|0\b)\w")
_REPEATABLE = frozenset(["get_or_create", "update_or_create", "aget_or_create"])
_COVERS = frozenset(["begin", "begin_nested", "atomic", "transaction", "start_transaction"])
_HANDLES = (
    "sessionmaker",
    "connect",
    "Session",
    "SessionLocal",
    "AsyncSessionLocal",
    "scoped_session",
)


@dataclass(frozen=True, slots=True)
class HalfWritten:
    """A place where a failure leaves part of the work in the database.

    Attributes:
        node: The commit, or the write, that leaves it so.
        message: What happens.
    """

    node: ast.expr
    message: str


def half_written(module: Module, service: Service) -> Iterator[HalfWritten]:
    """Yield one place for every function, at most, whose failure leaves half of its work behind."""
    calls = database_calls(module, service)
    if not calls or prepares(module, None):
        return
    shared = set(_shared_handles(module))
    for function, inside in by_function(module, calls).items():
        if function is None or prepares(module, inside[0].node):
            continue
        found = _in_function(module, service, function, inside)
        found = found or _of_handle(module, function, inside, shared)
        if found is not None:
            yield found


def _in_function(
    module: Module, service: Service, function: Function, calls: list[DatabaseCall]
) -> HalfWritten | None:
    """Several commits on one way through a function; in Django several writes outside ``atomic``."""
    is_django = service.framework is Framework.DJANGO
    if is_django:
        if _is_atomic(function):
            return None
        acts = {Act.WRITE}
        calls = _distinct(module, (c for c in calls if not _covered(module, c.node)))
    else:
        acts = {Act.COMMIT}
    marks = {call.node for call in calls if call.act in acts and not _is_step(module, call.node)}
    if len(marks) < 2 or _is_batch(module, marks):
        return None
    longest = longest_way(module, function, marks)
    if len(longest) < 2 or exclude_each_other(module, function, marks):
        return None
    if is_django:
        message = (
            "Several writes stand here in no transaction: when a later one fails, the first stays."
        )
        return HalfWritten(longest[1], message)
    return HalfWritten(
        longest[0],
        "This commit is followed by another one: when that fails, half of the work stays.",
    )


def _is_step(module: Module, commit: ast.Call) -> bool:
    """Whether a commit keeps on purpose that work has begun, or a change of the schema.

    ``document.status = "processing"`` is for others to see while the work goes on.
    """
    statement = module.statement(commit)
    siblings = _block_of(module, statement)
    before = siblings[siblings.index(statement) - 1] if siblings.index(statement) else None
    ends = [before] if not isinstance(before, ast.If) else [
        block[-1] for block in (before.body, before.orelse) if block
    ]  # fmt: skip
    if any(map(_is_begun, ends)) or _is_made_begun(before, siblings):
        return True
    return before is not None and bool(_SCHEMA.search(module.source(before)))


def _is_made_begun(before: ast.stmt | None, siblings: list[ast.stmt]) -> bool:
    """``run = Run(status="running")``, then ``db.add(run)``."""
    call = before.value if isinstance(before, ast.Expr) else None
    if not isinstance(call, ast.Call) or called_name(call) != "add" or len(call.args) != 1:
        return False
    made = [
        other.value
        for other in siblings
        if isinstance(other, ast.Assign) and written(other.targets[0]) == written(call.args[0])
    ]
    return any(
        (keyword.arg or "") in _STATES and bool(_GOING.search(ast.unparse(keyword.value)))
        for value in made[-1:]
        if isinstance(value, ast.Call)
        for keyword in value.keywords
    )


def _is_begun(statement: ast.stmt | None) -> bool:
    """``document.status = "processing"``."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Attribute):
        return False
    is_state = _STATE.search(statement.targets[0].attr) is not None
    return is_state and _BEGUN.search(ast.unparse(statement.value)) is not None


def _is_batch(module: Module, commits: set[ast.Call]) -> bool:
    """Whether one commit repeats in a loop what the one before it began: a deletion in portions."""
    inside = [c for c in commits if any(isinstance(a, ast.While) for a in module.ancestors(c))]
    if len(commits) != 2 or len(inside) != 1:
        return False
    before: list[str] = []
    for commit in commits:
        statement = module.statement(commit)
        siblings = _block_of(module, statement)
        before.append(
            " ".join(
                written(call.func)
                for other in siblings[: siblings.index(statement)]
                for call in ast.walk(other)
                if isinstance(call, ast.Call)
            )
        )
    return bool(before[0]) and before[0] == before[1]


def _block_of(module: Module, statement: ast.stmt) -> list[ast.stmt]:
    above = module.parent(statement)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(above, name, None)
        if isinstance(block, list) and statement in block:
            return block
    return [statement]


def _distinct(module: Module, calls: Iterable[DatabaseCall]) -> list[DatabaseCall]:
    """Leave out writes that repeat: the same record saved again, what is made only where it lacks."""
    found: dict[str, DatabaseCall] = {}
    for call in calls:
        if call.act is not Act.WRITE or set(call.methods) & _REPEATABLE:
            continue
        above = module.parent(call.node)
        key = written(above.targets[0]) if isinstance(above, ast.Assign) else ""
        outer = module.parent(above) if key and above is not None else None
        if isinstance(outer, ast.If) and _asks_for(outer.test, key):
            continue  # `if not user: user = User.objects.create(...)`
        if call.methods[0] in {"save", "delete"}:
            key = key if key and key not in found else written(call.root)
            if written(call.root) in found:
                continue
        found.setdefault(key or str(id(call)), call)
    return list(found.values())


def _asks_for(test: ast.expr, name: str) -> bool:
    """Whether a condition is true where a name holds nothing (``not user``, ``user is None``)."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return written(test.operand) == name
    return isinstance(test, ast.Compare) and written(test.left) == name


def _of_handle(
    module: Module,
    function: Function,
    calls: list[DatabaseCall],
    shared: set[str],
) -> HalfWritten | None:
    """A commit on a session or connection that nobody rolls back or closes when something fails.

    What the whole process shares is reported where it is committed first, and then taken from
    ``shared``.
    """
    if any(call.act is Act.ROLLBACK for call in calls):
        return None
    for call in calls:
        if call.act is not Act.COMMIT or not isinstance(call.root, ast.Name):
            continue
        name = call.root.id
        values = given(module, function, name)
        if name in shared and not values:
            shared.discard(name)
            return HalfWritten(
                call.node,
                "A session of the whole process is committed here; after a failure nobody rolls it back.",
            )
        if len(values) == 1 and _opens(module, values[0]) and not _is_closed(function, name):
            return HalfWritten(
                call.node,
                "When something fails before this commit, the transaction is left open: no rollback, no close.",
            )
    return None


def _opens(module: Module, value: ast.expr) -> bool:
    """Whether a value is a session or connection that is opened on the spot."""
    if not isinstance(value, ast.Call):
        return False
    name = called_name(value)
    target = module.resolve(value.func) or name
    handed = [*value.args, *(keyword.value for keyword in value.keywords)]
    if any("conn" in written(item) for item in handed):
        return False  # a session on somebody else's connection
    return name in _HANDLES or target.endswith((".connect", ".Session"))


def _is_closed(function: Function, name: str) -> bool:
    """Whether ``with`` or ``finally`` gives a handle back, or somebody else gets it."""
    for node in ast.walk(function):
        if isinstance(node, ast.withitem):
            inner = node.context_expr
            held = inner.args[0] if isinstance(inner, ast.Call) and inner.args else inner
            target = written(node.optional_vars) if node.optional_vars is not None else ""
            if name in {written(held), target}:
                return True
        if isinstance(node, ast.Try):
            for part in ast.walk(ast.Module(body=node.finalbody, type_ignores=[])):
                if isinstance(part, ast.Name) and part.id == name:
                    return True
        if isinstance(node, ast.Return | ast.Yield) and written(node.value) == name:
            return True
    return False


def _shared_handles(module: Module) -> frozenset[str]:
    """Return the names of sessions and connections that the module opens when it is imported."""
    found = set()
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            name = called_name(node.value)
            target = module.resolve(node.value.func) or ""
            inner = node.value.func
            is_made = isinstance(inner, ast.Call) and called_name(inner) == "sessionmaker"
            if is_made or name in {"Session", "SessionLocal"} or target.endswith(".connect"):
                found |= {item.id for item in node.targets if isinstance(item, ast.Name)}
    return frozenset(found)


def _is_atomic(function: Function) -> bool:
    return any("atomic" in ast.dump(mark) for mark in function.decorator_list)


def _covered(module: Module, node: ast.AST) -> bool:
    for above in module.ancestors(node):
        if isinstance(above, ast.With | ast.AsyncWith):
            for item in above.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and called_name(call) in _COVERS:
                    return True
                if isinstance(call, ast.Attribute) and call.attr in _COVERS:
                    return True
    return False


def uses_request_transactions(modules: Modules) -> bool:
    """Whether Django's settings put every request into a transaction (``ATOMIC_REQUESTS``)."""
    return any(_ATOMIC.search(module.text) for module in modules.having("ATOMIC_REQUESTS"))
