"""Values that the code itself refuses to run with, so that they open nothing where it matters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from buttress.analysis.secrecy.secrets import is_secret_name
from buttress.project.literals import last_name, strings_in, written
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
    ) or any(_is_behind_stop(module, name, value) for module in found)


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
