"""Values that the code itself refuses to run with, so that they open nothing where it matters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.configuration import EnvironmentRead, Known, environment_reads
from buttress.analysis.secrecy.secrets import is_secret_name
from buttress.project.literals import constant, last_name, strings_in, written
from buttress.source import Module, Modules
from buttress.source.patterns import lazy_pattern

_ENDS = frozenset(["sys.exit", "os._exit", "builtins.exit", "builtins.quit"])
_SHORTEST = 3
_IN_PRODUCTION = lazy_pattern(r"prod|live|debug|dev|local|stag", re.IGNORECASE)


def is_refused(modules: Modules, name: str, value: str) -> bool:
    """Whether something stops where a secret still is what stands in the code.

    Args:
        modules: The app's files.
        name: What the value is called (``DEFAULT_KEY``); may be empty.
        value: The text itself.
    """
    texts = tuple(text for text in (name, value) if len(text) >= _SHORTEST)
    found = modules.having(*texts) if texts else ()
    return any(
        _stops(module, condition) and _compares(module, condition, name, value)
        for module in found
        for condition in module.nodes(ast.If)
    ) or any(_is_behind_stop(module, name, value) or _is_demanded(module, name) for module in found)


def _is_behind_stop(module: Module, name: str, value: str) -> bool:
    """Whether a value is only given where production has stopped a line before."""
    for assign in module.nodes(ast.Assign) if name and value else ():
        if value not in strings_in(assign.value) or name not in map(written, assign.targets):
            continue
        above = module.parent(assign)
        block = above.body if isinstance(above, ast.If) and assign in above.body else []
        before = block[: block.index(assign)] if block else []
        if any(
            isinstance(guard, ast.If)
            and _stops(module, guard)
            and _IN_PRODUCTION.search(module.source(guard.test))
            for guard in before
        ):
            return True
    return False


def _is_demanded(module: Module, name: str) -> bool:
    """Whether something stops where the variable itself is not set, whatever would stand in for it.

    ``if not os.getenv("SECRET_KEY"): raise``, or a list of names of which each is asked for.
    """
    if not name or "raise" not in module.text:
        return False
    return any(
        _stops(module, condition) and not _answers(module, condition)
        for read in environment_reads(module)
        if read.default.known is Known.ABSENT and name in _names_read(module, read)
        if _is_for_lack(module, read.node)
        for condition in _conditions(module, read.node)
    )


def _names_read(module: Module, read: EnvironmentRead) -> list[str]:
    """Return the variables that are read at a place, also one after the other of a list of names."""
    if read.name is not None:
        return [read.name]
    key = read.read.args[0] if isinstance(read.read, ast.Call) else None
    for turn in module.ancestors(read.node) if isinstance(key, ast.Name) else ():
        if isinstance(turn, ast.For):
            over, target = turn.iter, turn.target
        elif isinstance(turn, ast.ListComp | ast.SetComp | ast.GeneratorExp):
            over, target = turn.generators[0].iter, turn.generators[0].target
        else:
            continue
        if written(target) == written(key):
            return strings_in(constant(module, over.id) if isinstance(over, ast.Name) else over)
    return []


def _is_for_lack(module: Module, read: ast.expr) -> bool:
    """Whether it is asked if something is missing: ``not x``, ``x is None``."""
    above = module.parent(read)
    if isinstance(above, ast.UnaryOp):
        return isinstance(above.op, ast.Not)
    return isinstance(above, ast.Compare) and isinstance(above.ops[0], ast.Is)


def _conditions(module: Module, part: ast.expr) -> Iterator[ast.If]:
    """Yield the conditions that a value decides, itself or by the name of the list that it is for."""
    statement = module.statement(part)
    if isinstance(statement, ast.If):
        yield statement
    if not isinstance(statement, ast.Assign):
        return
    names = set(map(written, statement.targets))
    for condition in module.nodes(ast.If):
        if module.function(condition) is module.function(statement) and any(
            isinstance(tested, ast.Name) and tested.id in names
            for tested in ast.walk(condition.test)
        ):
            yield condition


def _answers(module: Module, condition: ast.If) -> bool:
    """Whether what a branch raises is the answer to one request."""
    return any(
        isinstance(statement, ast.Raise) and "HTTP" in module.source(statement)
        for statement in condition.body
    )


def _stops(module: Module, condition: ast.If) -> bool:
    """Whether a branch ends the program, or the start of it, with an error."""
    return any(
        isinstance(statement, ast.Raise)
        or (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Call)
            and module.resolve(statement.value.func) in _ENDS
        )
        for statement in condition.body
    )


def _compares(module: Module, condition: ast.If, name: str, value: str) -> bool:
    """Whether a condition asks if a secret is the value, given itself or by the name of it."""
    for compare in ast.walk(condition.test):
        if not (isinstance(compare, ast.Compare) and isinstance(compare.ops[0], ast.Eq | ast.In)):
            continue
        sides = (compare.left, *compare.comparators)
        names = [side.id for side in sides if isinstance(side, ast.Name)]
        given = [value for called in names for value in _given(module, condition, called)]
        is_named = any(_is_named(part, name) for part in (*sides, *given))
        is_about = is_named or any(is_secret_name(last_name(side)) for side in sides)
        # what is compared with a literal is refused for that one alone
        literals = [text for side in sides for text in strings_in(side)]
        if (is_about and value in literals) or (is_named and not literals):
            return True
    return False


def _is_named(node: ast.expr, name: str) -> bool:
    """Whether an expression is what has a name, or looks it up (``getattr(settings, "NAME")``)."""
    if not name:
        return False
    if isinstance(node, ast.Call):
        return any(isinstance(part, ast.Constant) and part.value == name for part in node.args)
    return written(node).rpartition(".")[2] == name


def _given(module: Module, node: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a name is given in the function of a node, or at the top of its module."""
    for scope in {module.function(node), None}:
        for assign in module.nodes(ast.Assign):
            if module.function(assign) is scope and any(written(t) == name for t in assign.targets):
                yield assign.value
