"""What the code prints, and which of it is diagnostics: a command's output is meant for its user."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from buttress.analysis.vocabulary import vocabulary
from buttress.project.modules import OwnModules
from buttress.source import Module
from buttress.source.nodes import Function

_PRINTS: dict[str, Literal["print", "pprint", "traceback"]] = {
    "builtins.print": "print",
    "pprint.pprint": "pprint",
    "pprint.pp": "pprint",
    "traceback.print_exc": "traceback",
}
_DIALOGUE = vocabulary(
    "builtins.input getpass.getpass argparse.ArgumentParser click.prompt click.confirm typer.prompt "
    "typer.confirm questionary.text questionary.select"
)
_MOST_DEFINITIONS = 8
HINT = "print"
"""Stands in each file that prints."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A call that prints.

    Attributes:
        call: The call.
        kind: What it prints: its arguments, one of them pretty, or the exception's traceback.
        exempt: Why it is no diagnostics; empty if it is.
    """

    call: ast.Call
    kind: Literal["print", "pprint", "traceback"]
    exempt: str


def prints(module: Module, is_mentioned: Callable[[str], bool]) -> Iterator[Printed]:
    """Yield all calls of a module that print, in source order.

    Args:
        module: A module of the app.
        is_mentioned: Whether some other module names a function of this one.
    """
    calls = module.calls_to(_PRINTS.keys())
    consoles = _console_functions(module, calls, is_mentioned) if calls else frozenset()
    for call in calls:
        kind = _PRINTS[module.resolve(call.func) or ""]
        yield Printed(call, kind, _exemption(module, call, consoles))


def mentioned_elsewhere(modules: OwnModules, path: str, root: str) -> Callable[[str], bool]:
    """Return what tells whether another file imports a name of ``path``, or reaches for it.

    Args:
        modules: The project's own modules.
        path: The file that defines the names.
        root: The folder on ``sys.path``.
    """

    def is_mentioned(name: str) -> bool:
        return any(
            _reaches(modules, other, (path, name), root)
            for other in modules.having(name)
            if other != path
        )

    return is_mentioned


def _reaches(modules: OwnModules, path: str, wanted: tuple[str, str], root: str) -> bool:
    module = modules.tree.module(path)
    name = wanted[1]
    targets = [t for t in modules.bindings(path).values() if t.rpartition(".")[2] == name]
    if f".{name}" in module.text:
        nodes = [node for node in module.nodes(ast.Attribute) if node.attr == name]
        targets += [target for node in nodes if (target := module.resolve(node)) is not None]
    return any(modules.symbol(target, path, root) == wanted for target in set(targets))


def _exemption(module: Module, call: ast.Call, consoles: frozenset[ast.AST]) -> str:
    for above in module.ancestors(call):
        if above in consoles:
            return "it talks to the person who runs a command"
        if isinstance(above, ast.If) and is_main_guard(above.test):
            return "it only runs when the file is started as a script"
    target = next((k.value for k in call.keywords if k.arg in {"file", "stream"}), None)
    if target is not None and module.resolve(target) not in {"sys.stderr", "sys.stdout"}:
        is_none = isinstance(target, ast.Constant) and target.value is None
        return "" if is_none else "it writes to a file of its own"
    return ""


def is_main_guard(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``."""
    sides = [test.left, *test.comparators] if isinstance(test, ast.Compare) else []
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)


def _console_functions(
    module: Module, calls: Iterable[ast.Call], is_mentioned: Callable[[str], bool]
) -> frozenset[ast.AST]:
    """Return the functions around some calls that are commands, or that only a command calls."""
    functions: list[Function] = list(module.nodes(ast.FunctionDef, ast.AsyncFunctionDef))
    asking = _with_dialogue(module)
    found: set[ast.AST] = {
        function for function in functions if function in asking or _is_command(module, function)
    }
    defined = Counter(function.name for function in functions)
    candidates = [
        function
        for function in functions
        if module.parent(function) is module.tree
        and defined[function.name] <= _MOST_DEFINITIONS
        and function not in found
        and not function.decorator_list
    ]
    callers = _callers(module, calls, candidates)
    waiting = [function for function, uses in callers.items() if uses]
    while waiting:
        ready = [
            function
            for function in waiting
            if all(_runs_in_console(module, use, found) for use in callers[function])
        ]
        if not ready:
            break
        # to look through all other files comes last
        found.update(function for function in ready if not is_mentioned(function.name))
        waiting = [function for function in waiting if function not in ready]
    return frozenset(found)


def _callers(
    module: Module, calls: Iterable[ast.Call], candidates: Sequence[Function]
) -> dict[Function, list[ast.Name]]:
    """Return the places that use the functions around some calls, and those around these."""
    uses = _uses(module, {function.name for function in candidates})
    found: dict[Function, list[ast.Name]] = {}
    places: list[ast.expr] = list(calls)
    while places:
        around = {above for place in places for above in module.ancestors(place)}
        places = []
        for function in candidates:
            if function in around and function not in found:
                named = uses.get(function.name, [])
                found[function] = [u for u in named if not _is_inside(module, u, function)]
                places += found[function]
    return found


def _uses(module: Module, names: set[str]) -> dict[str, list[ast.Name]]:
    uses: dict[str, list[ast.Name]] = {}
    for node in module.nodes(ast.Name):
        if node.id in names and isinstance(node.ctx, ast.Load):
            uses.setdefault(node.id, []).append(node)
    return uses


def _is_inside(module: Module, node: ast.AST, function: ast.AST) -> bool:
    return any(above is function for above in module.ancestors(node))


def _runs_in_console(module: Module, use: ast.Name, consoles: set[ast.AST]) -> bool:
    return any(
        above in consoles or (isinstance(above, ast.If) and is_main_guard(above.test))
        for above in module.ancestors(use)
    )


def _is_command(module: Module, function: Function) -> bool:
    for mark in function.decorator_list:
        target = mark.func if isinstance(mark, ast.Call) else mark
        if isinstance(target, ast.Attribute) and target.attr in {"command", "group"}:
            return True
        if (module.resolve(target) or "").startswith(("click.", "typer.")):
            return True
    holder = module.parent(function)
    return (
        isinstance(holder, ast.ClassDef)
        and function.name == "handle"
        and any((module.resolve(base) or "").endswith(".BaseCommand") for base in holder.bases)
    )


def _with_dialogue(module: Module) -> frozenset[ast.AST | None]:
    """Return the functions that ask the person at the keyboard, or read a command line."""
    return frozenset(module.function(call) for call in module.calls_to(_DIALOGUE))
